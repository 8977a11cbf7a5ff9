"""The demo's conversation: a caller that asks, listens, interrupts, and writes down what it was given.

Rules of this file
* It uses what ``rejoinder.engine`` offers to everybody, and nothing else.
* The caller sends the whole conversation each time, as it heard it; what need not be sent again is the engine's business.
* A caller goes on listening after it has cancelled, and listens once more at the very end: silence is a promise, so it is
  listened for.
* Whatever becomes of a turn, the story goes on; the judge has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, final

import attrs
import trio

from rejoinder.engine import (
    Interrupted,
    Observation,
    Response,
    ResponseCancelled,
    ResponseError,
    ResponseFailed,
    Result,
    Sent,
    Session,
)
from rejoinder.states.continuation import Reuse
from rejoinder.states.stream_events import StreamEvent

from .attempts import TEXT_DELTA
from .caller_log import CallerLog
from .demo_screen import Screen
from .demo_story import PIECES_HEARD, Pace, Turn

__all__ = ["Conversation", "Savings"]

NO_OUTCOME: Final = "no outcome"
"""Written down where the caller was told none."""

LAST_LISTEN: Final = 0.05
"""Seconds for which an interrupted response is listened to once more at the end."""


@attrs.frozen
class Savings:
    """What did not have to be sent."""

    creates: int = 0
    """Creates that were sent."""
    continued: int = 0
    """Creates that continued a response."""
    items: int = 0
    """Input items of all creates, had all been sent in full."""
    items_sent: int = 0
    """Input items that were sent."""
    size: int = 0
    """Bytes of all creates, had all been sent in full."""
    size_sent: int = 0
    """Bytes that were sent."""

    def and_one(self, sent: Sent, given: Sequence[Mapping[str, Any]]) -> Savings:
        """The savings with one more create, whose whole input is ``given``."""
        reuse = isinstance(sent.decision, Reuse)
        spared = len(_json(given)) - len(_json(sent.decision.items)) if isinstance(sent.decision, Reuse) else 0
        return Savings(
            self.creates + 1,
            self.continued + reuse,
            self.items + len(given),
            self.items_sent + sent.items,
            self.size + sent.size + spared,
            self.size_sent + sent.size,
        )


@final
class Conversation:
    """One conversation, from the caller's side."""

    def __init__(self, session: Session, log: CallerLog, screen: Screen, pace: Pace) -> None:
        self.savings = Savings()
        self._session = session
        self._log = log
        self._screen = screen
        self._pace = pace
        self._items: list[dict[str, Any]] = []
        self._cancelled: list[tuple[str, Response]] = []

    async def hold(self, story: Sequence[Turn]) -> None:
        """Go through the story, and listen once more at its end."""
        stop = self._session.observe(self._observe)
        for number, turn in enumerate(story, 1):
            tag = f"[q{number}]"
            self._screen.heading(f"{number}. {turn.title}")
            if turn.question:
                self._items.append({"type": "message", "role": "user", "content": f"{turn.question} {tag}"})
                self._screen.line("asks", f"{turn.question} {tag}")
            else:
                self._answer_calls(tag)
            await self._ask(tag, turn)
            self._screen.turn_over()
        for tag, response in self._cancelled:
            with trio.move_on_after(LAST_LISTEN), suppress(ResponseError):
                async for event in response:
                    self._write_down(tag, event)
        stop()

    def _observe(self, observation: Observation) -> None:
        if isinstance(observation, Sent):
            self.savings = self.savings.and_one(observation, self._items)
        self._screen.observed(observation, len(self._items))

    async def _ask(self, tag: str, turn: Turn) -> None:
        self._log.asked(tag)
        async with self._session.respond(self._items) as response:
            outcome = NO_OUTCOME
            with trio.move_on_after(self._pace.patience):
                outcome = await self._listen(tag, turn, response)
                # Asked again, a response must say the same.
                again, result = await _ask_again(response)
                self._log.ended(tag, again, result.text)
            self._log.ended(tag, outcome, response.partial.text)
        heard = "".join(entry.text for entry in self._log.entries if entry.tag == tag and entry.kind == TEXT_DELTA)
        self._screen.heard(heard)
        self._screen.line("ends", outcome)
        self._remember(response, heard, completed=outcome == "completed")

    async def _listen(self, tag: str, turn: Turn, response: Response) -> str:
        pieces, last = 0, ""
        try:
            if turn.stop == "before created":
                await trio.sleep(self._pace.early_cancel)
                self._cancel(tag, response)
            async for event in response:
                self._write_down(tag, event)
                last = event.type
                pieces += event.type == TEXT_DELTA
                if turn.stop == "while streaming" and pieces == PIECES_HEARD and not self._has_cancelled(tag):
                    self._cancel(tag, response)
        except ResponseError as error:
            return _outcome_of(error)
        if self._has_cancelled(tag):
            return "cancelled"
        return last.removeprefix("response.") or NO_OUTCOME

    def _write_down(self, tag: str, event: StreamEvent) -> None:
        kind = event.type
        text = str(event.raw.get("delta", "")) if kind == TEXT_DELTA else ""
        self._log.delivered(tag, kind, text, event.item_id)
        if text:
            self._screen.piece(text)

    def _cancel(self, tag: str, response: Response) -> None:
        self._cancelled.append((tag, response))
        self._screen.line("stops", "the caller has heard enough")
        self._log.cancelled(tag)
        response.cancel()

    def _has_cancelled(self, tag: str) -> bool:
        return any(cancelled == tag for cancelled, _ in self._cancelled)

    def _remember(self, response: Response, heard: str, *, completed: bool) -> None:
        """Put what was heard into the conversation: calls of a whole answer too."""
        if heard:
            self._items.append({"type": "message", "role": "assistant", "content": heard})
        for call in response.partial.calls if completed else ():
            self._items.append({field: call[field] for field in ("type", "call_id", "name", "arguments")})
            self._screen.line("calls", f"{call['name']}({call['arguments']})")

    def _answer_calls(self, tag: str) -> None:
        """Run the tool for each call that has no output yet; there is one, unless the turn before went wrong."""
        for call in [item for item in self._items if item.get("type") == "function_call"]:
            output = json.dumps({"sky": "sunny", "degrees": 24, "asked": tag})
            self._items.append({"type": "function_call_output", "call_id": call["call_id"], "output": output})
            self._screen.line("returns", output)


async def _ask_again(response: Response) -> tuple[str, Result]:
    try:
        result = await response.result()
    except ResponseError as error:
        return _outcome_of(error), error.partial
    return result.status, result


def _outcome_of(error: ResponseError) -> str:
    kinds = ((ResponseCancelled, "cancelled"), (ResponseFailed, "failed"), (Interrupted, "interrupted"))
    return next(outcome for kind, outcome in kinds if isinstance(error, kind))


def _json(items: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(items, separators=(",", ":"))
