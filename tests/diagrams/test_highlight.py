"""A path is what moved, of one kind of machine."""

from harness.telling import interrupted
from rejoinder.diagrams.highlight import Path, follow
from rejoinder.states.effects import Deliver, Moved, Note
from rejoinder.states.trace import Gap


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


def test_the_ways_of_all_machines_are_followed_at_once() -> None:
    alone = Path("response")
    for fed in interrupted():
        alone.follow(fed.effects)
    paths = follow([*interrupted(), Gap(9.0, 1)])

    assert ["link", "response", "request"] == list(paths)
    assert alone.rows == paths["response"].rows
    assert "open" in paths["link"].phases
