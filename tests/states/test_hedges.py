"""Hedges, and how many sockets there may be."""

from __future__ import annotations

from harness import frames
from harness.in_phase import streaming
from harness.lifecycle import Bench
from rejoinder.states.effects import Close, Dial, Send
from rejoinder.states.phases import LinkPhase, RequestPhase
from rejoinder.states.profiles import AZURE, OPENAI, Policy

# -- hedges --------------------------------------------------------------------------------------------------------------------


def test_hedge_is_dialled_only_where_an_abandoned_response_stands_in_the_way() -> None:
    bench = streaming()
    bench.ask()
    bench.wait(10)
    before = len(bench.all(Dial))
    bench.cancel(1)
    bench.wait(0.25)

    assert (1, 2) == (before, len(bench.all(Dial)))


def test_hedge_that_opens_first_takes_the_request_and_the_old_link_retires() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    bench.opened(2)
    sent = bench.last(Send)
    phase = bench.link(1)
    bench.complete(1)

    assert (2, 2) == (sent.request, sent.link)
    assert LinkPhase.RETIRING == phase
    assert [Close(1)] == bench.all(Close)


def test_hedge_that_is_not_open_when_the_lane_is_free_is_dropped() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    bench.complete(1)

    assert [1, 1] == [send.link for send in bench.all(Send)]
    assert [Close(2)] == bench.all(Close)


def test_hedge_that_is_also_a_rotation_is_kept() -> None:
    bench = Bench(AZURE, Policy(rotate_before=1800))
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.speak(1)
    for _ in range(17):
        bench.wait(105.86)
        bench.speak(1)
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    before = bench.session.links[2].hedge_for
    bench.wait(0.2)
    after = bench.session.links[2].hedge_for
    bench.complete(1)

    assert (2, None) == (before, after)
    assert [] == bench.all(Close)
    assert LinkPhase.CONNECTING == bench.link(2)


# -- sockets -------------------------------------------------------------------------------------------------------------------


def hedged(bench: Bench, times: int) -> None:
    """Cancel the latest request in its middle and hedge the next, several times."""
    for _ in range(times):
        request = bench.requests
        bench.created(request)
        bench.speak(request)
        bench.cancel(request)
        bench.ask()
        bench.wait(0.25)
        bench.opened()


def test_oldest_link_that_carries_only_abandoned_responses_makes_room() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    hedged(bench, 3)

    assert [Close(1)] == bench.all(Close)
    assert [LinkPhase.RETIRING, LinkPhase.RETIRING, LinkPhase.OPEN] == [bench.link(number) for number in (2, 3, 4)]


def test_no_fourth_socket_is_opened_while_callers_use_three() -> None:
    bench = Bench(OPENAI)
    for link in (1, 2, 3):
        request = bench.ask()
        bench.opened(link)
        bench.created(request)
        bench.speak(request)
        bench.receive(frames.delta("!", item=f"item_{link}", lane="lane-1", sequence=9), link)
    request = bench.ask()
    before = bench.notes[-1]
    bench.voices[1].sequence = 10
    bench.complete(1)

    assert "NoSocket" == before
    assert [Dial(1), Dial(2), Dial(3), Dial(4)] == bench.all(Dial)
    assert RequestPhase.WAITING == bench.request(request)
