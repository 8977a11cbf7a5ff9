"""The official ``openai`` SDK against the simulator, over a real socket, in an environment of its own.

Third-party clients never enter this project's environment (their pins contradict ours); each is a script that declares what it
needs and is run by ``uv run --script``. Where uv or the package registry is out of reach the test is skipped and says so.
"""

from __future__ import annotations

import attrs
import pytest

from harness.counterparts import ANSWERS, documented, run_client, teller
from rejoinder.testing import OPENAI, Answer, ModelServer, Received, Stall, Text, plain_answer
from rejoinder.testing.script import ErrorFrame
from rejoinder.testing.simulator import serve


def asked(server: ModelServer) -> list[tuple[str | None, str | None]]:
    """The lane and the continued response of each create."""
    return [(create.get("stream_id"), create.get("previous_response_id")) for create in server.creates()]


def errors(server: ModelServer) -> list[object]:
    """The errors that the server sent."""
    return [entry.body for entry in server.log if entry.direction == "out" and entry.type == "error"]


@pytest.mark.interop
async def test_a_conversation_on_two_lanes_of_one_socket() -> None:
    server = ModelServer(OPENAI, teller)
    async with serve(server) as simulator:
        seen = await run_client("openai_sdk_lanes.py", simulator.http_url.removesuffix("/responses"))

    assert seen["answers"] == ANSWERS
    assert [("first", None), ("first", "resp_1"), ("first", "resp_2"), ("second", "resp_2")] == asked(server)
    assert 1 == len(simulator.upgrades)
    assert [] == errors(server)
    assert documented(seen, "openai_sdk_lanes.py")


@pytest.mark.interop
async def test_a_conversation_over_two_sockets_of_the_async_client() -> None:
    server = ModelServer(attrs.evolve(OPENAI, remembers_stored=True), teller)
    async with serve(server) as simulator:
        seen = await run_client("openai_sdk_async.py", simulator.http_url.removesuffix("/responses"))

    assert seen["answers"] == ANSWERS
    assert [(None, None), (None, "resp_1"), (None, "resp_2"), (None, "resp_2")] == asked(server)
    assert 2 == len(simulator.upgrades)
    assert [] == errors(server)
    assert documented(seen, "openai_sdk_async.py")


@pytest.mark.interop
async def test_a_conversation_over_http() -> None:
    server = ModelServer(OPENAI, teller)
    async with serve(server) as simulator:
        seen = await run_client("openai_sdk_streams.py", simulator.http_url.removesuffix("/responses"))

    assert seen["answers"] == ANSWERS
    assert [(None, None), (None, "resp_1"), (None, "resp_2"), (None, "resp_2")] == asked(server)
    assert (0, 4) == (len(simulator.upgrades), len(simulator.http_requests))
    assert [] == errors(server)
    assert documented(seen, "openai_sdk_streams.py")


def by_question(received: Received) -> Answer:
    """What is said to the client over HTTP."""
    if received.text == "never ends":
        return Answer([Text("one"), Stall()])
    if received.text == "refuse me":
        return Answer(reject=ErrorFrame(status=429, code="slow_down", type="requests", headers={"retry-after": "3"}))
    return plain_answer(received)


@pytest.mark.interop
async def test_everything_else_over_http_is_in_its_place() -> None:
    async with serve(ModelServer(OPENAI, by_question)) as simulator:
        seen = await run_client("openai_sdk_http.py", simulator.http_url.removesuffix("/responses"))

    streamed, background = seen["streamed"], seen["background"]
    assert ("You said: streamed", "You said: streamed") == (streamed["text"], streamed["final"])
    assert ("response.created", "response.completed") == (streamed["types"][0], streamed["types"][-1])
    assert ("You said: in one piece", "You said: and then") == (seen["whole"]["text"], seen["whole"]["after"])
    assert seen["whole"]["tokens"] > 0
    assert {"text": "You said: in one piece", "items": 1} == seen["kept"]
    assert 404 == seen["removed"]
    assert (list(range(len(background["numbers"]))), "response.completed") == (background["numbers"], background["last"])
    assert ["cancelled", "cancelled"] == seen["cancelled"]
    assert seen["counted"] > 0
    assert ("slow_down", "3") == (seen["refused"]["code"], seen["refused"]["after"])
    assert seen["refused"]["request_id"].startswith("req_")
    assert documented(seen, "openai_sdk_http.py")
