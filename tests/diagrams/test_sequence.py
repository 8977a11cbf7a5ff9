"""Sequence diagrams: told arrow by arrow, in a grammar that is written out here, with nothing from outside that is syntax."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from harness.frames import created, delta
from harness.telling import HOSTILE, asks, hostile_frame, interrupted, lost_early, turned
from rejoinder.diagrams.sequence import MOST_CHARACTERS, sequence
from rejoinder.states.continuation import Full, NewLink, RequestContent
from rejoinder.states.effects import (
    Close,
    Deliver,
    Dial,
    Effect,
    EndStream,
    Finish,
    HandOver,
    Moved,
    Note,
    Ping,
    Send,
    SendCancel,
    Settled,
    Withdraw,
)
from rejoinder.states.events import (
    Cancel,
    Create,
    DialFailed,
    Event,
    Expired,
    Lost,
    Opened,
    Overflow,
    Pong,
    Preconnect,
    Received,
    Shutdown,
    StreamEnded,
    StreamFailed,
    Unsendable,
    Withdrawn,
)
from rejoinder.states.trace import Fed
from rejoinder.states.verdicts import Cause, Outcome, OutcomeKind
from rejoinder.testing.fuzz.program import Program

WORDS: Final = r"(?:[A-Za-z0-9 _.,:/()…-]|#\d+;)+"
LINE: Final = re.compile(
    rf"    (?:title {WORDS}"
    r"|participant (?:client|r\d+|r(\d+) as r\1 \(warm-up\)|L(\d+) as server, L\2)"
    rf"|(?:client|r\d+|L\d+)(?:->>|-->>|-x|--x)(?:client|r\d+|L\d+): {WORDS}"
    rf"|Note over (?:client|r\d+|L\d+): {WORDS})"
)
"""Every line of the grammar; what is not ASCII, but for the ellipsis, is an entity code, and so is every other mark."""


def check(picture: str) -> None:
    """The picture is in the grammar, and names no participant that it does not introduce."""
    first, *lines, last = picture.split("\n")

    assert ("sequenceDiagram", "") == (first, last)
    assert [] == [line for line in lines if not LINE.fullmatch(line)]
    introduced = {line.split()[1] for line in lines if line.startswith("    participant")}
    arrows = [re.match(r"    (\w+)-{1,2}(?:>>|x)(\w+): ", line) for line in lines]
    notes = [re.match(r"    Note over (\w+): ", line) for line in lines]

    assert {who for found in (*arrows, *notes) if found is not None for who in found.groups()} <= introduced
    assert [] == [line for line in lines if re.search(r"style|classDef", line)]


def body(*feds: Fed) -> list[str]:
    """The arrows and notes of a picture without a title."""
    return [line.strip() for line in sequence(feds, "").split("\n")[1:-1] if "participant" not in line]


def test_an_interruption_that_the_server_ignores() -> None:
    expected = """\
sequenceDiagram
    title Interrupted
    participant r1
    participant r2
    participant client
    participant L1 as server, L1
    participant L2 as server, L2
    r1->>client: asks (1 item)
    client->>L1: dial
    Note over client: 100 ms later
    L1-->>client: open
    client->>L1: create of r1, in full: there is nothing to continue yet
    Note over client: 400 ms later
    L1-->>client: response.created of resp_1
    client-->>r1: response.created of resp_1
    L1-->>client: response.in_progress of resp_1
    client-->>r1: response.in_progress of resp_1
    L1-->>client: response.output_item.added
    client-->>r1: response.output_item.added
    L1-->>client: 3 x delta
    client-->>r1: 3 x delta
    Note over client: 500 ms later
    r1->>client: leaves
    client->>r1: cancelled
    Note over L1: the lane of L1 is draining
    r1->>client: leaves
    Note over client: 500 ms later
    L1-->>client: delta, discarded
    Note over client: 500 ms later
    r2->>client: asks (1 item)
    Note over client: 4 s later
    Note over client: a deadline passes
    Note over L1: the lane of L1 is quarantined
    Note over L1: DrainOverdue: no terminal within 5 s of the cancel
    Note over L1: L1 is retiring
    client->>L1: close
    Note over L1: the lane of L1 is idle again
    client->>L2: dial
