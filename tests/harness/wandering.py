"""Programs for the pure session that mean the same whatever its links, requests and responses are called.

A step names nothing: it says *the second link*, *its first lane*, *the response that runs there*. So one program can be played to
two sessions that differ in names and in the clock alone, and their effects can be compared as ``told``, which numbers names as they
come.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final, TypeVar, final

import attrs

from harness import frames
from rejoinder.states.canonical import Names, freeze
from rejoinder.states.continuation import RequestContent, Reuse
from rejoinder.states.effects import Effect, Note, Send, SendCancel
from rejoinder.states.events import (
    Cancel,
    Create,
    DialFailed,
    Event,
    Expired,
    Lost,
    Opened,
    Overflow,
    Pong,
    Received,
    Shutdown,
    StreamEnded,
    StreamFailed,
    Unsendable,
    Withdrawn,
)
from rejoinder.states.phases import LinkPhase
from rejoinder.states.records import Lane, Link
from rejoinder.states.session import Session
from rejoinder.states.stream_events import StreamEvent

__all__ = ["FRAMES", "STEPS", "Step", "Wanderer", "told"]

Chosen = TypeVar("Chosen")

SOCKETS: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING, LinkPhase.RETIRING})
DIALLING: Final = frozenset({LinkPhase.CONNECTING})
PLACES: Final = {"opened": DIALLING, "refused": DIALLING, "refused for good": DIALLING}
"""Where a step is about other links than those with a socket."""
TURN: Final = [frames.user("Hi")]
CONTENTS: Final = (
    RequestContent(TURN),
    RequestContent([*TURN, frames.assistant("Hello"), frames.user("Go on")]),
    RequestContent([*TURN, frames.user("Else")], {"previous_response_id": "resp_of_mine"}),
)
"""What is asked: the second continues the first, if the answer was what it is below."""

FRAMES: Final = (
    "created",
    "created without an echo",
    "created for another",
    "item",
    "delta",
    "delta after a gap",
    "delta again",
    "stray delta",
    "item done",
    "completed",
    "failed",
    "incomplete",
    "completed for another",
    "fault",
    "rejected",
    "rejected for now",
    "cache miss",
    "lane limit",
    "link limit",
    "error",
    "keepalive",
    "unknown",
    "garbage",
)
STEPS: Final = (
    "ask",
    "ask",
    "warm up",
    "cancel",
    "overflow",
    "opened",
    "opened",
    "refused",
    "refused for good",
    "lost",
    "pong",
    "withdrawn",
    "unsendable",
    "stream ended",
    "stream failed",
    "stream failed for good",
    "wait",
    "until due",
    *(f"frame: {name}" for name in FRAMES),
    "frame: created",
    "frame: item",
    "frame: delta",
    "frame: completed",
)
"""All kinds of steps; what moves a session on stands here more than once."""


@attrs.frozen
class Step:
    """One step of a program."""

    kind: str
    """One of ``STEPS``, or ``shutdown``."""
    which: int = 0
    """Which link, request or content it is about: counted round."""
    lane: int = 0
    """Which lane of that link: counted round."""


@final
@attrs.define(eq=False)
class Wanderer:
    """Plays steps to a session."""

    session: Session
    """The session."""
    now: float = 0.0
    """Its clock."""
    requests: int = 0
    """The number of the latest request."""
    prefix: str = ""
    """What the ids of this server begin with."""
    responses: int = 0
    """How many response and item ids were made."""

    def play(self, step: Step) -> Sequence[Effect]:
        """Play one step; a step that is about nothing there is does nothing."""
        if step.kind == "wait":
            self.now += (0.25, 1.0, 5.0, 30.0)[step.which % 4]
        if step.kind == "until due":
            due = self.session.next_deadline()
            self.now = self.now if due is None else max(self.now, due)
        event = self.event(step)
        return () if event is None else tuple(self.session.feed(event, self.now))

    def event(self, step: Step) -> Event | None:
        """Return what a step feeds; None if it is about nothing there is."""
        if step.kind in {"ask", "warm up"}:
            self.requests += 1
            return Create(self.requests, CONTENTS[step.which % len(CONTENTS)], warm_up=step.kind == "warm up")
        if step.kind in {"wait", "until due"}:
            return Expired()
        if step.kind == "shutdown":
            return Shutdown()
        if step.kind in {"cancel", "overflow"}:
            request = _nth(list(self.session.requests), step.which)
            kind = Cancel if step.kind == "cancel" else Overflow
            return None if request is None else kind(request)
        link = _nth([link for link in self.session.links.values() if link.phase in PLACES.get(step.kind, SOCKETS)], step.which)
        return None if link is None else self.event_of_link(step, link)

    def event_of_link(self, step: Step, link: Link) -> Event | None:
        """Return what a step feeds about a link."""
        simple: dict[str, Event] = {
            "opened": Opened(link.number),
            "refused": DialFailed(link.number, "It failed.", 503, jitter=0.5),
            "refused for good": DialFailed(link.number, "It failed.", 401),
            "lost": Lost(link.number),
            "pong": Pong(link.number),
        }
        if step.kind in simple:
            return simple[step.kind]
        lane = _nth(list(link.lanes.values()), step.lane)
        if lane is None:
            return None
        if step.kind.startswith("frame: "):
            return Received(link.number, self.frame(step.kind.removeprefix("frame: "), lane))
        where = link.number, lane.name
        events: dict[str, Event] = {
            "stream ended": StreamEnded(*where, "it broke"),
            "stream failed": StreamFailed(*where, "It failed.", jitter=0.5),
            "stream failed for good": StreamFailed(*where, "It failed.", permanent=True),
        }
        if lane.sent is not None:
            events["withdrawn"] = Withdrawn(link.number, lane.sent, lane.name)
            events["unsendable"] = Unsendable(link.number, lane.sent, lane.name, 99)
        return events.get(step.kind)

    def fresh(self, kind: str) -> str:
        """Return an id that was not used before."""
        self.responses += 1
        return f"{self.prefix}{kind}_{self.responses:06}"

    def frame(self, name: str, lane: Lane) -> StreamEvent:  # noqa: C901, PLR0911, PLR0912 - a catalogue
        """Return a frame for a lane, by the name it has in ``FRAMES``."""
        where: dict[str, Any] = {"lane": lane.name}
        response = lane.response_id or f"{self.prefix}resp_none"
        previous = lane.decision.response_id if isinstance(lane.decision, Reuse) else None
        number = None if lane.sequence is None else lane.sequence + 1
        item = min(lane.items, default=None)
        match name:
            case "created":
                return frames.created(self.fresh("resp"), previous=previous, **where)
            case "created without an echo":
                return frames.created(self.fresh("resp"))
            case "created for another":
                return frames.created(self.fresh("resp"), previous=self.fresh("resp"), **where)
            case "item":
                return frames.item_added(self.fresh("item"), sequence=number, **where)
            case "delta":
                return frames.delta("Hello", item=item, sequence=number, **where)
            case "delta after a gap":
                return frames.delta("Hello", item=item, sequence=None if number is None else number + 2, **where)
            case "delta again":
                return frames.delta("Hello", item=item, sequence=lane.sequence, **where)
            case "stray delta":
                return frames.delta("Stale", item=self.fresh("item"), sequence=number, **where)
            case "item done":
                return frames.item_done(frames.message("Hello", item or self.fresh("item")), sequence=number, **where)
            case "completed":
                output = [frames.message("Hello", item or self.fresh("item"))] if lane.output_begun else []
                return frames.completed(response, output=output, sequence=number, **where)
            case "failed":
                return frames.failed(response, sequence=number, **where)
            case "incomplete":
                return frames.incomplete(response, sequence=number, **where)
            case "completed for another":
                return frames.completed(self.fresh("resp"), sequence=number, **where)
            case "fault":
                return frames.error("server_error", sequence=number or 0, **where)
            case "rejected":
                return frames.error("invalid_prompt", status=400, **where)
            case "rejected for now":
                return frames.error("server_error", status=503, headers={"retry-after": "1"}, **where)
            case "cache miss":
                return frames.error("previous_response_not_found", status=400, **where)
            case "lane limit":
                return frames.error("websocket_stream_limit_reached", status=400, **where)
            case "link limit":
                return frames.error("websocket_connection_limit_reached", status=400)
            case "error":
                return frames.error()
            case "keepalive":
                return frames.keepalive(sequence=number, **where)
            case "unknown":
                return frames.unknown(item=item, sequence=number, **where)
            case _:
                return frames.garbage(lane=lane.name)


def told(effects: Sequence[Effect], names: Names) -> Hashable:
    """Return effects with every name numbered by ``names``, and without the words of notes."""
    return tuple([_told(effect, names) for effect in effects])


def _told(effect: Effect, names: Names) -> Hashable:
    values: dict[str, Any] = {field.name: getattr(effect, field.name) for field in attrs.fields(type(effect))}
    for kind in ("link", "request"):
        if kind in values:
            values[kind] = names.number(kind, values[kind])
    if isinstance(effect, Note):
        del values["detail"]
    if isinstance(effect, SendCancel):
        values["response_id"] = names.number("response", effect.response_id)
    if isinstance(effect, Send) and isinstance(effect.decision, Reuse):
        decision = effect.decision
        values["decision"] = names.number("response", decision.response_id), freeze(decision.items), decision.saved
    return type(effect).__name__, tuple(values.items())


def _nth(candidates: Sequence[Chosen], number: int) -> Chosen | None:
    return candidates[number % len(candidates)] if candidates else None
