"""Recorded streams, replayed frame by frame through the simulator, a real socket and the engine.

What the caller receives must be what the recorded final response says: text, calls, usage. The requests of the recorded WebSocket
conversation must be what this engine sends for the same conversation, given whole each turn.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from rejoinder.engine import Endpoint, Interrupted, ResponseFailed, Result, Settings, Transport, open_session
from rejoinder.states.profiles import AZURE
from rejoinder.testing import GENERIC, ModelServer
from rejoinder.testing.recorded import RecordedResponse, read_recording, replay
from rejoinder.testing.simulator import serve

RECORDINGS = Path(__file__).parent.parent / "recordings"
WEBSOCKET = "ws-openai-function-tool-gpt4o.jsonl"
WHOLE = [
    "http-openai-tool-calls-3turn.jsonl",
    "http-openai-two-turn-text-gpt4o.jsonl",
    "sse-openai-code-interpreter.jsonl",
    "sse-openai-mcp-approval-1.jsonl",
    "sse-openai-mcp-approval-2.jsonl",
    "sse-openai-phase.jsonl",
    "sse-openai-reasoning-encrypted.jsonl",
    "sse-openai-web-search.jsonl",
    "sse-xai-text-store-false.jsonl",
    WEBSOCKET,
]


def final_text(response: RecordedResponse) -> str:
    """The text of the recorded final response."""
    assert response.final is not None
    return "".join(
        part["text"]
        for item in response.final["output"]
        if item["type"] == "message"
        for part in item["content"]
        if part["type"] == "output_text"
    )


def delta_text(response: RecordedResponse) -> str:
    """The recorded text deltas, joined."""
    return "".join(body["delta"] for body in response.bodies if body["type"] == "response.output_text.delta")


def final_calls(response: RecordedResponse) -> list[tuple[str, str, str]]:
    """Id, name and arguments of the calls in the recorded final response."""
    assert response.final is not None
    return [
        (item["call_id"], item["name"], item["arguments"]) for item in response.final["output"] if item["type"] == "function_call"
    ]


def calls_of(result: Result) -> list[tuple[str, str, str]]:
    """Id, name and arguments of the calls that the caller received."""
    return [(call["call_id"], call["name"], call["arguments"]) for call in result.calls]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.original("C1:test_function_call_sequence")
@pytest.mark.parametrize("transport", get_args(Transport))
async def test_callers_receive_what_the_recorded_final_response_says(name: str, transport: Transport) -> None:
    recorded = read_recording(RECORDINGS / name)
    async with (
        serve(ModelServer(GENERIC, replay(recorded))) as simulator,
        open_session(Endpoint(simulator.url, api_key="key", profile=AZURE), transport=transport) as session,
    ):
        for response in recorded:
            types: list[str] = []
            text = ""
            # Recorded conversations were chained by their clients; created echoes the id, and another echo would be foreign.
            named = response.bodies[0]["response"].get("previous_response_id")
            async with session.respond("Hello", previous_response_id=named, store=True) as running:
                async for event in running:
                    types.append(event.type)
                    if event.type == "response.output_text.delta":
                        text += event.raw["delta"]
                result = await running.result()

            assert response.final is not None
            assert [body["type"] for body in response.bodies] == types
            assert delta_text(response) == text
            assert final_text(response) == result.text
            assert final_calls(response) == calls_of(result)
            assert response.final["usage"] == result.usage
            assert response.final["id"] == result.id


@pytest.mark.parametrize("transport", get_args(Transport))
async def test_the_recorded_fault_is_one_failure_with_the_servers_code(transport: Transport) -> None:
    recorded = read_recording(RECORDINGS / "sse-openai-error-then-failed.jsonl")
    async with (
        serve(ModelServer(GENERIC, replay(recorded))) as simulator,
        open_session(Endpoint(simulator.url, api_key="key", profile=AZURE), transport=transport) as session,
        session.respond("Hello") as response,
    ):
        with pytest.raises(ResponseFailed) as caught:
            await response.result()

        assert caught.value.failure is not None
        assert "insufficient_quota" == caught.value.failure.code
        assert recorded[0].response_id == caught.value.partial.id


async def test_the_recorded_websocket_conversation_is_sent_as_it_was_recorded() -> None:
    recorded = read_recording(RECORDINGS / WEBSOCKET)
    server = ModelServer(GENERIC, replay(recorded))
    requests = [response.request for response in recorded]
    assert requests[0] is not None
    assert requests[1] is not None
    asked: list[dict[str, Any]] = [{"type": "message", "role": "user", "content": requests[0]["input"]}]
    fields = {"tools": requests[0]["tools"], "store": True}
    async with (
        serve(server) as simulator,
        open_session(Endpoint(simulator.url, api_key="key", profile=AZURE), Settings(model="gpt-4o")) as session,
    ):
        async with session.respond(asked, **fields) as response:
            first = await response.result()
        whole = [*asked, *first.output, *requests[1]["input"]]
        async with session.respond(whole, **fields) as response:
            second = await response.result()

    sent = [entry.body for entry in server.log if entry.type == "response.create"]
    # The recorded client wrote its first message as a string; ours writes the same message as an item.
    assert {**requests[0], "input": asked} == sent[0]
    assert requests[1] == sent[1]
    assert final_text(recorded[1]) == second.text


async def test_a_recording_that_ends_before_its_terminal_is_an_interruption_with_what_came() -> None:
    whole = read_recording(RECORDINGS / "http-openai-two-turn-text-gpt4o.jsonl")[0]
    deltas = [index for index, body in enumerate(whole.bodies) if body["type"] == "response.output_text.delta"]
    cut = RecordedResponse(whole.events[: deltas[0] + 1], whole.request)
    server = ModelServer(GENERIC, replay([cut]))
    async with (
        serve(server) as simulator,
        open_session(Endpoint(simulator.url, api_key="key", profile=AZURE)) as session,
        session.respond("Hello") as response,
    ):
        text = ""
        async for event in response:
            if event.type == "response.output_text.delta":
                text += event.raw["delta"]
                break
        simulator.proxy.connections[-1].reset()
        with pytest.raises(Interrupted) as caught:
            await response.result()

    assert delta_text(cut) == text
    assert delta_text(cut) == caught.value.partial.text