"""

    assert expected == sequence(interrupted(), "Interrupted")


def test_a_continuation() -> None:
    expected = """\
sequenceDiagram
    participant r1
    participant r2
    participant client
    participant L1 as server, L1
    r1->>client: asks (1 item)
    client->>L1: dial
    L1-->>client: open
    client->>L1: create of r1, in full: there is nothing to continue yet
    L1-->>client: response.created of resp_1
    client-->>r1: response.created of resp_1
    L1-->>client: response.output_item.added
    client-->>r1: response.output_item.added
    L1-->>client: response.completed of resp_1
    client-->>r1: response.completed of resp_1
    client->>r1: completed
    r2->>client: asks (3 items)
    client->>L1: create of r2, continuing resp_1 with 1 new item, 2 saved
"""

    assert expected == sequence(turned(), " ")


def test_a_loss_is_a_cross() -> None:
    lines = body(*lost_early())
    place = lines.index("L1--xclient: lost (1006)")

    assert ["Note over client: 2 s later"] == lines[place - 1 : place]
    assert ["Note over client: Replay: request 1: connection lost", "Note over L1: L1 is reconnecting"] == lines[
        place + 1 : place + 3
    ]
    assert "client->>L1: create of r1 on lane-1, in full: it is sent again (connection lost)" in lines


EVENTS: list[tuple[Event, list[str]]] = [
    (asks(1, "a", "b"), ["r1->>client: asks (2 items)"]),
    (Cancel(1), ["r1->>client: leaves"]),
    (Overflow(1), ["r1->>client: reads too slowly"]),
    (Preconnect(), ["Note over client: a link is wanted ahead of time"]),
    (Shutdown(), ["Note over client: the session closes"]),
    (Opened(1), ["L1-->>client: open"]),
    (DialFailed(1, "secret"), ["L1--xclient: dial failed"]),
    (DialFailed(1, "secret", 503), ["L1--xclient: dial failed (503)"]),
    (Received(1, created(lane="lane-1")), ["L1-->>client: response.created of resp_1 on lane-1, discarded"]),
    (Lost(1), ["L1--xclient: lost"]),
    (StreamEnded(1, "lane-1"), ["L1--xclient: stream ended on lane-1"]),
    (StreamFailed(1, "lane-1", "secret"), ["L1--xclient: no stream on lane-1"]),
    (Pong(1), ["L1-->>client: pong"]),
    (Unsendable(1, 2, None, 99), ["client-xL1: create of r2 is too large (99 bytes)"]),
    (Withdrawn(1, 2, None), ["Note over client: create of r2 is taken back"]),
    (Expired(), []),
]
EFFECTS: list[tuple[Effect, list[str]]] = [
    (Dial(1), ["client->>L1: dial"]),
    (Close(1), ["client->>L1: close"]),
    (Ping(1), ["client->>L1: ping"]),
    (Send(1, 2, "lane-1", Full(NewLink())), ["client->>L1: create of r2 on lane-1, in full: the link is new"]),
    (SendCancel(1, "resp_1"), ["client->>L1: cancel resp_1"]),
    (EndStream(1, "lane-1", abandoned=True), ["client->>L1: close the stream on lane-1"]),
    (EndStream(1, "lane-1", abandoned=False), ["client->>L1: finish the stream on lane-1"]),
    (HandOver(2, Cause.DIAL), ["Note over r2: goes over another transport: connection failed"]),
    (Withdraw(1, 2, None), ["Note over client: takes the create of r2 for L1 back, if it has not left"]),
    (Deliver(2), ["client-->>r2: delta"]),
    (Finish(2, Outcome(OutcomeKind.CANCELLED)), ["client->>r2: cancelled"]),
    (Settled(2, "resp_1", OutcomeKind.COMPLETED, 1.5), []),
    (Note("Late", 1, None, "it came late"), ["Note over L1: Late: it came late"]),
    (Note("Late"), ["Note over client: Late"]),
    (Moved("response", "streaming", "Cancel", "draining", 1, "lane-1", 2), ["Note over L1: lane-1 of L1 is draining"]),
    (Moved("response", "acknowledged", "Content", "streaming", 1, "lane-1", 2), []),
    (Moved("link", "connecting", "Opened", "open", 1), []),
    (Moved("request", "sent", "Replay", "asleep", request=2), ["Note over r2: r2 is asleep"]),
]


@pytest.mark.parametrize("event, lines", EVENTS)
def test_every_event_has_its_line(event: Event, lines: list[str]) -> None:
    assert lines == body(Fed(0.0, event, ()))


@pytest.mark.parametrize("effect, lines", EFFECTS)
def test_every_effect_has_its_line(effect: Effect, lines: list[str]) -> None:
    assert ["L1-->>client: delta", *lines] == body(Fed(0.0, Received(1, delta()), (effect,)))


def test_no_event_and_no_effect_is_left_out() -> None:
    assert set(get_args(Event)) == {type(event) for event, _ in EVENTS}
    assert set(get_args(Effect)) == {type(effect) for effect, _ in EFFECTS}


def test_a_warm_up_is_said_to_be_one() -> None:
    picture = sequence([Fed(0.0, Create(3, RequestContent([]), warm_up=True), ())], "")

    assert "    participant r3 as r3 (warm-up)\n" in picture
    check(picture)


def test_short_times_are_not_told() -> None:
    assert ["r1->>client: leaves"] * 2 == body(Fed(0.0, Cancel(1), ()), Fed(0.04, Cancel(1), ()))


def test_an_early_deadline_tells_no_time() -> None:
    assert ["r1->>client: leaves"] == body(Fed(0.0, Cancel(1), ()), Fed(9.0, Expired(), ()))


@pytest.mark.parametrize("tale", [interrupted, lost_early, turned])
def test_the_same_trace_gives_the_same_text(tale: Callable[[], list[Fed]]) -> None:
    check(sequence(tale(), "A tale"))

    assert sequence(tale(), "A tale") == sequence(tale(), "A tale")


def test_nothing_from_outside_is_syntax() -> None:
    effects: tuple[Effect, ...] = (Deliver(1), Note(HOSTILE, 1, HOSTILE, HOSTILE), SendCancel(1, HOSTILE))
    picture = sequence([Fed(0.0, Received(1, hostile_frame()), effects)], HOSTILE)

    check(picture)
    assert "title a#59;b#92;nend#92;r#35;quot#59; #37;#37;#123;init#125;#37;#37; #115;tyle:#35;x#59; #99;lassDef a:" in picture


@given(text=st.text(st.characters(), min_size=1))
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    check(sequence([Fed(0.0, Cancel(1), (Note("Late", None, text, text), SendCancel(1, text)))], text))


class Pictured(Program):
    """Programs whose diary is drawn at the end."""

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "pair"):
            check(sequence(self.pair.diary, "A program"))


def test_every_program_can_be_drawn() -> None:
    run_state_machine_as_test(Pictured)


# What is too long.


def long_tale(count: int) -> list[Fed]:
    """Frames of which no two are told together."""
    return [
        Fed(float(number), Received(1, delta(f"{number}", sequence=number)), (Deliver(1),)) for number in range(2, count * 2, 2)
    ]


def test_mermaid_is_given_no_more_than_it_takes() -> None:
    picture = sequence(long_tale(1000), "A long tale")
    check(picture)

    assert MOST_CHARACTERS - 200 < len(picture) <= MOST_CHARACTERS


def test_what_is_left_out_is_counted() -> None:
    feds = long_tale(100)
    whole = sequence(feds, "").splitlines()
    short = sequence(feds, "", 3000).splitlines()
    place = next(place for place, line in enumerate(short) if "left out" in line)
    missing = len(whole) - len(short) + 1

    assert f"    Note over client: … {missing} lines left out here: ask for a part of the trace …" == short[place]
    assert whole == [*short[:place], *whole[place : place + missing], *short[place + 1 :]]
    assert place - 3 < len(short) - place


def test_what_fits_is_not_shortened() -> None:
    whole = sequence(long_tale(100), "A tale")

    assert whole == sequence(long_tale(100), "A tale", len(whole))
    assert "left out" in sequence(long_tale(100), "A tale", len(whole) - 1)
