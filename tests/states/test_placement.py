"""Which request goes where: fairness, lanes, probation, limits; and whose an unlabelled frame is."""

from __future__ import annotations

from typing import Any

import pytest

from harness import frames
from harness.in_phase import quarantined
from harness.lifecycle import Bench
from rejoinder.states.continuation import CallerChain, Disabled, LaneDirty, NewLink, NoPrevious, PrefixChanged, Reason
from rejoinder.states.effects import Dial, Note, Send, SendCancel
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, OPENAI, Policy
from rejoinder.states.verdicts import Cause, OutcomeKind


def proven(policy: Policy | None = None) -> Bench:
    """A link with lanes has answered request 1 and shown that it multiplexes."""
    bench = Bench(OPENAI, policy)
    bench.ask("First")
    bench.opened()
    bench.answer(1)
    return bench


def sent_to(bench: Bench) -> list[tuple[int, str | None]]:
    """Request and lane of each create so far."""
    return [(send.request, send.lane) for send in bench.all(Send)]


# -- fairness ------------------------------------------------------------------------------------------------------------------


def test_requests_are_sent_in_the_order_in_which_they_were_made() -> None:
    bench = Bench(AZURE)
    for text in ("One", "Two", "Three"):
        bench.ask(text)
    bench.opened()
    for request in (1, 2, 3):
        bench.answer(request)

    assert [1, 2, 3] == [send.request for send in bench.all(Send)]


def test_request_that_was_asked_to_pause_lets_others_pass() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.ask()
    bench.opened()
    bench.receive(frames.error(status=503, headers={"retry-after": "5"}))
    bench.answer(2)
    bench.wait(5)

    assert [1, 2, 1] == [send.request for send in bench.all(Send)]


# -- lanes ---------------------------------------------------------------------------------------------------------------------


def test_interleaved_conversations_are_both_continued() -> None:
    bench = proven()
    bench.ask("Second")
    bench.answer(2)
    bench.reply(1)
    bench.reply(2)
    bench.answer(3)
    bench.answer(4)
    bench.reply(3)
    bench.reply(4)

    assert [(1, "lane-1"), (2, "lane-2"), (3, "lane-1"), (4, "lane-2"), (5, "lane-1"), (6, "lane-2")] == sent_to(bench)
    assert ["resp_1", "resp_2", "resp_3", "resp_4"] == [bench.continues(request) for request in (3, 4, 5, 6)]


def test_reason_that_is_told_is_that_of_the_lane_that_was_used_last() -> None:
    bench = proven()
    bench.ask("Second", "one")
    bench.answer(2)
    bench.ask("Second", "two")

    assert PrefixChanged(0) == bench.reason(2)
    assert PrefixChanged(1) == bench.reason(3)


def test_first_turns_beside_responses_that_run_have_no_previous() -> None:
    bench = proven()
    for request in range(2, 6):
        bench.reply(1) if request == 2 else bench.ask(f"Conversation {request}")
        bench.created(request)

    assert "resp_1" == bench.continues(2)
    assert [NoPrevious()] * 3 == [bench.reason(request) for request in (3, 4, 5)]


def test_first_turns_beside_a_first_response_have_no_previous() -> None:
    bench = Bench(OPENAI)
    for text in ("One", "Two", "Three"):
        bench.ask(text)
    bench.opened()
    bench.created(1)

    assert [NoPrevious()] * 3 == [bench.reason(request) for request in (1, 2, 3)]


def test_turn_behind_a_cancelled_one_says_so_although_others_run() -> None:
    bench = proven()
    bench.ask("Other")
    bench.reply(1)
    bench.created(3)
    bench.ask("Another")
    bench.created(4)
    bench.cancel(3)
    bench.reply(1)

    assert NoPrevious() == bench.reason(4)
    assert LaneDirty() == bench.reason(5)


def test_turns_beside_each_other_on_a_new_link_lack_what_was_on_the_old_one() -> None:
    bench = proven()
    bench.lost()
    bench.reply(1)
    bench.ask("Other")
    bench.opened()
    bench.created(2)

    assert [NewLink(), NewLink()] == [bench.reason(2), bench.reason(3)]


@pytest.mark.parametrize(
    "policy, fields, reason",
    [(Policy(reuse=False), {}, Disabled()), (Policy(), {"previous_response_id": "resp_mine"}, CallerChain())],
    ids=["disabled", "caller's chain"],
)
def test_reason_that_holds_on_every_lane_comes_first(policy: Policy, fields: dict[str, Any], reason: Reason) -> None:
    bench = Bench(OPENAI, policy)
    bench.ask("One")
    bench.ask("Two", **fields)
    bench.opened()
    bench.created(1)

    assert reason == bench.reason(2)


