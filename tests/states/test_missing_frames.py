"""Frames that are missing are named, whichever frame shows it; what belongs to the response by its id ends it all the same."""

from __future__ import annotations

import pytest

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.effects import Note
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.profiles import AZURE
from rejoinder.states.verdicts import OutcomeKind


def streaming() -> Bench:
    """r1 has said something; its next frame has the number 3."""
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1, "Hel")
    return bench


@pytest.mark.parametrize(
    "kind, outcome",
    [("completed", OutcomeKind.COMPLETED), ("failed", OutcomeKind.FAILED), ("incomplete", OutcomeKind.INCOMPLETE)],
)
def test_gap_in_front_of_a_terminal_is_named(kind: str, outcome: OutcomeKind) -> None:
    """The last words are lost and the terminal comes: nothing said that anything was missing."""
    bench = streaming()
    bench.voices[1].sequence = 10
    bench.end(1, kind)

    assert ["SequenceGap"] == bench.notes
    assert "10" in bench.last(Note).detail
    assert outcome == bench.outcomes[1].kind


def test_gap_in_front_of_progress_is_named_once() -> None:
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.receive(frames.created("resp_1", sequence=4, wire_type="response.in_progress"))
    bench.receive(frames.item_added("item_1", sequence=5))
    bench.receive(frames.delta("Hello", item="item_1", sequence=6))

    assert ["SequenceGap"] == bench.notes
    assert "Hello" == bench.text(1)


def test_gap_while_nobody_listens_is_named_and_the_terminal_ends_the_drain() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.voices[1].sequence = 10
    bench.complete(1)

    assert ["SequenceGap"] == bench.notes
    assert ResponsePhase.IDLE == bench.phase(1)
