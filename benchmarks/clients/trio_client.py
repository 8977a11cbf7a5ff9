"""The trio part of a contender."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import trio

__all__ = ["TrioClient"]

T = TypeVar("T")


class TrioClient:
    """The trio part of a contender."""

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run an async function."""
        return trio.run(main)

    async def together(self, calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run async functions at the same time, until all have returned."""
        async with trio.open_nursery() as nursery:
            for call in calls:
                nursery.start_soon(call)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await trio.sleep(seconds)
