"""One registered function: whether it is async, and what it is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import trio

from rejoinder.engine.tool import BUILT_IN, CANCEL_TOOL, Options, Tool, checked_name


async def wait() -> None:
    """Wait."""
    await trio.lowlevel.checkpoint()


def act() -> None:
    """Act."""


class Waiter:
    """Waits."""

    async def __call__(self) -> None:
        """Wait."""
        await trio.lowlevel.checkpoint()

    async def wait(self) -> None:
        """Wait."""
        await trio.lowlevel.checkpoint()


class Actor:
    """Acts."""

    def __call__(self) -> None:
        """Act."""


@pytest.mark.parametrize(
    "handler, asynchronous",
    [
        pytest.param(wait, True, id="async function"),
        pytest.param(partial(wait), True, id="partial of an async function"),
        pytest.param(Waiter(), True, id="object with an async call"),
        pytest.param(Waiter().wait, True, id="async method"),
        pytest.param(act, False, id="function"),
        pytest.param(partial(act), False, id="partial"),
        pytest.param(Actor(), False, id="object"),
        pytest.param(len, False, id="built-in"),
    ],
)
def test_async_functions_are_told_from_others(handler: Callable[..., Any], *, asynchronous: bool) -> None:
    tool = Tool("it", handler, None, dict, (), Options())

    assert asynchronous is tool.asynchronous


def test_a_tool_shows_no_payload() -> None:
    tool = Tool("it", act, {"type": "function", "description": "secret"}, dict, (), Options(timeout=3))

    assert "secret" not in repr(tool)
    assert "timeout=3" in repr(tool)


def test_a_function_is_called_what_it_is_called() -> None:
    assert "wait" == checked_name(wait, None)
    assert "Waiter" == checked_name(Waiter(), None)
    assert "other" == checked_name(wait, "other")


def test_the_built_in_function_is_offered_like_any_other() -> None:
    assert BUILT_IN.definition is not None
    assert (CANCEL_TOOL, "function") == (BUILT_IN.definition["name"], BUILT_IN.definition["type"])
    assert {"call_id": "a"} == BUILT_IN.collect({"call_id": "a"})
    assert {"call_id": ""} == BUILT_IN.collect({})
