"""Spans, asserted by name in OpenTelemetry's own exporter; and that tracing can break nothing."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from harness.pair import KEY, Pair, message, open_pair, user
from rejoinder.engine import CancelPolicy, Conversation, Interrupted, Policy, ResponseFailed, Settings, Tools
from rejoinder.engine.tracing import trace_session
from rejoinder.testing import (
    AZURE,
    Answer,
    Call,
    CancelMode,
    ErrorFrame,
    Event,
    LinkPlan,
    LoseConnection,
    ModelServer,
    Pause,
    Text,
    scripted,
)

USAGE = {
    "input_tokens": 11,
    "output_tokens": 5,
    "total_tokens": 16,
    "input_tokens_details": {"cached_tokens": 7, "cache_write_tokens": 3},
    "output_tokens_details": {"reasoning_tokens": 2},
}
SECRET = "cobalt heron"
"""What callers and models say in these tests."""


@attrs.define(eq=False)
class Traced:
    """A pair whose session is traced, and what was exported."""

    pair: Pair
    exporter: InMemorySpanExporter
    tracer: trace.Tracer

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if name in {None, span.name}]


def tracer() -> tuple[trace.Tracer, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test"), exporter


@asynccontextmanager
async def traced(server: ModelServer, *, capture_content: bool = False, **options: Any) -> AsyncGenerator[Traced]:  # noqa: ANN401
    recording, exporter = tracer()
    async with open_pair(server, **options) as pair:
        trace_session(pair.session, recording, capture_content=capture_content)
        yield Traced(pair, exporter, recording)


def said(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def events(span: ReadableSpan) -> list[str]:
    return [event.name for event in span.events]


@pytest.mark.original("B121", "B122")
async def test_a_turn_with_a_tool_call_and_an_interruption(autojump_clock: trio.testing.MockClock) -> None:
    answers = [
        Answer([Call("look", '{"where": "here"}', "call_1")], usage=USAGE, fields={"model": "gpt-4.1-2025-04-14"}),
        Answer([Text("It is sunny and warm", interval=1.0)], usage={"input_tokens": 20, "output_tokens": 9}),
    ]
    tools = [{"type": "function", "name": "look", "parameters": {"type": "object"}}]
    server = ModelServer(AZURE, scripted(answers), CancelMode.IGNORE)
    async with traced(server, policy=Policy(then=CancelPolicy.DRAIN), default=LinkPlan(handshake_delay=2.0)) as it:
        talk: list[dict[str, Any]] = [user("How is the weather?")]
        async with it.pair.session.respond(talk, tools=tools, temperature=0.5) as response:
            result = await response.result()
        talk += [dict(call) for call in result.calls]
        talk.append({"type": "function_call_output", "call_id": "call_1", "output": "sunny"})
        async with it.pair.session.respond(talk, tools=tools) as response:
            await it.pair.deltas(response, 2)
        await trio.sleep(4)

    call, interrupted, drain = it.spans()
    assert ["chat gpt-4.1", "chat gpt-4.1", "drain gpt-4.1"] == [call.name, interrupted.name, drain.name]
    assert [SpanKind.CLIENT, SpanKind.CLIENT, SpanKind.INTERNAL] == [call.kind, interrupted.kind, drain.kind]
    assert {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.model": "gpt-4.1-2025-04-14",
        "gen_ai.response.finish_reasons": ("tool_call",),
        "gen_ai.response.time_to_first_chunk": 0.0,
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 7,
        "gen_ai.usage.cache_write.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "openai.api.type": "responses",
        "openai.response.service_tier": "default",
        "server.address": "localhost",
        "server.port": 80,
        "rejoinder.request": 1,
        "rejoinder.request_id": "req_0",
        "rejoinder.warm_up": False,
        "rejoinder.items": 1,
        "rejoinder.tools": 1,
        "rejoinder.link": 1,
        "rejoinder.attempts": 1,
        "rejoinder.items_sent": 1,
        "rejoinder.bytes_sent": len(it.pair.log("in")[0].data),
        "rejoinder.reuse": False,
        "rejoinder.full_reason": "NoPrevious",
        "rejoinder.outcome": "completed",
        "rejoinder.queued_seconds": 2.0,
        "rejoinder.drain_seconds": 0.0,
        "rejoinder.dial_seconds": 2.0,
        "rejoinder.pause_seconds": 0.0,
        "rejoinder.to_sent_seconds": 2.0,
        "rejoinder.to_created_seconds": 2.0,
        "rejoinder.to_first_output_seconds": 2.0,
        "rejoinder.total_seconds": 2.0,
    } == said(call)
    assert [
        "link connecting",
        "link open",
        "request sent",
        "response awaiting_created",
        "response acknowledged",
        "response streaming",
        "response idle",
        "request ended",
    ] == events(call)
    moved = dict(call.events[4].attributes or {})
    assert {
        "rejoinder.machine": "response",
        "rejoinder.source": "awaiting_created",
        "rejoinder.event": "Created",
        "rejoinder.target": "acknowledged",
        "rejoinder.link": 1,
    } == moved
    # The interruption: reuse, no usage and no error, but a finish reason that says that the end did not come.
    facts = said(interrupted)
    assert ("cancelled", ("error",)) == (facts["rejoinder.outcome"], facts["gen_ai.response.finish_reasons"])
    assert ("resp_1", True, 2) == (
        facts["gen_ai.request.previous_response.id"],
        facts["rejoinder.reuse"],
        facts["rejoinder.items_saved"],
    )
    assert "gen_ai.usage.input_tokens" not in facts
    assert "error.type" not in facts
    assert StatusCode.UNSET == interrupted.status.status_code
    assert "request ended" == events(interrupted)[-1]
    # What the abandoned response cost, once it was known: below the span of its request.
    assert {
        "gen_ai.response.id": "resp_2",
        "gen_ai.usage.input_tokens": 20,
        "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.cache_write.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "rejoinder.outcome": "completed",
        "rejoinder.drained_seconds": 3.0,
    } == said(drain)
    assert drain.parent is not None
    assert interrupted.context is not None
    assert (drain.parent.span_id, drain.parent.trace_id) == (interrupted.context.span_id, interrupted.context.trace_id)
    assert 3_000_000_000 == (drain.end_time or 0) - (drain.start_time or 0)


@pytest.mark.original("B121")
async def test_the_parent_is_what_is_current_where_respond_is_called(autojump_clock: trio.testing.MockClock) -> None:
    async with traced(ModelServer()) as it:
        with it.tracer.start_as_current_span("turn") as turn:
            async with it.pair.session.respond("Hi") as response:
                await response.text()
        await it.pair.ask("Ho")

    inside, _, outside = it.spans()
    assert inside.parent is not None
    assert turn.get_span_context().span_id == inside.parent.span_id
    assert outside.parent is None


async def test_a_drain_before_a_request_is_in_its_span(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("a b c d e", interval=1.0)]), Answer([Text("next")])]), CancelMode.IGNORE)
    async with traced(server, policy=Policy(then=CancelPolicy.DRAIN)) as it:
        async with it.pair.session.respond("one") as response:
            await it.pair.deltas(response, 1)
        await it.pair.ask("two")

    second = it.spans("chat gpt-4.1")[1]
    assert (4.0, 4.0) == (said(second)["rejoinder.drain_seconds"], said(second)["rejoinder.queued_seconds"])


async def test_a_replay_is_an_attempt_and_an_event(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Pause(1.0), LoseConnection()]), Answer([Text("next")])]))
    async with traced(server) as it:
        await it.pair.ask("Hi")

    (span,) = it.spans()
    assert (2, "Replayed") == (said(span)["rejoinder.attempts"], said(span)["rejoinder.full_reason"])
    assert ["request sent", "request waiting", "request sent", "request ended"] == [
        name for name in events(span) if name.startswith("request ")
    ]


@pytest.mark.original("B125")
@pytest.mark.parametrize(
    "answer, error, kind",
    [
        (Answer(reject=ErrorFrame(code="invalid_value", message=SECRET)), "invalid_value", ResponseFailed),
        (Answer([Text("a")], terminal="failed", error={"code": "server_error", "message": SECRET}), "server_error", ResponseFailed),
        (Answer([Text("a"), LoseConnection(1011)]), "connection lost", Interrupted),
    ],
)
async def test_an_error_is_the_status_of_its_span_and_not_its_words(
    autojump_clock: trio.testing.MockClock, answer: Answer, error: str, kind: type[Exception]
) -> None:
    async with traced(ModelServer(answer=scripted([answer]))) as it:
        with pytest.raises(kind):
            await it.pair.ask("Hi")

    (span,) = it.spans()
    assert (StatusCode.ERROR, error) == (span.status.status_code, span.status.description)
    assert error == said(span)["error.type"]
    assert {"rejoinder.stage", "rejoinder.replay_safe"} <= said(span).keys()
    assert SECRET not in span.to_json()


async def test_a_request_that_was_never_sent_has_no_finish_reason(autojump_clock: trio.testing.MockClock) -> None:
    plans = [LinkPlan(refuse_status=401)]
    async with traced(ModelServer(), plans=plans) as it:
        with pytest.raises(Interrupted):
            await it.pair.ask("Hi")

    (span,) = it.spans()
    assert "gen_ai.response.finish_reasons" not in said(span)
    assert "connection failed" == said(span)["error.type"]
    assert ["link connecting", "link failed", "request ended"] == events(span)


async def test_a_note_about_its_lane_is_an_event(autojump_clock: trio.testing.MockClock) -> None:
    stray = Event({"type": "response.output_text.delta", "item_id": "msg_9", "output_index": 0, "content_index": 0, "delta": "x"})
    server = ModelServer(answer=scripted([Answer([Text("warm")]), Answer([Text("a"), stray, Pause(1.0)]), Answer([Pause(2.0)])]))
    async with traced(server) as it:
        await it.pair.ask("warm")
        async with it.pair.session.respond("one") as one, it.pair.session.respond("two") as two:
            await one.result()
            await two.result()

    _, first, second = it.spans()
    assert ["StrayContent", "SequenceGap"] == [
        dict(event.attributes or {})["rejoinder.note"] for event in first.events if event.name == "note"
    ]
    assert "note" not in events(second)


@pytest.mark.parametrize("capture_content", [False, True])
async def test_what_was_said_is_recorded_only_if_asked_for(autojump_clock: trio.testing.MockClock, capture_content: bool) -> None:  # noqa: FBT001
    answers = [
        Answer([Text(SECRET)]),
        Answer([Text("a b", interval=1.0)]),
        Answer([Text(SECRET)], terminal="failed", error={"code": "server_error", "message": SECRET}),
    ]
    tools = [{"type": "function", "name": SECRET}]
    settings = Settings(instructions=SECRET)
    async with traced(ModelServer(answer=scripted(answers)), capture_content=capture_content, settings=settings) as it:
        talk = [user(SECRET)]
        talk += [message(await it.pair.ask(talk, tools=tools)), user(SECRET)]
        async with it.pair.session.respond(talk) as response:
            await it.pair.deltas(response, 1)
        with pytest.raises(ResponseFailed):
            await it.pair.ask(talk)

    whole = "".join(span.to_json() for span in it.spans())
    contents = {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions"}
    assert (contents if capture_content else set()) == contents & said(it.spans()[0]).keys()
    assert capture_content is (SECRET in whole)
    assert KEY not in whole


class Breaking(trace.NoOpTracer):
    """A tracer that cannot begin a span."""

    def start_span(self, *args: object, **named: object) -> trace.Span:
        raise RuntimeError("tracer")


class BreakingSpan(trace.NonRecordingSpan):
    """A span that takes nothing."""

    def set_attributes(self, attributes: object) -> None:
        raise RuntimeError("span")

    def add_event(self, name: str, attributes: object = None, timestamp: int | None = None) -> None:
        raise RuntimeError("span")


class GivingBreakingSpans(trace.NoOpTracer):
    """A tracer whose spans break."""

    def start_span(self, *args: object, **named: object) -> trace.Span:
        return BreakingSpan(trace.INVALID_SPAN_CONTEXT)


@pytest.mark.original("B124")
@pytest.mark.parametrize("broken", [Breaking(), GivingBreakingSpans()], ids=["no span begins", "no span takes anything"])
async def test_a_tracer_that_breaks_breaks_no_turn(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture, broken: trace.Tracer
) -> None:
    async with open_pair(ModelServer(AZURE, scripted([Answer([Text("a b", interval=1.0)]), Answer([Text("well")])]))) as pair:
        trace_session(pair.session, broken)
        with caplog.at_level(logging.ERROR, logger="rejoinder"):
            async with pair.session.respond("Hi") as response:
                assert "a" == await pair.deltas(response, 1)
            assert "well" == await pair.ask("Ho")

    assert ["tracing failed; requests go on without it (RuntimeError; further faults are logged at debug level)"] == [
        record.getMessage() for record in caplog.records
    ]


async def test_stopping_ends_what_is_open_and_records_nothing_more(autojump_clock: trio.testing.MockClock) -> None:
    recording, exporter = tracer()
    server = ModelServer(AZURE, scripted([Answer([Text("a b", interval=1.0)])]))
    async with open_pair(server) as pair:
        stop = trace_session(pair.session, recording)
        async with pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
            stop()
            stop()
            await response.text()
        await pair.ask("Ho")

    (span,) = exporter.get_finished_spans()
    assert "rejoinder.outcome" not in said(span)


async def test_a_session_that_is_traced_in_the_midst_of_a_request_waits_for_the_next(
    autojump_clock: trio.testing.MockClock,
) -> None:
    recording, exporter = tracer()
    answers = [Answer([LoseConnection()]), Answer([Text("a b c d", interval=1.0)]), Answer([Text("next")])]
    async with open_pair(ModelServer(AZURE, scripted(answers), CancelMode.IGNORE)) as pair:
        async with pair.session.respond("Hi") as response:
            trace_session(pair.session, recording)
            await pair.deltas(response, 1)
        await trio.sleep(5)
        await pair.ask("Ho")

    assert ["rejoinder.outcome"] == [name for name in said(exporter.get_finished_spans()[0]) if name == "rejoinder.outcome"]
    assert 1 == len(exporter.get_finished_spans())


async def test_the_tracer_of_the_global_provider_is_taken_if_none_is_given(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        trace_session(pair.session)

        assert "You said: Hi" == await pair.ask("Hi")


async def test_spans_whose_response_never_settles_are_forgotten_in_time(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rejoinder.engine.tracing.REMEMBERED", 1)
    answers = [Answer([Text("warm")]), Answer([Text("a b c", interval=1.0)]), Answer([Text("well")])]
    async with traced(ModelServer(answer=scripted(answers), cancel_mode=CancelMode.IGNORE)) as it:
        await it.pair.ask("warm")
        async with it.pair.session.respond("Hi") as response:
            await it.pair.deltas(response, 1)
        await it.pair.ask("Ho")
        await trio.sleep(5)
        settled = it.pair.session.statistics().settled

    assert {"completed": 1} == settled
    assert [] == it.spans("drain gpt-4.1")


async def test_a_handler_that_ran_has_a_span_of_its_own(autojump_clock: trio.testing.MockClock) -> None:
    async def look(where: str) -> str:
        await trio.sleep(3)
        return where

    async def fail() -> None:
        raise KeyError(SECRET)

    tools = Tools()
    for handler in (look, fail):
        tools.add(handler)
    tools.add(trio.sleep_forever, name="hang", description="Hang.", parameters={"type": "object"}, timeout=5)
    called = Answer([Call("look", '{"where": "here"}', "call_1"), Call("fail", "{}", "call_2"), Call("hang", "{}", "call_3")])
    async with (
        traced(ModelServer(AZURE, scripted([called, Answer([Text("Fine.")])]))) as it,
        it.pair.session.converse(Conversation(SECRET), tools=tools) as turn,
    ):
        await turn.text()

    spans = {span.name: span for span in it.spans()}
    assert {"chat gpt-4.1", "execute_tool look", "execute_tool fail", "execute_tool hang"} == set(spans)
    assert {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.type": "function",
    } == said(spans["execute_tool look"])
    assert [None, "KeyError", "timeout"] == [
        said(spans[f"execute_tool {name}"]).get("error.type") for name in ("look", "fail", "hang")
    ]
    assert 3_000_000_000 == (spans["execute_tool look"].end_time or 0) - (spans["execute_tool look"].start_time or 0)
    assert SECRET not in str([span.to_json() for span in it.spans()])


async def test_what_becomes_of_added_words_is_an_event(autojump_clock: trio.testing.MockClock) -> None:
    answers = [Answer([Text("one two", interval=1.0)]), Answer([Text("Briefly.")])]
    async with traced(ModelServer(answer=scripted(answers))) as it, it.pair.session.respond("Tell me.") as response:
        await it.pair.deltas(response, 1)
        response.steer(SECRET)
        await response.text()
        response.steer("Too late.")

    (span,) = it.spans()
    assert ["steering accepted", "steering applied"] == [name for name in events(span) if name.startswith("steering")]
    assert SECRET not in span.to_json()
