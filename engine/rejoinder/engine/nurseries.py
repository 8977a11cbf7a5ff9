"""A nursery for the inside of a library: its one error comes out as itself.

trio wraps whatever leaves a nursery in an exception group. That is right where tasks are the user's own, and wrong where the
nursery is a detail: ``except ResponseFailed`` around ``open_session`` must work. So a group of one is unwrapped, one level deep,
once; what the user's own nurseries raise inside stays as it was.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

__all__ = ["open_inner_nursery"]


@asynccontextmanager
async def open_inner_nursery() -> AsyncGenerator[trio.Nursery]:
    """``trio.open_nursery``, but a single error leaves it unwrapped."""
    try:
        async with trio.open_nursery() as nursery:
            yield nursery
    except BaseExceptionGroup as group:
        alone, *others = group.exceptions
        if others:
            raise
        raise alone from alone.__cause__
