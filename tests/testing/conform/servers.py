"""Servers for the rows: what is said to them, or what they say, is changed until one promise is broken."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import attrs

from rejoinder.engine.wire import WireClosed
from rejoinder.testing import Answer, AnswerFunction, ModelServer, Received, Text
from rejoinder.testing.conform import obliging_answer
from rejoinder.testing.server_profiles import OPENAI
from testing.conform.alterations import Alteration, as_frames

__all__ = [
    "Maker",
    "asking",
    "calls",
    "changing",
    "closing_after_errors",
    "error_becomes",
    "in_response",
    "is_odd",
    "lanes_in_secret",
    "large_ones_refused",
    "numbered_by_connection",
    "odd_frames_close",
    "one_at_a_time",
    "only_the_first",
    "passing_over",
    "says",
    "second_refused",
    "without",
]

Maker: TypeAlias = Callable[[], Alteration]
"""Makes what becomes of a connection's frames, anew for each connection."""


def changing(change: Callable[[dict[str, Any]], object]) -> Maker:
    """Change what the server says."""
    return lambda: Alteration(received=as_frames(change))


def asking(change: Callable[[dict[str, Any]], object]) -> Maker:
    """Change what the client asks, so that the server answers something else."""
    return lambda: Alteration(sent=as_frames(change))


def without(kind: str) -> Maker:
    """Lose the first event of a type, on each connection."""

    def make() -> Alteration:
        lost: list[object] = []

        def received(body: dict[str, Any]) -> Sequence[Any]:
            if body.get("type") == kind and not lost:
                lost.append(body)
                return []
            return [body]

        return Alteration(received=received)

    return make


def passing_over(what: Callable[[Any], bool]) -> Maker:
    """Keep from the server what it is to react to."""
    return lambda: Alteration(sent=lambda body: [] if what(body) else [body])


def is_odd(body: object) -> bool:
    """Whether a frame is no create."""
    return not isinstance(body, dict) or cast("dict[str, object]", body).get("type") != "response.create"


def numbered_by_connection() -> Alteration:
    """Go on counting from one response to the next."""
    numbers = itertools.count()

    def number(body: dict[str, Any]) -> None:
        if "sequence_number" in body:
            body["sequence_number"] = next(numbers)

    return Alteration(received=as_frames(number))


def closing_after_errors() -> Alteration:
    """End the connection with each error."""
    return Alteration(received=lambda body: [body, WireClosed(1008)] if body.get("type") == "error" else [body])


def lanes_in_secret() -> Alteration:
    """Run what is on one lane on two."""
    names = itertools.count()
    return Alteration(
        sent=as_frames(lambda body: body.update(stream_id=f"secret-{next(names)}")),
        received=as_frames(lambda body: body.pop("stream_id", None)),
    )


def second_refused() -> Alteration:
    """Refuse every second create."""
    count = itertools.count(1)
    return Alteration(sent=as_frames(lambda body: body.update(input=0) if next(count) % 2 == 0 else None))


def in_response(name: str, value: object) -> Maker:
    """Say something else in the response object of `response.created`."""
    return changing(lambda body: body["response"].update({name: value}) if body["type"] == "response.created" else None)


def error_becomes(body: dict[str, Any]) -> Maker:
    """Send this in place of each error."""
    return lambda: Alteration(received=lambda given: [body] if given.get("type") == "error" else [given])


def says(answer: Answer) -> ModelServer:
    """A server that says this, whatever it is asked."""

    def always(received: Received) -> Answer:
        return answer

    return ModelServer(OPENAI, always)


def calls(answer: Answer) -> ModelServer:
    """A server that says this when it is given tools."""

    def when_given(received: Received) -> Answer:
        return answer if received.body.get("tools") else Answer([Text("Hello.")])

    answers: AnswerFunction = when_given
    return ModelServer(OPENAI, answers)


def only_the_first() -> Alteration:
    """Lose every create but a connection's first."""
    seen = itertools.count()
    return Alteration(sent=lambda body: [body] if next(seen) == 0 else [])


def one_at_a_time() -> ModelServer:
    """A server with lanes, of which only one is served at a time."""
    return ModelServer(attrs.evolve(OPENAI, max_in_flight=1), obliging_answer)


def odd_frames_close() -> Alteration:
    """End the connection in answer to what is no create."""
    return Alteration(
        sent=lambda body: [{"type": "response.create"}] if is_odd(body) else [body],
        received=lambda body: [WireClosed(1003)] if body.get("type") == "error" else [body],
    )


def large_ones_refused() -> Alteration:
    """Refuse what is too large with an event, and close."""
    return Alteration(
        sent=lambda body: [{"type": "response.create"}] if len(json.dumps(body)) > 10_000 else [body],
        received=lambda body: [body, WireClosed(1009)] if body.get("type") == "error" else [body],
    )
