"""A path is what moved, of one kind of machine."""

from harness.telling import interrupted
from rejoinder.diagrams.highlight import Path
from rejoinder.states.effects import Deliver, Moved, Note


def test_moves_of_the_machine_are_followed() -> None:
    path = Path("response")
    path.follow([Moved("response", "idle", "Send", "awaiting_created", 1), Deliver(1), Note("Illegal", 1)])
    path.follow([Moved("response", "idle", "Send", "awaiting_created", 2)])

    assert {"idle", "awaiting_created"} == path.phases
    assert {("idle", "Send"): 2} == path.rows


def test_moves_of_other_machines_are_not() -> None:
    path = Path("link")
    path.follow([Moved("response", "idle", "Lost", "idle", 1)])

    assert (set(), 0) == (path.phases, path.rows.total())


def test_a_tale_is_followed_to_its_end() -> None:
    path = Path("response")
    for fed in interrupted():
        path.follow(fed.effects)

    assert "draining" in path.phases
    assert path.rows["awaiting_created", "Created"] >= 1
