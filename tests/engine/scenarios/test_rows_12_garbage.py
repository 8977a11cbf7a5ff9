"""Rows 12 to 12g of the original's measured scenarios: frames that cannot be read, and frames that nobody knows.

The correct behaviour: a frame that cannot be read ends the response that it damaged, with an error and with what came before, and
the next turn gets its own words; a frame of an unknown type harms nobody and is passed on.
"""

from __future__ import annotations

import pytest
import trio

from harness.pair import open_pair
from harness.turns import (
    DIAL,
    EACH_PROFILE,
    LATENCY,
    LINK,
    PROMPT,
    create_body,
    create_times,
    dialogue,
    say,
    take_turn,
    words,
)
from rejoinder.engine import Interrupted
from rejoinder.states.verdicts import Cause
from rejoinder.testing import (
    ITEM_ID,
    OPENAI,
    Answer,
    CancelMode,
    Event,
    ModelServer,
    Pause,
    Raw,
    ServerProfile,
    Stall,
    Step,
    Text,
    scripted,
)

FIRST = "".join(words(0))
SECOND = dialogue("one", FIRST, "two")
PARTIAL = "".join(words(1, 4))
THIRD = dialogue("one", FIRST, "two", PARTIAL, "three")

MALFORMED = Raw('{"type":"response.output_text.delta","delta":"r1d')
NULL_DELTA = Event({"type": "response.output_text.delta", "item_id": ITEM_ID, "output_index": 0, "content_index": 0, "delta": None})
NULL_ITEM = Event({"type": "response.output_item.added", "output_index": 1, "item": None})

DAMAGES = {
    "malformed": (MALFORMED, "12"),
    "binary": (Raw(b"\xff\xfe\x00\x80"), "12b"),
    "array": (Raw('[{"type":"response.completed"}]'), "12c"),
    "null_delta": (NULL_DELTA, "12e"),
    "null_item": (NULL_ITEM, "12e"),
}
EACH_DAMAGE = pytest.mark.parametrize(
    "damage", [pytest.param(step, id=name, marks=pytest.mark.row(row)) for name, (step, row) in DAMAGES.items()]
)


def damaged_answer(damage: Step) -> Answer:
    """Four words, the damage, and the rest of the answer as if nothing had happened."""
    return Answer([say(1, 4, cut=True), damage, say(1, 30, start=4)])


@EACH_PROFILE
@EACH_DAMAGE
@pytest.mark.original("B098")
async def test_row_12_an_unreadable_frame_ends_its_response_and_no_other(
    autojump_clock: object, profile: ServerProfile, damage: Step
) -> None:
    server = ModelServer(profile, scripted([Answer([say(0)]), damaged_answer(damage), Answer([say(2)])]))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        damaged = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, THIRD)
    error = damaged.failed

    assert Interrupted is type(error)
    assert "cannot be read" in str(error)
    assert error.failure is not None
    assert Cause.DAMAGED is error.failure.cause
    assert (PARTIAL, PARTIAL) == (damaged.text, error.partial.text)
    assert error.verdict is not None
    assert (True, False) == (error.verdict.output_begun, error.verdict.replay_safe)
    assert "".join(words(2)) == following.text
    assert following.error is None
    assert create_times(pair)[2] - following.asked <= DIAL + PROMPT
    assert [
        create_body(profile, dialogue("one")),
        create_body(profile, dialogue("two"), previous="resp_1"),
        create_body(profile, THIRD),
    ] == pair.creates


