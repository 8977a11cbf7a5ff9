"""One search through everything that a run leaves behind: the key is in none of it, whatever goes wrong.

Rules of this file
* A run is a session to which everything happens that servers do to sessions, with everything switched on that writes: the debug
  log, a trace without payloads, spans with and without content, observers; then every command that reads the trace.
* The search is worth something only if it finds what is there: leaks are planted, one in each place, and have to be found there.
"""

from __future__ import annotations

import json
import logging
import math
import re
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import trio
import trio.testing
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from typer.testing import CliRunner

from cli.processes import Process
from harness.hostile_input import FRAMES, LIMIT
from harness.pair import KEY, Pair, open_pair
from rejoinder.cli.application import application
from rejoinder.engine import (
    Asked,
    Conversation,
    Endpoint,
    InvalidRequest,
    Policy,
    RejoinderError,
    Response,
    Sent,
    SessionClosed,
    Settings,
    Tools,
    errors,
    logs,
    span_attributes,
    tracing,
)
from rejoinder.engine.tracing import trace_session
from rejoinder.testing import (
    AZURE,
    OPENAI,
    Answer,
    Call,
    CancelMode,
    ErrorFrame,
    LinkPlan,
    LoseConnection,
    ModelServer,
    Raw,
    Refusal,
    ServerProfile,
    Stall,
    Text,
    scripted,
)

QUOTED: Final = f"Incorrect API key provided: {KEY}."
ANSWERS: Final = (
    Answer([Text("well")]),
    Answer(reject=ErrorFrame(code="invalid_value", message=QUOTED)),
    Answer(reject=ErrorFrame(code="rate_limit_exceeded", status=429, message=QUOTED)),
    Answer([Text("half"), LoseConnection(1011)]),
    Answer([Text("half"), LoseConnection()]),
    Answer([Text("fault"), ErrorFrame(message=QUOTED, shape="wrapped_in_sequence")], terminal="failed"),
    Answer([Text("fault")], terminal="failed", error={"code": "server_error", "message": QUOTED}),
    Answer([Text("cut")], terminal="incomplete"),
    Answer([Refusal("No.")]),
    Answer([Call("weather", '{"city": "Oslo"}')]),
    Answer([Call("broken", "{}")]),
    Answer([Call("nobody", "{")]),
    Answer([Text("never ends"), Stall()]),
    Answer([Raw("{")]),
    *(Answer([Text("one"), *row.steps, Text("two")]) for row in FRAMES),
)
"""What the server says, answer by answer."""
tools = Tools()


@tools.add
async def weather(city: str) -> str:
    """Tell the weather."""
    return f"fine in {city}"


@tools.add
async def broken() -> str:
    """Raise."""
    raise RuntimeError("broken")


@attrs.define(eq=False)
class Outputs:
    """Everything that a run left behind, by the place where it was left."""

    places: dict[str, list[str]] = attrs.field(factory=dict[str, list[str]])

    def add(self, place: str, *values: object) -> None:
        for value in values:
            self.places.setdefault(place, []).extend([str(value), repr(value)])

    def add_error(self, error: BaseException) -> None:
        self.add("error", error, error.args, vars(error))
        self.add("traceback", "".join(traceback.format_exception(error)))

    def leaks(self) -> list[str]:
        """The places in which the key is."""
        return sorted(place for place, texts in self.places.items() if any(KEY in text for text in texts))


async def ask(outputs: Outputs, pair: Pair, text: str) -> None:
    """Ask, and keep everything that there is to see of it."""
    response: Response | None = None
    try:
        with trio.move_on_after(200):
            async with pair.session.respond(text) as response:
                async for event in response:
                    outputs.add("event", event)
                outputs.add("text", await response.text())
    except RejoinderError as error:
        outputs.add_error(error)
    if response is not None:
        outputs.add("response", response, response.partial, response.decision, response.outcome, response.timings)
    outputs.add("session", pair.session, pair.session.statistics(), pair.session.state, pair.session.endpoint)


