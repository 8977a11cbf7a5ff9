"""The response that a caller holds: events to iterate, text, output, outcome.

Rules of this file
* It has bounds on what is not read and on what comes in all, and an outcome; who is in which phase is the lifecycle's business.
* The reader of the link puts frames in and never waits; the caller takes them out. A wake-up is needed only when the caller waits.
* After a cancel nothing is delivered any more, also if the response had ended before it: the buffer is emptied at once.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self, final

import trio

from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.continuation import Decision, RequestContent
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Excess, Outcome, OutcomeKind

from .errors import InvalidRequest, ResponseRefused, raise_for
from .metrics import Stopwatch, Timings, Usage
from .result import Collector, Result
from .steering import Steering, Words

__all__ = ["Response", "TextDeltas"]

logger = logging.getLogger("rejoinder")


@final
class TextDeltas:
    """The pieces of text of a response, from ``Response.text_deltas``. Iterate it."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """The next piece."""
        async for event in self._response:
            if type(event) is OutputTextDelta:
                return event.delta
        self._response.raise_refusal()
        raise StopAsyncIteration


@final
class Response:
    """One response, from ``Session.respond``. Iterate its events, or ask for ``text()`` or ``result()``.

    Iteration ends normally when the response completed, was incomplete (see ``incomplete_reason``) or was cancelled; it raises
    ``ResponseFailed`` or ``Interrupted`` otherwise, with what had come attached.
    """

    def __init__(
        self,
        number: int,
        content: RequestContent,
        limit: int,
        cancel: Callable[[], None],
        *,
        output_limit: float = math.inf,
        at_end: Callable[[Response], None] | None = None,
        steer: Callable[[Words], Steering] | None = None,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        self.number: Final = number
        """Its number in this session: the one that observations name."""
        self.content: Final = content
        """What was asked."""
        self.outcome: Outcome | None = None
        """The outcome as data; None while it runs."""
        self.decision: Decision | None = None
        """Whether the create continued a previous response, and why not; None until it is sent."""
        self.request_id: str | None = None
        """``x-request-id`` of the connection that it was sent on, or that was refused; None until then, and where there is none."""
        self._clock = clock
        self.stopwatch: Final = Stopwatch(clock())
        """Takes its times, for the engine; read ``timings``."""
        self._limit = limit
        self._output_limit = output_limit
        self._cancel = cancel
        self._at_end = at_end
        """Called once, with the outcome there, before any caller is told."""
        self._steer = steer
        self._collector = Collector()
        self._buffer: deque[tuple[StreamEvent, int]] = deque()
        self._held = 0
        self._came = 0
        """What has come in all, read or not, in the unit of the limits."""
        self._passing_over = 0
        """How many wait for the result, and so for no event."""
        self._stopped = False
        """Whether the caller wants to hear nothing more, however it ends."""
        self._waiting: set[trio.lowlevel.Task] = set()

    def __repr__(self) -> str:
        return f"<Response {self.number} {self.status} id={self.id!r}>"

    # -- for callers -------------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str | None:
        """The response id; None until ``response.created`` is there. Of a steered response, that of the latest successor."""
        return self._collector.response_id

    @property
    def status(self) -> str:
        """``in_progress``, or how it ended: ``completed``, ``failed``, ``incomplete``, ``interrupted``, ``cancelled``."""
        return "in_progress" if self.outcome is None else str(self.outcome.kind)

    @property
    def output(self) -> Sequence[Mapping[str, Any]]:
        """The output items so far, and all of them at the end."""
        return self.partial.output

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """Token counts as the server gave them; None until the terminal, and where the server gives none."""
        return self.partial.usage

    @property
    def tokens(self) -> Usage | None:
        """``usage`` as numbers; None until the terminal, and where the server gives none."""
        return self.partial.tokens

    @property
    def timings(self) -> Timings:
        """What it took so far, in seconds; after its end, what it took. Costs next to nothing, at any time."""
        return self.stopwatch.read(self._clock())

    @property
    def incomplete_reason(self) -> str | None:
        """Why it is incomplete, as ``max_output_tokens``; None if it is not."""
        return self.partial.incomplete_reason

    @property
    def partial(self) -> Result:
        """What has come so far."""
        return self._collector.result(self.status, self.request_id)

    def cancel(self) -> None:
        """Stop it, now: nothing more is delivered, and the session is free for the next request at once.

        Never waits for the server, never raises, may be called at any time and any number of times, in trio's thread. One that has
        ended already keeps its outcome, but what had come and was not taken is not delivered any more either.
        Leaving the block of ``respond``, or being cancelled inside it, cancels a response that has not ended.
        """
        self._stopped = True
        self._discard()
        if self.outcome is None:
            self._cancel()

    def steer(self, words: Words, /) -> Steering:
        """Add words of the user to the running response: ``response.steer("Shorter, please.")``; returns at once.

        The server finishes the item it is at and goes on with the words in mind. This response goes on with it: its text is that
        of both parts, and its one outcome comes at the very end. Before ``response.created`` the words wait; after the end they
        fail. What becomes of them is on the ``Steering``: ask ``await steering.settled()``.

        Raises ``InvalidRequest`` where it can never work: a provider without steering, a request that names a ``conversation`` or
        asks for automatic compaction, words that are no user's messages. The response is untouched then.
        """
        if self._steer is None:
            raise InvalidRequest("This response cannot be steered. Send the words with the next request.")
        return self._steer(words)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        """The next event. Can be cancelled each time; lets others run only while it waits."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._buffer:
            if self.outcome is not None:
                self._raise_failure()
                raise StopAsyncIteration
            await self._wait()
        frame, size = self._buffer.popleft()
        self._held -= size
        return frame

    def text_deltas(self) -> TextDeltas:
        """The pieces of text as they come: ``async for piece in response.text_deltas()``.

        Ends and raises as iteration does, and raises ``ResponseRefused`` on a refusal. No generator: it may be left in the middle,
        by ``break`` or an exception, and there is nothing to close.
        """
        return TextDeltas(self)

    async def text(self) -> str:
        """Wait for the end and return all text. Raises as ``result``, and ``ResponseRefused`` if the model declined."""
        result = await self.result()
        self.raise_refusal()
        return result.text

    async def result(self) -> Result:
        """Wait for the end and return what came; events that were not iterated are passed over, so do not iterate meanwhile.

        Raises ``ResponseFailed``, ``Interrupted`` or one of its kinds, or ``ResponseCancelled``; the session goes on in each case.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        self._discard()
        self._passing_over += 1
        try:
            while self.outcome is None:
                await self._wait()
        finally:
            self._passing_over -= 1
        partial = self.partial
        raise_for(self.outcome, partial)
        return partial

    # -- for the engine ----------------------------------------------------------------------------------------------------

    def call_on_cancel(self, cancel: Callable[[], None]) -> None:
        """Call ``cancel`` when the caller leaves: another transport has taken the request over."""
        self._cancel = cancel

    @property
    def stopped(self) -> bool:
        """Whether the caller has cancelled, whatever came of that."""
        return self._stopped

    @property
    def excess(self) -> Excess:
        """What there is too much of, once ``push`` has returned False."""
        return Excess.OUTPUT if self._came > self._output_limit else Excess.UNREAD

    def push(self, frame: StreamEvent, size: int) -> bool:
        """Buffer a frame of ``size`` bytes; False if that is more than may be held, or may come: ``excess`` says which."""
        if not self.stopwatch.is_complete:
            self.stopwatch.heard(frame, self._clock())
        self._collector.take(frame)
        self._came += size
        if self._passing_over:
            return self._came <= self._output_limit
        self._buffer.append((frame, size))
        self._held += size
        if self._waiting:
            self._wake()
        return self._held <= self._limit and self._came <= self._output_limit

    def steered(self, steering: Steering) -> None:
        """The server has taken up words that were added to it: what it says next answers them."""
        self._collector.steer(steering.messages)

    def finish(self, outcome: Outcome) -> None:
        """The one outcome. What was delivered before a success or failure may still be read; after a cancel nothing may."""
        self.outcome = outcome
        self.stopwatch.ended(self._clock())
        self._collector.terminal = outcome.response
        if self._at_end is not None:
            try:
                self._at_end(self)
            except Exception:
                # Nobody must wait for ever because of it, and no other response be lost.
                logger.exception("what response %d said could not be added to its conversation", self.number)
        if self._stopped or outcome.kind is OutcomeKind.CANCELLED:
            self._discard()
        self._wake()

    def raise_refusal(self) -> None:
        """Raise ``ResponseRefused`` if the model declined."""
        if self.outcome is None or self.outcome.kind is OutcomeKind.CANCELLED:
            return
        partial = self.partial
        if partial.refusal:
            raise ResponseRefused(self.outcome, partial, partial.refusal)

    # -- inside ------------------------------------------------------------------------------------------------------------

    def _discard(self) -> None:
        self._buffer.clear()
        self._held = 0

    def _wake(self) -> None:
        for task in self._waiting:
            trio.lowlevel.reschedule(task)
        self._waiting.clear()

    async def _wait(self) -> None:
        """Until the next wake-up: an event that need not be made anew for each."""
        task = trio.lowlevel.current_task()
        self._waiting.add(task)

        def leave(_: object) -> trio.lowlevel.Abort:
            self._waiting.remove(task)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(leave)

    def _raise_failure(self) -> None:
        if self.outcome is not None and self.outcome.kind is not OutcomeKind.CANCELLED:
            raise_for(self.outcome, self.partial)
