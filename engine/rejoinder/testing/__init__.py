"""The test kit: a simulated Responses server, faults, and strategies for fuzzing code that speaks the protocol.

What needs a network library is imported by its own name: `rejoinder.testing.simulator`, `rejoinder.testing.fault_proxy`
and `rejoinder.testing.recorded`; so is what needs Hypothesis: `rejoinder.testing.fuzz`.

Each name below is imported when it is first asked for: pytest loads the plugin of this package in every run, whatever it tests, and
that must cost nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rejoinder.testing.faults import FAULTS, Fault, FaultError, ServerSetup, parse_fault, with_faults
    from rejoinder.testing.memory_network import LinkEnded, LinkPlan, MemoryLink, MemoryNetwork
    from rejoinder.testing.model_server import ModelServer
    from rejoinder.testing.outgoing import Close, Drop, HandshakeRefused, LogEntry, Message, Outgoing
    from rejoinder.testing.script import (
        ITEM_ID,
        RESPONSE_ID,
        Answer,
        AnswerFunction,
        Call,
        ErrorFrame,
        Event,
        Interruption,
        LoseConnection,
        Pause,
        Raw,
        Reasoning,
        Received,
        Refusal,
        Stall,
        Step,
        Text,
        plain_answer,
        scripted,
    )
    from rejoinder.testing.server_cancels import CancelMode
    from rejoinder.testing.server_faults import ServerFaults
    from rejoinder.testing.server_profiles import AZURE, GENERIC, OPENAI, SERVER_PROFILES, XAI, ServerProfile
    from rejoinder.testing.server_steering import SteerMode

__all__ = [
    "AZURE",
    "FAULTS",
    "GENERIC",
    "ITEM_ID",
    "OPENAI",
    "RESPONSE_ID",
    "SERVER_PROFILES",
    "XAI",
    "Answer",
    "AnswerFunction",
    "Call",
    "CancelMode",
    "Close",
    "Drop",
    "ErrorFrame",
    "Event",
    "Fault",
    "FaultError",
    "HandshakeRefused",
    "Interruption",
    "LinkEnded",
    "LinkPlan",
    "LogEntry",
    "LoseConnection",
    "MemoryLink",
    "MemoryNetwork",
    "Message",
    "ModelServer",
    "Outgoing",
    "Pause",
    "Raw",
    "Reasoning",
    "Received",
    "Refusal",
    "ServerFaults",
    "ServerProfile",
    "ServerSetup",
    "Stall",
    "SteerMode",
    "Step",
    "Text",
    "parse_fault",
    "plain_answer",
    "scripted",
    "with_faults",
]

_HOMES: Final = {
    "rejoinder.testing.faults": ("FAULTS", "Fault", "FaultError", "ServerSetup", "parse_fault", "with_faults"),
    "rejoinder.testing.memory_network": ("LinkEnded", "LinkPlan", "MemoryLink", "MemoryNetwork"),
    "rejoinder.testing.model_server": ("ModelServer",),
    "rejoinder.testing.outgoing": ("Close", "Drop", "HandshakeRefused", "LogEntry", "Message", "Outgoing"),
    "rejoinder.testing.script": (
        "ITEM_ID",
        "RESPONSE_ID",
        "Answer",
        "AnswerFunction",
        "Call",
        "ErrorFrame",
        "Event",
        "Interruption",
        "LoseConnection",
        "Pause",
        "Raw",
        "Reasoning",
        "Received",
        "Refusal",
        "Stall",
        "Step",
        "Text",
        "plain_answer",
        "scripted",
    ),
    "rejoinder.testing.server_cancels": ("CancelMode",),
    "rejoinder.testing.server_steering": ("SteerMode",),
    "rejoinder.testing.server_faults": ("ServerFaults",),
    "rejoinder.testing.server_profiles": ("AZURE", "GENERIC", "OPENAI", "SERVER_PROFILES", "XAI", "ServerProfile"),
}
"""Which module each name is imported from."""

_MODULES: Final = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Import a name of `__all__` from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value
