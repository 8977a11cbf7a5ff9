"""An interruptible, voice-style loop: whoever speaks while the assistant speaks interrupts it, at once.

    python examples/voice_loop.py

Typing a line is speaking; the assistant "speaks" as fast as it prints. A function that takes long runs in the background: the
talk goes on, and the assistant tells its result by itself. It talks to OpenAI with the key from OPENAI_API_KEY; a WebSocket address
as the first argument takes another server, and a second argument the seconds that one word takes to say.
"""

import sys
from collections.abc import Awaitable, Callable

import trio

from rejoinder.engine import (
    Conversation,
    Endpoint,
    OutputTextDelta,
    RejoinderError,
    ResponseCreated,
    Session,
    Tools,
    open_session,
)

Hear = Callable[[], Awaitable[str | None]]
"""Waits for what the user says next; None when the user has gone."""
Say = Callable[[str], Awaitable[None]]
"""Says a piece of text, and returns when it was said."""

tools = Tools(timeout=60)


@tools.add(cancel_on_interruption=False)
async def order_taxi(street: str) -> str:
    """Order a taxi, which takes a while."""
    await trio.sleep(20)
    return f"a taxi will be in {street} in 5 minutes"


async def talk(session: Session, hear: Hear, say: Say) -> Conversation:
    """Talk until the user has gone; returns what was said, as far as it was heard."""
    conversation = Conversation(instructions="You are on the telephone. Be brief.")
    words = await hear()
    while words is not None:
        conversation.user(words)
        words = await answer(session, conversation, hear, say)
    return conversation


async def answer(session: Session, conversation: Conversation, hear: Hear, say: Say) -> str | None:
    """Speak until the user does, which interrupts what is being said; returns what the user said."""
    async with trio.open_nursery() as nursery:
        spoken = trio.Event()
        nursery.start_soon(keep_speaking, session, conversation, say, spoken)
        words = await hear()
        if words is None:
            await spoken.wait()  # whoever has gone interrupts nobody
        nursery.cancel_scope.cancel()
    return words


async def keep_speaking(session: Session, conversation: Conversation, say: Say, spoken: trio.Event) -> None:
    """Answer; and speak again whenever a function that ran in the background has a result."""
    while True:
        await speak(session, conversation, say)
        spoken.set()
        await session.background_calls.wait(conversation)


async def speak(session: Session, conversation: Conversation, say: Say) -> None:
    """Say what the model says. If that is interrupted, the conversation holds what was heard of it, and no more."""
    heard, response = "", None
    try:
        async with session.converse(conversation, tools=tools) as turn:
            async for event in turn:
                if isinstance(event, ResponseCreated):
                    heard, response = "", turn.response
                elif isinstance(event, OutputTextDelta):
                    await say(event.delta)
                    heard += event.delta
    except RejoinderError as error:
        await say(f"Sorry, something went wrong. ({error})")
    except trio.Cancelled:
        if response is not None:
            conversation.heard(response, heard)  # also if that is all that came: of what was cancelled, nothing is kept otherwise
        raise


async def main(*arguments: str) -> None:
    """Talk with whoever types."""
    endpoint = Endpoint(arguments[0], api_key="none") if arguments else Endpoint()
    pace = float(arguments[1]) if len(arguments) > 1 else 0.2
    typed, lines = trio.open_memory_channel[str](0)

    async def read() -> None:
        async with typed:
            while line := await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
                await typed.send(line.strip())

    async def hear() -> str | None:
        try:
            return await lines.receive()
        except trio.EndOfChannel:
            return None

    async def say(piece: str) -> None:
        print(piece, end="", flush=True)
        await trio.sleep(pace)

    async with open_session(endpoint) as session, trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await talk(session, hear, say)
        nursery.cancel_scope.cancel()
    print()


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])
