"""Time alone: which instant is next, and what happens when it comes, early or late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from harness import frames
from harness.in_phase import (
    LINK_PHASES,
    REQUEST_PHASES,
    RESPONSE_PHASES,
    awaiting_created,
    connecting,
    idle,
    quarantined,
    streaming,
)
from harness.lifecycle import Bench, snapshot
from rejoinder.states.deadlines import lane_deadline, link_deadline, request_deadline
from rejoinder.states.effects import Dial
from rejoinder.states.events import Expired
from rejoinder.states.link import LINK
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, OPENAI, CancelPolicy, Deadlines, Policy
from rejoinder.states.records import Request
from rejoinder.states.request import REQUEST
from rejoinder.states.response import RESPONSE

LIMITS = Deadlines()


@pytest.mark.parametrize(
    "phase, seconds",
    [
        ("idle", None),
        ("awaiting_created", 30),
        ("doubted", 2),
        ("acknowledged", 120),
        ("streaming", 300),
        ("failing", 2),
        ("cancel_pending", 5),
        ("draining", 5),
        ("quarantined", None),
    ],
)
def test_deadline_of_each_response_phase(phase: ResponsePhase, seconds: float | None) -> None:
    bench = RESPONSE_PHASES[phase]()
    expected = None if seconds is None else bench.now + seconds

    assert expected == lane_deadline(bench.lane(bench.requests), LIMITS)
    assert (phase in RESPONSE.deadlines) == (seconds is not None)


@pytest.mark.parametrize(
    "phase, seconds",
    [
        ("closed", None),
        ("connecting", 10),
        ("open", 3300),
        ("proving", 20),
        ("retiring", 300),
        ("reconnecting", 0.5),
        ("failed", None),
    ],
)
def test_deadline_of_each_link_phase(phase: LinkPhase, seconds: float | None) -> None:
    bench = LINK_PHASES[phase]()
    expected = None if seconds is None else bench.now + seconds

    assert expected == link_deadline(bench.session.links[max(bench.session.links)], LIMITS)
    assert (phase in LINK.deadlines) == (seconds is not None)


@pytest.mark.parametrize("phase, seconds", [("waiting", 600), ("sent", 3600)])
def test_deadline_of_each_request_phase(phase: RequestPhase, seconds: float) -> None:
    bench = REQUEST_PHASES[phase]()

    assert bench.now + seconds == request_deadline(bench.session.requests[1], LIMITS)


def test_request_that_ended_has_no_deadline() -> None:
    ended = Request(1, streaming().session.requests[1].content, warm_up=False, created=0, phase=RequestPhase.ENDED)

    assert request_deadline(ended, LIMITS) is None
    assert {RequestPhase.WAITING, RequestPhase.PAUSED, RequestPhase.SENT} == set(REQUEST.deadlines)


def test_nothing_is_due_where_nothing_is() -> None:
    assert Bench(AZURE).session.next_deadline() is None
    assert [] == list(Bench(AZURE).feed(Expired()))


ANYWHERE: Final[Mapping[str, Callable[[], Bench]]] = {
    **{f"link {phase}": arrange for phase, arrange in LINK_PHASES.items() if phase is not LinkPhase.CLOSED},
    **{f"response {phase}": arrange for phase, arrange in RESPONSE_PHASES.items()},
}
"""A session in any phase of a link or a response; no link stays closed for longer than one ``feed``."""


@pytest.mark.parametrize("place", ANYWHERE)
def test_expiring_early_changes_nothing(place: str) -> None:
    bench = ANYWHERE[place]()
    due = bench.session.next_deadline()
    if due is not None:
        bench.now = due - 0.001
    before = snapshot(bench.session)
    effects = list(bench.feed(Expired()))

    assert [] == effects
    assert before == snapshot(bench.session)


def test_expiring_late_does_all_that_was_due() -> None:
    bench = streaming()
    bench.ask("Two")
    bench.now += 10_000
    bench.feed(Expired())

    assert {1, 2} == set(bench.outcomes)


def test_every_frame_of_a_stream_moves_the_gap() -> None:
    bench = streaming()
    bench.wait(299)
    bench.speak(1)
    bench.wait(299)
    bench.receive(frames.keepalive())
    bench.wait(299)

    assert ResponsePhase.STREAMING == bench.phase(1)


def test_progress_does_not_move_the_first_output() -> None:
    bench = awaiting_created()
    bench.created(1)
    bench.wait(119)
    bench.receive(frames.created(sequence=1, wire_type="response.in_progress"))
    bench.wait(1)

    assert RequestPhase.WAITING == bench.request(1)


@pytest.mark.parametrize("place", ANYWHERE)
def test_silence_alone_brings_everything_to_rest(place: str) -> None:
    bench = ANYWHERE[place]()
    bench.wait(7200)
    in_use = [lane.phase for link in bench.session.links.values() for lane in link.lanes_in_use]

    assert {} == bench.session.requests
    assert [] == in_use


# -- the hedge -----------------------------------------------------------------------------------------------------------------


def waiting_behind_an_abandoned_response(policy: Policy | None = None) -> Bench:
    bench = Bench(AZURE, policy)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.cancel(1)
    bench.wait(1)
    bench.ask()
    return bench


def test_hedge_counts_from_when_the_request_began_to_wait() -> None:
    bench = waiting_behind_an_abandoned_response()

    assert bench.now + 0.25 == bench.session.next_deadline()


def test_hedge_counts_from_the_cancel_if_that_came_later() -> None:
    bench = streaming()
    bench.ask()
    bench.wait(1)
    bench.cancel(1)

    assert bench.now + 0.25 == bench.session.next_deadline()


@pytest.mark.parametrize("then", [CancelPolicy.DRAIN, CancelPolicy.RETIRE])
def test_other_policies_do_not_hedge(then: CancelPolicy) -> None:
    bench = waiting_behind_an_abandoned_response(Policy(then=then))
    bench.wait(0.25)

    assert (1 if then is CancelPolicy.DRAIN else 2) == len(bench.all(Dial))


def test_hedge_waits_for_the_policys_delay() -> None:
    bench = waiting_behind_an_abandoned_response(Policy(hedge_delay=2))
    bench.wait(1.9)
    before = len(bench.all(Dial))
    bench.wait(0.1)

    assert (1, 2) == (before, len(bench.all(Dial)))


def test_no_hedge_while_a_dial_is_under_way() -> None:
    bench = idle()
    bench.wait(3300)
    bench.receive(frames.keepalive(), 1)
    bench.ask()
    bench.created(2)
    bench.speak(2)
    bench.cancel(2)
    bench.ask()
    bench.wait(4)

    assert [Dial(1), Dial(2)] == bench.all(Dial)


def test_no_hedge_for_a_request_that_was_asked_to_pause() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.receive(frames.error(status=503, headers={"retry-after": "5"}))
    bench.wait(4.9)

    assert 1 == len(bench.all(Dial))
    assert bench.now + 0.1 == pytest.approx(bench.session.next_deadline())


def test_no_hedge_where_quarantined_lanes_are_all_that_is_abandoned() -> None:
    bench = quarantined()
    bench.ask()
    bench.wait(10)

    assert 1 == len(bench.all(Dial))


def test_turn_deadline_of_one_request_is_not_anothers() -> None:
    bench = connecting()
    bench.wait(5)
    bench.ask()

    instants = [request_deadline(request, LIMITS) for request in bench.session.requests.values()]
    assert [bench.now + 595, bench.now + 600] == instants
