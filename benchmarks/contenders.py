"""Who is measured: each contender is a module that runs in a process, some of them in an environment of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from .processes import REPOSITORY

__all__ = ["CONTENDERS", "Contender"]


@attrs.frozen
class Contender:
    """One way to drive the Responses API."""

    name: str
    """What the tables call it."""
    module: str
    """The module that runs it."""
    options: dict[str, Any] | None = None
    """Given to the module as JSON."""
    requirements: tuple[str, ...] = ()
    """What its environment is made of; nothing for those that run in this project's own."""
    variables: Mapping[str, str] = MappingProxyType({})
    """Set in the environment of whoever installs that."""

    @property
    def is_apart(self) -> bool:
        """Whether it runs in an environment of its own: another vendor's, or ours otherwise than it is edited."""
        return bool(self.requirements)


COMPILED: Final = MappingProxyType({"REJOINDER_COMPILED": "1"})
"""What ``hatch_build.py`` is asked to compile by."""
SEED: Final = ("pipecat-ai[openai]==1.1.0",)

CONTENDERS: Final = {
    contender.name: contender
    for contender in (
        Contender("bare asyncio", "benchmarks.clients.bare_asyncio"),
        Contender("bare trio-websocket", "benchmarks.clients.bare_trio_websocket"),
        Contender("bare sans-I/O", "benchmarks.clients.bare_sans_io"),
        Contender("bare sans-I/O, two tasks", "benchmarks.clients.bare_two_tasks"),
        Contender("rejoinder", "benchmarks.clients.ours", {"wire": "trio-websocket"}),
        Contender("rejoinder[fast]", "benchmarks.clients.ours", {"wire": "websockets"}),
        Contender("rejoinder, serial", "benchmarks.clients.ours", {"profile": "serial"}),
        Contender("rejoinder, serial, retire", "benchmarks.clients.ours", {"profile": "retire"}),
        Contender("rejoinder, serial, spare link", "benchmarks.clients.ours", {"profile": "spare"}),
        Contender("rejoinder, own list", "benchmarks.clients.ours", {"history": "list"}),
        Contender("openai SDK", "benchmarks.foreign.openai_sdk", requirements=("openai[realtime]>=3.54,<4",)),
        Contender("openai-agents", "benchmarks.foreign.openai_agents", requirements=("openai-agents>=0.24",)),
        Contender("pipecat 1.1.0", "benchmarks.foreign.pipecat", {"trimmed": False}, SEED),
        Contender("pipecat 1.1.0, trimmed", "benchmarks.foreign.pipecat", {"trimmed": True}, SEED),
        Contender("pipecat, newest, trimmed", "benchmarks.foreign.pipecat", {"trimmed": True}, ("pipecat-ai[openai]>=1.1.0",)),
        Contender("the machine", "benchmarks.clients.machine"),
        Contender("the machine, compiled", "benchmarks.clients.machine", None, (f"{REPOSITORY}[fast,testing]",), COMPILED),
    )
}
"""All contenders by name."""
