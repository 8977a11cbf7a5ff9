"""What a contender is: a client that opens talks. Each of them drives the same rounds.

Rules of this file
* The standard library only: contenders run in environments of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

__all__ = ["AsyncioClient", "Client", "Job", "Measured", "Talk"]

T = TypeVar("T")
Measured = dict[str, dict[str, float]]
"""From the case to what was measured of it, by the name of the measure."""


@dataclass
class Job:
    """One round."""

    workload: str
    """Which of ``WORKLOADS``."""
    url: str
    """Where the load generator is."""
    secure_url: str = ""
    """The same with TLS."""
    sizes: Sequence[int] = ()
    """The sizes of the workload: deltas, items or sessions, whatever it counts."""
    seconds: float = 1.0
    """How long paced workloads last."""
    cancels: Sequence[str] = ()
    """How the server answers an interruption: the cases of that workload."""


class Talk(Protocol):
    """One conversation with the server, over a connection that is open."""

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Let the user say ``text``, and call ``hear`` with each piece of the answer, to its end."""
        ...

    async def interrupt(self, text: str, after: int) -> float:
        """Say ``text`` and stop listening after so many pieces; return the instant at which the user interrupted."""
        ...


class Client(Protocol):
    """A contender."""

    @property
    def name(self) -> str:
        """What it is."""
        ...

    @property
    def settings(self) -> str:
        """How it was tuned."""
        ...

    @property
    def packages(self) -> Sequence[str]:
        """The distributions whose versions matter."""
        ...

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run an async function."""
        ...

    async def together(self, calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run async functions at the same time, until all have returned."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AbstractAsyncContextManager[Sequence[Talk]]:
        """Open so many talks, each with a history and a connection of its own, or all on one if they are ``shared``."""
        ...


class AsyncioClient:
    """The asyncio part of a contender."""

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run an async function."""

        async def run() -> T:
            return await main()

        return asyncio.run(run())

    async def together(self, calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run async functions at the same time, until all have returned."""
        await asyncio.gather(*(call() for call in calls))

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
