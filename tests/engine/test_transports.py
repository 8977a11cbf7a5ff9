"""Which transport a request takes: the one that was chosen, or with ``auto`` the other for what the first cannot serve."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

from harness.hand_wire import HandNetwork
from harness.loopback import HOST, free_port
from harness.over_http import KEY, open_over_http
from rejoinder.engine import (
    ConnectionFailed,
    Conversation,
    DeadlineExceeded,
    Endpoint,
    Fallback,
    HandshakeFailed,
    InvalidEndpoint,
    InvalidSetting,
    Note,
    Observation,
    Policy,
    Response,
    ResponseFailed,
    Sent,
    SteerStatus,
    open_session,
)
from rejoinder.states.profiles import OPENAI
from rejoinder.testing import Answer, ModelServer, Stall, Text, scripted
from rejoinder.testing.server_faults import ServerFaults

REFUSING = ServerFaults(refuse_status=426)
SMALL = attrs.evolve(OPENAI, inbound_limit=2000)


async def test_auto_is_the_socket_where_that_works(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(transport="auto") as both:
        assert "You said: Hi" == await both.ask("Hi")

    assert [] == both.simulator.http_requests
    assert 1 == len(both.simulator.upgrades)


@pytest.mark.parametrize("status", [426, 404, 400])
async def test_a_refused_upgrade_goes_over_http_visibly(status: int, loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(ModelServer(faults=ServerFaults(refuse_status=status)), transport="auto") as both:
        assert "You said: Hi" == await both.ask("Hi")
        statistics = both.session.statistics()

    assert 1 == statistics.counts["HandedOver"]
    assert Note("HandedOver", detail="request 1 goes over another transport: connection failed") in both.seen
    assert {100_001: "open"} == {number: phase for number, phase in statistics.links.items() if number > 1}
    assert [100_001] == [sent.link for sent in both.seen if isinstance(sent, Sent)]
    assert 1 == statistics.creates


async def test_it_does_not_stick(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=426, refuse_count=1))
    async with open_over_http(server, transport="auto") as both:
        texts = [await both.ask(str(number)) for number in range(3)]
        statistics = both.session.statistics()

    assert [f"You said: {number}" for number in range(3)] == texts
    assert (1, 2) == (len(both.simulator.http_requests), len(both.simulator.upgrades))
    assert 1 == statistics.counts["HandedOver"]


async def test_it_sticks_where_that_is_wanted(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=426, refuse_count=1))
    async with open_over_http(server, transport="auto", sticky=True) as both:
        for number in range(3):
            await both.ask(str(number))

    assert (3, 1) == (len(both.simulator.http_requests), len(both.simulator.upgrades))


async def test_what_is_too_large_for_a_socket_goes_over_http_alone(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(transport="auto", sticky=True, endpoint={"profile": SMALL}) as both:
        assert "You said: small" == await both.ask("small")
        assert ("You said: " + "x" * 3000) == await both.ask("x" * 3000)
        assert "You said: small again" == await both.ask("small again")

    assert (1, 1) == (len(both.simulator.http_requests), len(both.simulator.upgrades))


async def test_without_auto_it_fails_and_says_why(loopback_clock: trio.testing.MockClock) -> None:
    policy = Policy(fallback=Fallback.EACH)
    endpoint = {"profile": SMALL}
    async with open_over_http(ModelServer(faults=REFUSING), transport="websocket", policy=policy) as socket:
        with pytest.raises(ConnectionFailed, match="HTTP status 426"):
            await socket.ask("Hi")
    async with open_over_http(transport="websocket", policy=policy, endpoint=endpoint) as socket:
        with pytest.raises(ResponseFailed, match="this server takes 2000"):
            await socket.ask("x" * 3000)


async def test_a_wrong_key_is_no_reason(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http, open_session(Endpoint(http.simulator.url, "wrong"), transport="auto") as session:
        with pytest.raises(ConnectionFailed, match="status 401"):
            async with session.respond("Hi") as response:
                await response.text()

        assert [] == http.simulator.http_requests


async def test_a_server_that_is_down_is_no_reason(loopback_clock: trio.testing.MockClock) -> None:
    port = free_port()
    async with open_session(Endpoint(f"ws://{HOST}:{port}/v1/responses", KEY), transport="auto") as session:
        with pytest.raises(ConnectionFailed, match="Connection refused"):
            async with session.respond("Hi") as response:
                await response.text()
        assert "HandedOver" not in session.statistics().counts


async def test_a_request_that_was_handed_over_can_be_left(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer([Text("one"), Stall()])]), faults=REFUSING)
    async with open_over_http(server, transport="auto") as both:
        async with both.session.respond("Hi") as response:
            async for _ in response:
                break
        assert "cancelled" == response.status
        assert "You said: next" == await both.ask("next")
        await trio.testing.wait_all_tasks_blocked(0.02)
        assert not both.simulator.server.is_open(0)


async def test_words_do_not_follow_a_request_over_http(loopback_clock: trio.testing.MockClock) -> None:
    async with (
        open_over_http(ModelServer(faults=REFUSING), transport="auto", endpoint={"profile": OPENAI}) as both,
        both.session.respond("Hi") as response,
    ):
        early = response.steer("Shorter, please.")
        async for _ in response:
            break
        late = response.steer("Still shorter, please.")
        assert "You said: Hi" == await response.text()

    assert [SteerStatus.FAILED] * 2 == [await early.settled(), await late.settled()]
    assert "went over HTTP" in str(early.failure)


async def test_a_session_that_ends_ends_both_sides(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer([Stall()])]), faults=REFUSING)
    async with open_over_http(server, transport="auto") as both, both.session.respond("Hi") as response:
        await trio.testing.wait_all_tasks_blocked(0.05)
        both.session.close()
        assert "interrupted" == response.status


async def test_one_that_was_handed_over_has_its_deadlines(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda _: Answer([Stall()], created=0, in_progress=False), faults=REFUSING)
    async with open_over_http(server, transport="auto") as both:
        began = trio.current_time()
        with pytest.raises(DeadlineExceeded, match="did not acknowledge"):
            await both.ask("Hi")

        assert 90 <= trio.current_time() - began < 92


@pytest.mark.parametrize(
    "options, words",
    [
        ({"transport": "carrier pigeon"}, "transport is 'carrier pigeon'. Give one of 'websocket', 'http', 'auto'."),
        ({"transport": "http", "sticky": True}, "sticky says what follows a fallback, and transport='http' has none."),
        ({"transport": "websocket", "sticky": True}, "sticky says what follows a fallback"),
        ({"connector": "websockets"}, r"connector is a str\. Give a function that opens a wire, or leave it out"),
        ({"http_client": httpx.Client}, r"http_client is a type\. Give an httpx\.AsyncClient, which stays yours to close"),
    ],
)
async def test_what_is_no_choice(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        async with open_session(Endpoint("wss://example.org/v1/responses", KEY), **options):
            pytest.fail("It must not open.")  # pragma: no cover


async def test_options_beside_a_client_of_the_callers() -> None:
    async with httpx.AsyncClient() as theirs:
        with pytest.raises(InvalidSetting, match=r"^http_options are for a client of the session's own"):
            async with open_session(
                Endpoint("wss://example.org/v1/responses", KEY), http_client=theirs, http_options={"trust_env": False}
            ):
                pytest.fail("It must not open.")  # pragma: no cover


async def test_options_that_httpx_does_not_take() -> None:
    with pytest.raises(InvalidEndpoint, match=r"The HTTP client cannot be made: .*nonsense.* Give http_options"):
        async with open_session(Endpoint("wss://example.org/v1/responses", KEY), http_options={"nonsense": 1}):
            pytest.fail("It must not open.")  # pragma: no cover


async def test_a_proxy_is_used(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http:
        proxy = f"http://{HOST}:{http.simulator.port}"
        endpoint = Endpoint("ws://localhost:9/v1/responses", KEY)
        async with open_session(endpoint, transport="http", http_options={"proxy": proxy}) as session:
            with pytest.raises(ResponseFailed, match="HTTP status 404"):
                async with session.respond("Hi") as response:
                    await response.text()


async def test_the_state_has_both_sides(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer([Text("one"), Stall()])]), faults=REFUSING)
    async with open_over_http(server, transport="auto") as both:
        async with both.session.respond("Hi") as response:
            async for _ in response:
                break
            running = both.session.state
        after = both.session.state

    assert {1: "failed", 100_001: "open"} == {number: link.phase for number, link in running.links.items()}
    assert (100_001, "lane-1") == (running.requests[1].link, running.requests[1].lane)
    assert 100_001 == running.links[100_001].number
    assert {} == dict(after.requests)
    assert not after.closing


async def test_a_cancel_by_whoever_is_told_of_the_handing_over_counts(loopback_clock: trio.testing.MockClock) -> None:
    network = HandNetwork(HandshakeFailed("An upgrade is required.", status=426))
    conversation = Conversation("Hi")
    async with open_over_http(transport="auto", connector=network.connect) as http:
        asked: list[Response] = []

        def cancel(observation: Observation) -> None:
            if isinstance(observation, Note) and observation.name == "HandedOver":
                asked[0].cancel()

        http.session.observe(cancel)
        async with http.session.respond(conversation) as response:
            asked.append(response)
            await trio.sleep(10)
        creates = http.creates

    assert ("cancelled", []) == (response.status, creates)
    assert 1 == len(conversation)