def test_lane_without_a_continuation_is_taken_before_a_fresh_name() -> None:
    bench = proven()
    bench.ask("Second")
    bench.created(2)
    bench.end(2, "failed")
    bench.ask("Third")

    assert (3, "lane-2") == sent_to(bench)[-1]


def test_lane_that_was_unused_for_longest_is_taken_when_names_are_spent() -> None:
    bench = proven()
    for request in range(2, 33):
        bench.ask(f"Number {request}")
        bench.answer(request)
    bench.reply(1)
    bench.answer(33)
    bench.ask("Something new")

    assert 32 == len(bench.session.links[1].lanes)
    assert (33, "lane-1") == sent_to(bench)[-2]
    assert (34, "lane-2") == sent_to(bench)[-1]


def test_no_more_responses_are_in_flight_than_the_server_takes() -> None:
    bench = proven()
    for _ in range(17):
        bench.ask()
    before = bench.request(18)
    bench.answer(5)

    assert RequestPhase.WAITING == before
    assert 18 == bench.last(Send).request


def test_quarantined_lane_keeps_its_name_and_its_slot() -> None:
    bench = quarantined()
    for _ in range(16):
        bench.ask()

    assert [RequestPhase.SENT] * 15 == [bench.request(request) for request in range(3, 18)]
    assert RequestPhase.WAITING == bench.request(18)
    assert "lane-2" not in [send.lane for send in bench.all(Send)[2:]]


def test_names_that_are_all_quarantined_are_replaced_with_their_link() -> None:
    bench = proven()
    for request in range(2, 18):
        bench.ask(f"Number {request}")
        bench.created(request)
        bench.cancel(request)
    bench.wait(5)
    bench.ask()
    before = bench.request(18)
    bench.opened(2)

    assert RequestPhase.WAITING == before
    assert 2 == bench.last(Send).link
    assert LinkPhase.OPEN == bench.link(2)


def test_link_that_cannot_be_replaced_is_not_dialled_again_and_again() -> None:
    bench = proven()
    for request in range(2, 18):
        bench.ask(f"Number {request}")
        bench.created(request)
        bench.cancel(request)
    bench.wait(5)
    bench.ask()
    bench.refused(401)
    bench.ask()
    bench.ask()

    assert 2 == len(bench.all(Dial))


def test_lane_that_the_server_does_not_take_is_given_up_and_another_is_waited_for() -> None:
    bench = proven()
    bench.reply(1)
    bench.created(2)
    bench.ask("Other")
    bench.receive(frames.error("websocket_stream_limit_reached", status=400, lane="lane-2"))
    before = bench.request(3)
    bench.speak(2)
    bench.complete(2)

    assert RequestPhase.WAITING == before
    assert ["lane-1"] == list(bench.session.links[1].lanes)
    assert [(2, "lane-1"), (3, "lane-2"), (3, "lane-1")] == sent_to(bench)[1:]


def test_lane_that_is_refused_twice_is_the_requests_failure() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.receive(frames.error("websocket_stream_limit_reached", status=400))
    bench.opened(2)
    bench.receive(frames.error("websocket_stream_limit_reached", status=400), link=2)

    failure = bench.outcomes[1].failure
    assert failure is not None
    assert "websocket_stream_limit_reached" == failure.code
    assert Cause.REJECTED is failure.cause


def test_only_lane_can_be_refused() -> None:
    bench = proven()
    bench.reply(1)
    bench.receive(frames.error("websocket_stream_limit_reached", status=400, lane="lane-1"))

    assert 2 in bench.session.requests or 2 in bench.outcomes


def test_server_without_lanes_can_speak_of_their_limit() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.receive(frames.error("websocket_stream_limit_reached", status=400))
    bench.receive(frames.created("resp_1"))

    assert [None] == list(bench.session.links[1].lanes)


# -- what is said about continuing -----------------------------------------------------------------------------------------------


def test_caller_that_names_a_response_or_conversation_is_left_alone() -> None:
    bench = proven()
    bench.ask("Hi", previous_response_id="resp_mine")
    bench.ask("Hi", conversation="conv_1")

    assert [CallerChain(), CallerChain()] == [bench.reason(2), bench.reason(3)]


