"""What is said to a server under examination.

Rules of this file:

* A conversation only speaks and listens; what it comes to is decided by the rows.
* It is polite to real servers: short prompts, nothing stored, and a warm-up where a create without output will do.
"""

from __future__ import annotations

from typing import Final

import trio

from rejoinder.states.codec import encode_cancel
from rejoinder.states.content_events import OutputItemDone
from rejoinder.states.json_values import write
from rejoinder.states.stream_events import FrameKind
from rejoinder.testing.conform.records import End
from rejoinder.testing.conform.talk import Talk, says

__all__ = [
    "BAD_LANE",
    "CALL_RESULT",
    "COUNTING",
    "FIRST_LANE",
    "GREETING",
    "LANE_NAMES",
    "METADATA",
    "RECALL",
    "REMEMBER",
    "SECOND_LANE",
    "TOOL",
    "WORD",
]

GREETING: Final = "Say hello in one short sentence."
COUNTING: Final = "Count from 1 to 40 in English words, one number a line. Write nothing else."
"""An answer that takes a while."""
WORD: Final = "quillwort"
REMEMBER: Final = f"Remember this word, I shall ask for it: {WORD}. For now answer with one word: Remembered."
RECALL: Final = "Which word did I ask you to remember? Answer with that word only."
WEATHER: Final = "What is the weather in Oslo? Use the tool."
METADATA: Final = {"conform": "plain"}
TOOL: Final = {
    "type": "function",
    "name": "look_up_weather",
    "description": "Look up the weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
CALL_RESULT: Final = "Light snow, two degrees below zero."
UNKNOWN_RESPONSE: Final = "resp_" + 48 * "0"
"""An identifier of the usual form that no server has given out."""
FIRST_LANE: Final = "conform-a"
SECOND_LANE: Final = "conform-b"
BAD_LANE: Final = "no lane may have this name!"
LANE_NAMES: Final = 32
"""Distinct lane names in the life of a connection (OpenAI WebSocket guide)."""
TOO_LARGE: Final = 16 * 1024 * 1024 + 1
"""Bytes: one more than the largest inbound message (reported)."""


async def plain(talk: Talk) -> None:
    """One question, one answer, and a moment of silence after it."""
    async with talk.open() as line:
        exchange = await line.ask(says(GREETING), metadata=METADATA)
        if exchange.end is End.TERMINAL:
            await line.listen(exchange)


async def stream_field(talk: Talk) -> None:
    """One question with `stream: true`."""
    async with talk.open() as line:
        await line.ask(says(GREETING), stream=True)


async def memory(talk: Talk) -> None:
    """Two questions, the second of which needs the first."""
    async with talk.open() as line:
        first = await line.ask(says(REMEMBER))
        if first.end is End.TERMINAL:
            await line.ask(says(RECALL), previous_response_id=first.response_id)


async def unknown_response(talk: Talk) -> None:
    """A continuation of what never was, then a question."""
    async with talk.open() as line:
        await line.ask(says(GREETING), previous_response_id=UNKNOWN_RESPONSE)
        await line.ask(says(GREETING))


async def failed_continuation(talk: Talk) -> None:
    """A question, a continuation that cannot be read, and the same continuation written well."""
    async with talk.open() as line:
        first = await line.ask(says(GREETING))
        if first.end is End.TERMINAL:
            await line.ask(0, previous_response_id=first.response_id)
            await line.ask(says(GREETING), previous_response_id=first.response_id)


async def new_connection(talk: Talk) -> None:
    """A question on one connection, and its continuation on another."""
    async with talk.open() as line:
        first = await line.ask(says(GREETING))
    if first.end is End.TERMINAL:
        async with talk.open() as line:
            await line.ask(says(GREETING), previous_response_id=first.response_id)


async def warm_up(talk: Talk) -> None:
    """A warm-up, and a question that continues it."""
    async with talk.open() as line:
        first = await line.ask(says(REMEMBER), generate=False)
        if first.end is End.TERMINAL:
            await line.ask(says(RECALL), previous_response_id=first.response_id)


async def tool_call(talk: Talk) -> None:
    """A question that wants a tool, and the tool's answer."""
    async with talk.open() as line:
        first = await line.ask(says(WEATHER), tools=[TOOL], tool_choice="required")
        calls = [
            name
            for frame in first.frames
            if isinstance(frame.event, OutputItemDone)
            and frame.event.item.get("type") == "function_call"
            and isinstance(name := frame.event.item.get("call_id"), str)
        ]
        if first.end is End.TERMINAL and calls:
            outputs = [{"type": "function_call_output", "call_id": call, "output": CALL_RESULT} for call in dict.fromkeys(calls)]
            await line.ask(outputs, previous_response_id=first.response_id, tools=[TOOL])


async def two_at_once(talk: Talk) -> None:
    """Two creates, one right behind the other."""
    async with talk.open() as line:
        await line.begin(says(COUNTING))
        await line.begin(says(GREETING))
        await line.collect(2)


async def two_lanes(talk: Talk) -> None:
    """Two creates at once, on two lanes."""
    async with talk.open() as line:
        await line.begin(says(COUNTING), stream_id=FIRST_LANE)
        await line.begin(says(GREETING), stream_id=SECOND_LANE)
        await line.collect(2)


async def bad_lane(talk: Talk) -> None:
    """A create on a lane whose name is not allowed."""
    async with talk.open() as line:
        await line.ask(says(GREETING), stream_id=BAD_LANE)


async def many_lanes(talk: Talk) -> None:
    """A warm-up on each of as many lanes as there may be, and on one more."""
    async with talk.open() as line:
        for number in range(LANE_NAMES + 1):
            await line.begin(says(GREETING), stream_id=f"conform-{number}", generate=False)
        await line.collect(LANE_NAMES + 1)


async def cancel(talk: Talk) -> None:
    """A long answer, a `response.cancel` in the middle of it, and another question."""
    async with talk.open() as line:
        exchange = await line.begin(says(COUNTING))
        if await line.read_until(exchange, FrameKind.CONTENT):
            await line.send(encode_cancel(exchange.response_id or ""))
            await line.finish(exchange, errors_end_it=False)
            if exchange.end is End.TERMINAL:
                await line.listen(exchange)
                await line.ask(says(GREETING))


async def unknown_type(talk: Talk) -> None:
    """A frame of a type that does not exist, then a question."""
    await _odd_frame(talk, write({"type": "response.conform"}))


async def broken_json(talk: Talk) -> None:
    """A frame that breaks off, then a question."""
    await _odd_frame(talk, '{"type": "response.create", "input": [')


async def binary(talk: Talk) -> None:
    """A binary frame that is no text, then a question."""
    await _odd_frame(talk, b"\x00\xff\xfe")


async def ping(talk: Talk) -> None:
    """A ping."""
    async with talk.open() as line:
        await line.ping()


async def close(talk: Talk) -> None:
    """A connection that is opened, and closed at once."""
    async with talk.open():
        began = trio.current_time()
    talk.transcript.closed_after = trio.current_time() - began


async def too_large(talk: Talk) -> None:
    """A create above the limit for inbound messages."""
    async with talk.open() as line:
        await line.ask(says("x" * TOO_LARGE))


async def _odd_frame(talk: Talk, data: str | bytes) -> None:
    async with talk.open() as line:
        await line.send(data)
        await line.listen(until_error=True)
        await line.ask(says(GREETING))
