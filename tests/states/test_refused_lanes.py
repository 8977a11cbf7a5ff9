"""A lane name that the server refuses is forgotten, whatever becomes of the request that named it."""

from __future__ import annotations

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.effects import Send
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import OPENAI, Policy, ReplayPolicy
from rejoinder.states.verdicts import OutcomeKind

NEVER = Policy(replay=ReplayPolicy.NEVER)
LIMIT = "websocket_stream_limit_reached"


def busy(policy: Policy | None = None) -> Bench:
    """r1 speaks on lane-1 of a link that multiplexes."""
    bench = Bench(OPENAI, policy)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    return bench


def refuse(bench: Bench, request: int) -> None:
    """Let the server refuse the lane that the create of ``request`` named."""
    bench.receive(frames.error(LIMIT, status=400, lane=bench.voices[request].lane))


def test_refused_name_is_forgotten_where_nothing_is_sent_again() -> None:
    """r1 speaks; r2 is refused lane-2; r3, r4, r5 were sent there too, and refused, while lane-1 became free."""
    bench = busy(NEVER)
    bench.ask("b")
    refuse(bench, 2)
    link = bench.session.links[1]
    names = list(link.lanes), link.names_limit
    bench.ask("c")
    before = bench.request(3)
    bench.complete(1)
    bench.answer(3, "For c")

    assert OutcomeKind.FAILED == bench.outcomes[2].kind
    assert (["lane-1"], 1) == names
    assert RequestPhase.WAITING == before
    assert ["lane-1", "lane-2", "lane-1"] == [send.lane for send in bench.all(Send)]
    assert "For c" == bench.text(3)


def test_name_that_a_warm_up_was_refused_is_forgotten() -> None:
    bench = busy()
    bench.ask("b", warm_up=True)
    refuse(bench, 2)

    assert OutcomeKind.FAILED == bench.outcomes[2].kind
    assert ["lane-1"] == list(bench.session.links[1].lanes)
    assert 1 == bench.session.links[1].names_limit


def test_name_that_was_refused_to_a_request_whose_replays_are_spent_is_forgotten() -> None:
    bench = busy()
    bench.ask("b")
    refuse(bench, 2)
    bench.complete(1)
    again = bench.voices[2].lane, bench.phase(2)
    refuse(bench, 2)

    assert ("lane-1", ResponsePhase.AWAITING_CREATED) == again
    assert OutcomeKind.FAILED == bench.outcomes[2].kind
    assert None is bench.link(1)


def test_link_that_refuses_its_only_name_is_of_no_use() -> None:
    bench = Bench(OPENAI, NEVER)
    bench.ask("a")
    bench.opened()
    refuse(bench, 1)
    before = bench.link(1)
    bench.ask("b")

    assert OutcomeKind.FAILED == bench.outcomes[1].kind
    assert None is before
    assert LinkPhase.CONNECTING == bench.link(2)