@EACH_PROFILE
@EACH_DAMAGE
async def test_row_12_an_unreadable_frame_before_any_output_is_made_good_unnoticed(
    autojump_clock: object, profile: ServerProfile, damage: Step
) -> None:
    answers = [Answer([say(0)]), Answer([damage, say(1)]), Answer([say(2)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        turn = await take_turn(pair.session, SECOND)

    assert turn.error is None
    assert "".join(words(2)) == turn.text
    assert create_body(profile, SECOND) == pair.creates[2]
    assert 3 == len(pair.creates)


@pytest.mark.row("12")
async def test_row_12_an_unlabelled_unreadable_frame_between_two_answers_harms_neither(autojump_clock: object) -> None:
    """Nothing says whose it was; it was nobody's, or the gap in a sequence will show it."""
    answers = [Answer([say(0)]), Answer([say(1, 4), MALFORMED, say(1, 8, start=4)]), Answer([say(2, 30)])]
    texts: dict[str, str] = {}
    async with open_pair(ModelServer(OPENAI, scripted(answers)), default=LINK) as pair:
        await take_turn(pair.session, "one")

        async def ask(text: str) -> None:
            texts[text] = (await take_turn(pair.session, text)).text

        async with trio.open_nursery() as nursery:
            for text in ("two", "three"):
                nursery.start_soon(ask, text)
                await trio.sleep(LATENCY)

    assert {"two": "".join(words(1)), "three": "".join(words(2, 30))} == texts
    assert "UnlabelledFrame" in pair.notes()
    assert 1 == pair.network.dials


# -- 12g: while draining ------------------------------------------------------------------------------------------------------


@EACH_PROFILE
@EACH_DAMAGE
@pytest.mark.parametrize("ends", [True, False], ids=["terminal_follows", "instead_of_the_terminal"])
@pytest.mark.parametrize("asked_before", [True, False], ids=["asked_before", "asked_after"])
@pytest.mark.row("12g")
@pytest.mark.original("B109")
async def test_row_12g_an_unreadable_frame_while_draining_costs_the_connection_at_most(
    autojump_clock: object, profile: ServerProfile, damage: Step, *, ends: bool, asked_before: bool
) -> None:
    rest: list[Step] = [say(1, 6, start=4)] if ends else [Stall()]
    abandoned = Answer([say(1, 4, cut=True), Pause(0.1), damage, *rest])
    server = ModelServer(profile, scripted([Answer([say(0)]), abandoned, Answer([say(2)]), Answer([say(3)])]), CancelMode.IGNORE)
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        left = await take_turn(pair.session, SECOND, leave_after=4)
        await trio.sleep(0.0 if asked_before else 0.15)
        third = await take_turn(pair.session, THIRD)
        fourth = await take_turn(pair.session, [*THIRD, *dialogue("", third.text, "four")[1:]])
    waited = create_times(pair)[2] - third.asked

    assert PARTIAL == left.text
    assert [None, None] == [third.error, fourth.error]
    assert ["".join(words(2)), "".join(words(3))] == [third.text, fourth.text]
    # With lanes it does not wait; without, the hedge and one dial, counted from the cancel.
    assert waited <= PROMPT if profile.lanes else waited <= 0.25 + DIAL + PROMPT
    assert pair.network.dials <= 2
    assert 4 == len(pair.creates)


# -- 12d: frames that nobody knows --------------------------------------------------------------------------------------------

UNKNOWN: dict[str, Event | Raw] = {
    "unknown_type": Event({"type": "response.hologram.delta", "delta": "x"}),
    "no_type": Event({"hello": "world"}),
    "unlabelled_no_type": Raw('{"hello":"world"}'),
    "unlabelled_unknown_type": Raw('{"type":"codex.rate_limits","plan":null}'),
    "type_is_null": Raw('{"type":null}'),
    "keepalive": Raw('{"type":"keepalive"}'),
}


@EACH_PROFILE
@pytest.mark.parametrize("unknown", list(UNKNOWN.values()), ids=list(UNKNOWN))
@pytest.mark.row("12d")
async def test_row_12d_unknown_events_harm_nobody(autojump_clock: object, profile: ServerProfile, unknown: Event | Raw) -> None:
    answer = Answer([unknown, say(1, 4), unknown, Text("!", ["!"]), unknown])
    async with open_pair(ModelServer(profile, scripted([Answer([say(0)]), answer, Answer([say(2)])])), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        turn = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, dialogue("one", FIRST, "two", turn.text, "three"))

    assert [None, None] == [turn.error, following.error]
    assert PARTIAL + "!" == turn.text
    assert "".join(words(2)) == following.text
    assert 1 == pair.network.dials
    assert 3 == len(pair.creates)


@EACH_PROFILE
@pytest.mark.parametrize(
    "item, place",
    [(ITEM_ID, 1), ("item_never_announced", 1), ("item_never_announced", 0)],
    ids=["announced", "unannounced", "unannounced_before_all_words"],
)
@pytest.mark.row("12d")
async def test_row_12d_an_unknown_event_about_an_item_silences_no_word(
    autojump_clock: object, profile: ServerProfile, item: str, place: int
) -> None:
    unknown = Event({"type": "response.hologram.delta", "item_id": item, "delta": None})
    steps: list[Step] = [say(1, 2), say(1, 4, start=2)]
    steps.insert(place, unknown)
    async with open_pair(ModelServer(profile, scripted([Answer([say(0)]), Answer(steps)])), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        turn = await take_turn(pair.session, SECOND)

    assert turn.error is None
    assert PARTIAL == turn.text
    assert 1 == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("12d")
async def test_row_12d_unknown_events_of_a_response_reach_its_caller_untouched(
    autojump_clock: object, profile: ServerProfile
) -> None:
    answer = Answer([say(1, 4), UNKNOWN["unknown_type"], UNKNOWN["no_type"]])
    async with open_pair(ModelServer(profile, scripted([answer])), default=LINK) as pair:
        turn = await take_turn(pair.session, "one")
    passed = [dict(event.raw) for event in turn.events if event.type in {"", "response.hologram.delta"}]
    own = ("delta", "hello")

    assert [{"delta": "x"}, {"hello": "world"}] == [{key: raw[key] for key in own if key in raw} for raw in passed]