def test_created_that_echoes_the_callers_own_chain_is_ours() -> None:
    bench = Bench(AZURE)
    bench.ask("Hi", previous_response_id="resp_mine")
    bench.opened()
    bench.receive(frames.created("resp_1", previous="resp_mine"))

    assert ResponsePhase.ACKNOWLEDGED == bench.phase(1)


def test_reuse_can_be_switched_off() -> None:
    bench = proven(Policy(reuse=False))
    bench.reply(1)

    assert Disabled() == bench.reason(2)


@pytest.mark.original("C1:test_clear_state", "B075")
def test_new_link_remembers_nothing() -> None:
    bench = proven()
    bench.lost()
    bench.reply(1)
    bench.opened()

    assert NewLink() == bench.reason(2)


# -- probation -----------------------------------------------------------------------------------------------------------------


def test_until_a_lane_is_echoed_one_create_is_outstanding() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.ask()
    bench.opened()
    before = sent_to(bench)
    bench.created(1)

    assert [(1, "lane-1")] == before
    assert [(1, "lane-1"), (2, "lane-2")] == sent_to(bench)


def test_server_that_does_not_echo_lanes_is_served_one_by_one() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.ask()
    bench.opened()
    bench.receive(frames.created("resp_1"))
    bench.receive(frames.item_added())
    bench.receive(frames.delta("Hello"))
    before = sent_to(bench)
    bench.receive(frames.completed("resp_1", sequence=3))

    assert [(1, "lane-1")] == before
    assert "Hello" == bench.text(1)
    assert [(1, "lane-1"), (2, "lane-1")] == sent_to(bench)


def test_frame_before_anything_was_sent_is_counted() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.cancel(1)
    bench.opened()
    bench.receive(frames.created("resp_9"))

    assert ["UnaskedFrame"] == bench.notes


def test_frame_of_a_lane_that_was_never_used_is_counted() -> None:
    bench = proven()
    bench.receive(frames.delta(lane="lane-9"))

    assert Note("UnknownLane", 1, None, "'response.output_text.delta' names a lane that was never used here") == bench.last(Note)


def test_frame_without_a_lane_on_a_link_that_multiplexes_is_counted() -> None:
    bench = proven()
    bench.ask()
    bench.ask()
    bench.created(2)
    bench.created(3)
    bench.receive(frames.delta())
    bench.receive(frames.keepalive())
    bench.receive(frames.garbage())

    assert ["UnlabelledFrame", "UnlabelledFrame"] == bench.notes


def test_unreadable_frame_is_of_the_only_response_that_runs() -> None:
    bench = proven()
    bench.ask()
    bench.created(2)
    bench.speak(2)
    bench.receive(frames.garbage())

    assert OutcomeKind.INTERRUPTED == bench.outcomes[2].kind


# -- errors without a lane -----------------------------------------------------------------------------------------------------


def test_unlabelled_error_is_of_the_one_create_that_is_unanswered() -> None:
    bench = proven()
    bench.ask()
    bench.created(2)
    bench.ask()
    bench.receive(frames.error("invalid_prompt", status=400))

    assert OutcomeKind.FAILED == bench.outcomes[3].kind
    assert 2 not in bench.outcomes


def test_unlabelled_error_with_no_create_unanswered_is_of_an_old_cancel() -> None:
    bench = proven()
    bench.ask()
    bench.created(2)
    bench.cancel(2)
    bench.receive(frames.error("invalid_request_error", status=400))
    bench.ask()
    bench.created(3)
    bench.cancel(3)

    assert ["CancelRefused"] == bench.notes
    assert 0 == bench.session.links[1].debt
    assert [SendCancel(1, "resp_2")] == bench.all(SendCancel)


def test_unlabelled_error_beside_a_single_response_is_its_fault() -> None:
    bench = proven()
    bench.ask()
    bench.created(2)
    bench.receive(frames.error("server_error"))

    assert ResponsePhase.FAILING == bench.phase(2)
    assert [] == bench.notes


def test_unlabelled_error_beside_several_responses_is_nobodys() -> None:
    bench = proven()
    bench.ask()
    bench.ask()
    bench.created(2)
    bench.created(3)
    bench.receive(frames.error("server_error"))

    assert ["UnattributedError"] == bench.notes


def test_unlabelled_error_with_several_creates_unanswered_is_nobodys() -> None:
    bench = proven()
    bench.ask()
    bench.ask()
    bench.receive(frames.error("invalid_prompt", status=400))

    assert ["UnattributedError"] == bench.notes
    assert {1} == set(bench.outcomes)
