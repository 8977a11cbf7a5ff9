"""Where calls are answered: the desk of one conversation in one session.

It writes outputs and reports into the conversation, tells the application, and keeps the calls that outlive their turn.

Rules of this file
* While a turn runs, reports wait until it asks the model or ends: what a response says stands before what came meanwhile, and a
  conversation that only grows at its end costs no more than what is new in it. Without a turn they are added at once.
* An output for a call that the conversation does not hold (its owner began it anew) is dropped, seen.
* A background call belongs to the session: its nursery runs it, and the session's end cancels it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, final
from weakref import WeakSet

import trio

from . import call_texts as texts
from .call_events import CallDropped, CallEvent, CallsStarted
from .conversation import Conversation
from .errors import InvalidRequest, SessionClosed
from .tool import CANCEL_TOOL
from .tool_call import ToolCall

if TYPE_CHECKING:
    from .session import Session
    from .tool_runner import CallRun

__all__ = ["BackgroundCalls", "CallDesk"]

logger = logging.getLogger("rejoinder")

THREADS: Final = 40
"""Plain functions of one session that run at once, at most: as many as trio allows by itself."""

Role = Literal["developer", "system", "user"]


@final
class CallDesk:
    """The calls of one conversation: answers, reports, and what runs in the background."""

    def __init__(self, conversation: Conversation, session: Session, background: BackgroundCalls) -> None:
        self.conversation: Final = conversation
        self.session: Final = session
        self.events: deque[CallEvent] | None = None
        """Where the running turn takes its events from; None without one."""
        self.occupied = False
        """Whether the block of a turn is open."""
        self.due = False
        """Whether there are outputs that the model has to see."""
        self.news = False
        """Whether there are reports that the model has to see."""
        self.announced: Final[list[CallRun]] = []
        """The calls that the turn announced; one that never began is given up when the block is left."""
        self.runs: Final[list[CallRun]] = []
        """The background calls that have no outcome yet, oldest first."""
        self._background: Final = background
        self._reports: Final[list[Mapping[str, Any]]] = []
        self._changed = trio.Event()

    @property
    def threads(self) -> trio.CapacityLimiter:
        """The threads of the session's plain functions."""
        return self._background.threads

    # -- for the calls -----------------------------------------------------------------------------------------------------

    def answer(self, call: ToolCall, output: str | Sequence[Mapping[str, Any]], *, run_again: bool) -> None:
        """Add the one output of a call."""
        if call.call_id not in {pending["call_id"] for pending in self.conversation.pending_calls}:
            logger.warning("the conversation does not hold the call of %r any more; its output was dropped", call.name)
            self.tell(CallDropped(call))
            return
        if isinstance(output, str):
            self.conversation.add_tool_output(call.call_id, output)
        else:
            self.conversation.add({"type": f"{call.item['type']}_output", "call_id": call.call_id, "output": output})
        self.due = self.due or run_again

    def report(
        self, call: ToolCall, output: str | Sequence[Mapping[str, Any]], *, role: Role, final: bool, run_again: bool
    ) -> None:
        """Add a message about a call whose output was given: now, or when the open turn asks or ends."""
        say = texts.report if final else texts.progress
        if isinstance(output, str):
            content: Any = say(call.name, call.call_id, output)
        else:
            content = [{"type": "input_text", "text": say(call.name, call.call_id, "see below")}, *output]
        self._reports.append({"role": role, "content": content})
        self.news = self.news or run_again
        if self.events is None:
            self._add_reports()

    def tell(self, event: CallEvent) -> None:
        """Tell the application; of the built-in function it hears nothing."""
        if not isinstance(event, CallsStarted) and event.call.name == CANCEL_TOOL:
            return
        if self.events is not None:
            self.events.append(event)
        self._background.observe(event)

    def drop(self, call: ToolCall) -> None:
        """What a tool says of a call that is over comes too late, and is seen."""
        logger.warning("the tool %r said something after its call was over; it was dropped", call.name)
        self.tell(CallDropped(call))

    def wake(self) -> None:
        """Something has changed: let the turn look again."""
        self._changed.set()
        self._changed = trio.Event()

    # -- for the turn ------------------------------------------------------------------------------------------------------

    async def changed(self) -> None:
        """Wait until something has happened to a call."""
        await self._changed.wait()

    def show(self) -> None:
        """The model is about to be asked: everything there is to tell is added."""
        self._add_reports()
        self.due = self.news = False

    def rest(self) -> None:
        """The turn has ended, and asks no more."""
        self.events = None
        self.due = False
        self._add_reports()

    def start(self, run: CallRun) -> None:
        """Run a call in the background, for as long as the session lives."""
        self.runs.append(run)
        self._background.start(self._serve, run)
        if self._background.closed:
            run.cancel()

    async def _serve(self, run: CallRun) -> None:
        try:
            await run.run()
        finally:
            self.runs.remove(run)
            self._background.release(self)

    def close(self) -> None:
        """The block is left, and no handler of it runs: whatever has no output gets one, so that the conversation can be sent."""
        for run in self.announced:
            if run not in self.runs:
                run.give_up()
        self.announced.clear()
        for item in self.conversation.pending_calls:
            self.conversation.add_tool_output(str(item["call_id"]), texts.ABANDONED)
        self.occupied = False
        self._background.release(self)

    def _add_reports(self) -> None:
        if self._reports:
            self.conversation.add(*self._reports)
            self._reports.clear()
        if self.events is None and self.news:
            self.news = False
            self._background.note_news(self.conversation)


