"""A bench: the pure session, a virtual clock, and a server that says what the test says.

A test reads as a story:

    bench = Bench(AZURE)
    first = bench.ask("Hi")
    bench.opened()
    bench.created(first)
    bench.speak(first, "Hello")
    bench.complete(first)

Rules of this file
* The bench keeps for every request the *voice* of its latest create: link, lane, response id, next sequence number. The methods
  that take a request speak with that voice; ``receive`` takes any frame on any link.
* Every feed is checked against what must hold under any server: one outcome for each request, nothing delivered after it, and
  nothing delivered unless a frame was fed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, TypeVar, final

import attrs

from harness import frames
from rejoinder.states.continuation import Full, Reason, RequestContent, Reuse
from rejoinder.states.effects import Deliver, Dial, Effect, Finish, Moved, Note, Send, Steered
from rejoinder.states.events import Cancel, Create, DialFailed, Event, Expired, Lost, Opened, Received, Steer
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import OPENAI, Policy, Profile
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.session import Session
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Outcome

__all__ = ["Bench", "Voice", "snapshot"]

AnyEffect = TypeVar("AnyEffect", bound=Effect)
Record = TypeVar("Record", Link, Lane, Request)


@final
@attrs.define
class Voice:
    """How the server speaks about the latest create of one request."""

    link: int
    """The link that it was sent on."""
    lane: str | None
    """Its lane."""
    response: str
    """The id that the response will have."""
    item: str
    """The id of its one item."""
    previous: str | None
    """What ``created`` echoes."""
    sequence: int = 0
    """The next sequence number."""
    begun: bool = False
    """Whether the item was announced."""
    text: str = ""
    """What was said so far."""

    def next_sequence(self) -> int:
        """Use up a sequence number."""
        self.sequence += 1
        return self.sequence - 1


@final
class Bench:
    """A session under test."""

    def __init__(self, profile: Profile = OPENAI, policy: Policy | None = None, *, now: float = 1000.0) -> None:
        self.session: Final = Session(profile, policy)
        self.now = now
        self.effects: list[Effect] = []
        """All effects so far."""
        self.voices: Final[dict[int, Voice]] = {}
        """For each request, the voice of its latest create."""
        self.items: Final[dict[int, list[dict[str, Any]]]] = {}
        """For each request, the input it was made with."""
        self.outcomes: Final[dict[int, Outcome]] = {}
        """For each request that ended, its outcome."""
        self.delivered: Final[dict[int, list[StreamEvent]]] = {}
        """For each request, the frames that its caller got."""
        self.requests = 0
        self.responses = 0
        self.steers = 0

    # -- callers -----------------------------------------------------------------------------------------------------------

    def ask(self, *texts: str, warm_up: bool = False, **fields: Any) -> int:  # noqa: ANN401 - fields of a create
        """Make a request of what users said; returns its number."""
        return self.ask_items([frames.user(text) for text in texts or ("Hi",)], warm_up=warm_up, **fields)

    def ask_items(self, items: Sequence[Mapping[str, Any]], *, warm_up: bool = False, **fields: Any) -> int:  # noqa: ANN401
        """Make a request of input items; returns its number."""
        self.requests += 1
        self.items[self.requests] = [dict(item) for item in items]
        self.delivered[self.requests] = []
        self.feed(Create(self.requests, RequestContent(self.items[self.requests], fields, generate=not warm_up), warm_up))
        return self.requests

    def reply(self, request: int, text: str = "Go on") -> int:
        """Make the request that continues ``request``: its input, what was answered, and more."""
        return self.ask_items([*self.items[request], frames.assistant(self.voices[request].text), frames.user(text)])

    def cancel(self, request: int) -> Sequence[Effect]:
        """Let the caller leave."""
        return self.feed(Cancel(request))

    def steer(self, request: int) -> int:
        """Let the caller add words to its response; returns their number."""
        self.steers += 1
        self.feed(Steer(request, self.steers))
        return self.steers

    # -- the network -------------------------------------------------------------------------------------------------------

    def opened(self, link: int | None = None) -> Sequence[Effect]:
        """Let a dial succeed: by default, the latest."""
        return self.feed(Opened(self.last(Dial).link if link is None else link))

    def refused(self, status: int | None = None, *, retry_after: float | None = None, jitter: float = 1.0) -> Sequence[Effect]:
        """Let the latest dial fail."""
        return self.feed(DialFailed(self.last(Dial).link, "It failed.", status, retry_after, jitter=jitter))

    def lost(self, link: int | None = None, code: int | None = None, reason: str = "") -> Sequence[Effect]:
        """Let a socket go away: by default, that of the latest link."""
        return self.feed(Lost(max(self.session.links) if link is None else link, code, reason))

    # -- the server --------------------------------------------------------------------------------------------------------

    def receive(self, frame: StreamEvent, link: int | None = None) -> Sequence[Effect]:
        """Let any frame arrive: by default, on the latest link."""
        return self.feed(Received(max(self.session.links) if link is None else link, frame))

    def created(self, request: int) -> Sequence[Effect]:
        """Acknowledge a request."""
        voice = self.voices[request]
        frame = frames.created(voice.response, lane=voice.lane, sequence=voice.next_sequence(), previous=voice.previous)
        return self.receive(frame, voice.link)

    def speak(self, request: int, text: str = "Hello") -> Sequence[Effect]:
        """Say something in answer to a request; the item is announced first. Returns the effects of the delta."""
        voice = self.voices[request]
        if not voice.begun:
            voice.begun = True
            self.receive(frames.item_added(voice.item, lane=voice.lane, sequence=voice.next_sequence()), voice.link)
        voice.text += text
        return self.receive(frames.delta(text, item=voice.item, lane=voice.lane, sequence=voice.next_sequence()), voice.link)

    def complete(self, request: int, *output: Mapping[str, Any]) -> Sequence[Effect]:
        """End a response well; its output is what was said, unless another is given."""
        voice = self.voices[request]
        return self.end(request, "completed", output=output or [frames.message(voice.text, voice.item)])

    def end(self, request: int, kind: str, **fields: Any) -> Sequence[Effect]:  # noqa: ANN401 - fields of a response
        """End a response in any way."""
        voice = self.voices[request]
        frame = frames.terminal(kind, voice.response, lane=voice.lane, sequence=voice.next_sequence(), **fields)
        return self.receive(frame, voice.link)

    def fault(self, request: int, code: str = "server_error") -> Sequence[Effect]:
        """Report a fault inside a response."""
        voice = self.voices[request]
        return self.receive(frames.error(code, lane=voice.lane, sequence=voice.next_sequence()), voice.link)

    def answer(self, request: int, text: str = "Hello") -> Sequence[Effect]:
        """Answer a request from ``created`` to ``completed``."""
        self.created(request)
        self.speak(request, text)
        return self.complete(request)

    # -- time --------------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> Sequence[Effect]:
        """Let time pass, and everything happen that falls due; returns its effects."""
        until = self.now + seconds
        effects: list[Effect] = []
        while (due := self.session.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            news = self.feed(Expired())
            assert news, f"nothing happened at {due}, which next_deadline named: {self.session}"
            effects += news
        self.now = until
        return effects

    # -- what there is -----------------------------------------------------------------------------------------------------

    def feed(self, event: Event) -> Sequence[Effect]:
        """Feed any event at this instant, and check what must always hold."""
        effects = list(self.session.feed(event, self.now))
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Deliver):
                assert isinstance(event, Received), f"{effect} without a frame"
                assert effect.request not in self.outcomes, f"{effect} after its outcome"
                self.delivered[effect.request].append(event.frame)
            elif isinstance(effect, Finish):
                assert effect.request not in self.outcomes, f"a second outcome: {effect}"
                self.outcomes[effect.request] = effect.outcome
            elif isinstance(effect, Send):
                assert effect.request not in self.outcomes, f"{effect} after its outcome"
                self.responses += 1
                previous = effect.decision.response_id if isinstance(effect.decision, Reuse) else None
                names = f"resp_{self.responses}", f"item_{self.responses}"
                self.voices[effect.request] = Voice(effect.link, effect.lane, *names, previous)
        return effects

    def all(self, kind: type[AnyEffect]) -> list[AnyEffect]:
        """All effects of one kind so far."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def last(self, kind: type[AnyEffect]) -> AnyEffect:
        """The latest effect of one kind."""
        return self.all(kind)[-1]

    def said_of(self, steer: int) -> list[str]:
        """What became of words, in order."""
        return [told.status for told in self.all(Steered) if told.steer == steer]

    @property
    def notes(self) -> list[str]:
        """The names of all notes so far."""
        return [note.name for note in self.all(Note)]

    @property
    def moves(self) -> list[tuple[str, str, str, str]]:
        """All moves so far: machine, phase before, event, phase after."""
        return [(move.machine, move.source, move.event, move.target) for move in self.all(Moved)]

    def text(self, request: int) -> str:
        """The words that the caller of a request got."""
        return "".join(frame.raw.get("delta", "") for frame in self.delivered[request])

    def reason(self, request: int) -> Reason | None:
        """Why the latest create of a request was sent in full; None if it was not."""
        decision = [send.decision for send in self.all(Send) if send.request == request][-1]
        return decision.reason if isinstance(decision, Full) else None

    def continues(self, request: int) -> str | None:
        """The response that the latest create of a request names; None if it was sent in full."""
        decision = [send.decision for send in self.all(Send) if send.request == request][-1]
        return decision.response_id if isinstance(decision, Reuse) else None

    def new_items(self, request: int) -> list[dict[str, Any]]:
        """The items of the latest create of a request, as they go out: all of them if it was sent in full."""
        decision = [send.decision for send in self.all(Send) if send.request == request][-1]
        return [dict(item) for item in decision.items] if isinstance(decision, Reuse) else self.items[request]

    def link(self, number: int) -> LinkPhase | None:
        """The phase of a link; None if it is gone."""
        link = self.session.links.get(number)
        return None if link is None else link.phase

    def lane(self, request: int) -> Lane:
        """The lane of a request's latest create."""
        voice = self.voices[request]
        return self.session.links[voice.link].lanes[voice.lane]

    def phase(self, request: int) -> ResponsePhase:
        """The phase of the lane of a request's latest create."""
        return self.lane(request).phase

    def request(self, request: int) -> RequestPhase:
        """The phase of a request."""
        known = self.session.requests.get(request)
        return RequestPhase.ENDED if known is None else known.phase


def snapshot(session: Session) -> object:
    """Everything a session remembers but its counts and effects, as a value that does not change when the session does."""
    links = [(_fields(link), [_fields(lane) for lane in link.lanes.values()]) for link in session.links.values()]
    requests = [_fields(request) for request in session.requests.values()]
    return links, requests, session.links_made, session.creates, session.has_completed


def _fields(record: Record) -> dict[str, object]:
    """The fields of a record, its containers copied."""
    values: dict[str, Any] = {field.name: getattr(record, field.name) for field in fields(type(record))}
    values.pop("lanes", None)
    return {name: value.copy() if isinstance(value, set | list) else value for name, value in values.items()}
