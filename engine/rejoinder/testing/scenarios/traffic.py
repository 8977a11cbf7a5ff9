"""The notation in which a scenario writes every frame, both ways; and the frames of a server's log in it.

::

    0 > create lane-1: user 'Ready?'
    0 > create lane-1 after resp_1: user 'Tell me a story.'
    0 > cancel resp_2
    0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done, completed resp_1

Rules of this file:

* A line begins with the number of the connection. ``>`` is one frame of the client; ``<`` is all that the server said on a lane, in
  order. Connections come in order, and of each the client's frames before the server's, by lane,
  and last what names no lane: what happens on two lanes at the same time has no order that could be promised.
* What every create of a scenario holds (the type, the model, ``store: false``) is left out where it is as it should be, and
  written where it is not; every other field is written. So nothing in a create can change unnoticed.
* Of the server's frames what tells them apart is written: they are its script's, and what a caller is handed is compared with
  them whole, elsewhere.
* ``dropped``, ``closed 1001`` and ``refused 503`` are what the server did to a connection; ``left`` is not written: sessions end.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final, cast

from rejoinder.testing.outgoing import LogEntry

__all__ = ["client_frame", "lines_of", "seen", "shortened"]

MODEL: Final = "gpt-4.1"
USUAL: Final = {"type": "response.create", "model": MODEL, "store": False}
"""What is in every create."""
LONGEST: Final = 60
"""Characters of a text that are written; of a longer one both ends, and how long it is."""
MOST_DELTAS: Final = 8
"""Pieces of text in a row that are written one by one."""
MOST_ITEMS: Final = 9
"""Items of a create that are written one by one; of more, the first two and the last two."""
SIMPLE: Final = {
    "response.in_progress": "in progress",
    "response.content_part.added": "part",
    "response.content_part.done": "part done",
    "response.output_text.done": "text done",
    "response.output_item.done": "item done",
    "response.refusal.done": "refusal done",
    "response.function_call_arguments.done": "arguments done",
    "response.reasoning_summary_part.added": "summary part",
    "response.reasoning_summary_part.done": "summary part done",
    "response.reasoning_summary_text.delta": "summary",
    "response.reasoning_summary_text.done": "summary done",
}
"""Frames whose type says it all."""
TEXT: Final = "response.output_text.delta"


def lines_of(written: str) -> list[str]:
    """The lines of traffic as a scenario writes them; what begins with a space goes on with the line above."""
    lines: list[str] = []
    for line in textwrap.dedent(written).strip("\n").splitlines():
        if line.startswith(" ") and lines:
            lines[-1] += f" {line.strip()}"
        elif line.strip():
            lines.append(line.rstrip())
    return lines


def seen(log: Sequence[LogEntry]) -> list[str]:
    """The lines of what was seen by a server."""
    lines = [f"- {entry.data!s}" for entry in log if entry.connection < 0]
    for connection in sorted({entry.connection for entry in log if entry.connection >= 0}):
        entries = [entry for entry in log if entry.connection == connection]
        lines += _of_connection(connection, entries)
    return lines


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text in quotes, or both its ends and its length."""
    if len(text) <= longest:
        return repr(text)
    return f"{text[:16]!r}...{text[-16:]!r} ({len(text)} characters)"


def _of_connection(number: int, entries: Sequence[LogEntry]) -> Iterator[str]:
    said = 0
    for entry in entries:
        if entry.direction == "in":
            said += 1
            yield f"{number} > {client_frame(entry.body)}"
    lanes: dict[str | None, list[LogEntry]] = {}
    for entry in entries:
        if entry.direction == "out":
            lanes.setdefault(_lane_of(entry.body), []).append(entry)
    for lane, told in sorted(lanes.items(), key=lambda each: (each[0] is None, each[0] or "")):
        said += 1
        yield f"{number} <{'' if lane is None else f' {lane}:'} {', '.join(_server_frames(told))}"
    ends = [str(entry.data) for entry in entries if entry.direction == "note" and entry.data not in {"opened", "left"}]
    for end in ends:
        yield f"{number} {end}"
    if not said and not ends:
        yield f"{number} nothing"


# -- the client's frames -----------------------------------------------------------------------------------------------------


def client_frame(body: Any) -> str:  # noqa: ANN401 (a JSON value has no narrower type)
    """One frame of the client."""
    frame = _fields(body)
    if frame.get("type") == "response.cancel":
        further = {name: value for name, value in frame.items() if name not in {"type", "response_id"}}
        return f"cancel {frame.get('response_id')}" + _further(further)
    if frame.get("type", "response.create") != "response.create" or not isinstance(frame.get("input"), list):
        return _compact(body)
    lane, previous = frame.get("stream_id"), frame.get("previous_response_id")
    head = "create" + (f" {lane}" if lane else "") + (f" after {previous}" if previous else "")
    known = {"type", "input", "stream_id", "previous_response_id"}
    unusual = {
        name: frame.get(name) for name, usual in USUAL.items() if frame.get(name, None if name != "type" else usual) != usual
    }
    others = {name: value for name, value in frame.items() if name not in known and name not in USUAL}
    return f"{head}: {_items(frame['input'])}" + _further({**unusual, **others})


