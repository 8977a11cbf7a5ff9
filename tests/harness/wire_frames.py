"""One good frame of every wire type, written out from the openai-python 3.54 types and from recordings.

``FRAMES`` is the table that the decoder's own table is checked against, so it is literal on purpose: nothing in it is
derived from the code under test.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["FRAMES", "IDENTITY", "REQUIRED", "changed", "lacking", "text"]

RESPONSE: Final[Mapping[str, Any]] = {"id": "resp_1", "object": "response", "status": "in_progress", "metadata": {}, "output": []}
MESSAGE: Final[Mapping[str, Any]] = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
PART: Final[Mapping[str, Any]] = {"type": "output_text", "text": "", "annotations": []}
STEER: Final = {"id": "steer_1", "previous_response_id": "resp_1"}
ITEM: Final = {"item_id": "it_1", "output_index": 2}
CONTENT: Final = {**ITEM, "content_index": 3}
SUMMARY: Final = {**ITEM, "summary_index": 4}
COMMAND: Final = {"output_index": 2, "command_index": 5}

IDENTITY: Final = {"sequence_number": 7, "stream_id": "lane-1"}
"""What every frame below carries besides its type and its own fields."""

_OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "response.created": {"response": RESPONSE},
    "response.queued": {"response": RESPONSE},
    "response.in_progress": {"response": RESPONSE},
    "response.completed": {"response": RESPONSE},
    "response.failed": {"response": RESPONSE},
    "response.incomplete": {"response": RESPONSE},
    "response.output_item.added": {"item": MESSAGE, "output_index": 2},
    "response.output_item.done": {"item": MESSAGE, "output_index": 2},
    "response.content_part.added": {**CONTENT, "part": PART},
    "response.content_part.done": {**CONTENT, "part": PART},
    "response.output_text.delta": {**CONTENT, "delta": "Hi", "logprobs": []},
    "response.output_text.done": {**CONTENT, "text": "Hello", "logprobs": []},
    "response.output_text.annotation.added": {**CONTENT, "annotation": {"type": "url_citation"}, "annotation_index": 0},
    "response.refusal.delta": {**CONTENT, "delta": "I can"},
    "response.refusal.done": {**CONTENT, "refusal": "I cannot."},
    "response.reasoning_summary_part.added": {**SUMMARY, "part": {"type": "summary_text", "text": ""}},
    "response.reasoning_summary_part.done": {**SUMMARY, "part": {"type": "summary_text"}, "status": "incomplete"},
    "response.reasoning_summary_text.delta": {**SUMMARY, "delta": "Think"},
    "response.reasoning_summary_text.done": {**SUMMARY, "text": "Thinking"},
    "response.reasoning_text.delta": {**CONTENT, "delta": "Hm"},
    "response.reasoning_text.done": {**CONTENT, "text": "Hm."},
    "response.function_call_arguments.delta": {**ITEM, "delta": '{"a'},
    "response.function_call_arguments.done": {**ITEM, "arguments": '{"a":1}'},
    "response.custom_tool_call_input.delta": {**ITEM, "delta": "SEL"},
    "response.custom_tool_call_input.done": {**ITEM, "input": "SELECT"},
    "response.mcp_call_arguments.delta": {**ITEM, "delta": '{"b'},
    "response.mcp_call_arguments.done": {**ITEM, "arguments": '{"b":1}'},
    "response.mcp_call.in_progress": ITEM,
    "response.mcp_call.completed": ITEM,
    "response.mcp_call.failed": ITEM,
    "response.mcp_list_tools.in_progress": ITEM,
    "response.mcp_list_tools.completed": ITEM,
    "response.mcp_list_tools.failed": ITEM,
    "response.web_search_call.in_progress": ITEM,
    "response.web_search_call.searching": ITEM,
    "response.web_search_call.completed": ITEM,
    "response.file_search_call.in_progress": ITEM,
    "response.file_search_call.searching": ITEM,
    "response.file_search_call.completed": ITEM,
    "response.code_interpreter_call.in_progress": ITEM,
    "response.code_interpreter_call.interpreting": ITEM,
    "response.code_interpreter_call.completed": ITEM,
    "response.code_interpreter_call_code.delta": {**ITEM, "delta": "print("},
    "response.code_interpreter_call_code.done": {**ITEM, "code": "print()"},
    "response.image_generation_call.in_progress": ITEM,
    "response.image_generation_call.generating": ITEM,
    "response.image_generation_call.completed": ITEM,
    "response.image_generation_call.partial_image": {
        **ITEM,
        "partial_image_b64": "aGk=",
        "partial_image_index": 0,
        "background": "opaque",
        "output_format": "png",
        "quality": "high",
        "size": "1024x1024",
    },
    "response.shell_call_command.added": {**COMMAND, "command": "ls"},
    "response.shell_call_command.delta": {**COMMAND, "delta": "ls"},
    "response.shell_call_command.done": {**COMMAND, "command": "ls -l"},
    "response.shell_call_output_content.delta": {**ITEM, "command_index": 5, "delta": {"stdout": "total 0"}},
    "response.shell_call_output_content.done": {**ITEM, "command_index": 5, "output": [{"stdout": "total 0"}]},
    "response.compaction.compacting": ITEM,
    "response.audio.delta": {"delta": "aGk="},
    "response.audio.done": {},
    "response.audio.transcript.delta": {"delta": "Hi"},
    "response.audio.transcript.done": {},
    "error": {"error": {"type": "server_error", "code": "boom", "message": "It broke", "param": "model"}},
    # Not in an HTTP stream.
    "response.steer.accepted": {"steer": STEER},
    "response.steer.pending": {"steer": STEER, "reason": "waiting_for_required_input", "required_input": [{}]},
    "response.steer.failed": {"steer": STEER, "error": {"code": "response_not_found"}},
    "response.inject.created": {"response_id": "resp_1"},
    "response.inject.failed": {"response_id": "resp_1", "input": [{}], "error": {"code": "invalid_input"}},
    "keepalive": {},
    "response.apply_patch_call_operation_diff.delta": {**ITEM, "delta": "-a"},
    "response.apply_patch_call_operation_diff.done": {**ITEM, "diff": "-a+b"},
}

FRAMES: Final[Mapping[str, Mapping[str, Any]]] = {
    wire_type: {"type": wire_type, **IDENTITY, **own} for wire_type, own in _OWN.items()
}
"""Wire type to a frame with nothing missing."""

REQUIRED: Final[tuple[tuple[str, str], ...]] = (
    ("response.created", "response"),
    ("response.queued", "response"),
    ("response.in_progress", "response"),
    ("response.completed", "response"),
    ("response.failed", "response"),
    ("response.incomplete", "response"),
    ("response.output_item.added", "item"),
    ("response.output_item.done", "item"),
    ("response.content_part.added", "part"),
    ("response.content_part.done", "part"),
    ("response.output_text.delta", "delta"),
    ("response.output_text.done", "text"),
    ("response.refusal.delta", "delta"),
    ("response.refusal.done", "refusal"),
    ("response.reasoning_summary_part.added", "part"),
    ("response.reasoning_summary_part.done", "part"),
    ("response.reasoning_summary_text.delta", "delta"),
    ("response.reasoning_summary_text.done", "text"),
    ("response.reasoning_text.delta", "delta"),
    ("response.reasoning_text.done", "text"),
    ("response.function_call_arguments.delta", "delta"),
    ("response.function_call_arguments.done", "arguments"),
    ("response.custom_tool_call_input.delta", "delta"),
    ("response.custom_tool_call_input.done", "input"),
    ("response.mcp_call_arguments.delta", "delta"),
    ("response.mcp_call_arguments.done", "arguments"),
    ("response.code_interpreter_call_code.delta", "delta"),
    ("response.code_interpreter_call_code.done", "code"),
    ("response.image_generation_call.partial_image", "partial_image_b64"),
    ("response.shell_call_command.added", "command"),
    ("response.shell_call_command.delta", "delta"),
    ("response.shell_call_command.done", "command"),
    ("response.shell_call_output_content.delta", "delta"),
    ("response.audio.delta", "delta"),
    ("response.audio.transcript.delta", "delta"),
    ("response.apply_patch_call_operation_diff.delta", "delta"),
)
"""Every field without which a frame cannot be right."""


def text(frame: Mapping[str, Any]) -> str:
    """Return a frame as a server would write it."""
    return json.dumps(frame, separators=(",", ":"))


def changed(wire_type: str, **fields: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the text of the good frame of a type, with some fields changed."""
    return text({**FRAMES[wire_type], **fields})


def lacking(wire_type: str, field: str) -> str:
    """Return the text of the good frame of a type, with a field left out."""
    return text({name: value for name, value in FRAMES[wire_type].items() if name != field})
