"""A nursery for the inside of a library: its one error comes out as itself.

trio wraps whatever leaves a nursery in an exception group. That is right where tasks are the user's own, and wrong where the
nursery is a detail: ``except ResponseFailed`` around ``open_session`` must work. So a group of one is unwrapped, one level deep,
once; what the user's own nurseries raise inside stays as it was. Cancellation that reached the library's tasks as well is no
second error.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import trio

__all__ = ["open_inner_nursery"]


@asynccontextmanager
async def open_inner_nursery() -> AsyncGenerator[trio.Nursery]:
    """``trio.open_nursery``, but a single error leaves it unwrapped, its context and cause as they were."""
    try:
        async with trio.open_nursery(strict_exception_groups=True) as nursery:
            yield nursery
    except BaseExceptionGroup as group:
        errors = [error for error in group.exceptions if not _is_cancellation(error)]
        if len(errors) > 1:
            raise
        alone = errors[0] if errors else next(_leaves(group))
        context = alone.__context__
        try:
            raise alone
        finally:
            # The group is not what went before it.
            alone.__context__ = context


def _is_cancellation(error: BaseException) -> bool:
    return all(isinstance(leaf, trio.Cancelled) for leaf in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors of a group, of its groups, and so on; an error by itself is its own leaf."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
        yield from _leaves(inner)
