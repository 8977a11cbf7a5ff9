"""The engine on trio: ``async with open_session() as session``, ``async with session.respond("Hello") as response``.

It performs what ``rejoinder.states`` decides: one reader and one writer per link, deadlines, bounded buffers, typed errors.
"""

from __future__ import annotations

from rejoinder.states.profiles import AfterCancel, CancelPolicy, ContinuationPolicy, Deadlines, Policy, Profile, ReplayPolicy
from rejoinder.states.snapshot import LaneState, LinkState, RequestState, SessionState, Wait

from .endpoint import Endpoint
from .errors import (
    ConnectionFailed,
    ConsumerTooSlow,
    DeadlineExceeded,
    Interrupted,
    InvalidEndpoint,
    InvalidRequest,
    RejoinderError,
    ResponseCancelled,
    ResponseError,
    ResponseFailed,
    ResponseRefused,
    SessionClosed,
)
from .metrics import Timings, Usage
from .observations import Asked, Finished, Moved, Note, Observation, Observer, Sent, Settled, Statistics, Steered
from .response import Response
from .result import Result
from .session import Session, open_session
from .settings import Settings
from .steering import Steering, SteerStatus
from .wire import Connector, HandshakeFailed, Wire, WireClosed

__all__ = [
    "AfterCancel",
    "Asked",
    "CancelPolicy",
    "ConnectionFailed",
    "Connector",
    "ConsumerTooSlow",
    "ContinuationPolicy",
    "DeadlineExceeded",
    "Deadlines",
    "Endpoint",
    "Finished",
    "HandshakeFailed",
    "Interrupted",
    "InvalidEndpoint",
    "InvalidRequest",
    "LaneState",
    "LinkState",
    "Moved",
    "Note",
    "Observation",
    "Observer",
    "Policy",
    "Profile",
    "RejoinderError",
    "ReplayPolicy",
    "RequestState",
    "Response",
    "ResponseCancelled",
    "ResponseError",
    "ResponseFailed",
    "ResponseRefused",
    "Result",
    "Sent",
    "Session",
    "SessionClosed",
    "SessionState",
    "Settings",
    "Settled",
    "Statistics",
    "SteerStatus",
    "Steered",
    "Steering",
    "Timings",
    "Usage",
    "Wait",
    "Wire",
    "WireClosed",
    "open_session",
]
