"""Runs one call of the model, from its announcement to its one outcome.

Rules of this file
* ``states.tool_call`` decides: what happens is looked up in its rows, and the rule of the row is performed at once, before
  anything is awaited. Whatever a handler does, its call ends in ``settled``.
* Function and arguments are judged when a call begins, and not when it was announced: the function may have been unregistered
  meanwhile.
* A handler's exception is logged and told to the application; the model is told no more than that it failed.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final, cast, final
from weakref import ref

import attrs
import trio

from rejoinder.states.chart import Move
from rejoinder.states.edges import Staying
from rejoinder.states.json_values import Unreadable, frozen_copy, read
from rejoinder.states.refusals import InvalidSetting
from rejoinder.states.tool_call import TOOL_CALL_CHART, ToolCallEvent, ToolCallPhase

from . import call_texts as texts
from .call_desk import CallDesk
from .call_events import (
    CallCancelled,
    CallEvent,
    CallFailed,
    CallFinished,
    CallProgress,
    CallRefused,
    CallTimedOut,
)
from .tool import Tool
from .tool_call import ArgumentsRefused, ToolCall, ToolResult
from .tools import Tools

__all__ = ["CallRun"]

logger = logging.getLogger("rejoinder")


@attrs.frozen
class Told:
    """What is told when something happens to a call: to the application an event, to the model a text."""

    event: CallEvent | None = None
    """For the application; None for nothing."""
    output: Any = ""
    """For the model: a text, or input parts."""
    run_again: bool = True
    """Whether the model is to be asked again with it."""
    final: bool = True
    """Whether it is the outcome."""


@final
class CallRun:
    """One call: its phase, and the task that serves it."""

    def __init__(self, item: Mapping[str, Any], desk: CallDesk, tools: Tools, resources: object) -> None:
        self.phase = ToolCallPhase.QUEUED
        self.scope: Final = trio.CancelScope()
        """Cancel it to stop the handler."""
        self.desk: Final = desk
        """Where it is answered."""
        self._tools: Final = tools
        self._problem = ""
        """Why the arguments are no arguments; empty if they are."""
        custom = item.get("type") == "custom_tool_call"
        self.call: Final = ToolCall(
            name=str(item.get("name", "")),
            call_id=str(item["call_id"]),
            item=item,
            arguments=None if custom else self._arguments(item.get("arguments")),
            input=str(item.get("input", "")) if custom else None,
            conversation=desk.conversation,
            session=desk.session,
            resources=resources,
            progress=_progress_to(self),
        )

    @property
    def tool(self) -> Tool | None:
        """What the call runs, as things stand; None if nobody registered it."""
        tool = self._tools.find(self.call.name)
        if tool is None or tool.definition is None:
            return tool
        return tool if (tool.definition["type"] == "custom") == (self.call.input is not None) else None

    @property
    def is_open(self) -> bool:
        """Whether the call has no outcome yet."""
        return self.phase is not ToolCallPhase.SETTLED

    # -- what happens ------------------------------------------------------------------------------------------------------

    def defer(self) -> None:
        """Let the model not wait for it: it is told that the call runs."""
        tool = self.tool
        run_again = tool is None or tool.options.run_again
        self._happen(ToolCallEvent.DEFERRED, Told(None, texts.running(self.call.name, self.call.call_id), run_again))

    def cancel(self) -> None:
        """Stop it. A handler that runs is cancelled, and has its outcome when its task has ended."""
        self.scope.cancel()

    def give_up(self) -> None:
        """It is over, whatever it was doing; of no consequence if it has an outcome."""
        told = Told(CallCancelled(self.call), texts.cancelled(self.call.name), run_again=False)
        self._happen(ToolCallEvent.CANCELLED, told)

    async def run(self) -> None:
        """Serve the call. Raises nothing but what ends programs and cancels tasks."""
        try:
            with _failures_logged(self.call.name), self.scope:
                await self._serve()
        finally:
            self.give_up()

    def is_refused(self) -> bool:
        """Judge function and arguments; if they do not fit, the call has its outcome."""
        return self._judged() is None

    async def _serve(self) -> None:
        # A handler whose call was stopped before its task ran must not get as far as its first await.
        await trio.lowlevel.checkpoint_if_cancelled()
        judged = self._judged()
        if judged is None:
            return
        tool, arguments = judged
        self._happen(ToolCallEvent.STARTED, Told())
        began = trio.current_time()
        limit = self._tools.timeout if tool.options.timeout is None else tool.options.timeout
        with _failures_logged(self.call.name), trio.move_on_after(limit) as timer:
            try:
                finished = self._finished(await self._invoke(tool, arguments), tool, began)
            except Exception as error:
                logger.exception("the tool %r failed", self.call.name)
                told = Told(CallFailed(self.call, error, trio.current_time() - began), texts.failed(self.call.name))
                self._happen(ToolCallEvent.FAILED, told)
            else:
                self._happen(ToolCallEvent.FINISHED, finished)
        if timer.cancelled_caught:
            told = Told(CallTimedOut(self.call, limit), texts.timed_out(self.call.name, limit))
            self._happen(ToolCallEvent.EXPIRED, told)

    def _judged(self) -> tuple[Tool, dict[str, Any]] | None:
        """The function and the arguments it is given; None if the call was refused."""
        tool = self.tool
        if tool is None:
            logger.warning("the model called the function %r, which is not registered", self.call.name)
            self._refuse(texts.unknown(self.call.name))
            return None
        given: Mapping[str, Any] | None = self.call.arguments if self.call.input is None else {"input": self.call.input}
        reason = self._problem
        if given is not None:
            try:
                return tool, tool.collect(given)
            except ArgumentsRefused as error:
                reason = str(error)
            except Exception:
                logger.exception("the arguments of the tool %r could not be checked", self.call.name)
                reason = "they could not be checked"
        self._refuse(texts.invalid(self.call.name, reason))
        return None

    def _refuse(self, text: str) -> None:
        self._happen(ToolCallEvent.REFUSED, Told(CallRefused(self.call, text), text))

    async def _invoke(self, tool: Tool, arguments: dict[str, Any]) -> object:
        given = {**arguments, **dict.fromkeys(tool.calls, self.call)}
        if tool.asynchronous:
            return await tool.handler(**given)
        token = trio.lowlevel.current_trio_token()
        (result,) = await trio.to_thread.run_sync(
            partial(self._in_thread, tool, given, token), abandon_on_cancel=True, limiter=self.desk.threads
        )
        # An async function behind a plain decorator looks like a plain one.
        return await result if inspect.iscoroutine(result) else result

    def _in_thread(self, tool: Tool, given: dict[str, Any], token: trio.lowlevel.TrioToken) -> tuple[object]:
        """The result in a box, because trio lets no coroutine out of a thread, and shows the arguments when it complains."""
        try:
            result = tool.handler(**given)
        except Exception:
            if not self.is_open:
                logger.exception("the tool %r failed after its call was over", self.call.name)
                self._too_late(ToolCallEvent.FAILED, token)
            raise
        if not self.is_open:
            self._too_late(ToolCallEvent.FINISHED, token)
        return (result,)

    def _too_late(self, event: ToolCallEvent, token: trio.lowlevel.TrioToken) -> None:
        """Its thread was abandoned, and has come to its end all the same."""
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(self._happen, event, Told())

    def _finished(self, value: object, tool: Tool, began: float) -> Told:
        from .tool_signature import to_json  # noqa: PLC0415 - pydantic takes a while to load, and is loaded by now

        result = value if isinstance(value, ToolResult) else ToolResult(value)
        output = to_json(result.output)
        run_again = tool.options.run_again if result.run_again is None else result.run_again
        event = CallFinished(self.call, output, trio.current_time() - began)
        if not result.as_parts:
            return Told(event, texts.output_text(output), run_again)
        if not _are_parts(output):
            raise InvalidSetting(
                "The output of ToolResult(as_parts=True) is no list of input parts. Give one, such as"
                " [{'type': 'input_text', 'text': 'x'}]."
            )
        return Told(event, output, run_again)

    def progress(self, plain: object) -> None:
        """The handler says how far it is, in plain JSON."""
        told = Told(CallProgress(self.call, plain), texts.output_text(plain), run_again=False, final=False)
        self._happen(ToolCallEvent.PROGRESSED, told)

    def _arguments(self, text: object) -> Mapping[str, Any] | None:
        try:
            value = read(text) if isinstance(text, str) else None
        except Unreadable:
            self._problem = "they are not JSON"
            return None
        if not isinstance(value, dict):
            self._problem = "they are not a JSON object"
            return None
        return cast("Mapping[str, Any]", frozen_copy(value))

    # -- the rows and their rules ------------------------------------------------------------------------------------------

    def _happen(self, event: ToolCallEvent, told: Told) -> None:
        row = TOOL_CALL_CHART.rows[self.phase].get(event)
        if isinstance(row, Move):
            self.phase = ToolCallPhase(row.target)
            self._RULES[row.rule](self, told)
            if told.event is not None:
                self.desk.tell(told.event)
            self.desk.wake()
        elif row is not Staying.IGNORE:
            self.desk.drop(self.call)

    def _nothing(self, _told: Told) -> None:
        """Nothing for the model."""

    def _answer(self, told: Told) -> None:
        """The call's one output."""
        self.desk.answer(self.call, told.output, run_again=told.run_again)

    def _report(self, told: Told) -> None:
        """A message, because the output was given."""
        self.desk.report(self.call, told.output, role=self._tools.report_role, final=told.final, run_again=told.run_again)

    _RULES: ClassVar[Mapping[str, Callable[[CallRun, Told], None]]] = MappingProxyType(
        {"answered": _answer, "placeheld": _answer, "reported": _report, "started": _nothing, "told": _nothing}
    )