async def converse(outputs: Outputs, pair: Pair) -> None:
    """Let the model call tools: one that is there, one that raises, one that is not there."""
    for text in ("Weather?", "Break.", "Nobody."):
        conversation = Conversation(text)
        try:
            async with pair.session.converse(conversation, tools=tools) as turn:
                async for item in turn:
                    outputs.add("event", item)
        except RejoinderError as error:
            outputs.add_error(error)
        outputs.add("conversation", conversation, conversation.items)


async def run(profile: ServerProfile, trace: Path, outputs: Outputs, clock: trio.testing.MockClock) -> None:
    """A whole run against one kind of server."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    plans = [LinkPlan(unreachable=True), LinkPlan(refuse_status=503), LinkPlan()]
    settings = Settings(policy=Policy(signal=True), output_limit=LIMIT, tools=tools.definitions)
    async with open_pair(ModelServer(profile, scripted(ANSWERS), CancelMode.ERROR), plans=plans, settings=settings) as pair:
        session = pair.session
        recording = session.record(trace)
        for content in (False, True):
            trace_session(session, provider.get_tracer("test"), capture_content=content)
        session.observe(lambda observation: outputs.add("observation", observation))
        for number in range(9):
            await ask(outputs, pair, f"Question {number}")
        await converse(outputs, pair)
        async with session.respond("Leave.") as response:
            await anext(response)
        for number in range(len(FRAMES) + 2):
            await ask(outputs, pair, f"Another question {number}")
        pair.network.plans.extend([LinkPlan(refuse_status=401)] * 3)
        for link in pair.network.links:
            link.cut()
        await ask(outputs, pair, "Refused.")
        with pytest.raises(InvalidRequest) as invalid:
            await pair.ask(b"bytes")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        outputs.add_error(invalid.value)
        # The writer is a thread, and a clock that jumps does not wait for threads.
        clock.autojump_threshold = math.inf
        await recording.aclose()
        clock.autojump_threshold = 0.0
    with pytest.raises(SessionClosed) as closed:
        await pair.ask("Too late.")
    outputs.add_error(closed.value)
    outputs.add("span", *(span.to_json() for span in exporter.get_finished_spans()))
    assert [f"Bearer {KEY}"] * len(pair.network.links) == [link.headers["Authorization"] for link in pair.network.links]


def read_by_commands(trace: Path, outputs: Outputs) -> None:
    """Let every command read a trace that can."""
    outputs.add("trace", trace.read_text())
    page, test, picture = (trace.with_suffix(suffix) for suffix in (".html", ".py", ".svg"))
    for place, arguments in {
        "viewer": ["view", trace, "--output", page],
        "replay": ["replay", trace, "--to-test", test],
        "sequence": ["sequence", trace, "--output", picture],
        "drawing": ["draw", "response", "--format", "dot", "--highlight", trace],
    }.items():
        done = CliRunner().invoke(application, [str(argument) for argument in arguments])
        assert 0 == done.exit_code, (place, done.output)
        outputs.add(place, done.output)
    for place, file in {"viewer": page, "replay": test, "sequence": picture}.items():
        outputs.add(place, file.read_text())


def take_log(outputs: Outputs, caplog: pytest.LogCaptureFixture) -> None:
    """Collect what was logged."""
    for record in caplog.records:
        outputs.add("log", record.getMessage(), record.exc_text)
    outputs.add("log", caplog.text)


@pytest.mark.slow
async def test_the_key_is_nowhere(tmp_path: Path, autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outputs = Outputs()
    for profile in (OPENAI, AZURE):
        trace = tmp_path / f"{profile.name}.trace.jsonl"
        await run(profile, trace, outputs, autojump_clock)
        read_by_commands(trace, outputs)
    take_log(outputs, caplog)

    assert [] == outputs.leaks()
    # And the run was one in which there was something to see.
    raised = set(re.findall(r"rejoinder\.engine\.errors\.(\w+)", "".join(outputs.places["traceback"])))
    assert {"ConnectionFailed", "Interrupted", "OutputTooLarge", "ResponseFailed", "ResponseRefused"} <= raised
    assert "***" in "".join(outputs.places["error"])
    assert {"drawing", "log", "observation", "replay", "sequence", "span", "trace", "viewer"} <= outputs.places.keys()
    assert 100 < len(outputs.places["log"])


def _in_the_log(patch: pytest.MonkeyPatch) -> None:
    def leaking(_log: logs.Log, _observation: Sent) -> None:
        logging.getLogger("rejoinder").debug("Authorization: Bearer %s", KEY)

    patch.setattr(logs, "TELL", {**logs.TELL, Sent: leaking})


def _in_errors(patch: pytest.MonkeyPatch) -> None:
    def leaking(_error: errors.ResponseError) -> str:
        return f"failed with {KEY}"

    patch.setattr(errors.ResponseError, "__str__", leaking)


def _in_spans(patch: pytest.MonkeyPatch) -> None:
    def leaking(asked: Asked, endpoint: Endpoint, conversation_id: str | None) -> dict[str, Any]:
        return {**span_attributes.of_request(asked, endpoint, conversation_id), "key": endpoint.key}

    patch.setattr(tracing, "of_request", leaking)


def _in_the_session(patch: pytest.MonkeyPatch) -> None:
    def leaking(endpoint: Endpoint) -> str:
        return f"Endpoint({endpoint.key!r})"

    patch.setattr(Endpoint, "__repr__", leaking)


def _in_what_servers_quote(patch: pytest.MonkeyPatch) -> None:
    def leaking(text: str, _secrets: Iterable[str]) -> str:
        return text

    for module in ("link_task", "masking"):
        patch.setattr(f"rejoinder.engine.{module}.masked", leaking)


@pytest.mark.slow
@pytest.mark.parametrize(
    "plant, places",
    [
        (_in_the_log, {"log"}),
        (_in_errors, {"error", "traceback"}),
        (_in_spans, {"span"}),
        (_in_the_session, {"session"}),
        (_in_what_servers_quote, {"error", "observation", "span", "traceback"}),
    ],
)
async def test_a_planted_leak_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    places: set[str],
    tmp_path: Path,
    autojump_clock: trio.testing.MockClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    outputs = Outputs()
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        await run(AZURE, tmp_path / "trace.jsonl", outputs, autojump_clock)
    take_log(outputs, caplog)

    assert places <= set(outputs.leaks())


def test_a_leak_into_a_trace_and_all_that_is_made_of_it_is_found() -> None:
    outputs = Outputs()
    outputs.add("trace", json.dumps({"event": {"key": KEY}}))
    outputs.add("viewer", f"<td>{KEY!r}</td>")
    outputs.add("sequence", "<text>nothing</text>")

    assert ["trace", "viewer"] == outputs.leaks()


@pytest.mark.slow
def test_the_key_is_in_nothing_that_commands_print(tmp_path: Path) -> None:
    outputs = Outputs()
    trace, report = tmp_path / "chat.trace.jsonl", tmp_path / "report.json"
    with Process("serve", "--port", "0", "--key", KEY, "--verbose") as server:
        (url,) = re.findall(r"listens at (ws://\S+)\.", server.wait_for("rejoinder chat --base-url"))
        with Process("chat", "--base-url", url, "--verbose", OPENAI_API_KEY=KEY, REJOINDER_TRACE=str(trace)) as chat:
            chat.write("hello\n")
            chat.wait_for("You said: hello")
            chat.close_input()
            chat.wait()
            outputs.add("chat", chat.output)
        with Process("chat", "--base-url", url, OPENAI_API_KEY="not-" + KEY) as refused:
            refused.write("hello\n")
            refused.wait_for("does not accept it")
            outputs.add("refused chat", refused.output)
        with Process("conform", url, "--row", "created-first", "--json", str(report), OPENAI_API_KEY=KEY) as conform:
            assert 0 == conform.wait()
            outputs.add("conform", conform.output)
        outputs.add("serve", server.wait_for("hello"))
    outputs.add("report", report.read_text())
    outputs.add("trace", trace.read_text())

    assert [] == outputs.leaks()
    assert "hello" in "".join(outputs.places["serve"])
