"""A server that quotes the key does not get it into what users see."""

from __future__ import annotations

import json

import pytest
import trio.testing

from harness.loopback import answer, http, listen, upgraded
from harness.pair import KEY, open_pair
from rejoinder.engine import Endpoint, Interrupted, ResponseFailed, Settings, open_session
from rejoinder.engine.masking import MASK, masked, secrets_in
from rejoinder.states.profiles import Policy, ReplayPolicy
from rejoinder.testing import AZURE, Answer, ErrorFrame, ModelServer, Text, scripted

QUOTED = f"Incorrect API key provided: {KEY}."
NEVER = Settings(policy=Policy(replay=ReplayPolicy.NEVER))


@pytest.mark.parametrize(
    "headers, secrets",
    [
        ({"Authorization": "Bearer abcdefgh"}, ("abcdefgh",)),
        ({"authorization": "BASIC  abcdefgh "}, ("abcdefgh",)),
        ({"api-key": "abcdefgh", "X-Token": "abcdefghi"}, ("abcdefghi", "abcdefgh")),
        ({"Cookie": "abcdefgh", "X-Client-Secret": "abcdefgh"}, ("abcdefgh",)),
        ({"Authorization": "Bearer short"}, ()),
        ({"User-Agent": "a long name of a program"}, ()),
    ],
)
def test_secrets_are_told_by_the_names_of_their_headers(headers: dict[str, str], secrets: tuple[str, ...]) -> None:
    assert secrets == secrets_in(headers)


def test_every_occurrence_is_masked() -> None:
    assert f"{MASK}, {MASK} and b" == masked("aaaaaaaa, aaaaaaaa and b", ["aaaaaaaa"])
    assert "as it was" == masked("as it was", [])


@pytest.mark.parametrize(
    "said",
    [
        Answer(reject=ErrorFrame(code="invalid_api_key", message=QUOTED)),
        Answer([Text("one"), ErrorFrame(message=QUOTED, shape="wrapped_in_sequence")], terminal="failed"),
        Answer([Text("one")], terminal="failed", error={"code": "server_error", "message": QUOTED}),
    ],
    ids=["refused", "fault", "failed"],
)
async def test_an_error_over_the_socket(said: Answer, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, scripted([said])), settings=NEVER) as pair, pair.session.respond("Hi") as response:
        events: list[str] = []
        with pytest.raises(ResponseFailed, match=r"key provided: \*\*\*") as caught:
            events.extend([json.dumps(event.raw) async for event in response])
        assert KEY not in "".join(events)

    assert KEY not in f"{caught.value!s}{caught.value.failure!r}{caught.value.outcome!r}"


async def test_a_text_is_what_the_model_said(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, scripted([Answer([Text(KEY)])]))) as pair:
        assert KEY == await pair.ask("What is my key?")


async def test_the_reason_of_a_close(loopback_clock: trio.testing.MockClock) -> None:
    async def closes(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        reason = (1008).to_bytes(2, "big") + KEY.encode()
        await stream.send_all(bytes([0x88, len(reason)]) + reason)
        await stream.receive_some()

    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, upgraded(closes))
        async with open_session(Endpoint(listener.url, KEY), NEVER) as session, session.respond("Hi") as response:
            with pytest.raises(Interrupted, match=r"1008: \*\*\*"):
                await response.text()
        nursery.cancel_scope.cancel()


async def test_a_refusal_over_http(loopback_clock: trio.testing.MockClock) -> None:
    body = json.dumps({"error": {"message": QUOTED, "code": "invalid_api_key"}}).encode()
    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, answer(http(401, "Content-Type: application/json", body=body)))
        async with open_session(Endpoint(listener.url, KEY), transport="http") as session:
            with pytest.raises(ResponseFailed, match=r"key provided: \*\*\*"):
                async with session.respond("Hi") as response:
                    await response.text()
            with pytest.raises(ResponseFailed, match=r"key provided: \*\*\*"):
                await session.infer("Hi")
        nursery.cancel_scope.cancel()
