"""A session in any phase of any machine, reached as callers and a server reach it.

Each function returns a bench. The machine in question is that of the latest request (``bench.requests``), of its lane, or of the
latest link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, OPENAI, Policy
from rejoinder.states.records import Link

__all__ = ["LINK_PHASES", "REQUEST_PHASES", "RESPONSE_PHASES"]


def idle() -> Bench:
    """A response was completed."""
    bench = awaiting_created()
    bench.answer(bench.requests)
    return bench


def paused() -> Bench:
    """The server refused a create for now."""
    bench = awaiting_created()
    bench.receive(frames.error(status=503, headers={"retry-after": "5"}))
    return bench


def awaiting_created() -> Bench:
    """A create went out on a serial link."""
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    return bench


def doubted() -> Bench:
    """An error came that may answer an old cancel."""
    bench = Bench(AZURE, Policy(signal=True))
    first = bench.ask()
    bench.opened()
    bench.created(first)
    bench.cancel(first)
    bench.complete(first)
    bench.ask()
    bench.receive(frames.error())
    return bench


def acknowledged() -> Bench:
    """A response has an id."""
    bench = awaiting_created()
    bench.created(bench.requests)
    return bench


def streaming() -> Bench:
    """A response has output."""
    bench = acknowledged()
    bench.speak(bench.requests)
    return bench


def failing() -> Bench:
    """A response reported a fault."""
    bench = streaming()
    bench.fault(bench.requests)
    return bench


def cancel_pending() -> Bench:
    """A caller left before its response had an id."""
    bench = awaiting_created()
    bench.cancel(bench.requests)
    return bench


def draining() -> Bench:
    """A caller left in the middle."""
    bench = streaming()
    bench.cancel(bench.requests)
    return bench


def awaiting_successor() -> Bench:
    """A caller added words, the server queued them and ended the response."""
    bench = streaming()
    bench.steer(1)
    bench.receive(frames.steer("accepted", sequence=3))
    bench.receive(frames.terminal("incomplete", sequence=4, incomplete_details={"reason": "steered"}))
    return bench


def successor_pending() -> Bench:
    """The same, and the caller has left."""
    bench = awaiting_successor()
    bench.cancel(1)
    return bench


def quarantined() -> Bench:
    """An abandoned response did not end in time, on a link that multiplexes."""
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.ask()
    bench.created(2)
    bench.cancel(2)
    bench.wait(5)
    return bench


def closed() -> Bench:
    """A link that was only just made; no link stays closed for longer than one ``feed``."""
    bench = Bench(AZURE)
    bench.session.links[1] = Link(1)
    return bench


def connecting() -> Bench:
    """A request waits for the first link."""
    bench = Bench(AZURE)
    bench.ask()
    return bench


def proving() -> Bench:
    """A request wants a link that nobody was heard on for long."""
    bench = idle()
    bench.wait(60)
    bench.ask()
    return bench


def retiring() -> Bench:
    """A frame could not be read while a response was running."""
    bench = streaming()
    bench.receive(frames.garbage())
    return bench


def reconnecting() -> Bench:
    """A dial failed and may be tried again."""
    bench = connecting()
    bench.refused(503)
    return bench


def refused_for_good() -> Bench:
    """A dial failed and there is no use in another."""
    bench = connecting()
    bench.refused(401)
    return bench


def ended() -> Bench:
    """A request was answered."""
    return idle()


LINK_PHASES: Final[Mapping[LinkPhase, Callable[[], Bench]]] = {
    LinkPhase.CLOSED: closed,
    LinkPhase.CONNECTING: connecting,
    LinkPhase.OPEN: streaming,
    LinkPhase.PROVING: proving,
    LinkPhase.RETIRING: retiring,
    LinkPhase.RECONNECTING: reconnecting,
    LinkPhase.FAILED: refused_for_good,
}
"""How the latest link comes to be in each phase."""

RESPONSE_PHASES: Final[Mapping[ResponsePhase, Callable[[], Bench]]] = {
    ResponsePhase.IDLE: idle,
    ResponsePhase.AWAITING_CREATED: awaiting_created,
    ResponsePhase.DOUBTED: doubted,
    ResponsePhase.ACKNOWLEDGED: acknowledged,
    ResponsePhase.STREAMING: streaming,
    ResponsePhase.FAILING: failing,
    ResponsePhase.CANCEL_PENDING: cancel_pending,
    ResponsePhase.DRAINING: draining,
    ResponsePhase.AWAITING_SUCCESSOR: awaiting_successor,
    ResponsePhase.SUCCESSOR_PENDING: successor_pending,
    ResponsePhase.QUARANTINED: quarantined,
}
"""How the lane of the latest request comes to be in each phase."""

REQUEST_PHASES: Final[Mapping[RequestPhase, Callable[[], Bench]]] = {
    RequestPhase.WAITING: connecting,
    RequestPhase.PAUSED: paused,
    RequestPhase.SENT: awaiting_created,
    RequestPhase.ENDED: ended,
}
"""How the latest request comes to be in each phase."""
