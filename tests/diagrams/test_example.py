"""The tale of the documentation goes as its title says, and replays."""

from rejoinder.diagrams.example import HEADER, TITLE, interruption
from rejoinder.states.effects import Deliver, Finish, Moved
from rejoinder.states.events import Cancel, Create
from rejoinder.states.trace import read_lines, replay, write_lines
from rejoinder.states.verdicts import OutcomeKind


def test_the_next_one_does_not_wait() -> None:
    feds = interruption()
    place = next(index for index, fed in enumerate(feds) if isinstance(fed.event, Cancel))
    create = feds[place + 1]
    outcomes = {effect.request: effect.outcome.kind for fed in feds for effect in fed.effects if isinstance(effect, Finish)}

    assert "does not wait" in TITLE
    assert isinstance(create.event, Create)
    assert feds[place].at == create.at
    assert any(isinstance(effect, Moved) and effect.target == "awaiting_created" for effect in create.effects)
    assert {1: OutcomeKind.CANCELLED, 2: OutcomeKind.COMPLETED} == outcomes
    assert not any(Deliver(1) in fed.effects for fed in feds[place:])


def test_it_replays() -> None:
    assert replay(read_lines(write_lines(HEADER, interruption()))) is None
