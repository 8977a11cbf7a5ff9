"""Short ways to talk to a `ModelServer` in tests."""

import json
import math
from typing import Any

from rejoinder.testing import Close, Message, ModelServer, Outgoing


def create(text: str | list[Any] = "hi", **fields: object) -> str:
    """Write a `response.create`; a field that is None is left out."""
    body: dict[str, object] = {"type": "response.create", "model": "m", "input": text, **fields}
    return json.dumps({key: value for key, value in body.items() if value is not None})


def cancel(response_id: object) -> str:
    """Write a `response.cancel`."""
    return json.dumps({"type": "response.cancel", "response_id": response_id})


def settle(server: ModelServer, until: float = math.inf) -> list[Outgoing]:
    """Everything the server says until a time, fetched when it is due."""
    said: list[Outgoing] = []
    while (deadline := server.next_deadline()) is not None and deadline <= until:
        said += server.poll(deadline)
    if until < math.inf:
        said += server.poll(until)
    return said


def ask(server: ModelServer, connection: int, frame: str | bytes, now: float, until: float | None = None) -> list[Outgoing]:
    """Send a frame and return what the server says to it, by default at once."""
    server.receive(connection, frame, now)
    return settle(server, now if until is None else until)


def kinds(said: list[Outgoing]) -> list[str]:
    """The type of each frame; `(code)` for a close, `(drop)` for a loss, `(raw)` for what is no event."""
    return [
        (each.type or "(raw)").removeprefix("response.")
        if isinstance(each, Message)
        else f"({each.code})"
        if isinstance(each, Close)
        else "(drop)"
        for each in said
    ]


def bodies(said: list[Outgoing], kind: str | None = None) -> list[dict[str, Any]]:
    """The events said, or those of one type."""
    return [each.body for each in said if isinstance(each, Message) and kind in {None, each.type}]


def error(said: list[Outgoing]) -> dict[str, Any]:
    """The only frame said, an error."""
    (body,) = bodies(said)
    assert body["type"] == "error"
    return body


def final(said: list[Outgoing]) -> dict[str, Any]:
    """The response object of the last event said, a terminal."""
    body = bodies(said)[-1]
    assert body["type"] in {"response.completed", "response.failed", "response.incomplete"}
    response: dict[str, Any] = body["response"]
    return response


def code(said: list[Outgoing]) -> str | None:
    """The code of the only frame said, an error."""
    value: str | None = error(said)["error"]["code"]
    return value
