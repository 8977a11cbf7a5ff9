"""The engine on trio: ``async with open_session() as session``, ``async with session.respond("Hello") as response``.

It performs what ``rejoinder.states`` decides: one reader and one writer per link, deadlines, bounded buffers, typed errors.
"""

from __future__ import annotations

from rejoinder.states.profiles import AfterCancel, CancelPolicy, Deadlines, Policy, Profile, ReplayPolicy

from .endpoint import Endpoint
from .errors import (
    ConnectionFailed,
    ConsumerTooSlow,
    DeadlineExceeded,
    Interrupted,
    InvalidEndpoint,
    InvalidRequest,
    RecordingFailed,
    RejoinderError,
    ResponseCancelled,
    ResponseError,
    ResponseFailed,
    ResponseRefused,
    SessionClosed,
)
from .observations import Moved, Note, Observation, Observer, Sent, Statistics
from .recorder import Recording
from .response import Response
from .result import Result
from .session import Session, open_session
from .settings import Settings
from .wire import Connector, HandshakeFailed, Wire, WireClosed

__all__ = [
    "AfterCancel",
    "CancelPolicy",
    "ConnectionFailed",
    "Connector",
    "ConsumerTooSlow",
    "DeadlineExceeded",
    "Deadlines",
    "Endpoint",
    "HandshakeFailed",
    "Interrupted",
    "InvalidEndpoint",
    "InvalidRequest",
    "Moved",
    "Note",
    "Observation",
    "Observer",
    "Policy",
    "Profile",
    "Recording",
    "RecordingFailed",
    "RejoinderError",
    "ReplayPolicy",
    "Response",
    "ResponseCancelled",
    "ResponseError",
    "ResponseFailed",
    "ResponseRefused",
    "Result",
    "Sent",
    "Session",
    "SessionClosed",
    "Settings",
    "Statistics",
    "Wire",
    "WireClosed",
    "open_session",
]