def _items(items: Sequence[Any]) -> str:
    written = [_item(item) for item in items]
    if len(written) > MOST_ITEMS:
        written = [*written[:2], f"... {len(written) - 4} more", *written[-2:]]
    return ", ".join(written)


def _item(item: Any) -> str:  # noqa: ANN401 (a JSON value has no narrower type)
    fields = _fields(item)
    role, content, kind = fields.get("role"), fields.get("content"), fields.get("type", "message")
    if set(fields) == {"role", "content"} and isinstance(content, str):
        return f"{role} {shortened(content)}"
    if kind == "message" and isinstance(content, list) and "id" in fields:
        parts = [_fields(part) for part in cast("list[object]", content)]
        said = [shortened(str(part.get("text", part.get("refusal")))) for part in parts]
        return f"{role} {' '.join(said)} as {fields['id']}"
    if kind == "function_call" and "id" in fields:
        return f"call {fields.get('call_id')} {fields.get('name')} {fields.get('arguments')}"
    if set(fields) == {"type", "call_id", "output"} and kind == "function_call_output":
        return f"output {fields['call_id']} {_compact(fields['output'])}"
    return _compact(item)


def _further(fields: Mapping[str, Any]) -> str:
    return "".join(f"; {name} {_tools(value) if name == 'tools' else _compact(value)}" for name, value in sorted(fields.items()))


def _tools(value: Any) -> str:  # noqa: ANN401 (a JSON value has no narrower type)
    """Each tool by its name and the names of its parameters."""
    named: list[str] = []
    for each in cast("list[object]", value) if isinstance(value, list) else []:
        tool = _fields(each)
        named.append(f"{tool.get('name')}({' '.join(_fields(_fields(tool.get('parameters')).get('properties')))})")
    return " ".join(named)


# -- the server's frames -----------------------------------------------------------------------------------------------------


def _server_frames(entries: Iterable[LogEntry]) -> Iterator[str]:
    for is_text, group in groupby(entries, lambda entry: entry.type == TEXT and isinstance(_fields(entry.body).get("delta"), str)):
        run = list(group)
        if not is_text:
            yield from map(_server_frame, run)
            continue
        pieces = [str(entry.body["delta"]) for entry in run]
        if len(pieces) <= MOST_DELTAS and all(len(piece) <= LONGEST for piece in pieces):
            yield from map(repr, pieces)
        else:
            yield f"{len(pieces)} deltas {shortened(''.join(pieces))}"


def _server_frame(entry: LogEntry) -> str:
    if isinstance(entry.data, bytes):
        return f"bytes {entry.data.hex()}"
    if entry.body is None:
        return f"not JSON {shortened(entry.data)}"
    kind = entry.type
    return SIMPLE.get(kind or "") or WORDS.get(kind or "", _other)(_fields(entry.body)) or _compact(entry.body)


def _created(body: Mapping[str, Any]) -> str:
    response = _fields(body.get("response"))
    previous = response.get("previous_response_id")
    return f"created {response.get('id')}" + (f" after {previous}" if previous else "")


def _terminal(body: Mapping[str, Any]) -> str:
    response = _fields(body.get("response"))
    why = _fields(response.get("error")).get("code") or _fields(response.get("incomplete_details")).get("reason")
    return f"{str(body['type']).removeprefix('response.')} {response.get('id')}" + (f" ({why})" if why else "")


def _item_added(body: Mapping[str, Any]) -> str:
    item = _fields(body.get("item"))
    return " ".join(["item", str(item.get("type")), *[str(item[name]) for name in ("call_id", "name") if name in item]])


def _piece(body: Mapping[str, Any]) -> str:
    delta: object = body.get("delta")
    kind = str(body["type"]).split(".")[1].removeprefix("function_call_").replace("output_text", "delta")
    return f"{kind} {shortened(delta) if isinstance(delta, str) else delta}"


def _error(body: Mapping[str, Any]) -> str:
    inside: object = body.get("error", body)
    if not isinstance(inside, dict):
        return f"error {shortened(str(inside))}"
    shape = "flat" if "error" not in body else "in sequence" if "sequence_number" in body else ""
    return " ".join(str(part) for part in ("error", body.get("status"), _fields(inside).get("code"), shape) if part)


def _other(body: Mapping[str, Any]) -> str:
    """What nobody knows: everything in it, without what the server fills in."""
    own = {name: value for name, value in body.items() if name not in {"type", "sequence_number", "stream_id"}}
    return " ".join([*([str(body["type"])] if "type" in body else []), *([_compact(own)] if own else [])])


WORDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {
        "error": _error,
        "response.completed": _terminal,
        "response.created": _created,
        "response.failed": _terminal,
        "response.function_call_arguments.delta": _piece,
        "response.incomplete": _terminal,
        "response.output_item.added": _item_added,
        "response.output_text.delta": _piece,
        "response.refusal.delta": _piece,
    }
)
"""What is written of a frame, by its type."""


def _lane_of(body: Any) -> str | None:  # noqa: ANN401 (a JSON value has no narrower type)
    lane = _fields(body).get("stream_id")
    return lane if isinstance(lane, str) else None


def _fields(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 (a JSON value has no narrower type)
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _compact(value: Any) -> str:  # noqa: ANN401 (a JSON value has no narrower type)
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text if len(text) <= 3 * LONGEST else f"{text[:LONGEST]}...{text[-LONGEST:]} ({len(text)} characters)"
