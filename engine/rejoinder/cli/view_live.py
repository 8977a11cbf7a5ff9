"""``rejoinder view --live``: the page of a trace that is still being written, served on this machine alone.

Rules of this file
* The server listens on the loopback address and answers to no other name, so that no page from elsewhere can read a trace
  through it.
* Each page reads the trace for itself, from its beginning, and gets new lines as they are written. A line is sent when it is whole.
* Nothing of a trace is held but the line that is being read.
"""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import hypercorn.trio
import trio
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from rejoinder.diagrams.steps import Describer
from rejoinder.diagrams.viewer import MOST_STEPS, about, build_page, live_data
from rejoinder.states.trace import TraceError
from rejoinder.states.trace_inputs import ReadInputs
from rejoinder.states.trace_reading import read_entry, read_header

from .refusals import CannotDo
from .trace_file import LONGEST

__all__ = ["follow", "new_steps", "serve_page"]

HOST: Final = "127.0.0.1"
PAUSE: Final = 0.1
"""Seconds between two looks at the file."""
CHUNK: Final = 1024 * 1024
"""Bytes that are read at once."""
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
GRACE: Final = 0.1
STOPPED_BY: Final = (signal.SIGINT, signal.SIGTERM)


async def follow(trace: Path, port: int, write: Callable[[str], None], meanwhile: Callable[[], Awaitable[None]] | None) -> None:
    """Serve the page of ``trace`` until Ctrl-C, and do ``meanwhile``. Raises ``CannotDo`` where nothing can listen."""
    with trio.open_signal_receiver(*STOPPED_BY) as signals:
        async with serve_page(trace, port) as address, trio.open_nursery() as nursery:
            write(f"Open {address} in a browser to follow it. Ctrl-C stops it.")
            if meanwhile is not None:
                nursery.start_soon(meanwhile)
            async for _ in signals:
                break
            nursery.cancel_scope.cancel()
    write("Stopped.")


@asynccontextmanager
async def serve_page(trace: Path, port: int = 0) -> AsyncGenerator[str]:
    """Serve the page of ``trace`` until the block is left; gives its address. Raises ``CannotDo`` where nothing can listen."""
    page = build_page(trace.name, live_data())
    stop = trio.Event()

    async def show(_request: Request) -> Response:
        return HTMLResponse(page, headers=HEADERS)

    async def send(_request: Request) -> Response:
        return StreamingResponse(_events(trace), media_type="text/event-stream", headers=HEADERS)

    application = Starlette(
        routes=[Route("/", show), Route("/events", send)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
    )
    # Bound here, because a port that is taken is told in one line, and hypercorn tells it in a group.
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise CannotDo(f"Nothing can listen on {HOST} port {port} ({error.strerror}). Choose another with --port.") from None
    own_port: int = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = config.errorlog = None
    config.graceful_timeout = GRACE
    serve: Any = cast("Any", hypercorn.trio).serve  # its annotations are incomplete
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, shutdown_trigger=stop.wait, mode="asgi"), application, config)
        try:
            yield f"http://{HOST}:{own_port}/"
        finally:
            stop.set()
            nursery.cancel_scope.deadline = trio.current_time() + GRACE * 2


async def _events(trace: Path) -> AsyncGenerator[str]:
    async with aclosing(new_steps(trace)) as all_news:
        async for news in all_news:
            yield f"data: {json.dumps(news, separators=(',', ':'))}\n\n"


async def new_steps(trace: Path) -> AsyncGenerator[dict[str, Any]]:
    """Yield what is new in a trace, again and again: ``about`` it once, then ``machines`` and ``steps``.

    Waits for the file, and for its lines. Ends, with a ``notice``, at a line that cannot be read, and when a page is full.
    """
    describer, inputs = Describer(), ReadInputs()
    number = told = 0
    async with aclosing(_new_lines(trace)) as batches:
        async for lines in batches:
            news = _described(describer, inputs, lines, number)
            number += len(lines)
            news["machines"], told = describer.machines[told:], len(describer.machines)
            yield news
            if news.get("end"):
                return


def _described(describer: Describer, inputs: ReadInputs, lines: Sequence[bytes], number: int) -> dict[str, Any]:
    """What lines say that come behind ``number`` others."""
    news: dict[str, Any] = {"steps": []}
    try:
        for at, line in enumerate(lines, number + 1):
            text = line.decode("ascii", "replace")
            if at == 1:
                news |= {"about": about(read_header(1, text)), "notice": ""}
            elif at > MOST_STEPS + 1:
                return news | {"notice": f"Only {MOST_STEPS} steps have room here.", "end": True}
            else:
                news["steps"].append(describer.describe(read_entry(at, text, inputs)))
    except TraceError as error:
        return news | {"notice": f"{error} What comes before it is shown.", "end": True}
    return news


async def _new_lines(trace: Path) -> AsyncGenerator[list[bytes]]:
    """Yield the whole lines of a file, as many as are there, and wait for more."""
    while not await trio.Path(trace).exists():  # noqa: ASYNC110 - there is nothing else that tells
        await trio.sleep(PAUSE)
    rest = b""
    with trace.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                yield lines
            elif len(rest) > LONGEST:
                yield [rest]
            if not chunk:
                await trio.sleep(PAUSE)
