"""The brain of a Responses WebSocket server: no socket, no clock, no chance.

Rules of this file:

* Time is an argument, in seconds, and never goes back. `receive`, `disconnect` and `connect` first catch up with
  everything due by `now`; `poll` fetches what that produced; `next_deadline` says when to poll again.
* The same calls at the same times give the same frames, identifiers included. `copy()` gives a twin that can be asked
  "what if".
* Documented behaviour is followed to the letter (OpenAI WebSocket guide). Where no document and no recording says what
  a server does, the choice is a setting and its docstring says "assumption". Above all that is everything about
  `response.cancel`, which no vendor documents for this API.

Theory of operation. A create that passes inspection waits until its lane is free and a slot is left (16 in flight; one
on a serial server). Then the server looks up what it continues, asks the answer function, and compiles the answer into
cues: frames with an offset in seconds. Each advance sends the earliest due cue of all connections, again and again, so
that a terminal at time t lets the next create of that lane start at t and not when somebody happens to poll.
"""

from collections.abc import Iterator
from typing import Any, Final, final

import attrs

from rejoinder.testing.creates import Cancel, Create, Refused, Steer, inspect
from rejoinder.testing.cues import NOTHING_SAID, Ending, Opening, output_so_far, perform
from rejoinder.testing.error_frames import render_error
from rejoinder.testing.outgoing import Close, Drop, HandshakeRefused, LogEntry, Message, Outgoing, decoded, encoded
from rejoinder.testing.response_object import count_tokens
from rejoinder.testing.script import (
    Answer,
    AnswerFunction,
    ErrorFrame,
    Event,
    JsonObject,
    LoseConnection,
    Raw,
    Received,
    Terminal,
    plain_answer,
)
from rejoinder.testing.server_cancels import CANCEL_ERROR, CancelBehaviour, CancelMode, react
from rejoinder.testing.server_connection import Connection, Notice, Remembered, Running
from rejoinder.testing.server_faults import ServerFaults
from rejoinder.testing.server_profiles import OPENAI, ServerProfile
from rejoinder.testing.server_steering import SteerMode, is_fit, outstanding_calls, steer_failed, steer_news, take

TOO_BIG: Final = 1009
"""The close code for a message above the inbound limit (reported)."""


