"""What tools do during a response: arguments of calls, and the progress of tools that the server runs itself.

The rules are those of ``stream_events``; what ``content_events`` says about correlation holds here too, with two
exceptions: ``response.shell_call_command.*`` and ``response.audio.*`` name no item.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from .stream_events import FrameKind, StreamEvent

__all__ = [
    "ApplyPatchCallOperationDiffDelta",
    "ApplyPatchCallOperationDiffDone",
    "AudioDelta",
    "AudioDone",
    "AudioTranscriptDelta",
    "AudioTranscriptDone",
    "CodeInterpreterCallCodeDelta",
    "CodeInterpreterCallCodeDone",
    "CodeInterpreterCallCompleted",
    "CodeInterpreterCallInProgress",
    "CodeInterpreterCallInterpreting",
    "CompactionCompacting",
    "CustomToolCallInputDelta",
    "CustomToolCallInputDone",
    "FileSearchCallCompleted",
    "FileSearchCallInProgress",
    "FileSearchCallSearching",
    "FunctionCallArgumentsDelta",
    "FunctionCallArgumentsDone",
    "ImageGenerationCallCompleted",
    "ImageGenerationCallGenerating",
    "ImageGenerationCallInProgress",
    "ImageGenerationCallPartialImage",
    "McpCallArgumentsDelta",
    "McpCallArgumentsDone",
    "McpCallCompleted",
    "McpCallFailed",
    "McpCallInProgress",
    "McpListToolsCompleted",
    "McpListToolsFailed",
    "McpListToolsInProgress",
    "ShellCallCommandAdded",
    "ShellCallCommandDelta",
    "ShellCallCommandDone",
    "ShellCallOutputContentDelta",
    "ShellCallOutputContentDone",
    "ToolEvent",
    "ToolTextDelta",
    "WebSearchCallCompleted",
    "WebSearchCallInProgress",
    "WebSearchCallSearching",
]


@attrs.frozen(repr=False)
class ToolEvent(StreamEvent):
    """News of a tool call or of another piece of work inside a response. The item's id is all that many of them say."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT


@attrs.frozen(repr=False)
class ToolTextDelta(ToolEvent):
    """A piece of the text that a call is made of."""

    delta: str
    """The piece."""


# Calls that the client answers.


@attrs.frozen(repr=False)
class FunctionCallArgumentsDelta(ToolTextDelta):
    """``response.function_call_arguments.delta``: a piece of the JSON text of the arguments."""


@attrs.frozen(repr=False)
class FunctionCallArgumentsDone(ToolEvent):
    """``response.function_call_arguments.done``: the arguments are whole. The function's name is in the item alone."""

    arguments: str
    """JSON text, as the model wrote it: it need not parse."""


@attrs.frozen(repr=False)
class CustomToolCallInputDelta(ToolTextDelta):
    """``response.custom_tool_call_input.delta``: a piece of the free text for a custom tool."""


@attrs.frozen(repr=False)
class CustomToolCallInputDone(ToolEvent):
    """``response.custom_tool_call_input.done``: the text for a custom tool is whole."""

    input: str
    """The whole text."""


@attrs.frozen(repr=False)
class ApplyPatchCallOperationDiffDelta(ToolTextDelta):
    """``response.apply_patch_call_operation_diff.delta``: a piece of a patch. Recorded, but in no SDK's list."""


@attrs.frozen(repr=False)
class ApplyPatchCallOperationDiffDone(ToolEvent):
    """``response.apply_patch_call_operation_diff.done``: the patch is whole, and comes again in the finished item."""

    diff: str | None = None
    """The whole patch. No type list names this field, so its absence is not held against the server."""


@attrs.frozen(repr=False)
class ShellCallCommandAdded(ToolEvent):
    """``response.shell_call_command.added``: a command line begins."""

    command: str
    """What is known of the command so far."""
    command_index: int | None = None
    """Position of the command in the call, from 0."""


@attrs.frozen(repr=False)
class ShellCallCommandDelta(ToolTextDelta):
    """``response.shell_call_command.delta``: a piece of a command line."""

    command_index: int | None = None
    """Position of the command in the call, from 0."""


@attrs.frozen(repr=False)
class ShellCallCommandDone(ToolEvent):
    """``response.shell_call_command.done``: the command line is whole."""

    command: str
    """The whole command."""
    command_index: int | None = None
    """Position of the command in the call, from 0."""


@attrs.frozen(repr=False)
class ShellCallOutputContentDelta(ToolEvent):
    """``response.shell_call_output_content.delta``: more output of a command. The one delta that is not plain text."""

    delta: Mapping[str, Any] | str = attrs.field(hash=False)
    """``stdout`` and ``stderr``, either of which may be missing."""
    command_index: int | None = None
    """Position of the command in the call, from 0."""


@attrs.frozen(repr=False)
class ShellCallOutputContentDone(ToolEvent):
    """``response.shell_call_output_content.done``: the output of a command is whole, and comes again in the item."""

    output: Sequence[Any] | None = attrs.field(default=None, hash=False)
    """The chunks of output, as decoded."""
    command_index: int | None = None
    """Position of the command in the call, from 0."""


