"""The simulator in a thread of its own, for tests that are not trio's: plain functions, asyncio, other clients, other processes.

Rules of this file
* The server is on loopback, on a port that was free, in real time. It listens when ``start`` returns, and nothing of it is left
  when ``stop`` returns; what failed in it (an answer function, mostly) is raised by ``stop``.
* What the thread shares with a test is the ``ModelServer``: set ``answer`` and ``faults`` between requests, and read ``log`` after
  them.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final, final

import trio

from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.simulator import PATH, serve

__all__ = ["BackgroundServer"]

PATIENCE: Final = 30.0
"""Seconds that the thread may take to listen, or to end, before it counts as stuck."""


@final
class BackgroundServer:
    """A Responses server on loopback: ``url`` to connect to, ``server`` to say what it answers."""

    server: Final[ModelServer]
    """The brain: its ``answer``, its ``faults``, its ``log``."""
    host: Final = "127.0.0.1"
    """The address to dial."""
    port: int
    """The port to dial; 0 until ``start`` has returned."""

    def __init__(self, server: ModelServer | None = None) -> None:
        self.server = ModelServer() if server is None else server
        self.port = 0
        self._listens = threading.Event()
        self._token: trio.lowlevel.TrioToken | None = None
        self._scope: Final = trio.CancelScope()
        self._failure: BaseException | None = None
        # A test run that is killed must not wait for it.
        self._thread: Final = threading.Thread(target=self._run, name="rejoinder-responses-server", daemon=True)

    @property
    def url(self) -> str:
        """The address of the WebSocket, for ``Endpoint(url)`` or any other client. Any API key will do."""
        return f"ws://{self.host}:{self.port}{PATH}"

    @property
    def http_url(self) -> str:
        """The same address for HTTP; without its last part, the ``base_url`` of other clients."""
        return self.url.replace("ws:", "http:", 1)

    def start(self) -> None:
        """Listen. ``stop`` next, whatever happens in between."""
        self._thread.start()
        self._listens.wait(PATIENCE)
        if self.port == 0:
            self.stop()

    def stop(self) -> None:
        """Hang up on everybody and end the thread. Raises what failed in it; RuntimeError if it does not end."""
        if self._token is not None and self._thread.is_alive():
            with suppress(trio.RunFinishedError):
                trio.from_thread.run_sync(self._scope.cancel, trio_token=self._token)
        self._thread.join(PATIENCE)
        if self._failure is not None:
            raise self._failure
        if self._thread.is_alive():
            raise RuntimeError(f"The server did not end within {PATIENCE:g} s. Look at what its answer function waits for.")

    def _run(self) -> None:
        try:
            trio.run(self._serve, strict_exception_groups=True)
        except BaseException as failure:  # noqa: BLE001 - it is raised again by the thread that asked for the server
            self._failure = failure
        finally:
            self._listens.set()

    async def _serve(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with self._scope:
            async with serve(self.server, host=self.host) as simulator:
                self.port = simulator.port
                self._listens.set()
                await trio.sleep_forever()
