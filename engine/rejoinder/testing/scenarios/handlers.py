"""The functions that models call in scenarios, and what they did.

Rule of this file: a scenario names functions (`Handler`); what each does is here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, final

import attrs
import trio

from rejoinder.engine.tools import Tools
from rejoinder.testing.scenarios.acts import Handler

__all__ = ["Clerk"]


@final
@attrs.define(eq=False)
class Clerk:
    """Runs functions, and writes down what they did."""

    ran: list[str] = attrs.field(factory=list[str])
    """What happened, in order."""

    async def look_up(self, name: str, times: int = 1) -> dict[str, str]:
        """Look something up: at once."""
        await trio.lowlevel.checkpoint()
        self.ran.append(f"look_up {name}" + (f" {times} times" if times != 1 else ""))
        return {"found": name}

    async def work(self, seconds: float) -> str:
        """Work for some seconds."""
        try:
            await trio.sleep(seconds)
        except trio.Cancelled:
            self.ran.append(f"work {seconds:g} was stopped")
            raise
        self.ran.append(f"work {seconds:g} ended")
        return f"worked for {seconds:g} s"

    async def explode(self) -> None:
        """Raise, with a text that nobody else must see."""
        await trio.lowlevel.checkpoint()
        self.ran.append("explode")
        raise RuntimeError("the password is swordfish")

    async def nothing(self) -> dict[str, str]:
        """Return an empty object."""
        await trio.lowlevel.checkpoint()
        self.ran.append("nothing")
        return {}

    def tools(self, handlers: Sequence[Handler]) -> Tools:
        """The registry of some of them."""
        known: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
            "look_up": self.look_up,
            "work": self.work,
            "explode": self.explode,
            "nothing": self.nothing,
        }
        tools: Final = Tools()
        for handler in handlers:
            tools.add(
                known[handler.name],
                timeout=handler.timeout,
                cancel_on_interruption=not handler.background,
                description=handler.name,
            )
        return tools
