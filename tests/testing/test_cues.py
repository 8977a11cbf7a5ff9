"""An answer becomes cues: what is sent, when, and where the lane is free again."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from rejoinder.testing import (
    ITEM_ID,
    RESPONSE_ID,
    Answer,
    Call,
    ErrorFrame,
    Event,
    Interruption,
    LoseConnection,
    Pause,
    Raw,
    Reasoning,
    Refusal,
    Stall,
    Text,
)
from rejoinder.testing.cues import Cue, Ending, Opening, Performance, output_so_far, perform, stop


def counter() -> Callable[[str], str]:
    counts: Counter[str] = Counter()

    def next_id(prefix: str) -> str:
        counts[prefix] += 1
        return f"{prefix}_{counts[prefix]}"

    return next_id


def play(answer: Answer) -> Performance:
    return perform(answer, Opening({"model": "m"}, "resp_1", 100.0, counter(), 50, 20))


def told(cue: Cue) -> str:
    step = cue.step
    return step.body["type"].removeprefix("response.") if isinstance(step, Event) else type(step).__name__


def events(performance: Performance) -> list[Any]:
    return [cue.step.body for cue in performance.cues if isinstance(cue.step, Event)]


def test_an_empty_answer_is_created_and_completed() -> None:
    performance = play(Answer())

    assert ["created", "in_progress", "completed"] == [told(cue) for cue in performance.cues]
    assert [None, None, Ending.COMPLETED] == [cue.ends for cue in performance.cues]


def test_time_adds_up() -> None:
    answer = Answer([Pause(1.0), Text("a b", interval=0.5), Pause(2.0)], created_after=0.25)
    offsets = [cue.offset for cue in play(answer).cues]

    assert [0.25, 0.25, 1.25, 1.25, 1.75, 2.25, 2.25, 2.25, 2.25, 4.25] == offsets


@pytest.mark.parametrize("created", [0, 1, 2])
def test_created_can_be_missing_or_repeated(created: int) -> None:
    cues = play(Answer(created=created, in_progress=False)).cues

    assert [*["created"] * created, "completed"] == [told(cue) for cue in cues]


def test_items_get_identifiers_by_kind() -> None:
    performance = play(Answer([Text("a"), Call("f", "{}"), Reasoning("r"), Refusal("no"), Call("g", "{}", "mine")]))

    assert ["msg_1", "fc_1", "rs_1", "msg_2", "fc_2"] == [item["id"] for item in performance.output]
    assert ["call_1", "mine"] == [item["call_id"] for item in performance.output if "call_id" in item]


def test_the_terminal_lists_the_items_and_counts() -> None:
    final = events(play(Answer([Reasoning("1234"), Text("12345678")])))[-1]["response"]

    assert ["reasoning", "message"] == [item["type"] for item in final["output"]]
    assert (final["usage"]["input_tokens"], final["usage"]["input_tokens_details"]["cached_tokens"]) == (50, 20)
    assert final["usage"]["output_tokens"] == 3
    assert final["usage"]["output_tokens_details"]["reasoning_tokens"] == 1


def test_the_terminal_says_when() -> None:
    first, *_, last = events(play(Answer([Pause(5.0)])))

    assert last["response"]["completed_at"] == first["response"]["created_at"] + 5


def test_the_terminal_can_list_and_count_otherwise() -> None:
    performance = play(Answer([Text("a")], output=(), usage={"total_tokens": 9}))
    final = events(performance)[-1]["response"]

    assert (final["output"], final["usage"]) == ([], {"total_tokens": 9})
    assert len(performance.output) == 1


@pytest.mark.parametrize(
    "answer, kind, ending",
    [
        (Answer(terminal="failed"), "failed", Ending.FAILED),
        (Answer(terminal="incomplete"), "incomplete", Ending.CUT_SHORT),
        (Answer(terminal=None), "NoneType", Ending.CUT_SHORT),
        (Answer([ErrorFrame()], terminal=None), "NoneType", Ending.FAILED),
        (Answer([ErrorFrame()], terminal="failed"), "failed", Ending.FAILED),
        (Answer([ErrorFrame()]), "completed", Ending.COMPLETED),
    ],
)
def test_an_ending_says_what_may_be_kept(answer: Answer, kind: str, ending: Ending) -> None:
    last = play(answer).cues[-1]

    assert (kind, ending) == (told(last), last.ends)


def test_a_rejection_is_all_there_is() -> None:
    refused = ErrorFrame(code="rate_limit_exceeded", status=429)

    assert (Cue(0.5, refused, Ending.REFUSED),) == play(Answer([Text("a")], reject=refused, created_after=0.5)).cues


def test_nothing_follows_a_stall() -> None:
    cues = play(Answer([Stall(), Text("a")], late=[Text("b")])).cues

    assert ["created", "in_progress"] == [told(cue) for cue in cues]
    assert [None, None] == [cue.ends for cue in cues]


def test_late_steps_follow_the_terminal() -> None:
    cues = play(Answer(late=[Pause(1.0), Raw("x")])).cues

    assert ["completed", "Raw"] == [told(cue) for cue in cues[2:]]
    assert [0.0, 1.0] == [cue.offset for cue in cues[2:]]


def test_events_of_ones_own_are_filled_in() -> None:
    body = {"type": "odd", "item_id": ITEM_ID, "inner": [{"id": RESPONSE_ID}, "$other"], "output_index": 0}
    said = events(play(Answer([Text("a"), Event(body)])))[-2]

    assert {**body, "item_id": "msg_1", "inner": [{"id": "resp_1"}, "$other"]} == said


def test_an_answer_can_name_its_response() -> None:
    performance = play(Answer([Event({"type": "odd", "id": RESPONSE_ID})], response_id="resp_mine"))

    assert performance.response["id"] == "resp_mine"
    assert {"type": "odd", "id": "resp_mine"} in events(performance)


def test_raw_frames_and_losses_are_passed_on() -> None:
    cues = play(Answer([Raw(b"x"), LoseConnection(1011)])).cues

    assert [Raw(b"x"), LoseConnection(1011)] == [cue.step for cue in cues[2:4]]


def test_a_terminal_by_hand_is_not_added() -> None:
    item = {"type": "message", "id": "msg_x"}
    performance = play(Answer([Raw("terminal")], terminal_by_hand=True, output=(item,)))

    assert ["created", "in_progress", "Raw", "NoneType"] == [told(cue) for cue in performance.cues]
    assert performance.cues[-1].ends is Ending.COMPLETED
    assert (item,) == performance.output


def test_an_interruption_falls_between_two_frames() -> None:
    answer = Answer([Text("a b", interval=1.0)], interruptions=(Interruption(5, Raw("x")), Interruption(5, Raw("y"))))
    cues = play(answer).cues

    assert ["output_text.delta", "Raw", "Raw", "output_text.delta"] == [told(cue) for cue in cues[4:8]]
    assert [1.0, 1.0, 1.0, 2.0] == [cue.offset for cue in cues[4:8]]


def test_an_interruption_can_come_first_or_never() -> None:
    answer = Answer(created_after=1.0, interruptions=(Interruption(0, Raw("x")), Interruption(99, Raw("y"))))
    cues = play(answer).cues

    assert ["Raw", "created", "in_progress", "completed"] == [told(cue) for cue in cues]
    assert cues[0].offset == 1.0


def test_an_interruption_can_pause() -> None:
    cues = play(Answer(interruptions=(Interruption(1, Pause(2.0)),))).cues

    assert [0.0, 2.0, 2.0] == [cue.offset for cue in cues]


def test_an_interruption_can_stall() -> None:
    assert ["created"] == [told(cue) for cue in play(Answer(interruptions=(Interruption(1, Stall()),))).cues]


def test_a_stopped_response_keeps_what_was_said() -> None:
    performance = play(Answer([Text("one two")]))
    cue = stop(performance.response, performance.cues[:5], Answer(terminal="incomplete"), 1.0, 101.0)
    assert isinstance(cue.step, Event)
    (item,) = cue.step.body["response"]["output"]

    assert (cue.offset, cue.ends) == (1.0, Ending.CUT_SHORT)
    assert cue.step.body["type"] == "response.incomplete"
    assert (item["status"], item["content"]) == ("incomplete", [{"type": "output_text", "text": "one"}])


def test_output_so_far_is_the_output_at_the_end() -> None:
    answer = Answer([Reasoning("r"), Text("one two"), Refusal("no no"), Call("f", '{"a":1}')])
    performance = play(answer)

    assert performance.output == output_so_far(events(performance))


@pytest.mark.parametrize(
    "step, expected",
    [
        (Text("one two", cut=True), {"content": [{"type": "output_text", "text": "one two"}]}),
        (Call("f", '{"a', cut=True), {"arguments": '{"a'}),
    ],
)
def test_output_so_far_has_unfinished_items(step: Text | Call, expected: dict[str, Any]) -> None:
    (item,) = output_so_far(events(play(Answer([step]))))

    assert {**item, **expected, "status": "incomplete"} == item


def test_an_unfinished_refusal_is_kept() -> None:
    (item,) = output_so_far(events(play(Answer([Refusal("no no")])))[:6])

    assert item["content"] == [{"type": "refusal", "refusal": "no no"}]


def test_output_so_far_overlooks_odd_events() -> None:
    odd: list[dict[str, Any]] = [
        {"type": "response.output_item.added", "output_index": 0, "item": None},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "stray"},
        {"type": "response.output_item.added", "output_index": 1, "item": {"id": "i", "type": "web_search_call"}},
        {"type": "response.output_text.delta", "output_index": 1, "delta": None},
        {"type": "response.web_search_call.searching", "output_index": 1, "delta": "x"},
    ]

    assert ({"id": "i", "type": "web_search_call"},) == output_so_far(odd)
