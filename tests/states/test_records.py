"""What is remembered of links, lanes and requests."""

from dataclasses import fields

import pytest

from harness.in_phase import RESPONSE_PHASES, quarantined, streaming
from harness.lifecycle import snapshot
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.records import Lane, Link


def test_lane_that_forgets_its_response_is_as_new_but_for_what_outlives_it() -> None:
    lane = streaming().lane(1)
    lane.forget_response()
    fresh = Lane(lane.link, lane.name)
    kept = {"phase", "entered", "heard", "used", "absence", "earlier", "tainted"}

    assert frozenset({"item_1"}) == lane.earlier
    assert [] == [
        field.name for field in fields(Lane) if field.name not in kept and getattr(fresh, field.name) != getattr(lane, field.name)
    ]


@pytest.mark.parametrize("phase", ResponsePhase)
def test_lane_is_in_use_until_it_rests_and_abandoned_while_it_drains(phase: ResponsePhase) -> None:
    bench = RESPONSE_PHASES[phase]()
    lane = bench.lane(bench.requests)

    assert (phase not in {"idle", "quarantined"}) == lane.in_use
    assert (phase in {"cancel_pending", "draining", "successor_pending"}) == lane.abandoned


def test_link_is_live_while_a_caller_listens() -> None:
    bench = streaming()
    link = bench.session.links[1]
    before = link.live
    bench.cancel(1)

    assert before
    assert not link.live
    assert [bench.lane(1)] == link.lanes_in_use


def test_quarantined_lane_is_not_in_use() -> None:
    assert [] == quarantined().session.links[1].lanes_in_use


def test_copies_share_nothing_that_changes() -> None:
    bench = streaming()
    session = bench.session
    before = snapshot(session)
    copy = session.copy()
    for link in copy.links.values():
        for lane in link.lanes.values():
            lane.items.add("other")
            lane.output.append({})
            lane.forget_response()
        link.lanes.clear()
    copy.requests[1].hedged = True
    copy.links[9] = Link(9)
    copy.counts["x"] += 1

    assert before == snapshot(session)
    assert 0 == session.counts["x"]
