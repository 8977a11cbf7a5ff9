"""A tool-calling agent: it answers a question with the help of functions, and shows what it does.

    python examples/tool_agent.py "When does the library open on Saturday, and how long is it open?"

It talks to OpenAI with the key from OPENAI_API_KEY. A WebSocket address as the second argument takes another server.
"""

import sys
from collections.abc import Mapping
from typing import Literal

import trio
import trio.lowlevel

from rejoinder.engine import (
    CallFinished,
    CallsStarted,
    Conversation,
    Endpoint,
    OutputTextDelta,
    Session,
    ToolCall,
    Tools,
    open_session,
)

Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

HOURS: Mapping[str, tuple[int, int]] = {"Friday": (9, 20), "Saturday": (10, 16)}
"""When the library is open, in hours."""

tools = Tools(timeout=10)


@tools.add
async def opening_hours(day: Day, call: ToolCall) -> dict[str, int] | str:
    """Look up when the library is open.

    Args:
        day: The day of the week.
        call: Rejoinder gives this one, and the model does not know of it.
    """
    hours: Mapping[str, tuple[int, int]] = call.resources
    await trio.lowlevel.checkpoint()  # a real one would ask a database here
    return {"opens": hours[day][0], "closes": hours[day][1]} if day in hours else "closed all day"


@tools.add
def difference(minuend: float, subtrahend: float) -> float:
    """Subtract one number from another."""
    return minuend - subtrahend


async def answer(session: Session, question: str) -> str:
    """Answer a question, and say on the way what is going on; returns all that the model said."""
    conversation = Conversation(question, instructions="Use the functions for hours and for arithmetic.")
    said = ""
    async with session.converse(conversation, tools=tools, resources=HOURS, rounds=8) as turn:
        async for event in turn:
            if isinstance(event, OutputTextDelta):
                print(event.delta, end="", flush=True)
                said += event.delta
            elif isinstance(event, CallsStarted):
                for call in event.calls:
                    print(f"[calls {call.name}: {call.arguments}]")
            elif isinstance(event, CallFinished):
                print(f"[{event.call.name} returned {event.output}]")
    print()
    return said


async def main(*arguments: str) -> None:
    """Answer one question over a session of its own."""
    question = arguments[0] if arguments else "When does the library open on Saturday, and how long is it open?"
    endpoint = Endpoint(arguments[1], api_key="none") if len(arguments) > 1 else Endpoint()
    async with open_session(endpoint) as session:
        await answer(session, question)


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])