@final
@attrs.define(eq=False)
class ModelServer:
    """A Responses WebSocket server without the sockets."""

    profile: ServerProfile = OPENAI
    """Which provider it imitates."""
    answer: AnswerFunction = plain_answer
    """What it says to each create. It must be pure."""
    cancel_mode: CancelMode = CancelMode.HONOUR
    """What it does with a `response.cancel`."""
    faults: ServerFaults = attrs.field(factory=ServerFaults, kw_only=True)
    """What is wrong with it as a whole."""
    cancel_delay: float = attrs.field(default=0.0, kw_only=True)
    """Seconds until the server's reaction to a cancel; `CancelMode` says which."""
    cancel_terminal: Terminal = attrs.field(default="incomplete", kw_only=True)
    """The terminal of a cancelled response. Assumption: no document names one."""
    cancel_stream_goes_on: bool = attrs.field(default=True, kw_only=True)
    """Whether a response whose cancel is answered by an error goes on."""
    cancel_error: ErrorFrame = attrs.field(default=CANCEL_ERROR, kw_only=True)
    """The error that answers a cancel in the error modes. It never names a lane. Assumption: no document has one."""
    steer_mode: SteerMode = attrs.field(default=SteerMode.APPLY, kw_only=True)
    """What it does with a `response.steer`, where the profile takes it."""
    steer_code: str = attrs.field(default="steering_not_supported", kw_only=True)
    """Why it refuses one, if it does."""
    known_models: frozenset[str] | None = attrs.field(default=None, kw_only=True)
    """The models it has, or None for any."""
    keep_log: bool = attrs.field(default=True, kw_only=True)
    """Whether `log` is written."""
    log: list[LogEntry] = attrs.field(factory=list[LogEntry], kw_only=True)
    """Every frame in and out, and the life of connections, in the order of happening."""
    _connections: dict[int, Connection] = attrs.field(factory=dict[int, Connection], kw_only=True)
    _outbox: list[Outgoing] = attrs.field(factory=list[Outgoing], kw_only=True)
    _stored: dict[str, Remembered] = attrs.field(factory=dict[str, Remembered], kw_only=True)
    _counters: dict[str, int] = attrs.field(factory=dict[str, int], kw_only=True)
    _now: float = attrs.field(default=0.0, kw_only=True)

    def connect(self, now: float) -> int:
        """Accept a connection and return its number; `poll` next.

        Raises HandshakeRefused when the server is set to refuse; no connection exists then.
        """
        self._advance(now)
        refused = self._counters.get("refused", 0)
        limit, status = self.faults.refuse_count, self.faults.refuse_status
        if status is not None and (limit is None or refused < limit):
            self._counters["refused"] = refused + 1
            self._note(now, -1, f"refused {status}")
            raise HandshakeRefused(status, dict(self.faults.refuse_headers))
        identity = self._count("connection") - 1
        self._connections[identity] = Connection(identity, now)
        self._note(now, identity, "opened")
        return identity

    def begin_request(self, now: float) -> int:
        """Accept an HTTP request as a connection of its own and return its number; `receive` its create next."""
        self._advance(now)
        identity = self._count("connection") - 1
        self._connections[identity] = Connection(identity, now, over_http=True)
        return identity

    def receive(self, connection: int, text: str | bytes, now: float) -> None:
        """Take a frame from the client; `poll` next. A frame on a connection that has ended is nobody's: ignored."""
        self._advance(now)
        link = self._connections.get(connection)
        if link is None:
            return
        if self.keep_log:
            self.log.append(LogEntry(now, connection, "in", text, decoded(text)))
        if not link.over_http and self._too_big(text):
            self._end(link, Close(connection, TOO_BIG, "message too big", at=now))
            return
        inspected = inspect(text, self.profile, self.known_models, over_http=link.over_http)
        if isinstance(inspected, Refused):
            link.evict(inspected.lane, inspected.previous_response_id)
            self._send_own_error(link, inspected.error, inspected.lane, now)
        elif isinstance(inspected, Cancel):
            react(self._cancel_behaviour, link, inspected.response_id, now)
        elif isinstance(inspected, Steer):
            self._steer(link, inspected, now)
        else:
            self._queue(link, inspected, now)
        self._advance(now)

    def disconnect(self, connection: int, now: float) -> None:
        """The client went away: everything of the connection is lost. Nothing follows, and twice does no harm."""
        self._advance(now)
        if self._connections.pop(connection, None) is not None:
            self._note(now, connection, "left")
        self._outbox = [out for out in self._outbox if out.connection != connection]

    def poll(self, now: float) -> list[Outgoing]:
        """Everything due by `now` that was not fetched yet, in order; `next_deadline` next."""
        self._advance(now)
        fetched, self._outbox = self._outbox, []
        return fetched

    def next_deadline(self) -> float | None:
        """When something is due, or None while everything waits for the client. Ask again after each other call."""
        if self._outbox:
            return self._now
        dues = [due for due, _, _ in self._dues()]
        return min(dues, default=None)

    def is_open(self, connection: int) -> bool:
        """Whether the connection still exists on the server's side."""
        return connection in self._connections

    def is_busy(self, connection: int) -> bool:
        """Whether anything is still to come on a connection, or was begun there and never ends."""
        return connection in self._connections and self._connections[connection].busy

    def creates(self, connection: int | None = None) -> list[dict[str, Any]]:
        """The `response.create` frames received so far, of one connection or of all, in order of arrival."""
        return [
            entry.body
            for entry in self.log
            if entry.direction == "in" and entry.type == "response.create" and connection in {None, entry.connection}
        ]

    def copy(self) -> "ModelServer":
        """A twin in the same state that goes its own way from here."""
        return attrs.evolve(
            self,
            log=list(self.log),
            connections={identity: link.copy() for identity, link in self._connections.items()},
            outbox=list(self._outbox),
            stored=dict(self._stored),
            counters=dict(self._counters),
        )

    @property
    def _cancel_behaviour(self) -> CancelBehaviour:
        return CancelBehaviour(
            self.cancel_mode, self.cancel_delay, self.cancel_terminal, self.cancel_stream_goes_on, self.cancel_error
        )

    # Time

    def _dues(self) -> Iterator[tuple[float, Connection, Running | Notice | None]]:
        for link in self._connections.values():
            for due, what in link.dues():
                yield due, link, what
            if self.profile.max_age is not None and not link.over_http:
                yield link.opened + self.profile.max_age, link, None

    def _advance(self, now: float) -> None:
        while True:
            due, link, what = min(self._dues(), key=lambda each: each[0], default=(now, None, None))
            if link is None or due > now:
                break
            if isinstance(what, Running):
                self._play(link, what, due)
            elif isinstance(what, Notice):
                link.notices.remove(what)
                if isinstance(what.step, Event):
                    self._send(link, encoded(what.step.body), what.step.body, due)
                else:
                    self._send_error(link, what.step, 0, None, due)
            else:
                self._reach_age_limit(link, due)
        self._now = max(self._now, now)

    # Creates

    def _queue(self, link: Connection, create: Create, now: float) -> None:
        name = create.lane
        if name is not None and name not in link.lane_names:
            if len(link.lane_names) >= self.profile.max_lane_names:
                message = f"A connection has at most {self.profile.max_lane_names} stream ids."
                error = ErrorFrame(code="websocket_stream_limit_reached", message=message, param="stream_id")
                self._send_own_error(link, error, name, now)
                return
            link.lane_names.add(name)
        link.waiting.append(create)
        self._start_what_can(link, now)

    def _start_what_can(self, link: Connection, now: float) -> None:
        while self.is_open(link.identity):
            create = link.next_startable(self.profile.max_in_flight if self.profile.lanes else 1)
            if create is None:
                return
            if link.creates_started == self.faults.age_limit_after_creates:
                self._reach_age_limit(link, now)
                return
            link.creates_started += 1
            self._start(link, create, now)

    def _start(self, link: Connection, create: Create, now: float) -> None:
        known = Remembered("", (), 0)
        if create.previous_response_id is not None:
            found = self._look_up(link, create.previous_response_id)
            if found is None:
                self._miss(link, create, now)
                return
            known = found
            create = attrs.evolve(create, items=link.held.pop(create.previous_response_id, ()) + create.items)
        self._begin(link, create, known, now)

    def _begin(self, link: Connection, create: Create, known: Remembered, now: float) -> None:
        items = known.items + create.items
        answer = self._ask(link, create, items)
        tokens = known.tokens + count_tokens(create.size)
        response_id = f"resp_{self._count('resp')}"
        opening = Opening(create.body, response_id, now, self._next_id, tokens, known.tokens)
        performed = perform(answer, opening)
        output = tuple(performed.output)
        identity = str(performed.response["id"])
        remembered = Remembered(identity, items + output, tokens + performed.output_tokens)
        link.running.append(Running(create, now, performed.response, performed.cues, remembered, output))
        link.lane_of[identity] = create.lane

    # Steering

    def _steer(self, link: Connection, steer: Steer, now: float) -> None:
        running = link.busy_with(steer.previous_response_id)
        code, message = self._why_not(link, steer, running)
        if running is not None and code is None:
            take(running, steer, self._next_id("steer"), self.steer_mode, now)
            return
        body = steer_failed(steer, code or self.steer_code, message)
        lane = link.lane_of.get(str(steer.previous_response_id))
        link.notices.append(Notice(now, Event(body if lane is None else {**body, "stream_id": lane})))

    def _why_not(self, link: Connection, steer: Steer, running: Running | None) -> tuple[str | None, str]:
        """The code and the sentence of a refusal, if the words are refused."""
        if self.steer_mode is SteerMode.FAIL:
            return self.steer_code, "The words were not taken."
        if not is_fit(steer):
            return "invalid_input", "Only messages of the user can be added."
        if running is None:
            if steer.previous_response_id in link.lane_of:
                return "response_already_completed", "The response has ended."
            return "response_not_found", "There is no such response."
        return None, ""

    def _succeed(self, link: Connection, running: Running, at: float) -> None:
        """A steered response has ended: its words wait for tool outputs, or a successor begins that nobody created."""
        said = output_so_far(cue.step.body for cue in running.cues[: running.position] if isinstance(cue.step, Event))
        words = tuple(item for steer, _ in running.steers for item in steer.items)
        known = running.remembered
        calls = outstanding_calls(said)
        if calls:
            link.held[running.response_id] = words
            for steer, name in running.steers:
                body = steer_news("pending", steer, name, reason="waiting_for_required_input", required_input=calls)
                self._say(link, running, body, at)
            return
        context = known.items[: len(known.items) - len(running.planned)] + said
        body = {**running.create.body, "previous_response_id": running.response_id, "input": list(words)}
        create = attrs.evolve(running.create, body=body, items=words, previous_response_id=running.response_id)
        self._begin(link, create, Remembered(running.response_id, context, known.tokens), at)

    def _ask(self, link: Connection, create: Create, items: tuple[Any, ...]) -> Answer:
        if create.warm_up:
            return NOTHING_SAID
        index = self._count("answer") - 1
        return self.answer(Received(create.body, index, link.identity, items, create.lane, create.previous_response_id))

    def _look_up(self, link: Connection, response_id: str) -> Remembered | None:
        if self._counters.get("forgotten", 0) < self.faults.forget_continuations:
            self._count("forgotten")
            return None
        return link.find(response_id) or self._stored.get(response_id)

    def _miss(self, link: Connection, create: Create, now: float) -> None:
        link.evict(create.lane, create.previous_response_id)
        message = f"Previous response with id '{create.previous_response_id}' not found."
        error = ErrorFrame(code="previous_response_not_found", message=message, param="previous_response_id")
        self._send_own_error(link, error, create.lane, now)

    # Sending

    def _play(self, link: Connection, running: Running, at: float) -> None:
        cue = running.cues[running.position]
        running.position += 1
        lane = running.create.lane
        if isinstance(cue.step, Event):
            self._say(link, running, cue.step.body, at)
        elif isinstance(cue.step, Raw):
            self._send(link, cue.step.data, decoded(cue.step.data), at)
        elif isinstance(cue.step, ErrorFrame):
            self._send_error(link, cue.step, running.sequence_number, lane, at)
            running.sequence_number += cue.step.shape != "wrapped"
        elif cue.step is not None:
            self._lose(link, cue.step, at)
            return
        if cue.ends is not None:
            self._finish(link, running, cue.ends, at)
        if running.position == len(running.cues) and not running.busy:
            link.running.remove(running)

    def _say(self, link: Connection, running: Running, said: JsonObject, at: float) -> None:
        body = dict(said)
        if "sequence_number" not in body:
            body["sequence_number"] = running.sequence_number
            running.sequence_number += 1
        if running.create.lane is not None:
            body.setdefault("stream_id", running.create.lane)
        self._send(link, encoded(body), body, at)

    def _finish(self, link: Connection, running: Running, ending: Ending, at: float) -> None:
        running.busy = False
        create = running.create
        if ending is Ending.COMPLETED:
            link.latest[create.lane] = running.remembered
            if create.stored and (self.profile.remembers_stored or link.over_http):
                self._stored[running.response_id] = running.remembered
        elif ending is Ending.REFUSED or (ending is Ending.FAILED and self.profile.keeps_parent):
            link.evict(create.lane, create.previous_response_id)
        elif not self.profile.keeps_parent:
            link.latest.pop(create.lane, None)
        if running.late_error:
            link.notices.append(Notice(at + self.cancel_delay, self.cancel_error))
        if running.steers and ending in {Ending.COMPLETED, Ending.CUT_SHORT} and self.is_open(link.identity):
            self._succeed(link, running, at)
        self._start_what_can(link, at)

    def _reach_age_limit(self, link: Connection, at: float) -> None:
        limit = self.profile.max_age
        after = f" ({limit / 60:g} minutes)" if limit is not None else ""
        message = f"Responses websocket connection limit reached{after}. Create a new websocket connection to continue."
        self._send_own_error(link, ErrorFrame(code="websocket_connection_limit_reached", message=message), None, at)
        if self.is_open(link.identity):
            self._end(link, Close(link.identity, self.profile.age_close_code, "connection limit reached", at=at))

    def _send_own_error(self, link: Connection, error: ErrorFrame, lane: str | None, at: float) -> None:
        kind = error.type if self.profile.error_type else None
        self._send_error(link, attrs.evolve(error, type=kind, shape=self.profile.error_shape), 0, lane, at)

    def _send_error(self, link: Connection, error: ErrorFrame, number: int, lane: str | None, at: float) -> None:
        body = render_error(error, number, lane)
        self._send(link, encoded(body), body, at)

    def _send(self, link: Connection, data: str | bytes, body: object, at: float) -> None:
        self._outbox.append(Message(link.identity, data, at=at))
        if self.keep_log:
            self.log.append(LogEntry(at, link.identity, "out", data, body))
        link.frames_sent += 1
        if link.frames_sent == self.faults.drop_after_frames:
            self._end(link, Drop(link.identity, at=at))

    def _lose(self, link: Connection, loss: LoseConnection, at: float) -> None:
        self._end(link, Drop(link.identity, at=at) if loss.code is None else Close(link.identity, loss.code, at=at))

    def _end(self, link: Connection, how: Close | Drop) -> None:
        del self._connections[link.identity]
        self._outbox.append(how)
        self._note(how.at, link.identity, f"closed {how.code}" if isinstance(how, Close) else "dropped")

    # Small things

    def _too_big(self, data: str | bytes) -> bool:
        limit = self.profile.inbound_limit
        if isinstance(data, str) and len(data) <= limit < 4 * len(data):
            data = data.encode("utf-8", "surrogatepass")
        return len(data) > limit

    def _count(self, what: str) -> int:
        self._counters[what] = self._counters.get(what, 0) + 1
        return self._counters[what]

    def _next_id(self, prefix: str) -> str:
        return f"{prefix}_{self._count(prefix)}"

    def _note(self, at: float, connection: int, text: str) -> None:
        if self.keep_log:
            self.log.append(LogEntry(at, connection, "note", text))
