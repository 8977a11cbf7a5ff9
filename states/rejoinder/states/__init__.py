"""The lifecycle of links, responses and requests, without any I/O.

Pure: no socket, no clock, no random, no logging. ``Session`` is fed what happens and returns what to do about it; ``codec`` turns
frames into events and back; the tables in ``link``, ``response``, ``request`` and ``classify`` are what runs, what is drawn, and
what is checked.
"""

from __future__ import annotations

from .chart import CHARTS, LINK_CHART, REQUEST_CHART, RESPONSE_CHART, Chart, ChartError
from .classify import CLASSIFICATION
from .continuation import Decision, Full, RequestContent, Reuse
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .profiles import (
    AZURE,
    GENERIC,
    OPENAI,
    PROFILES,
    XAI,
    AfterCancel,
    CancelPolicy,
    ContinuationPolicy,
    DeadlineKind,
    Deadlines,
    Policy,
    Profile,
    ReplayPolicy,
)
from .session import Session
from .tool_call import TOOL_CALL_CHART
from .turn import TURN_CHART
from .verdicts import ERRORS, Cause, ErrorRule, Failure, Outcome, OutcomeKind, Reaction, Verdict, Where

__all__ = [
    "AZURE",
    "CHARTS",
    "CLASSIFICATION",
    "ERRORS",
    "GENERIC",
    "LINK_CHART",
    "OPENAI",
    "PROFILES",
    "REQUEST_CHART",
    "RESPONSE_CHART",
    "TOOL_CALL_CHART",
    "TURN_CHART",
    "XAI",
    "AfterCancel",
    "CancelPolicy",
    "Cause",
    "Chart",
    "ChartError",
    "ContinuationPolicy",
    "DeadlineKind",
    "Deadlines",
    "Decision",
    "ErrorRule",
    "Failure",
    "Full",
    "LinkPhase",
    "Outcome",
    "OutcomeKind",
    "Policy",
    "Profile",
    "Reaction",
    "ReplayPolicy",
    "RequestContent",
    "RequestPhase",
    "ResponsePhase",
    "Reuse",
    "Session",
    "Verdict",
    "Where",
]
