"""A create that has not left is taken back, by request and lane: a request that was sent again has two on one link."""

from __future__ import annotations

from typing import Final

import pytest

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.continuation import Replayed
from rejoinder.states.effects import Send, Withdraw
from rejoinder.states.events import Withdrawn
from rejoinder.states.phases import RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, OPENAI, Policy, ReplayPolicy
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Cause, OutcomeKind


def held_up(policy: Policy | None = None) -> Bench:
    """r1 speaks on lane-1; the create of r2, on lane-2, is overdue."""
    bench = Bench(OPENAI, policy)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.ask("b")
    bench.wait(30)
    return bench


def test_overdue_create_is_asked_back_by_its_lane() -> None:
    bench = held_up()

    assert [(2, "lane-2"), (2, "lane-3")] == [(send.request, send.lane) for send in bench.all(Send)[1:]]
    assert [Withdraw(1, 2, "lane-2")] == bench.all(Withdraw)
    assert Replayed(Cause.OVERDUE) == bench.reason(2)


def test_lane_of_an_overdue_create_that_had_not_left_is_clean() -> None:
    bench = held_up()
    before = bench.session.links[1].lanes["lane-2"].phase
    bench.feed(Withdrawn(1, 2, "lane-2"))

    assert ResponsePhase.QUARANTINED == before
    assert ("response", "quarantined", "Withdrawn", "idle") in bench.moves
    assert ResponsePhase.IDLE == bench.session.links[1].lanes["lane-2"].phase
    assert ResponsePhase.AWAITING_CREATED == bench.session.links[1].lanes["lane-3"].phase


def test_overdue_create_that_had_not_left_is_asked_back_where_nothing_is_sent_again() -> None:
    bench = held_up(Policy(replay=ReplayPolicy.NEVER))
    asked = bench.all(Withdraw)
    bench.feed(Withdrawn(1, 2, "lane-2"))
    bench.ask("c")

    assert [Withdraw(1, 2, "lane-2")] == asked
    assert OutcomeKind.INTERRUPTED == bench.outcomes[2].kind
    assert "lane-2" == bench.voices[3].lane


def test_caller_that_leaves_takes_back_what_was_sent_last_and_no_other() -> None:
    """r2 is overdue on lane-2 and sent again on lane-3; its caller leaves; the older create is taken back: r3 got r2's words.

    The news of the older create had freed the lane of the younger.
    """
    bench = held_up()
    bench.cancel(2)
    asked = bench.all(Withdraw)
    # The engine had sent the second create, and still held the first.
    bench.feed(Withdrawn(1, 2, "lane-2"))
    bench.ask("c")
    lane = bench.voices[3].lane
    bench.receive(frames.created("resp_b", lane="lane-3", sequence=0))
    bench.receive(frames.item_added("item_b", lane="lane-3", sequence=1))
    bench.receive(frames.delta("Words of b", item="item_b", lane="lane-3", sequence=2))
    bench.answer(3, "Words of c")

    assert [Withdraw(1, 2, "lane-2"), Withdraw(1, 2, "lane-3")] == asked
    assert "lane-2" == lane
    assert "Words of c" == bench.text(3)


def test_news_of_a_create_on_another_lane_moves_nothing() -> None:
    bench = held_up()
    before = len(bench.moves)
    bench.feed(Withdrawn(1, 2, "lane-1"))

    assert before == len(bench.moves)
    assert "Late" == bench.notes[-1]


def test_create_that_is_overdue_on_a_serial_link_is_asked_back_too() -> None:
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    bench.wait(30)

    assert [Withdraw(1, 1, None)] == bench.all(Withdraw)
    assert RequestPhase.WAITING == bench.request(1)


GIVEN_UP: Final = {
    "the link is at its limit": frames.error("websocket_connection_limit_reached"),
    "a frame cannot be read": frames.garbage(),
    "somebody else's response begins": frames.created("resp_other", previous="elsewhere"),
    "an error with a number came": frames.error("server_error", sequence=3),
}
"""What costs a request its create before that was answered."""


@pytest.mark.parametrize("frame", GIVEN_UP.values(), ids=GIVEN_UP.keys())
@pytest.mark.parametrize("replay", ReplayPolicy)
def test_create_that_is_given_up_is_asked_back(frame: StreamEvent, replay: ReplayPolicy) -> None:
    """It had been left in the outbox: the server worked on it, for nobody, beside the one that was sent again."""
    bench = Bench(AZURE, Policy(replay=replay))
    bench.ask("a")
    bench.opened()
    bench.receive(frame)

    assert [Withdraw(1, 1, None)] == bench.all(Withdraw)


def test_create_that_is_doubted_for_too_long_is_asked_back() -> None:
    bench = Bench(AZURE, Policy(signal=True))
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.cancel(1)
    bench.ask("b")
    bench.complete(1)
    bench.receive(frames.error("server_error"))
    bench.wait(2)

    assert [Withdraw(1, 2, None)] == bench.all(Withdraw)


def test_create_that_had_not_left_leaves_the_end_of_a_stranger_to_come() -> None:
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    bench.receive(GIVEN_UP["somebody else's response begins"])
    bench.feed(Withdrawn(1, 1, None))

    assert [ResponsePhase.DRAINING] == [lane.phase for lane in bench.session.links[1].lanes.values()]
    assert "Illegal" not in bench.notes
