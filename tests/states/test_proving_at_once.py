"""A policy may ask for a proof of life each time that a link is used again: that is one ping, and then the request goes out."""

from __future__ import annotations

from harness.lifecycle import Bench
from rejoinder.states.effects import Ping, Send
from rejoinder.states.events import Pong
from rejoinder.states.profiles import AZURE, Policy

AT_ONCE = Policy(prove_after=0.0)


def test_first_request_needs_no_proof_beyond_the_handshake() -> None:
    """The link opens: it was asked for a ping, and after the pong for another, and so on, and nothing was ever sent."""
    bench = Bench(AZURE, AT_ONCE)
    bench.ask("a")
    bench.opened()

    assert [] == bench.all(Ping)
    assert [1] == [send.request for send in bench.all(Send)]


def test_each_later_request_costs_one_ping() -> None:
    bench = Bench(AZURE, AT_ONCE)
    bench.ask("a")
    bench.opened()
    for request in (1, 2, 3):
        for _ in range(5):
            if request not in bench.voices:
                bench.now += 0.01
                bench.feed(Pong(1))
        bench.answer(request)
        bench.now += 0.01
        bench.ask("again")

    assert [1, 2, 3] == [send.request for send in bench.all(Send)]
    # The fourth request still waits for its pong.
    assert 3 == len(bench.all(Ping))
