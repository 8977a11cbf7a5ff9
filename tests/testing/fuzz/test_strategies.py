"""What the strategies claim is so: legal and rare streams are taken without a note, illegal ones are named, and harm one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejoinder.states import AZURE, OPENAI, Session
from rejoinder.states.codec import decode
from rejoinder.states.effects import Moved, Note
from rejoinder.states.stream_events import Garbage, Violation
from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing import AZURE as AZURE_SERVER
from rejoinder.testing import OPENAI as OPENAI_SERVER
from rejoinder.testing import ModelServer
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.strategies import (
    ILLEGAL,
    RARE,
    Legality,
    Plan,
    Stream,
    answering,
    manners,
    programs,
    responses,
    setups,
)
from rejoinder.testing.input_items import user
from rejoinder.testing.pure_pair import PurePair

EXAMPLES: Final = settings(max_examples=max(settings().max_examples // 5, 5))
LONG_ENOUGH: Final = 4000.0

NAMED: Final[Mapping[str, str]] = {
    "created twice": "RepeatCreated",
    "never created": "StrayContent",
    "output before created": "StrayContent",
    "another response begins": "ForeignCreated",
    "another response ends": "ForeignTerminal",
    "an item that was not announced": "StrayContent",
    "a number is left out": "SequenceGap",
    "a frame is said twice": "SequenceRepeated",
    "a delta after the terminal": "StrayContent",
    "ended twice": "ForeignTerminal",
}
"""What a session calls each order of frames that no right server sends."""


def converse(streams: Sequence[Stream], *, lanes: bool) -> PurePair:
    """Ask for each stream in turn, over a network that works, until time has ended everything."""
    profiles = (OPENAI, OPENAI_SERVER) if lanes else (AZURE, AZURE_SERVER)
    pair = PurePair(Session(profiles[0]), ModelServer(profiles[1], answering(streams)))
    for _ in streams:
        pair.ask([user("Hi")], {"model": "test"})
        pair.flow(0.0)
    pair.flow(LONG_ENOUGH)
    return pair


def named(pair: PurePair) -> Counter[str]:
    """What the session noted, and the events by which its machines moved."""
    told: Counter[str] = Counter()
    for fed in pair.diary:
        told.update(str(effect.name) for effect in fed.effects if isinstance(effect, Note))
        told.update(str(effect.event) for effect in fed.effects if isinstance(effect, Moved))
    return told


def check_is_taken(stream: Stream, *, lanes: bool) -> None:
    pair = converse([stream, stream], lanes=lanes)

    assert [] == [effect for fed in pair.diary for effect in fed.effects if isinstance(effect, Note)]
    assert [stream.text] * 2 == [caller.text for caller in pair.callers.values()]
    assert [[stream.terminal]] * 2 == [[str(outcome.kind) for outcome in caller.outcomes] for caller in pair.callers.values()]
    assert 1 == len(pair.session.links)


@EXAMPLES
@given(stream=responses(), lanes=st.booleans())
def test_legal_streams_are_taken_without_a_note(stream: Stream, *, lanes: bool) -> None:
    assert Legality.LEGAL is stream.legality

    check_is_taken(stream, lanes=lanes)


@pytest.mark.parametrize("name", RARE)
@EXAMPLES
@given(data=st.data(), lanes=st.booleans())
def test_rare_streams_are_taken_without_a_note(name: str, data: st.DataObject, *, lanes: bool) -> None:
    check_is_taken(data.draw(RARE[name]), lanes=lanes)


def test_rare_streams_say_what_is_rare_about_them() -> None:
    seen: set[str] = set()

    @settings(max_examples=20 * len(RARE))
    @given(stream=responses(Legality.RARE))
    def draw(stream: Stream) -> None:
        assert Legality.RARE is stream.legality
        seen.add(stream.name)

    draw()

    assert set(RARE) == seen


def test_every_illegal_order_has_the_name_that_sessions_give_it() -> None:
    assert {*NAMED, *Violation} == set(ILLEGAL)


def test_illegal_streams_are_named_and_harm_only_the_response_that_they_hit() -> None:
    seen: set[str] = set()

    @settings(max_examples=20 * len(ILLEGAL))
    @given(stream=responses(Legality.ILLEGAL), right=responses(), lanes=st.booleans())
    def harm(stream: Stream, right: Stream, *, lanes: bool) -> None:
        assert Legality.ILLEGAL is stream.legality
        seen.add(stream.name)
        # The one that is hit may be asked for twice: a request without output is sent again.
        pair = converse([right, stream, stream, right], lanes=lanes)
        told = named(pair)

        assert 0 == told["Illegal"]
        assert any(name.startswith(NAMED.get(stream.name, "Garbage")) for name in told)
        assert [1] * 4 == [len(caller.outcomes) for caller in pair.callers.values()]
        assert OutcomeKind.COMPLETED is pair.callers[1].outcomes[0].kind

    harm()

    assert set(ILLEGAL) == seen


@pytest.mark.parametrize("violation", Violation)
@EXAMPLES
@given(data=st.data())
def test_illegal_frames_are_garbage_by_their_name(violation: Violation, data: st.DataObject) -> None:
    stream = data.draw(ILLEGAL[violation])
    found = [event.violation for event in map(decode, stream.frames()) if isinstance(event, Garbage)]

    assert [violation] == found


def test_frames_of_a_stream_carry_the_ids_that_they_are_given() -> None:
    seen: list[int] = []

    @EXAMPLES
    @given(stream=responses())
    def read(stream: Stream) -> None:
        first, second = (list(map(decode, stream.frames(name))) for name in ("resp_a", "resp_b"))
        seen.append(len(first))

        assert {"resp_a"} == {event.response_id for event in first if event.response_id is not None}
        assert list(range(len(first))) == [event.sequence_number for event in first]
        assert not {event.item_id for event in first} & {event.item_id for event in second} - {None}

    read()

    assert seen


@EXAMPLES
@given(plan=programs(most=30))
def test_plans_keep_the_promises(plan: Plan) -> None:
    program = Program()

    taken = plan.run(program)

    assert 0 < taken <= len(plan.steps)
    assert program.pair.callers


def test_setups_and_manners_print_only_what_is_not_as_usual() -> None:
    shown: list[str] = []

    @EXAMPLES
    @given(setup=setups(), manner=manners())
    def show(setup: object, manner: object) -> None:
        shown.append(f"{setup!r} {manner!r}")

    show()

    assert "Setup() Manner()" in shown
