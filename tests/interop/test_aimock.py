"""The engine against ``aimock``, a server that we did not write, over a real socket.

It is a sloppy one, as gateways are: frames without sequence numbers, errors without a status, responses that do not say what they
continue, ids of another form, ``previous_response_id`` unheeded. The engine has to live with all of that.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.counterparts import AFTER, NODE, QUESTION, STORY, documented, node_server
from rejoinder.engine import Conversation, Endpoint, ResponseFailed, Session, Settings, Tools, open_session

CALLS = ["LLMock.on", "LLMock.onMessage", "LLMock.start", "LLMock.getRequests"]
tools = Tools()


@tools.add
async def clock(city: str) -> str:
    """Tell the time in a city."""
    return f"noon in {city}"


async def talk(session: Session) -> list[str]:
    """The conversation that is held with everybody; what was heard."""
    conversation = Conversation(QUESTION)
    async with session.converse(conversation, tools=tools) as turn:
        heard = [await turn.text()]
    conversation.user(STORY)
    async with session.respond(conversation) as response:
        story = ""
        async for delta in response.text_deltas():
            story += delta
            if len(story) >= 16:
                break
    heard.append(story[:16])
    conversation.user(AFTER)
    async with session.respond(conversation) as response:
        heard.append(await response.text())
    return heard


@pytest.mark.interop
async def test_two_turns_with_a_tool_call_and_an_interruption(tmp_path: Path) -> None:
    async with node_server(NODE, tmp_path) as server:
        endpoint = Endpoint(server.url.replace("http", "ws", 1) + "/v1/responses", api_key="test-key")
        async with open_session(endpoint, Settings(model="gpt-4.1")) as session:
            heard = await talk(session)
            async with session.respond("Fail.") as failing:
                with pytest.raises(ResponseFailed) as caught:
                    await failing.result()
            async with session.respond(AFTER) as response:
                again = await response.text()
            counts = session.statistics().counts

    assert ["It is noon in Oslo.", "Once upon a time", "I am here."] == heard
    assert "I am here." == again
    assert caught.value.failure is not None
    assert ("broken", None) == (caught.value.failure.code, caught.value.failure.status)
    # A server's error is a reason to try once more.
    assert [200, 200, 200, 200, 500, 500, 200] == [request["status"] for request in server.requests]
    # Only the output of the tool went out after the call. This server does not know what is continued, and makes the call up.
    assert ["assistant", "tool"] == server.requests[1]["messages"]
    assert 0 == counts.get("Illegal", 0)
    assert documented({"package": "@copilotkit/aimock", "version": server.version, "calls": CALLS}, "aimock/serve.mjs")
