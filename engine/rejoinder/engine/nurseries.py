"""A nursery for the inside of a library: its one error comes out as itself.

trio wraps whatever leaves a nursery in an exception group. That is right where tasks are the user's own, and wrong where the
nursery is a detail: ``except ResponseFailed`` around ``open_session`` must work. So a group of one is unwrapped, one level deep,
once; what the user's own nurseries raise inside stays as it was. Cancellation that reached the library's tasks as well is no
second error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import cast, final

import trio

__all__ = ["open_inner_nursery"]


def open_inner_nursery() -> AbstractAsyncContextManager[trio.Nursery]:
    """``trio.open_nursery``, but a single error leaves it unwrapped, its context and cause as they were."""
    return _InnerNursery()


@final
class _InnerNursery(AbstractAsyncContextManager[trio.Nursery]):
    """The manager of such a nursery.

    It is a class, because an error knows the frames it came through, and those of a generator's manager know the group that it was
    in: only a search for garbage would free that ring, and whatever else the frames know.
    """

    def __init__(self) -> None:
        self._manager = trio.open_nursery(strict_exception_groups=True)

    async def __aenter__(self) -> trio.Nursery:
        return await self._manager.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        try:
            return await self._manager.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            errors = [each for each in group.exceptions if not _is_cancellation(each)]
            if len(errors) > 1:
                raise
            alone = errors[0] if errors else next(_leaves(group))
            context = alone.__context__
            try:
                raise alone
            finally:
                # The group is not what went before it.
                alone.__context__ = context
                del alone, errors, context
        finally:
            del error, traceback


def _is_cancellation(error: BaseException) -> bool:
    return all(isinstance(leaf, trio.Cancelled) for leaf in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors of a group, of its groups, and so on; an error by itself is its own leaf."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
        yield from _leaves(inner)
