"""Whatever the model server says, the explored server may say at that point: what holds against any server holds against it.

Rules of this file
* The model server is driven, the explored one is stepped along: of all that it may say now, only what looks the same to a client is
  kept. If nothing is left, the model server says something that no exploration has ever tried.
* What a frame looks like is what a client can tell: its kind, its lane, whether it names the response that has begun there, the one
  that ended there or another, whether its number is the next, and how a response of its own ends. Not how many deltas make a word.
* The client of these programs does what ours does: one create at a time on a lane, cancels of what runs there or ran there last.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejoinder.states import AZURE, OPENAI
from rejoinder.states.codec import decode
from rejoinder.states.stream_events import FrameKind, StreamEvent
from rejoinder.testing import AZURE as AZURE_SERVER
from rejoinder.testing import OPENAI as OPENAI_SERVER
from rejoinder.testing import Answer, Call, ErrorFrame, ModelServer, Pause, Reasoning, Received, Refusal, Text
from rejoinder.testing.explore.any_server import CONNECTION, Connection, Said, Stage, read_cancel, read_create, say, sayings
from rejoinder.testing.explore.configuration import Configuration
from rejoinder.testing.explore.misbehaviour import FILLERS, MISBEHAVIOUR, View
from rejoinder.testing.faults import FAULTS, ServerSetup, with_faults
from rejoinder.testing.outgoing import Message
from rejoinder.testing.script import Event, Stall, Step, Terminal
from rejoinder.testing.server_cancels import CancelMode

EXAMPLES: Final = settings(max_examples=max(settings().max_examples, 100))
MANY: Final = 1000
SERIAL: Final = Configuration(
    "anything",
    "Everything that a server may say.",
    AZURE,
    words=MANY,
    thoughts=MANY,
    progress=True,
    ends=frozenset({"failed", "incomplete"}),
    rejections=("busy", "rate", "bad", "bare"),
    forgets=True,
    faults_inside=True,
    refuses_cancels=True,
    limit=True,
)
LANES: Final = attrs.evolve(SERIAL, profile=OPENAI, server_names=2)
WITHOUT_FRAMES: Final = frozenset({"refused-handshake"})
"""Faults of dials: nothing is said."""

# -- what a client can tell --------------------------------------------------------------------------------------------------


@final
@attrs.define(eq=False)
class LaneSeen:
    """What a client has seen of a lane."""

    begun: str | None = None
    ended: str | None = None
    number: int | None = None


@final
@attrs.define(eq=False)
class Client:
    """What a client has seen of a connection."""

    lanes: dict[str | None, LaneSeen] = attrs.field(factory=dict[str | None, LaneSeen])

    def looks(self, frame: StreamEvent) -> tuple[object, ...]:
        """What can be told of a frame, before it is taken in."""
        lane = self.lanes.get(frame.stream_id, LaneSeen())
        if frame.response_id is None:
            whose = "?"
        elif frame.response_id == lane.begun:
            whose = "own"
        else:
            whose = "ended" if frame.response_id == lane.ended and lane.begun is None else "other"
        if frame.kind is FrameKind.CREATED:
            return frame.kind, frame.stream_id, whose
        if frame.kind is FrameKind.ERROR:
            return frame.kind, frame.stream_id, bool(frame.sequence_number)
        if frame.kind is FrameKind.GARBAGE:
            return frame.kind, frame.stream_id
        number = "?" if lane.begun is None or frame.sequence_number is None else frame.sequence_number - (lane.number or 0)
        if frame.kind is FrameKind.TERMINAL:
            return frame.kind, frame.stream_id, whose, number, frame.type if whose == "own" else None
        return frame.kind, frame.stream_id, whose, number

    def hears(self, frame: StreamEvent) -> None:
        """Take a frame in."""
        lane = self.lanes.setdefault(frame.stream_id, LaneSeen())
        if frame.kind is FrameKind.CREATED:
            lane.begun, lane.number = frame.response_id, frame.sequence_number
        elif frame.kind is FrameKind.TERMINAL and frame.response_id == lane.begun:
            lane.ended, lane.begun, lane.number = lane.begun, None, None
        elif lane.begun is not None and frame.sequence_number:
            lane.number = frame.sequence_number


# -- the model server's programs ---------------------------------------------------------------------------------------------

FAULTY_END: Final = ErrorFrame(code="server_error", shape="wrapped_in_sequence")


def spoken(words: list[str]) -> Text:
    return Text("".join(words), pieces=words)


def refused(words: list[str]) -> Refusal:
    return Refusal("".join(words), pieces=words)


def failing(steps: list[Step]) -> Answer:
    return Answer([*steps, FAULTY_END], terminal="failed")


def silent(steps: list[Step]) -> Answer:
    return Answer([*steps, Stall()])


def rejecting(error: ErrorFrame, after: float) -> Answer:
    return Answer(reject=error, created_after=after)


WORDS: Final = st.lists(st.just("word "), max_size=3)
STEP: Final[st.SearchStrategy[Step]] = st.one_of(
    st.builds(spoken, WORDS),
    st.builds(refused, WORDS),
    st.just(Call("look", "{}")),
    st.sampled_from([Reasoning("because"), Reasoning(encrypted="x")]),
    st.just(Pause(1.0)),
    st.just(Event({"type": "keepalive"})),
    st.just(Event({"type": "response.brand_new"})),
)
STEPS: Final = st.lists(STEP, max_size=3)
REFUSALS: Final = st.builds(
    ErrorFrame,
    code=st.sampled_from(["rate_limit_exceeded", "server_is_overloaded", "invalid_value", "anything", None]),
    status=st.sampled_from([400, 429, 503, None]),
    param=st.sampled_from(["input", None]),
    labelled=st.booleans(),
)
TERMINALS: Final[tuple[Terminal, ...]] = ("completed", "failed", "incomplete")
ANSWERS: Final = st.one_of(
    st.builds(Answer, STEPS, terminal=st.sampled_from(TERMINALS), in_progress=st.booleans()),
    st.builds(failing, STEPS),
    st.builds(silent, STEPS),
    st.builds(rejecting, REFUSALS, st.sampled_from([0.0, 1.0])),
)
"""What a right server answers."""


@attrs.frozen
class Program:
    """What the server is, and what the client does to it."""

    answers: list[Answer]
    acts: list[tuple[str, int]]
    """What (``create``, ``continue``, ``cancel``, ``wait``), and the number of a lane."""
    faults: tuple[str, ...] = ()
    lanes: bool = False
    cancels: CancelMode = CancelMode.LATE_ERROR
    delay: float = 0.0
    goes_on: bool = True
    ends: Terminal = "incomplete"

    def server(self) -> ModelServer:
        """The server, which names each response after the create that it answers."""

        def answer(received: Received) -> Answer:
            return attrs.evolve(self.answers[received.index % len(self.answers)], response_id=received.body["metadata"]["name"])

        profile = attrs.evolve(OPENAI_SERVER, max_lane_names=2) if self.lanes else AZURE_SERVER
        return with_faults(ServerSetup(profile, answer), self.faults).build(
            cancel_mode=self.cancels, cancel_delay=self.delay, cancel_stream_goes_on=self.goes_on, cancel_terminal=self.ends
        )


def programs(**more: Any) -> st.SearchStrategy[Program]:  # noqa: ANN401 - fields of a program
    return st.builds(
        Program,
        lanes=st.booleans(),
        cancels=st.sampled_from(CancelMode),
        delay=st.sampled_from([0.0, 1.0]),
        goes_on=st.booleans(),
        ends=st.sampled_from(TERMINALS[1:]),
        answers=st.lists(ANSWERS, min_size=1, max_size=3),
        acts=st.lists(
            st.tuples(st.sampled_from(["create", "create", "continue", "cancel", "wait", "wait"]), st.integers(0, 2)),
            min_size=2,
            max_size=12,
        ),
        **more,
    )


# -- both servers, step by step ----------------------------------------------------------------------------------------------


@final
@attrs.define(eq=False)
class Both:
    """The model server, and all that the explored one may be by now."""

    server: ModelServer
    configuration: Configuration
    wrong: bool
    now: float = 0.0
    link: int = 0
    client: Client = attrs.field(factory=Client)
    possible: Sequence[Connection] = (CONNECTION,)
    latest: dict[str | None, str] = attrs.field(factory=dict[str | None, str])
    busy: set[str | None] = attrs.field(factory=set[str | None])
    heard: list[str] = attrs.field(factory=list[str])
    names: int = 0

    def play(self, program: Program) -> None:
        """Do everything that the program says, then wait until nothing is due."""
        self.link = self.server.connect(self.now)
        for what, number in program.acts:
            self.act(what, f"lane-{number}" if program.lanes else None)
            self.listen()
        for _ in range(MANY):
            due = self.server.next_deadline()
            if due is None or due > 2000.0 or not self.server.is_open(self.link):
                break
            self.now = max(self.now, due)
            self.listen()

    def act(self, what: str, lane: str | None) -> None:
        """One act of the client; what ours would not do is not done."""
        if not self.server.is_open(self.link):
            return
        if what == "wait":
            self.now += 1.0
        elif what == "cancel":
            if lane in self.latest:
                response = self.latest[lane]
                self.send({"type": "response.cancel", "response_id": response})
                self.possible = [read_cancel(connection, self.configuration, response) for connection in self.possible]
        elif lane not in self.busy:
            named = self.latest.get(lane) if what == "continue" else None
            self.names += 1
            name = f"r{self.names}.1"
            body: dict[str, Any] = {"type": "response.create", "model": "m", "input": "Hi", "metadata": {"name": name}}
            if lane is not None:
                body["stream_id"] = lane
            if named is not None:
                body["previous_response_id"] = named
            self.latest[lane] = name
            self.busy.add(lane)
            self.possible = [read_create(one, self.configuration, lane, self.names, name, named) for one in self.possible]
            self.send(body)

    def send(self, body: Mapping[str, Any]) -> None:
        """Send a frame."""
        self.server.receive(self.link, json.dumps(body), self.now)

    def listen(self) -> None:
        """Hear everything that is due, each frame against all that might be said."""
        for out in self.server.poll(self.now):
            if isinstance(out, Message):
                self.hear(decode(out.data))

    def hear(self, frame: StreamEvent) -> None:
        """Keep what the explored server may be after it has said something that looks like this."""
        looks = self.client.looks(frame)
        self.heard.append(" ".join(map(str, looks)))
        following = [
            said.connection for one in self.possible for said in self.said_by(one) if self.client.looks(said.frame) == looks
        ]
        assert following, f"{looks} is nothing that the explored server says here; before: {self.heard[:-1]}"
        self.possible = distinct(following)
        self.client.hears(frame)
        if frame.kind is FrameKind.TERMINAL or (frame.kind is FrameKind.ERROR and not frame.sequence_number):
            # A lane is free where it may be: a create there is read by both.
            free = {name for one in self.possible for name in self.busy if name not in one.lanes or one.lanes[name].run is None}
            self.busy -= free

    def said_by(self, connection: Connection) -> Iterator[Said]:
        """Everything that the explored server may say from there."""
        for saying in sayings(connection, self.configuration):
            yield say(connection, self.configuration, saying)
        for name in connection.lanes:
            asking = any(run.stage is Stage.READ for run in connection.runs)
            view = View(connection, self.configuration, name, asked=False, asking=asking, owed=bool(connection.owed))
            for what, misbehave in MISBEHAVIOUR.items():
                if self.wrong or what in FILLERS:
                    said = misbehave(view)
                    if said is not None:
                        yield said


def distinct(connections: list[Connection]) -> list[Connection]:
    found = {(tuple(one.lanes.items()), one.owed, one.doomed, one.cancels): one for one in connections}
    return list(found.values())


def follow(program: Program) -> Both:
    both = Both(program.server(), LANES if program.lanes else SERIAL, bool(program.faults))
    both.play(program)
    return both


@pytest.mark.slow
@EXAMPLES
@given(programs())
def test_what_a_right_model_server_says_any_server_may_say(program: Program) -> None:
    follow(program)


@pytest.mark.slow
@EXAMPLES
@given(programs(faults=st.lists(st.sampled_from(sorted(set(FAULTS) - WITHOUT_FRAMES)), min_size=1, max_size=2).map(tuple)))
def test_what_a_faulty_model_server_says_any_server_may_say(program: Program) -> None:
    follow(program)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - WITHOUT_FRAMES))
@pytest.mark.parametrize("lanes", [False, True], ids=["serial", "lanes"])
def test_each_fault_by_itself(fault: str, lanes: bool) -> None:  # noqa: FBT001 - of two kinds
    answers = [Answer([Text("one two three")])]
    acts = [("create", 0), ("wait", 0), ("continue", 0), ("wait", 0), ("cancel", 0), ("wait", 0)]
    program = Program(answers, acts, (fault,), lanes)

    assert follow(program).heard or fault == "silent"


def test_what_nobody_explores_is_found() -> None:
    """A terminal for nobody is no right thing to say."""
    answers = [Answer(late=[Event({"type": "response.completed", "response": {"id": "another"}})])]
    program = Program(answers, [("create", 0)])

    with pytest.raises(AssertionError, match="is nothing that the explored server says here"):
        follow(program)
