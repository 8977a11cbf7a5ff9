"""The events around one output item: added, parts, deltas, done.

Rules of this file: pure. A function here gives the events of one step in their recorded order, each with the seconds of
silence before it, and the item as the terminal's `output` lists it. Sequence numbers and lane names come later.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import attrs

from rejoinder.testing.script import Call, JsonObject, Pieces, Reasoning, Refusal, Text

ItemStep: TypeAlias = Text | Call | Reasoning | Refusal
"""The steps that make an output item."""

ITEM_PREFIXES: Final = {Text: "msg", Refusal: "msg", Call: "fc", Reasoning: "rs"}
"""How the identifier of a step's item begins."""

_WORDS: Final = re.compile(r"\s*\S+\s*$|\s*\S+")


@attrs.frozen
class SpokenItem:
    """One output item as the server says it."""

    events: tuple[tuple[float, JsonObject], ...]
    """Each event and the seconds of silence before it."""
    item: JsonObject
    """The item as the terminal's `output` lists it."""
    length: int
    """Characters the model wrote, for the count of tokens."""


def cut(text: str, pieces: Pieces) -> Sequence[str]:
    """Cut a text into deltas. No piece that this makes is empty."""
    if pieces is None:
        return _WORDS.findall(text) if text.strip() else ([text] if text else [])
    if isinstance(pieces, int):
        count = max(1, min(pieces, len(text)))
        edges = [len(text) * index // count for index in range(count + 1)]
        return [text[start:end] for start, end in itertools.pairwise(edges) if start < end]
    return pieces


def speak(step: ItemStep, item_id: str, call_id: str, output_index: int) -> SpokenItem:
    """Every event of a step's item, and the item itself."""
    place = {"item_id": item_id, "output_index": output_index}
    if isinstance(step, Call):
        return _speak_call(step, place, step.call_id or call_id)
    if isinstance(step, Reasoning):
        return _speak_reasoning(step, place)
    return _speak_message(step, place)


def _speak_message(step: Text | Refusal, place: dict[str, Any]) -> SpokenItem:
    kind = "output_text" if isinstance(step, Text) else "refusal"
    phase = step.phase if isinstance(step, Text) else None
    unfinished = isinstance(step, Text) and step.cut
    pieces = cut(step.text, step.pieces)
    text = "".join(pieces) if unfinished else step.text
    shell: dict[str, Any] = {
        "id": place["item_id"],
        "type": "message",
        "status": "in_progress",
        "content": [],
        "role": "assistant",
    }
    if phase is not None:
        shell["phase"] = phase
    here = {**place, "content_index": 0}
    extra: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
    field = "text" if kind == "output_text" else "refusal"
    part = _part(kind, text)
    whole = shell | {"status": "incomplete" if unfinished else "completed", "content": [part]}
    events: list[tuple[float, JsonObject]] = [
        (0.0, _added(shell, place)),
        (0.0, {"type": "response.content_part.added", **here, "part": _part(kind, "")}),
        *((step.interval, {"type": f"response.{kind}.delta", **here, "delta": piece, **extra}) for piece in pieces),
    ]
    if not unfinished:
        events += [
            (0.0, {"type": f"response.{kind}.done", **here, field: text, **extra}),
            (0.0, {"type": "response.content_part.done", **here, "part": part}),
            (0.0, _done(whole, place)),
        ]
    return SpokenItem(tuple(events), whole, len(text))


def _part(kind: str, text: str) -> dict[str, Any]:
    if kind == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _speak_call(step: Call, place: dict[str, Any], call_id: str) -> SpokenItem:
    pieces = cut(step.arguments, step.pieces)
    arguments = "".join(pieces) if step.cut else step.arguments
    shell: dict[str, Any] = {
        "id": place["item_id"],
        "type": "function_call",
        "status": "in_progress",
        "arguments": "",
        "call_id": call_id,
        "name": step.name,
    }
    whole = shell | {"status": "incomplete" if step.cut else "completed", "arguments": arguments}
    kind = "response.function_call_arguments"
    events: list[tuple[float, JsonObject]] = [
        (0.0, _added(shell, place)),
        *((step.interval, {"type": f"{kind}.delta", **place, "delta": piece}) for piece in pieces),
    ]
    if not step.cut:
        # As recorded, the done event of the arguments does not repeat the function's name.
        events += [(0.0, {"type": f"{kind}.done", **place, "arguments": arguments}), (0.0, _done(whole, place))]
    return SpokenItem(tuple(events), whole, len(step.name) + len(arguments))


def _speak_reasoning(step: Reasoning, place: dict[str, Any]) -> SpokenItem:
    shell: dict[str, Any] = {"id": place["item_id"], "type": "reasoning", "summary": []}
    whole = dict(shell)
    if step.encrypted is not None:
        # Recorded: the blob in `added` differs from the one in `done`, and only the latter is to be kept.
        shell["encrypted_content"] = f"early-{step.encrypted}"
        whole["encrypted_content"] = step.encrypted
    events: list[tuple[float, JsonObject]] = [(0.0, _added(shell, place))]
    if step.summary:
        whole["summary"] = [{"type": "summary_text", "text": step.summary}]
        events += _speak_summary(step, {**place, "summary_index": 0})
    events.append((0.0, _done(whole, place)))
    return SpokenItem(tuple(events), whole, len(step.summary))


def _speak_summary(step: Reasoning, here: dict[str, Any]) -> Iterator[tuple[float, JsonObject]]:
    part, text = "response.reasoning_summary_part", "response.reasoning_summary_text"
    yield 0.0, {"type": f"{part}.added", **here, "part": {"type": "summary_text", "text": ""}}
    for piece in cut(step.summary, None):
        yield step.interval, {"type": f"{text}.delta", **here, "delta": piece}
    yield 0.0, {"type": f"{text}.done", **here, "text": step.summary}
    yield 0.0, {"type": f"{part}.done", **here, "part": {"type": "summary_text", "text": step.summary}}


def _added(item: JsonObject, place: dict[str, Any]) -> JsonObject:
    return {"type": "response.output_item.added", "output_index": place["output_index"], "item": item}


def _done(item: JsonObject, place: dict[str, Any]) -> JsonObject:
    return {"type": "response.output_item.done", "output_index": place["output_index"], "item": item}