@final
class BackgroundCalls:
    """The calls of a session that outlive their turns: ``session.background_calls``."""

    def __init__(
        self,
        start: Callable[[Callable[[CallRun], Awaitable[None]], CallRun], None],
        observe: Callable[[CallEvent], None],
    ) -> None:
        self.start: Final = start
        self.observe: Final = observe
        self.closed = False
        """Whether the session has ended: nothing outlives it."""
        self._desks: Final[dict[Conversation, CallDesk]] = {}
        self._news: Final[WeakSet[Conversation]] = WeakSet()
        self._changed = trio.Event()

    def __repr__(self) -> str:
        return f"<BackgroundCalls {sum(len(desk.runs) for desk in self._desks.values())} running>"

    @cached_property
    def threads(self) -> trio.CapacityLimiter:
        """The threads of plain functions.

        They are their own, because a function that does not return keeps its thread, and others need threads as well, to find out
        where a server is.
        """
        return trio.CapacityLimiter(THREADS)

    def running(self, conversation: Conversation) -> Sequence[ToolCall]:
        """The background calls of a conversation that have no outcome yet, oldest first."""
        desk = self._desks.get(conversation)
        return [] if desk is None else [run.call for run in desk.runs]

    def cancel(self, conversation: Conversation, call_id: str) -> bool:
        """Stop a background call; its end is reported to the model. False if no such call is running. Never waits."""
        desk = self._desks.get(conversation)
        found = [] if desk is None else [run for run in desk.runs if run.call.call_id == call_id]
        for run in found:
            run.cancel()
        return bool(found)

    async def wait(self, conversation: Conversation) -> None:
        """Wait until background results stand in the conversation that no turn has shown to the model: time for another turn.

        Returns at once if there are some already. Results that come while a turn is open are shown by that turn. Raises
        ``SessionClosed`` when the session ends and there are none.
        """
        await trio.lowlevel.checkpoint()
        while conversation not in self._news:
            if self.closed:
                raise SessionClosed("The session is closed, so no background call runs any more. Wait while the session is open.")
            await self._changed.wait()

    # -- for the engine ----------------------------------------------------------------------------------------------------

    def open(self, conversation: Conversation, session: Session) -> CallDesk:
        """The desk for a turn that begins. Raises ``InvalidRequest`` if another is open.

        ``session`` is the one that owns all this. Desks alone keep it, so that it is freed when it has ended and is let go of.
        """
        desk = self._desks.get(conversation) or CallDesk(conversation, session, self)
        if desk.occupied:
            raise InvalidRequest(
                "A turn of this conversation is open. Leave its block first; or talk beside it with conversation.copy()."
            )
        desk.events = deque()
        desk.occupied = True
        self._desks[conversation] = desk
        return desk

    def note_news(self, conversation: Conversation) -> None:
        """Background results were added while no turn was open."""
        self._news.add(conversation)
        self._changed.set()
        self._changed = trio.Event()

    def shown(self, conversation: Conversation) -> None:
        """The model is being asked with everything that the conversation holds."""
        self._news.discard(conversation)

    def release(self, desk: CallDesk) -> None:
        """Forget a desk that nobody needs: conversations outlive sessions, and must not be kept by one."""
        if not desk.occupied and not desk.runs:
            self._desks.pop(desk.conversation, None)

    def cancel_all(self) -> None:
        """The session ends."""
        self.closed = True
        for run in self._all():
            run.cancel()
        self._changed.set()

    def _all(self) -> Iterator[CallRun]:
        for desk in self._desks.values():
            yield from desk.runs
