"""The pure states in a plain asyncio program, with another WebSocket library: no trio, and none of the engine.

    python -m pip install websockets
    python examples/plain_asyncio.py

``rejoinder.states`` does no I/O: it is fed what happens and returns what to do. ``Client`` below is all that is needed to perform
that, and it is what you would change to embed the states in a program of your own. It talks to a simulated server, which is
started as a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rejoinder.states import OPENAI, Outcome, RequestContent, Reuse, Session, effects, events
from rejoinder.states.codec import decode, encode_cancel, encode_create
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.stream_events import StreamEvent


class Client:
    """One session of the pure lifecycle, performed with asyncio and ``websockets``."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self.session = Session(OPENAI)
        self.loop = asyncio.get_running_loop()
        self.contents: dict[int, RequestContent] = {}
        self.answers: dict[int, asyncio.Queue[StreamEvent | Outcome]] = {}
        self.outboxes: dict[int, asyncio.Queue[str]] = {}
        self.sockets: dict[int, ClientConnection] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.pings: dict[int, asyncio.Task[None]] = {}
        self.alarm: asyncio.TimerHandle | None = None

    # -- what callers use ----------------------------------------------------------------------------------------------------

    async def text(self, items: Sequence[Any]) -> AsyncGenerator[str]:
        """Ask, and give the pieces of text as they come. Leaving the iteration is the cancel."""
        number = len(self.contents) + 1
        self.contents[number] = RequestContent(list(items), {"model": "gpt-4.1"})
        answer = self.answers[number] = asyncio.Queue()
        self.feed(events.Create(number, self.contents[number]))
        try:
            while not isinstance(event := await answer.get(), Outcome):
                if isinstance(event, OutputTextDelta):
                    yield event.delta
            if event.failure is not None:
                raise RuntimeError(event.failure.message)
        finally:
            del self.answers[number]
            self.feed(events.Cancel(number))  # legal at any time: after the end it does nothing

    async def close(self) -> None:
        """End every request and close every socket."""
        self.feed(events.Shutdown())
        for task in self.pings.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), *self.pings.values(), return_exceptions=True)

    # -- the loop around the states ------------------------------------------------------------------------------------------

    def feed(self, event: events.Event, frame: StreamEvent | None = None) -> None:
        """Let something happen, and perform what follows."""
        for effect in self.session.feed(event, self.loop.time()):
            if isinstance(effect, effects.Deliver):
                if frame is not None and effect.request in self.answers:
                    self.answers[effect.request].put_nowait(frame)
            elif (perform := self.PERFORM.get(type(effect))) is not None:
                perform(self, effect)
        if self.alarm is not None:
            self.alarm.cancel()
        due = self.session.next_deadline()
        self.alarm = None if due is None else self.loop.call_at(due, self.feed, events.Expired())

    def finish(self, effect: effects.Finish) -> None:
        """Hand over the outcome."""
        if effect.request in self.answers:
            self.answers[effect.request].put_nowait(effect.outcome)

    def dial(self, effect: effects.Dial) -> None:
        """Start the task of a link."""
        self.outboxes[effect.link] = asyncio.Queue()
        self.tasks[effect.link] = asyncio.create_task(self.link(effect.link))

    def close_link(self, effect: effects.Close) -> None:
        """End the task of a link; it says nothing more."""
        self.tasks[effect.link].cancel()

    def send(self, effect: effects.Send) -> None:
        """Put a create into the link's outbox."""
        content, decision = self.contents[effect.request], effect.decision
        reuse = decision if isinstance(decision, Reuse) else None
        text = encode_create(
            content.fields,
            content.items if reuse is None else reuse.items,
            previous_response_id=None if reuse is None else reuse.response_id,
            stream_id=effect.lane,
        )
        self.outboxes[effect.link].put_nowait(text)

    def send_cancel(self, effect: effects.SendCancel) -> None:
        """Put a cancel into the link's outbox."""
        self.outboxes[effect.link].put_nowait(encode_cancel(effect.response_id))

    def ping(self, effect: effects.Ping) -> None:
        """Ping, and say when the pong is there."""

        async def prove(link: int) -> None:
            with contextlib.suppress(ConnectionClosed):
                await (await self.sockets[link].ping())
                self.feed(events.Pong(link))

        self.pings[effect.link] = asyncio.create_task(prove(effect.link))

    # Withdraw needs no answer where frames leave at once; Moved and Note ask for nothing.
    PERFORM: dict[type, Callable[[Client, Any], None]] = {  # noqa: RUF012 - nobody changes it
        effects.Finish: finish,
        effects.Dial: dial,
        effects.Close: close_link,
        effects.Send: send,
        effects.SendCancel: send_cancel,
        effects.Ping: ping,
    }

    # -- one link ------------------------------------------------------------------------------------------------------------

    async def link(self, number: int) -> None:
        """Dial, read and write, and report how it ended."""
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            async with connect(self.url, additional_headers=headers, max_size=64 * 1024 * 1024) as socket:
                self.sockets[number] = socket
                self.feed(events.Opened(number))
                writer = asyncio.create_task(self.write(number, socket))
                try:
                    async for data in socket:
                        frame = decode(data)
                        self.feed(events.Received(number, frame), frame)
                finally:
                    writer.cancel()
                self.feed(events.Lost(number, socket.close_code, socket.close_reason or ""))
        except InvalidStatus as refused:
            status = refused.response.status_code
            self.feed(events.DialFailed(number, f"The server answered {status}.", status=status))
        except (OSError, TimeoutError, ConnectionClosed) as error:
            event = events.Lost(number) if number in self.sockets else events.DialFailed(number, f"{error}.")
            self.feed(event)

    async def write(self, number: int, socket: ClientConnection) -> None:
        """Send what is in the outbox, in order."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(await self.outboxes[number].get())


async def converse(url: str) -> None:
    """Ask, break off in the middle of the next answer, and ask again."""
    client = Client(url, "none")
    try:
        first = {"role": "user", "content": "Tell me about trees."}
        print("".join([piece async for piece in client.text([first])]))

        async with contextlib.aclosing(client.text([{"role": "user", "content": "And about the sea?"}])) as pieces:
            print(await anext(pieces), "… (interrupted)")

        print("".join([piece async for piece in client.text([{"role": "user", "content": "And the sky?"}])]))
    finally:
        await client.close()


async def main() -> None:
    """Start a simulated server, and talk to it."""
    command = Path(sys.executable).with_name("rejoinder")
    server = await asyncio.create_subprocess_exec(command, "serve", "--port", "0", stdout=asyncio.subprocess.PIPE)
    try:
        line = b"" if server.stdout is None else await server.stdout.readline()
        address = next(word for word in line.decode().split() if word.startswith("ws://"))
        await converse(address.rstrip("."))
    finally:
        server.terminate()
        await server.wait()


if __name__ == "__main__":
    asyncio.run(main())