# Tools that the server runs.


@attrs.frozen(repr=False)
class McpCallArgumentsDelta(ToolTextDelta):
    """``response.mcp_call_arguments.delta``: a piece of the JSON text of the arguments."""


@attrs.frozen(repr=False)
class McpCallArgumentsDone(ToolEvent):
    """``response.mcp_call_arguments.done``: the arguments are whole."""

    arguments: str
    """JSON text, as the model wrote it."""


@attrs.frozen(repr=False)
class McpCallInProgress(ToolEvent):
    """``response.mcp_call.in_progress``: the server calls the remote tool."""


@attrs.frozen(repr=False)
class McpCallCompleted(ToolEvent):
    """``response.mcp_call.completed``: the remote tool answered."""


@attrs.frozen(repr=False)
class McpCallFailed(ToolEvent):
    """``response.mcp_call.failed``: the remote tool failed; the response goes on."""


@attrs.frozen(repr=False)
class McpListToolsInProgress(ToolEvent):
    """``response.mcp_list_tools.in_progress``: the server asks a remote server for its tools."""


@attrs.frozen(repr=False)
class McpListToolsCompleted(ToolEvent):
    """``response.mcp_list_tools.completed``: the list is there, in the item."""


@attrs.frozen(repr=False)
class McpListToolsFailed(ToolEvent):
    """``response.mcp_list_tools.failed``: there is no list; the response goes on."""


@attrs.frozen(repr=False)
class WebSearchCallInProgress(ToolEvent):
    """``response.web_search_call.in_progress``: a search begins."""


@attrs.frozen(repr=False)
class WebSearchCallSearching(ToolEvent):
    """``response.web_search_call.searching``: the search runs."""


@attrs.frozen(repr=False)
class WebSearchCallCompleted(ToolEvent):
    """``response.web_search_call.completed``: the search is done. Does not come if the search is cut off (recorded)."""


@attrs.frozen(repr=False)
class FileSearchCallInProgress(ToolEvent):
    """``response.file_search_call.in_progress``: a search begins."""


@attrs.frozen(repr=False)
class FileSearchCallSearching(ToolEvent):
    """``response.file_search_call.searching``: the search runs."""


@attrs.frozen(repr=False)
class FileSearchCallCompleted(ToolEvent):
    """``response.file_search_call.completed``: the search is done."""


@attrs.frozen(repr=False)
class CodeInterpreterCallInProgress(ToolEvent):
    """``response.code_interpreter_call.in_progress``: the model begins to write code."""


@attrs.frozen(repr=False)
class CodeInterpreterCallInterpreting(ToolEvent):
    """``response.code_interpreter_call.interpreting``: the code runs."""


@attrs.frozen(repr=False)
class CodeInterpreterCallCompleted(ToolEvent):
    """``response.code_interpreter_call.completed``: the code has run."""


@attrs.frozen(repr=False)
class CodeInterpreterCallCodeDelta(ToolTextDelta):
    """``response.code_interpreter_call_code.delta``: a piece of the code."""


@attrs.frozen(repr=False)
class CodeInterpreterCallCodeDone(ToolEvent):
    """``response.code_interpreter_call_code.done``: the code is whole."""

    code: str
    """The whole code."""


@attrs.frozen(repr=False)
class ImageGenerationCallInProgress(ToolEvent):
    """``response.image_generation_call.in_progress``: the server has taken the request for an image."""


@attrs.frozen(repr=False)
class ImageGenerationCallGenerating(ToolEvent):
    """``response.image_generation_call.generating``: the image is being made."""


@attrs.frozen(repr=False)
class ImageGenerationCallPartialImage(ToolEvent):
    """``response.image_generation_call.partial_image``: a preview."""

    partial_image_b64: str
    """The preview, in base 64."""
    partial_image_index: int | None = None
    """Number of the preview, from 0."""
    background: str | None = None
    """For example ``transparent``."""
    output_format: str | None = None
    """For example ``png``."""
    quality: str | None = None
    """For example ``high``."""
    size: str | None = None
    """For example ``1024x1024``, in pixels."""


@attrs.frozen(repr=False)
class ImageGenerationCallCompleted(ToolEvent):
    """``response.image_generation_call.completed``: the image is in the item."""


# The rest: work on the context, and speech.


@attrs.frozen(repr=False)
class CompactionCompacting(ToolEvent):
    """``response.compaction.compacting``: the server shortens the context before it goes on."""


@attrs.frozen(repr=False)
class AudioDelta(ToolTextDelta):
    """``response.audio.delta``: a piece of speech, in base 64."""


@attrs.frozen(repr=False)
class AudioDone(ToolEvent):
    """``response.audio.done``: the speech is whole."""


@attrs.frozen(repr=False)
class AudioTranscriptDelta(ToolTextDelta):
    """``response.audio.transcript.delta``: a piece of what the speech says."""


@attrs.frozen(repr=False)
class AudioTranscriptDone(ToolEvent):
    """``response.audio.transcript.done``: the transcript is whole."""
