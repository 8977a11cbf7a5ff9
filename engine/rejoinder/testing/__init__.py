"""The test kit: a simulated Responses server, faults, and strategies for fuzzing code that speaks the protocol."""

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
    "HandshakeRefused",
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
    "Stall",
    "Step",
    "Text",
    "plain_answer",
    "scripted",
]
