"""The engine on trio: ``async with open_session() as session``, ``async with session.respond("Hello") as response``.

It performs what ``rejoinder.states`` decides: one reader and one writer per link, deadlines, bounded buffers, typed errors.
"""

from __future__ import annotations

from rejoinder.states.content_events import (
    ContentPartAdded,
    ContentPartDone,
    OutputItemAdded,
    OutputItemDone,
    OutputTextAnnotationAdded,
    OutputTextDelta,
    OutputTextDone,
    ReasoningSummaryPartAdded,
    ReasoningSummaryPartDone,
    ReasoningSummaryTextDelta,
    ReasoningSummaryTextDone,
    ReasoningTextDelta,
    ReasoningTextDone,
    RefusalDelta,
    RefusalDone,
)
from rejoinder.states.profiles import (
    AfterCancel,
    CancelPolicy,
    ContinuationPolicy,
    Deadlines,
    Fallback,
    Policy,
    Profile,
    ReplayPolicy,
)
from rejoinder.states.snapshot import LaneState, LinkState, RequestState, SessionState, Wait
from rejoinder.states.stream_events import (
    ErrorEvent,
    ResponseCompleted,
    ResponseCreated,
    ResponseEvent,
    ResponseIncomplete,
    ResponseInProgress,
    ResponseQueued,
    StreamEvent,
    UnknownEvent,
)
from rejoinder.states.stream_events import ResponseFailed as ResponseFailedEvent
from rejoinder.states.tool_events import (
    CustomToolCallInputDelta,
    CustomToolCallInputDone,
    FunctionCallArgumentsDelta,
    FunctionCallArgumentsDone,
    ToolEvent,
)

from .background import BackgroundResponse
from .call_desk import BackgroundCalls
from .call_events import (
    CallCancelled,
    CallDropped,
    CallEvent,
    CallFailed,
    CallFinished,
    CallProgress,
    CallRefused,
    CallsStarted,
    CallTimedOut,
)
from .chat_messages import chat_messages
from .context import ProviderItem, input_items
from .conversation import Conversation
from .endpoint import Endpoint, KeyProvider
from .errors import (
    ConnectionFailed,
    ConsumerTooSlow,
    DeadlineExceeded,
    Interrupted,
    InvalidEndpoint,
    InvalidOutput,
    InvalidRequest,
    InvalidSetting,
    InvalidTool,
    OutputTooLarge,
    RecordingFailed,
    RejoinderError,
    ResponseCancelled,
    ResponseError,
    ResponseFailed,
    ResponseRefused,
    SessionClosed,
    TooManyRounds,
    UnknownTool,
)
from .given import NOT_GIVEN, NotGiven
from .log_rendering import LogRendering, render_for_log
from .message_parts import audio_part, file_part, image_part, text_part, user_message
from .metrics import Timings, Usage
from .observations import Asked, Finished, Moved, Note, Observation, Observer, Sent, Settled, Statistics, Steered, TakenBack
from .pool import open_pool
from .recorder import Recording
from .response import Response
from .result import Result
from .session import Session, open_session
from .settings import Settings
from .settings_update import SettingsUpdate
from .steering import Steering, SteerStatus
from .tool_call import ToolCall, ToolResult
from .tools import Tools
from .transports import Transport
from .turn import Turn, TurnItem
from .typed_fields import Reasoning, TextFormat, TextOptions, ToolChoice
from .wire import Connector, HandshakeFailed, Wire, WireClosed
from .wire_choice import WireName

__all__ = [
    "NOT_GIVEN",
    "AfterCancel",
    "Asked",
    "BackgroundCalls",
    "BackgroundResponse",
    "CallCancelled",
    "CallDropped",
    "CallEvent",
    "CallFailed",
    "CallFinished",
    "CallProgress",
    "CallRefused",
    "CallTimedOut",
    "CallsStarted",
    "CancelPolicy",
    "ConnectionFailed",
    "Connector",
    "ConsumerTooSlow",
    "ContentPartAdded",
    "ContentPartDone",
    "ContinuationPolicy",
    "Conversation",
    "CustomToolCallInputDelta",
    "CustomToolCallInputDone",
    "DeadlineExceeded",
    "Deadlines",
    "Endpoint",
    "ErrorEvent",
    "Fallback",
    "Finished",
    "FunctionCallArgumentsDelta",
    "FunctionCallArgumentsDone",
    "HandshakeFailed",
    "Interrupted",
    "InvalidEndpoint",
    "InvalidOutput",
    "InvalidRequest",
    "InvalidSetting",
    "InvalidTool",
    "KeyProvider",
    "LaneState",
    "LinkState",
    "LogRendering",
    "Moved",
    "NotGiven",
    "Note",
    "Observation",
    "Observer",
    "OutputItemAdded",
    "OutputItemDone",
    "OutputTextAnnotationAdded",
    "OutputTextDelta",
    "OutputTextDone",
    "OutputTooLarge",
    "Policy",
    "Profile",
    "ProviderItem",
    "Reasoning",
    "ReasoningSummaryPartAdded",
    "ReasoningSummaryPartDone",
    "ReasoningSummaryTextDelta",
    "ReasoningSummaryTextDone",
    "ReasoningTextDelta",
    "ReasoningTextDone",
    "Recording",
    "RecordingFailed",
    "RefusalDelta",
    "RefusalDone",
    "RejoinderError",
    "ReplayPolicy",
    "RequestState",
    "Response",
    "ResponseCancelled",
    "ResponseCompleted",
    "ResponseCreated",
    "ResponseError",
    "ResponseEvent",
    "ResponseFailed",
    "ResponseFailedEvent",
    "ResponseInProgress",
    "ResponseIncomplete",
    "ResponseQueued",
    "ResponseRefused",
    "Result",
    "Sent",
    "Session",
    "SessionClosed",
    "SessionState",
    "Settings",
    "SettingsUpdate",
    "Settled",
    "Statistics",
    "SteerStatus",
    "Steered",
    "Steering",
    "StreamEvent",
    "TakenBack",
    "TextFormat",
    "TextOptions",
    "Timings",
    "TooManyRounds",
    "ToolCall",
    "ToolChoice",
    "ToolEvent",
    "ToolResult",
    "Tools",
    "Transport",
    "Turn",
    "TurnItem",
    "UnknownEvent",
    "UnknownTool",
    "Usage",
    "Wait",
    "Wire",
    "WireClosed",
    "WireName",
    "audio_part",
    "chat_messages",
    "file_part",
    "image_part",
    "input_items",
    "open_pool",
    "open_session",
    "render_for_log",
    "text_part",
    "user_message",
]
