"""A response that runs on the server whether or not anybody listens: begun, followed, left, and taken up again.

Rules of this file
* It is identified by its id, and what was heard of it by the sequence number of its last event. Where a stream breaks, another is
  asked for behind that number (``GET …?stream=true&starting_after=N``): no event is handed out twice and none is left out.
* Leaving it costs nothing and ends nothing; only ``cancel`` does.
* The stream that began it is kept until it is read or closed: a job whose first reader went away at once may stay queued for ever
  (reported). What nobody takes is held up to ``Settings.buffer_limit``; then the stream is left, and asked for again later.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self, cast, final
from urllib.parse import quote

import trio

from rejoinder.states.codec import decode, encode_post
from rejoinder.states.failures import failure_from_error
from rejoinder.states.retries import retry_pause
from rejoinder.states.stream_events import (
    ErrorEvent,
    ResponseCompleted,
    ResponseEvent,
    ResponseFailed,
    ResponseIncomplete,
    StreamEvent,
)
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind, Verdict

from .errors import ResponseError, SessionClosed, error_for
from .http_wire import Asked, HttpWire
from .masking import REPORTS, without_secrets
from .one_shot import OneShot
from .result import Collector, Result
from .settings import Settings
from .wire import StreamFrame, StreamOver, StreamRefused, WireClosed

__all__ = ["BackgroundResponse"]

ENDED: Final = frozenset({"completed", "failed", "incomplete", "cancelled"})
"""The status of a response that will not change any more."""
CLOSED: Final = (
    "The session is closed, so nobody listens to the background response any more. It goes on on the server: open another session,"
    " and come back to it with background_response(id)."
)
TERMINALS: Final = (ResponseCompleted, ResponseFailed, ResponseIncomplete)


@final
class BackgroundResponse:
    """A background response, from ``Session.start_background`` or ``Session.background_response``.

    Iterate its events, over any number of broken streams; or ask for its ``result()``; or ``retrieve()`` it now and then.
    Use it from one task at a time.
    """

    def __init__(self, wire: HttpWire, calls: OneShot, settings: Settings, response_id: str | None = None) -> None:
        self._policy: Final = settings.policy
        self._output_limit: Final = settings.output_limit
        self._calls: Final = calls
        self._wire: Final = wire
        self._id = response_id
        self._position: int | None = None
        self._collector = Collector()
        self._came = 0
        """Characters of the events that were heard."""
        self._status = "in_progress"
        self._listening = False
        self._ended = False
        self._request_id: str | None = None
        self._told: StreamEvent | None = None
        """An event that was read ahead."""
        self._resumed = 0

    def __repr__(self) -> str:
        return f"<BackgroundResponse {self._id!r} {self._status}>"

    @property
    def id(self) -> str:
        """Its id: all that is needed to come back to it."""
        return self._id or ""

    @property
    def status(self) -> str:
        """The status that was heard of last: ``queued``, ``in_progress``, or how it ended, which may be ``cancelled``."""
        return self._status

    @property
    def sequence_number(self) -> int | None:
        """The number of the last event that was handed out: what ``starting_after`` may be elsewhere. None before the first."""
        return self._position

    @property
    def resumed(self) -> int:
        """How often its stream was asked for again."""
        return self._resumed

    # -- for callers -------------------------------------------------------------------------------------------------------

    def resume(self, *, starting_after: int | None = None) -> None:
        """Go on behind the event with that sequence number, or from the first event; takes effect with the next event."""
        self._position = starting_after
        self._ended = False
        self._told = None
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        """The next event; ends behind the terminal. A broken stream is asked for again, each time that it broke after an event.

        A response that was cancelled has no terminal event: iteration ends where its stream does. Raises ``ResponseFailed``,
        ``ConnectionFailed``, ``DeadlineExceeded`` or ``Interrupted`` if the stream cannot be had again; the response may go on, and
        so may you. Raises ``SessionClosed`` when the session ends.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        attempts = 0
        while not self._ended:
            try:
                event = self._told or await self._next()
            except _Broken as broken:
                if broken.ended and await self._has_ended():
                    break
                attempts += 1
                await self._pause(broken, attempts)
                self._resumed += 1
            else:
                self._told = None
                self._take(event)
                return event
        self.close()
        raise StopAsyncIteration

    async def result(self) -> Result:
        """Wait for its end, and return what came. Raises as iteration, ``ResponseFailed`` if it failed, ``ResponseCancelled``."""
        async for _ in self:
            pass
        return self._calls.raise_unless_good(self._collector.result(self._status, self._request_id))

    async def retrieve(self) -> Result:
        """What the server has of it now, whatever its status (``GET /responses/{id}``). Raises as ``Session.infer``."""
        return self._noted(await self._calls.response("GET", self._path))

    async def cancel(self) -> Result:
        """Stop it on the server (``POST /responses/{id}/cancel``), and return what it came to.

        Legal at any time; what has ended stays as it ended. Raises as ``Session.infer``.
        """
        result = self._noted(await self._calls.response("POST", f"{self._path}/cancel", body="{}"))
        self.close()
        return result

    async def delete(self) -> None:
        """Remove it from the server (``DELETE /responses/{id}``). Raises as ``Session.infer``."""
        await self._calls.call("DELETE", self._path)

    def close(self) -> None:
        """Stop listening; it goes on on the server. Iterating goes on behind the last event."""
        self._wire.end_stream(None, abandoned=True)
        self._listening = False

    # -- for the session -----------------------------------------------------------------------------------------------------

    async def start(self, fields: Mapping[str, Any], items: Sequence[Any], previous_response_id: str | None) -> None:
        """Begin it, and wait until it has an id. What may have been accepted is not sent again."""
        asked = Asked("POST", body=encode_post(fields, items, previous_response_id=previous_response_id))
        attempts = 0
        while self._id is None:
            self._listen(asked)
            try:
                event = await self._next()
            except _Broken as broken:
                attempts += 1
                await self._pause(broken, attempts)
                continue
            if not isinstance(event, ResponseEvent):
                self.close()
                raise self._error(_Broken("its first event has no id"))
            self._told = event
            self._note(event)

    # -- inside ------------------------------------------------------------------------------------------------------------

    @property
    def _path(self) -> str:
        """Where it is. An id comes from a server, or from anybody: it names one thing below the address, and no other path."""
        return "/" + quote(self.id, safe="", errors="replace").replace(".", "%2E")

    def _listen(self, asked: Asked) -> None:
        try:
            self._wire.begin(None, asked)
        except WireClosed as closed:
            raise SessionClosed(CLOSED) from closed
        self._listening = True

    async def _next(self) -> StreamEvent:
        """The next event of the stream, which is asked for if there is none. Raises ``_Broken``, and there is none then."""
        if not self._listening:
            behind = {} if self._position is None else {"starting_after": str(self._position)}
            self._listen(Asked("GET", self._path, query={"stream": "true", **behind}))
        deadlines = self._policy.deadlines
        whole = False
        try:
            with trio.move_on_after(deadlines.created + deadlines.first_output if self._position is None else deadlines.gap):
                event = await self._heard()
                whole = True
                return event
            raise _Broken("the server fell silent", cause=Cause.OVERDUE)
        finally:
            if not whole:
                self.close()

    async def _heard(self) -> StreamEvent:
        while True:
            try:
                news = await self._wire.receive_news()
            except WireClosed as closed:
                raise SessionClosed(CLOSED) from closed
            if isinstance(news, StreamFrame):
                self._came += len(news.data)
                if self._came > self._output_limit:
                    raise _Broken("it said more than one response may say", cause=Cause.OUTPUT, permanent=True)
                event = decode(news.data)
                if type(event) in REPORTS:
                    event = without_secrets(event, news.data, news.secrets)
                if isinstance(event, ErrorEvent) and event.status is not None:
                    raise _Broken("", error=event, refused=True)
                return event
            if isinstance(news, StreamRefused):
                raise _Broken(news.message, cause=Cause.DIAL, permanent=news.permanent, refused=True)
            if isinstance(news, StreamOver):
                raise _Broken(news.reason or "it ended without a terminal event", ended=not news.reason)
            self._request_id = news.request_id

    async def _pause(self, broken: _Broken, attempts: int) -> None:
        """Wait for the next attempt; raises the error that ``broken`` is if there is none."""
        again = not broken.permanent and (broken.refused or self._id is not None)
        pause = retry_pause(self._policy, broken.error, attempts, random.random()) if again else None  # noqa: S311
        if pause is None:
            raise self._error(broken) from broken
        await trio.sleep(pause)

    def _take(self, event: StreamEvent) -> None:
        """An event is handed out."""
        if event.sequence_number is not None:
            self._position = event.sequence_number
        self._collector.take(event)
        if isinstance(event, ResponseEvent):
            self._note(event)
        if isinstance(event, TERMINALS):
            self._ended = True
            self._collector.terminal = event.response

    def _note(self, event: ResponseEvent) -> None:
        self._id = self._id or event.response_id
        status = event.response.get("status")
        if isinstance(status, str):
            self._status = status

    async def _has_ended(self) -> bool:
        """Whether the stream ended because there is nothing more: then what the server has is what it came to."""
        found = await self.retrieve()
        if found.status in ENDED:
            self._ended = True
            self._collector.terminal = found.response
        return self._ended

    def _noted(self, result: Result) -> Result:
        self._status = result.status
        return result

    def _error(self, broken: _Broken) -> ResponseError:
        partial = self._collector.result("interrupted", self._request_id)
        kind = OutcomeKind.INTERRUPTED
        if broken.error is not None:
            kind, failure = OutcomeKind.FAILED, failure_from_error(Cause.REJECTED, broken.error, self._policy)
        elif broken.cause is Cause.OUTPUT:
            advice = "Cancel it, or allow more with Settings(output_limit=…)."
            failure = Failure(Cause.OUTPUT, f"The background response was left: {broken}. {advice}")
        elif broken.cause is Cause.DIAL:
            failure = Failure(Cause.DIAL, f"{broken} Check the server's address, its certificate and the network.")
        else:
            begun = (
                "It goes on on the server: iterate again, or retrieve() it."
                if self._id
                else "Whether the server began it is unknown."
            )
            failure = Failure(broken.cause, f"The stream of the background response broke: {broken}. {begun}")
        sent = self._id is not None or not broken.refused
        verdict = Verdict("background", sent, self._id is not None, self._position is not None, self._id is None and broken.refused)
        return cast("ResponseError", error_for(Outcome(kind, failure, verdict), partial))


class _Broken(Exception):
    """A stream that could not be opened, or that broke."""

    def __init__(
        self,
        message: str,
        *,
        cause: Cause = Cause.LOST,
        error: ErrorEvent | None = None,
        permanent: bool = False,
        refused: bool = False,
        ended: bool = False,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.error = error
        self.permanent = permanent
        self.refused = refused
        """Whether the server certainly did not begin anything."""
        self.ended = ended
        """Whether its body just ended."""
