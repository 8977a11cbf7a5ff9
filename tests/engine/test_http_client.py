"""What is asked over HTTP and how a refusal reads, without a network."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest
import trio

from rejoinder.engine import Endpoint, InvalidEndpoint, SessionClosed, Settings
from rejoinder.engine.http_client import HttpClient, error_frame, request_id_of

KEY = "test-key-that-must-never-be-shown"
REQUEST = httpx.Request("POST", "https://example.org/v1/responses")


def client_of(handler: Any = None, url: str = "wss://example.org/v1/responses", **settings: Any) -> HttpClient:  # noqa: ANN401
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"url": str(request.url), "method": request.method})

    transport = httpx.MockTransport(handler or answer)
    return HttpClient(Endpoint(url, KEY), Settings(**settings), options={"transport": transport})


@pytest.mark.parametrize(
    "url, path, query, expected",
    [
        ("wss://example.org/v1/responses", "", None, "https://example.org/v1/responses"),
        ("wss://example.org/v1/responses/", "/compact", None, "https://example.org/v1/responses/compact"),
        (
            "ws://localhost:8000/v1/responses",
            "/resp_1",
            {"stream": "true"},
            "http://localhost:8000/v1/responses/resp_1?stream=true",
        ),
        (
            "wss://example.org/responses?api-version=1",
            "/resp_1",
            {"a": "b"},
            "https://example.org/responses/resp_1?api-version=1&a=b",
        ),
    ],
)
async def test_addresses(url: str, path: str, query: dict[str, str] | None, expected: str) -> None:
    client = client_of(url=url)
    async with client.ask("GET", path, query=query) as response:
        await response.aread()

    assert {"url": expected, "method": "GET"} == response.json()


async def test_body_and_headers() -> None:
    seen: list[httpx.Request] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        await request.aread()
        seen.append(request)
        return httpx.Response(200)

    client = client_of(handler)
    async with client.ask("POST", body='{"a":"ä"}', accept="text/event-stream"):
        pass

    (request,) = seen
    assert '{"a":"ä"}'.encode() == request.content
    assert ("10", "application/json", "text/event-stream", f"Bearer {KEY}") == tuple(
        request.headers[name] for name in ("content-length", "content-type", "accept", "authorization")
    )
    assert {"connect": 10.0, "read": None, "write": 20.0, "pool": None} == request.extensions["timeout"]


def test_nothing_shows_the_key() -> None:
    assert KEY not in repr(client_of())


async def test_our_own_client_is_made_when_it_is_needed_and_closed_once() -> None:
    context = ssl.create_default_context()
    client = HttpClient(Endpoint("ws://localhost:1/v1/responses", KEY), Settings(ssl_context=context))
    with pytest.raises(httpx.ConnectError):
        async with client.ask("GET"):
            pytest.fail("Nobody listens there.")  # pragma: no cover
    await client.aclose()
    await client.aclose()
    with pytest.raises(SessionClosed):
        async with client.ask("GET"):
            pytest.fail("It is closed.")  # pragma: no cover


@pytest.mark.parametrize("options", [{"nonsense": 1}, {"proxy": "no address"}, {"proxy": 7}])
def test_options_that_cannot_work(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidEndpoint, match="The HTTP client cannot be made"):
        HttpClient(Endpoint("wss://example.org/v1/responses", KEY), Settings(), options=options)


@pytest.mark.parametrize(
    "content, expected",
    [
        (b'{"error":{"message":"No.","code":"bad","param":null}}', {"message": "No.", "code": "bad"}),
        (b'{"error":"No."}', {"message": "No."}),
        (b'{"error":""}', {"message": "The server answered with HTTP status 400."}),
        (b'{"error":null}', {"message": "The server answered with HTTP status 400."}),
        (b'{"detail":"No."}', {"message": "The server answered with HTTP status 400."}),
        (b"[1]", {"message": "The server answered with HTTP status 400."}),
        (b"<html>", {"message": "The server answered with HTTP status 400."}),
        (b"", {"message": "The server answered with HTTP status 400."}),
        (b"\xff\xfe", {"message": "The server answered with HTTP status 400."}),
        (b"x" * 3_000_000, {"message": "The server answered with HTTP status 400."}),
    ],
)
async def test_a_refusal_as_a_frame(content: bytes, expected: dict[str, Any]) -> None:
    frame = await error_frame(httpx.Response(400, content=content, request=REQUEST))

    assert {"type": "error", "status": 400, "error": expected, "headers": {}} == frame


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({"retry-after": "7"}, {"retry-after": "7"}),
        ({"retry-after": "1.5", "retry-after-ms": "1500"}, {"retry-after": "1.5", "retry-after-ms": "1500"}),
        ({"retry-after": "soon"}, {"retry-after": "soon"}),
        ({"x-should-retry": "false", "x-request-id": "req_1"}, {"x-should-retry": "false", "x-request-id": "req_1"}),
        ({"set-cookie": "secret", "server": "x"}, {}),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:05 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"retry-after": "5"}),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:05 -0000", "date": "Wed, 21 Oct 2026 07:28:00 -0000"}, {"retry-after": "5"}),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:05 GMT"}, {"retry-after": "0"}),
    ],
)
async def test_what_a_refusal_tells_beside_its_body(headers: dict[str, str], expected: dict[str, str]) -> None:
    response = httpx.Response(503, headers=headers, request=REQUEST)
    frame = await error_frame(response)

    assert expected == frame["headers"]
    assert expected.get("x-request-id") == request_id_of(response)


async def test_a_client_of_the_callers_is_left_alone() -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as given:
        client = HttpClient(Endpoint("wss://example.org/v1/responses", KEY), Settings(), given)
        async with client.ask("GET") as response:
            assert response.is_success
        await client.aclose()
        assert not given.is_closed
    await trio.lowlevel.checkpoint()
