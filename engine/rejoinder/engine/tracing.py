"""OpenTelemetry spans for a session, one for each request; needs the extra ``rejoinder[otel]``.

``stop = trace_session(session)`` is all. The spans follow the GenAI semantic conventions (their inference span); what those have
no name for is under ``rejoinder.``.

Rules of this file
* It observes and decides nothing: a fault in here, in the tracer or in an exporter is logged, costs that one span what it had to
  say, and never reaches a request.
* The parent of a span is what is current where ``respond`` is called. A span ends with the outcome of its request; what an
  abandoned response costs is known later, so it has a span of its own, ``drain``, below the first.
* Every move of a machine that concerns the request is an event of its span, named as ``response streaming``; so is every note about
  its lane.
* A handler that ran has a span of its own, ``execute_tool``, where its turn is; of the other events of calls none has a duration.
* Nothing that anybody said is recorded unless ``capture_content`` is true.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, final

import attrs

from .call_events import CallFailed, CallFinished, CallTimedOut
from .endpoint import Endpoint
from .observations import Asked, Finished, Moved, Note, Observation, Sent, Settled, Steered
from .session import Session
from .span_attributes import (
    OPERATION,
    finish_reason,
    of_content,
    of_create,
    of_move,
    of_request,
    of_result,
    of_timings,
    of_usage,
    present,
)
from .span_content import messages_of

try:
    from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, get_tracer, set_span_in_context
except ModuleNotFoundError as missing:  # pragma: no cover - the tests have it
    raise ModuleNotFoundError("Tracing needs OpenTelemetry. Install rejoinder[otel].", name=missing.name) from missing

__all__ = ["trace_session"]

logger = logging.getLogger("rejoinder")

REMEMBERED: Final = 256
"""Spans that have ended and may still have a response to drain."""


def trace_session(
    session: Session,
    tracer: Tracer | None = None,
    *,
    capture_content: bool = False,
    conversation_id: str | None = None,
) -> Callable[[], None]:
    """Record a span for each request of ``session`` from now on; returns a function that ends it.

    Args:
        session: a session that is open.
        tracer: where spans go; None takes the tracer ``rejoinder`` of the global provider, which records nothing until a program
            sets one up.
        capture_content: whether instructions, messages, tools and answers are recorded too. They may be anybody's secrets.
        conversation_id: ``gen_ai.conversation.id`` of every span; a request's own ``conversation`` goes first. None records none.

    Never raises later: what goes wrong in tracing is logged. Spans that are open when it is ended are ended without an outcome.
    """
    observer = Tracing(tracer or get_tracer("rejoinder"), session.endpoint, conversation_id, capture_content=capture_content)
    stop_observing = session.observe(observer)

    def stop() -> None:
        stop_observing()
        observer.stop()

    return stop


@attrs.define(eq=False)
class Open:
    """A span that has not ended, and where its request is now."""

    span: Span
    link: int | None = None
    lane: str | None = None
    attempts: int = 0
    model: str = ""


@final
class Tracing:
    """An observer that keeps a span for each request."""

    def __init__(self, tracer: Tracer, endpoint: Endpoint, conversation_id: str | None, *, capture_content: bool) -> None:
        self._tracer: Final = tracer
        self._endpoint: Final = endpoint
        self._conversation_id: Final = conversation_id
        self._capture: Final = capture_content
        self._level = logging.ERROR
        self._open: dict[int, Open] = {}
        self._ended: dict[int, Open] = {}
        """Those whose response may still be drained."""

    def __call__(self, observation: Observation) -> None:
        """Record an observation."""
        try:
            record = RECORD.get(type(observation))
            if record is not None:
                record(self, observation)
        except Exception as error:
            # Whatever it is, no request may notice. Its traceback may quote a program's own errors, and so what was said.
            level, self._level = self._level, logging.DEBUG
            words = "tracing failed; requests go on without it (%s; further faults are logged at debug level)"
            logger.log(level, words, type(error).__name__, exc_info=level == logging.DEBUG)

    def stop(self) -> None:
        """End what is open."""
        for open_span in self._open.values():
            open_span.span.end()
        self._open.clear()

    def asked(self, asked: Asked) -> None:
        """Begin a span, below what is current where ``respond`` was called."""
        model = str(asked.content.fields.get("model", ""))
        attributes = of_request(asked, self._endpoint, self._conversation_id)
        if self._capture:
            attributes |= of_content(asked.content)
        span = self._tracer.start_span(f"{OPERATION} {model}".strip(), kind=SpanKind.CLIENT, attributes=attributes)
        self._open[asked.request] = Open(span, model=model)

    def sent(self, sent: Sent) -> None:
        """Say what went out, and why in full."""
        known = self._open.get(sent.request)
        if known is None:
            return
        known.attempts += 1
        known.link, known.lane = sent.link, sent.lane
        known.span.set_attributes(of_create(sent, known.attempts))

    def moved(self, moved: Moved) -> None:
        """An event of the span it concerns; a link concerns all that wait for one or were sent on it."""
        if moved.request is not None:
            concerned = [self._open[moved.request]] if moved.request in self._open else []
        elif moved.machine == "link":
            concerned = [known for known in self._open.values() if known.link in {None, moved.link}]
        else:
            concerned = []
        for known in concerned:
            known.span.add_event(f"{moved.machine} {moved.target}", of_move(moved))

    def noted(self, note: Note) -> None:
        """An event of every span on that lane, or on that link if it names no lane."""
        for known in self._open.values():
            if known.link is not None and known.link == note.link and note.lane in {None, known.lane}:
                known.span.add_event("note", present({"rejoinder.note": note.name, "rejoinder.link": note.link}))

    def steered(self, steered: Steered) -> None:
        """An event of the span: words were added to the response, and this became of them."""
        known = self._open.get(steered.request)
        if known is not None:
            attributes = {"rejoinder.steering": steered.steer, "rejoinder.status": steered.status.value}
            known.span.add_event(f"steering {steered.status}", attributes)

    def finished(self, finished: Finished) -> None:
        """End the span."""
        known = self._open.pop(finished.request, None)
        if known is None:
            return
        span, outcome, result = known.span, finished.outcome, finished.result
        try:
            span.set_attributes({**of_result(outcome, result), **of_timings(finished.timings), **of_usage(result.tokens)})
            if known.attempts:
                span.set_attribute("gen_ai.response.finish_reasons", [finish_reason(outcome, result)])
            if outcome.failure is not None:
                error = outcome.failure.code or outcome.failure.cause.value
                span.set_attribute("error.type", error)
                # The message may quote what was said.
                span.set_status(StatusCode.ERROR, outcome.failure.message if self._capture else error)
            if self._capture and result.output:
                span.set_attribute("gen_ai.output.messages", messages_of(result.output))
        finally:
            span.end()
            self._ended[finished.request] = known
            if len(self._ended) > REMEMBERED:
                del self._ended[next(iter(self._ended))]

    def settled(self, settled: Settled) -> None:
        """A span of its own for what was drained, below the request's."""
        known = self._open.get(settled.request) or self._ended.get(settled.request)
        if known is None:
            return
        now = time.time_ns()
        span = self._tracer.start_span(
            f"drain {known.model}".strip(),
            context=set_span_in_context(known.span),
            kind=SpanKind.INTERNAL,
            start_time=now - int(settled.drained * 1e9),
            attributes={
                "gen_ai.response.id": settled.response_id,
                "rejoinder.outcome": settled.kind.value,
                "rejoinder.drained_seconds": settled.drained,
                **of_usage(settled.usage),
            },
        )
        span.end(now)

    def called(self, event: CallFinished | CallFailed | CallTimedOut) -> None:
        """A span for a handler that ran."""
        now = time.time_ns()
        error = (
            "timeout" if isinstance(event, CallTimedOut) else type(event.error).__name__ if isinstance(event, CallFailed) else None
        )
        span = self._tracer.start_span(
            f"execute_tool {event.call.name}",
            kind=SpanKind.INTERNAL,
            start_time=now - int(event.seconds * 1e9),
            attributes=present(
                {
                    "gen_ai.operation.name": "execute_tool",
                    "gen_ai.tool.name": event.call.name,
                    "gen_ai.tool.call.id": event.call.call_id,
                    "gen_ai.tool.type": "function",
                    "error.type": error,
                }
            ),
        )
        if error is not None:
            span.set_status(StatusCode.ERROR, error)
        span.end(now)


RECORD: Final[Mapping[type, Callable[[Tracing, Any], None]]] = MappingProxyType(
    {
        CallFailed: Tracing.called,
        CallFinished: Tracing.called,
        CallTimedOut: Tracing.called,
        Asked: Tracing.asked,
        Finished: Tracing.finished,
        Moved: Tracing.moved,
        Note: Tracing.noted,
        Sent: Tracing.sent,
        Settled: Tracing.settled,
        Steered: Tracing.steered,
    }
)
"""What is done with each kind of observation; the others have no span."""
