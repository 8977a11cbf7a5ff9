"""What is told when it is over is judged by what the server said, and words have one last status."""

from __future__ import annotations

from rejoinder.states.effects import SendSteer, Settled, Steered
from rejoinder.states.events import Preconnect
from rejoinder.states.verdicts import OutcomeKind, SteerStatus
from rejoinder.testing.explore import QUICK, Happening
from rejoinder.testing.explore.endings import Endings
from rejoinder.testing.explore.happening import Socket
from rejoinder.testing.explore.judge import Judge
from rejoinder.testing.explore.settlement import kept_back, settled_for_nothing, told_of_words, unanswered
from rejoinder.testing.explore.watch import Watch
from rejoinder.testing.explore.world import ExploredWorld

KNOWN = {configuration.name: configuration for configuration in QUICK}


def steered() -> ExploredWorld:
    """A request that waits for a link, and so do its words."""
    world = ExploredWorld(Watch(KNOWN["steering"], Judge(), Endings()))
    return world.after(Happening("ask")).after(Happening("steer", 0, 1))


def test_end_of_an_abandoned_response_is_the_servers_to_say() -> None:
    broken = settled_for_nothing([Settled(1, "r1.1", OutcomeKind.FAILED, 0.0)])

    assert "promise 16: r1.1 is said to have ended, and the server said nothing" == broken
    assert settled_for_nothing([]) is None


def test_words_wait_until_their_last_status() -> None:
    world = steered()

    assert (1,) == world.callers[1].steers
    assert told_of_words(world, Steered(1, 1, SteerStatus.ACCEPTED)) is None
    assert (1,) == world.callers[1].steers


def test_words_have_one_last_status() -> None:
    world = steered()
    first, second = (told_of_words(world, Steered(1, 1, SteerStatus.FAILED)) for _ in range(2))

    assert first is None
    assert "promise 18: words 1 of request 1 are failed after their last status" == second


def test_words_without_a_last_status_are_missed_when_their_request_has_its_outcome() -> None:
    world = steered()
    before = unanswered(world)
    world.caller(1).ended = True

    assert before is None
    assert "promise 18: request 1 has its outcome, and its words (1,) have no last status" == unanswered(world)


def test_words_of_one_world_are_not_those_of_another() -> None:
    world = steered()
    other = world.copy()
    told_of_words(other, Steered(1, 1, SteerStatus.UNKNOWN))

    assert ((1,), ()) == (world.callers[1].steers, other.callers[1].steers)


def test_words_go_out_as_soon_as_their_response_has_an_id() -> None:
    world = steered()
    waits = kept_back(world)
    caller = world.caller(1)
    caller.attempt, caller.begun = "r1.1", True
    late = kept_back(world)
    caller.said = (1,)

    assert waits is None
    assert "promise 18: words [1] of request 1 are not sent, and its response has an id" == late
    assert kept_back(world) is None


def test_words_go_out_once_to_one_response() -> None:
    world = steered()
    world.sockets[1] = Socket()
    order = SendSteer(1, 1, 1, "r1.1")
    first, second = (Judge().order(world, Preconnect(), order) for _ in range(2))

    assert first is None
    assert "promise 18: words 1 of request 1 are sent twice to one response" == second
