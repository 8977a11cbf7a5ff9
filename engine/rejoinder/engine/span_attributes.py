"""What the spans of a session say: requests, creates, moves and ends as attributes.

Rules of this file
* Names are those of the GenAI semantic conventions and of their OpenAI pages; what they have no name for is under ``rejoinder.``.
* Only ``of_content`` holds anything that somebody said.
* What there is none of is left out, and so is what no attribute can be: a caller may give any JSON to any field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from rejoinder.states.continuation import RequestContent, Reuse
from rejoinder.states.verdicts import Outcome, OutcomeKind

from .endpoint import Endpoint
from .metrics import Timings, Usage
from .observations import Asked, Moved, Sent
from .result import Result
from .span_content import instructions_of, messages_of, tools_of

__all__ = [
    "OPERATION",
    "Attributes",
    "finish_reason",
    "of_content",
    "of_create",
    "of_move",
    "of_request",
    "of_result",
    "of_timings",
    "of_usage",
    "present",
]

Attributes = dict[str, str | bool | int | float]

OPERATION: Final = "chat"
"""``gen_ai.operation.name``."""
PROVIDERS: Final = {"openai": "openai", "azure": "azure.ai.openai", "xai": "x_ai"}
"""Names of profiles as the conventions call the provider; any other profile is called by its own name."""
FINISH: Final = {"max_output_tokens": "length"}
"""``incomplete_details.reason`` as the conventions call it, where they have another word."""
REQUEST_FIELDS: Final = {
    "max_output_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "service_tier": "openai.request.service_tier",
}
"""Fields of a create that have an attribute of their own."""
FORMATS: Final = {"text": "text", "json_schema": "json", "json_object": "json"}
"""``text.format.type`` as ``gen_ai.output.type``."""


def of_request(asked: Asked, endpoint: Endpoint, conversation_id: str | None) -> Attributes:
    """What is asked, of whom."""
    content = asked.content
    fields = content.fields
    return present(
        {
            "gen_ai.operation.name": OPERATION,
            "gen_ai.provider.name": PROVIDERS.get(endpoint.profile.name, endpoint.profile.name),
            "gen_ai.request.model": fields.get("model"),
            "gen_ai.request.stream": True,
            "gen_ai.conversation.id": _conversation_of(fields) or conversation_id,
            "gen_ai.output.type": FORMATS.get(str(_mapping(_mapping(fields.get("text")).get("format")).get("type"))),
            "gen_ai.request.reasoning.level": _mapping(fields.get("reasoning")).get("effort"),
            "gen_ai.request.previous_response.id": fields.get("previous_response_id"),
            "openai.api.type": "responses",
            "server.address": endpoint.host,
            "server.port": endpoint.port,
            "rejoinder.request": asked.request,
            "rejoinder.items": len(content.items),
            "rejoinder.tools": len(_list(fields.get("tools"))),
            "rejoinder.warm_up": asked.warm_up,
            **{name: fields.get(field) for field, name in REQUEST_FIELDS.items()},
        }
    )


def of_create(sent: Sent, attempts: int) -> Attributes:
    """What went out, and why in full."""
    decision = sent.decision
    attributes = present(
        {
            "rejoinder.link": sent.link,
            "rejoinder.lane": sent.lane,
            "rejoinder.attempts": attempts,
            "rejoinder.items_sent": sent.items,
            "rejoinder.bytes_sent": sent.size,
            "rejoinder.reuse": isinstance(decision, Reuse),
        }
    )
    if isinstance(decision, Reuse):
        reused: Attributes = {"gen_ai.request.previous_response.id": decision.response_id, "rejoinder.items_saved": decision.saved}
        return {**attributes, **reused}
    return {**attributes, "rejoinder.full_reason": type(decision.reason).__name__}


def of_move(moved: Moved) -> Attributes:
    """Which machine moved, from where, why and where to."""
    return present(
        {
            "rejoinder.machine": moved.machine,
            "rejoinder.source": str(moved.source),
            "rejoinder.event": str(moved.event),
            "rejoinder.target": str(moved.target),
            "rejoinder.link": moved.link,
            "rejoinder.lane": moved.lane,
        }
    )


def of_content(content: RequestContent) -> Attributes:
    """What was said and given, in full."""
    instructions = content.fields.get("instructions")
    tools = _list(content.fields.get("tools"))
    attributes = {
        "gen_ai.input.messages": messages_of(content.items),
        "gen_ai.system_instructions": instructions_of(instructions) if isinstance(instructions, str) else None,
        "gen_ai.tool.definitions": tools_of(tools) if tools else None,
    }
    return present(attributes)


def of_result(outcome: Outcome, result: Result) -> Attributes:
    """What came of a request."""
    response = result.response or {}
    verdict = outcome.verdict
    return present(
        {
            "gen_ai.response.id": result.id,
            "gen_ai.response.model": response.get("model"),
            "openai.response.service_tier": result.service_tier,
            "rejoinder.outcome": outcome.kind.value,
            "rejoinder.request_id": result.request_id,
            "rejoinder.stage": None if verdict is None else str(verdict.stage),
            "rejoinder.replay_safe": None if verdict is None else verdict.replay_safe,
        }
    )


def of_timings(timings: Timings) -> Attributes:
    """What it took, in seconds."""
    return present(
        {
            "gen_ai.response.time_to_first_chunk": timings.sent_to_first_output,
            "rejoinder.queued_seconds": timings.queued,
            "rejoinder.drain_seconds": timings.drain,
            "rejoinder.dial_seconds": timings.dial,
            "rejoinder.pause_seconds": timings.pause,
            "rejoinder.to_sent_seconds": timings.to_sent,
            "rejoinder.to_created_seconds": timings.to_created,
            "rejoinder.to_first_output_seconds": timings.to_first_output,
            "rejoinder.to_first_text_seconds": timings.to_first_text,
            "rejoinder.total_seconds": timings.total,
        }
    )


def of_usage(usage: Usage | None) -> Attributes:
    """What it cost, in tokens; nothing where the server told nothing."""
    if usage is None:
        return {}
    return {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        "gen_ai.usage.cache_write.input_tokens": usage.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }


def finish_reason(outcome: Outcome, result: Result) -> str:
    """The reason as the conventions call it; ``error`` for everything that did not come to an end of its own."""
    if outcome.kind is OutcomeKind.INCOMPLETE:
        reason = result.incomplete_reason or "error"
        return FINISH.get(reason, reason)
    if outcome.kind is not OutcomeKind.COMPLETED:
        return "error"
    return "tool_call" if result.calls else "stop"


def _conversation_of(fields: Mapping[str, Any]) -> str | None:
    given = fields.get("conversation")
    name = given if isinstance(given, str) else _mapping(given).get("id")
    return name if isinstance(name, str) else None


def present(attributes: Mapping[str, Any]) -> Attributes:
    """Leave out what there is none of, and what no attribute can be."""
    return {name: value for name, value in attributes.items() if isinstance(value, str | bool | int | float)}


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()