def _progress_to(run: CallRun) -> Callable[[ToolCall, object], None]:
    """How a call reaches its run without holding it: the run holds the call, and only a search for garbage would free the two."""
    reach, desk, token = ref(run), run.desk, trio.lowlevel.current_trio_token()

    def progress(call: ToolCall, value: object) -> None:
        from .tool_signature import to_json  # noqa: PLC0415 - pydantic takes a while to load, and is loaded by now

        plain = to_json(value)
        if trio.lowlevel.in_trio_run() and trio.lowlevel.current_trio_token() is token:
            report(call, plain)
        else:
            # A plain function's thread: nothing of ours may be touched there. After the program's end there is nobody to be told.
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(report, call, plain)

    def report(call: ToolCall, plain: object) -> None:
        found = reach()
        if found is None:
            desk.drop(call)
        else:
            found.progress(plain)

    return progress


@contextmanager
def _failures_logged(name: str) -> Generator[None]:
    """A handler that fails while it is being stopped fails for nobody: its call has an outcome. What stops it goes on."""
    try:
        yield
    except Exception:
        logger.exception("the tool %r failed while it was being stopped", name)
    except BaseExceptionGroup as group:
        failures, others = group.split(Exception)
        if failures is None or others is None:
            raise
        logger.exception("the tool %r failed while it was being stopped", name, exc_info=failures)
        raise others from None


def _are_parts(output: object) -> bool:
    """Whether a server takes it for the parts of an output; if not, it would refuse the conversation from then on."""
    parts = cast("list[object]", output) if isinstance(output, list) else []
    return bool(parts) and all(
        isinstance(part, dict) and str(cast("dict[str, object]", part).get("type", "")).startswith("input_") for part in parts
    )
