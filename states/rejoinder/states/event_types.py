"""Which wire type is which class, and what a frame of it must look like: the table of ``codec``.

Rules of this file:

* One row per wire type. A type that is not here is an ``UnknownEvent``.
* The rest is read from the class: a field without a default must be in the frame, and its annotation says of which
  type.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, NoneType
from typing import Any, Final, get_args, get_origin

import attrs

from . import content_events as content
from . import stream_events as stream
from . import tool_events as tools
from .drafts import draft_of

__all__ = ["EVENT_TYPES", "SHAPES", "FieldShape", "Shape"]

EVENT_TYPES: Final[Mapping[str, type[stream.StreamEvent]]] = MappingProxyType(
    {
        # The 59 types of an HTTP stream (openai-python 3.54 types). The socket has the same, and a wrapped `error`.
        "response.created": stream.ResponseCreated,
        "response.queued": stream.ResponseQueued,
        "response.in_progress": stream.ResponseInProgress,
        "response.completed": stream.ResponseCompleted,
        "response.failed": stream.ResponseFailed,
        "response.incomplete": stream.ResponseIncomplete,
        "response.output_item.added": content.OutputItemAdded,
        "response.output_item.done": content.OutputItemDone,
        "response.content_part.added": content.ContentPartAdded,
        "response.content_part.done": content.ContentPartDone,
        "response.output_text.delta": content.OutputTextDelta,
        "response.output_text.done": content.OutputTextDone,
        "response.output_text.annotation.added": content.OutputTextAnnotationAdded,
        "response.refusal.delta": content.RefusalDelta,
        "response.refusal.done": content.RefusalDone,
        "response.reasoning_summary_part.added": content.ReasoningSummaryPartAdded,
        "response.reasoning_summary_part.done": content.ReasoningSummaryPartDone,
        "response.reasoning_summary_text.delta": content.ReasoningSummaryTextDelta,
        "response.reasoning_summary_text.done": content.ReasoningSummaryTextDone,
        "response.reasoning_text.delta": content.ReasoningTextDelta,
        "response.reasoning_text.done": content.ReasoningTextDone,
        "response.function_call_arguments.delta": tools.FunctionCallArgumentsDelta,
        "response.function_call_arguments.done": tools.FunctionCallArgumentsDone,
        "response.custom_tool_call_input.delta": tools.CustomToolCallInputDelta,
        "response.custom_tool_call_input.done": tools.CustomToolCallInputDone,
        "response.mcp_call_arguments.delta": tools.McpCallArgumentsDelta,
        "response.mcp_call_arguments.done": tools.McpCallArgumentsDone,
        "response.mcp_call.in_progress": tools.McpCallInProgress,
        "response.mcp_call.completed": tools.McpCallCompleted,
        "response.mcp_call.failed": tools.McpCallFailed,
        "response.mcp_list_tools.in_progress": tools.McpListToolsInProgress,
        "response.mcp_list_tools.completed": tools.McpListToolsCompleted,
        "response.mcp_list_tools.failed": tools.McpListToolsFailed,
        "response.web_search_call.in_progress": tools.WebSearchCallInProgress,
        "response.web_search_call.searching": tools.WebSearchCallSearching,
        "response.web_search_call.completed": tools.WebSearchCallCompleted,
        "response.file_search_call.in_progress": tools.FileSearchCallInProgress,
        "response.file_search_call.searching": tools.FileSearchCallSearching,
        "response.file_search_call.completed": tools.FileSearchCallCompleted,
        "response.code_interpreter_call.in_progress": tools.CodeInterpreterCallInProgress,
        "response.code_interpreter_call.interpreting": tools.CodeInterpreterCallInterpreting,
        "response.code_interpreter_call.completed": tools.CodeInterpreterCallCompleted,
        "response.code_interpreter_call_code.delta": tools.CodeInterpreterCallCodeDelta,
        "response.code_interpreter_call_code.done": tools.CodeInterpreterCallCodeDone,
        "response.image_generation_call.in_progress": tools.ImageGenerationCallInProgress,
        "response.image_generation_call.generating": tools.ImageGenerationCallGenerating,
        "response.image_generation_call.completed": tools.ImageGenerationCallCompleted,
        "response.image_generation_call.partial_image": tools.ImageGenerationCallPartialImage,
        "response.shell_call_command.added": tools.ShellCallCommandAdded,
        "response.shell_call_command.delta": tools.ShellCallCommandDelta,
        "response.shell_call_command.done": tools.ShellCallCommandDone,
        "response.shell_call_output_content.delta": tools.ShellCallOutputContentDelta,
        "response.shell_call_output_content.done": tools.ShellCallOutputContentDone,
        "response.compaction.compacting": tools.CompactionCompacting,
        "response.audio.delta": tools.AudioDelta,
        "response.audio.done": tools.AudioDone,
        "response.audio.transcript.delta": tools.AudioTranscriptDelta,
        "response.audio.transcript.done": tools.AudioTranscriptDone,
        "error": stream.ErrorEvent,
        # The socket only: steering, and injection in the multi-agent beta.
        "response.steer.accepted": stream.SteerAccepted,
        "response.steer.pending": stream.SteerPending,
        "response.steer.failed": stream.SteerFailed,
        "response.inject.created": stream.InjectCreated,
        "response.inject.failed": stream.InjectFailed,
        # Seen on the wire, and in no list.
        "keepalive": stream.Keepalive,
        "response.apply_patch_call_operation_diff.delta": tools.ApplyPatchCallOperationDiffDelta,
        "response.apply_patch_call_operation_diff.done": tools.ApplyPatchCallOperationDiffDone,
    }
)
"""Wire type to class. A type that is not here is an ``UnknownEvent``."""


# What a frame must look like, read from its class.

BASE_FIELDS: Final = ("type", "sequence_number", "stream_id", "raw", "response_id", "item_id", "output_index")
"""The positional fields of every event, in order."""

_WIRE_TYPES: Final[Mapping[object, type]] = {str: str, int: int, Mapping: dict, Sequence: list, NoneType: NoneType}
"""What an annotation stands for in decoded JSON."""


@attrs.frozen
class FieldShape:
    """A field that one class of events adds to the base."""

    name: str
    """Its name, on the wire and in the class."""
    allowed: frozenset[type]
    """Types of a proper value, without that of ``None``."""
    required: bool
    """False for a field with a default."""


@attrs.frozen
class Shape:
    """How frames of one wire type become events."""

    event: type[stream.StreamEvent]
    """The class."""
    make: Callable[..., stream.StreamEvent]
    """What makes an event of its positional fields."""
    fields: tuple[FieldShape, ...]
    """What it adds to the base, in order."""
    quick: bool
    """True for a delta of plain text, of which most of a stream consists: it has a way of its own through the codec."""
    part_index: str
    """In a delta: the name of the field that says which part it belongs to; empty if it belongs to the item."""
    logprobs: bool
    """In a delta: whether log probabilities may come with it."""


def _shape(event: type[stream.StreamEvent]) -> Shape:
    own = [field for field in attrs.fields(event) if not field.kw_only][len(BASE_FIELDS) :]
    fields = tuple(FieldShape(field.name, _allowed(field.type), field.default is attrs.NOTHING) for field in own)
    names = [field.name for field in fields]
    return Shape(
        event=event,
        make=draft_of(event),
        fields=fields,
        quick=FieldShape("delta", frozenset({str}), required=True) in fields,
        part_index=next((name for name in names if name.endswith("_index")), ""),
        logprobs="logprobs" in names,
    )


def _allowed(annotation: Any) -> frozenset[type]:  # noqa: ANN401 - an annotation may be anything
    members = (annotation,) if get_origin(annotation) in _WIRE_TYPES else get_args(annotation) or (annotation,)
    return frozenset(_WIRE_TYPES[get_origin(member) or member] for member in members) - {NoneType}


SHAPES: Final[Mapping[str, Shape]] = {name: _shape(event) for name, event in EVENT_TYPES.items() if event is not stream.ErrorEvent}
"""Wire type to shape. An ``error`` comes in too many forms to have one."""
