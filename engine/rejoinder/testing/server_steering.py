"""What a model server does with a `response.steer` (OpenAI steering guide).

Rules of this file: pure. What the guide says is followed: words are queued first (`accepted`), the item under way is finished, a
successor that nobody creates follows on the same lane; after a response with calls the words wait for the next create (`pending`).
When exactly a response ends for the sake of steering is not documented: it is a mode.
"""

import enum
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from rejoinder.testing.creates import Steer
from rejoinder.testing.cues import Cue, stop
from rejoinder.testing.script import Answer, Event, JsonObject
from rejoinder.testing.server_connection import Running

PARTS: Final = frozenset({"input_text", "input_image", "input_file"})


class SteerMode(enum.Enum):
    """What the server does with words for a running response."""

    APPLY = "apply"
    """It finishes the item that is under way, ends the response as incomplete (`steered`), and begins the successor."""
    COMPLETE = "complete"
    """It lets the response complete, and begins the successor then."""
    FAIL = "fail"
    """It refuses them with `steer_code`."""


def steer_failed(steer: Steer, code: str, message: str) -> dict[str, Any]:
    """The frame that refuses words."""
    return {
        "type": "response.steer.failed",
        "steer": {"previous_response_id": steer.previous_response_id, "input": steer.given},
        "error": {"type": "invalid_request_error", "code": code, "message": message},
    }


def steer_news(kind: str, steer: Steer, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON values)
    """The frame that queues words, or keeps them for later."""
    return {
        "type": f"response.steer.{kind}",
        "steer": {"id": name, "previous_response_id": steer.previous_response_id},
        **fields,
    }


def take(running: Running, steer: Steer, name: str, mode: SteerMode, now: float) -> None:
    """Queue words for a running response, and let it end as the mode says."""
    offset = now - running.started
    said = running.cues[: running.position]
    accepted = Cue(offset, Event(steer_news("accepted", steer, name)))
    left = running.cues[running.position :]
    running.steers = (*running.steers, (steer, name))
    if mode is SteerMode.APPLY and len(running.steers) == 1:
        kept = tuple(_to_the_end_of_the_item(said, left))
        if not any(cue.ends for cue in kept):
            end = max([offset, *(cue.offset for cue in kept)])
            answer = Answer(terminal="incomplete", incomplete_reason="steered")
            terminal = stop(running.response, (*said, *kept), answer, end, running.started + end)
            left = (*kept, terminal)
    running.cues = (*said, accepted, *left)


def outstanding_calls(output: Sequence[JsonObject]) -> list[JsonObject]:
    """Stubs of the items that the server waits for: an output for each call of the caller's own functions."""
    calls = [item for item in output if item.get("type") in {"function_call", "custom_tool_call"}]
    return [{"type": f"{item['type']}_output", "call_id": item.get("call_id")} for item in calls]


def is_fit(steer: Steer) -> bool:
    """Whether the words are a string, or messages of the user."""
    given = steer.given
    if isinstance(given, str):
        return True
    items = cast("list[object]", given) if isinstance(given, list) else [None]
    return all(_is_users_message(item) for item in items)


def _is_users_message(item: object) -> bool:
    fields: JsonObject = cast("JsonObject", item) if isinstance(item, dict) else {}
    content = fields.get("content")
    parts = cast("list[object]", content) if isinstance(content, list) else []
    fit = all(isinstance(part, dict) and cast("JsonObject", part).get("type") in PARTS for part in parts)
    return fields.get("role") == "user" and isinstance(content, str | list) and fit


def _to_the_end_of_the_item(said: Sequence[Cue], left: Sequence[Cue]) -> Iterator[Cue]:
    """What is still said before a response can end: the rest of the item that is under way."""
    open_items = 0
    for cue in said:
        open_items += _opens(cue)
    for cue in left:
        if open_items <= 0:
            return
        yield cue
        open_items += _opens(cue)


def _opens(cue: Cue) -> int:
    kind = cue.step.body.get("type") if isinstance(cue.step, Event) else None
    return {"response.output_item.added": 1, "response.output_item.done": -1}.get(str(kind), 0)
