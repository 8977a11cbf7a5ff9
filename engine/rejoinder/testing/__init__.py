"""The test kit: a simulated Responses server, faults, and strategies for fuzzing code that speaks the protocol.

What needs a network library is imported by its own name: `rejoinder.testing.simulator`, `rejoinder.testing.fault_proxy`
and `rejoinder.testing.recorded`.
"""

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
    "Step",
    "Text",
    "parse_fault",
    "plain_answer",
    "scripted",
    "with_faults",
]
