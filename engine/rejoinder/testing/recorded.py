"""Recorded streams: read them, and let a server replay them word for word.

Rules of this file:

* An event stays the text that was recorded. Nothing is decoded and encoded again on the way to a client, so engine
  tests compare what came out with the recorded terminal event.
* The forms of a line: `dir: client` with the request's `body`; `dir: server` with a `frame` (one event) or a `raw_sse`
  (the untouched text of an SSE body); or one event by itself. The README beside the recordings describes them.
* SSE framing is httpx-sse's business.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import attrs
import httpx
from httpx_sse import EventSource

from rejoinder.testing.outgoing import decoded, type_of
from rejoinder.testing.script import (
    Answer,
    AnswerFunction,
    ErrorFrame,
    JsonObject,
    Pause,
    Raw,
    Received,
    Step,
    Terminal,
)

_TERMINALS: Final[dict[str, Terminal]] = {
    "response.completed": "completed",
    "response.failed": "failed",
    "response.incomplete": "incomplete",
}
_END_OF_STREAM: Final = "[DONE]"
_USED_UP: Final = ErrorFrame(code="recording_used_up", message="The recording has no further response.")


class RecordingError(ValueError):
    """A file that is not a recording. Its text is one line that names the file and the line."""


@attrs.frozen
class RecordedResponse:
    """One response as it was recorded: everything from one request, or one `response.created`, to the next."""

    events: tuple[str, ...]
    """The events, each the JSON text that was recorded."""
    request: JsonObject | None = None
    """The body of the request, where it was recorded."""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The decoded events; what is no JSON object is left out."""
        bodies: list[object] = [decoded(event) for event in self.events]
        return [cast("dict[str, Any]", body) for body in bodies if isinstance(body, dict)]

    @property
    def terminal(self) -> Terminal | None:
        """Which terminal event ended it, or None for a recording that has none."""
        kinds = [type_of(body) for body in self.bodies]
        return next((_TERMINALS[kind] for kind in reversed(kinds) if kind in _TERMINALS), None)

    @property
    def final(self) -> JsonObject | None:
        """The response object of the terminal event, or None for a recording that has none."""
        return next((_response(body) for body in reversed(self.bodies) if type_of(body) in _TERMINALS), None)

    @property
    def response_id(self) -> str | None:
        """The identifier of the response, or None when no event carries one."""
        identifiers = [_response(body).get("id") for body in self.bodies]
        return next((each for each in identifiers if isinstance(each, str)), None)


def read_recording(path: Path) -> tuple[RecordedResponse, ...]:
    """The responses in a file, in order. Raises RecordingError, or OSError when the file cannot be read."""
    try:
        return parse_recording(path.read_text(encoding="utf-8"))
    except ValueError as error:
        message = f"{path.name} is not a recording: {error}. Give a file of JSON Lines with recorded events."
        raise RecordingError(message) from error


def parse_recording(text: str) -> tuple[RecordedResponse, ...]:
    """The responses in the text of a recording, in order. Raises ValueError that names the line."""
    responses: list[RecordedResponse] = []
    for entry in _read_lines(text):
        if not isinstance(entry, str):
            responses.append(RecordedResponse((), entry))
            continue
        starts = type_of(decoded(entry)) == "response.created" and not (responses and not responses[-1].events)
        if starts or not responses:
            responses.append(RecordedResponse(()))
        responses[-1] = attrs.evolve(responses[-1], events=(*responses[-1].events, entry))
    if not any(response.events for response in responses):
        message = "it holds no event"
        raise ValueError(message)
    return tuple(responses)


def read_sse(body: str) -> list[str]:
    """The data of each event in an SSE body; an end-of-stream mark is left out."""
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    source = EventSource(httpx.Response(200, headers=headers, content=body.encode()))
    return [event.data for event in source.iter_sse() if event.data != _END_OF_STREAM]


def replay(responses: Sequence[RecordedResponse], interval: float = 0.0) -> AnswerFunction:
    """An answer function that plays one recorded response per create, word for word, `interval` seconds apart.

    The identifiers stay, and so does the lack of lane names: use it behind a serial profile. Once the recording is used
    up, each create is answered by an error.
    """
    return partial(_replay, [_answer(response, interval) for response in responses])


def _replay(answers: Sequence[Answer], received: Received) -> Answer:
    return answers[received.index] if received.index < len(answers) else Answer(reject=_USED_UP)


def _answer(response: RecordedResponse, interval: float) -> Answer:
    steps: list[Step] = []
    for event in response.events:
        steps += [Pause(interval), Raw(event)]
    output: object = (response.final or {}).get("output")
    return Answer(
        steps,
        created=0,
        in_progress=False,
        terminal=response.terminal,
        terminal_by_hand=True,
        output=tuple(cast("list[JsonObject]", output)) if isinstance(output, list) else (),
        response_id=response.response_id,
    )


def _response(body: JsonObject) -> JsonObject:
    response: object = body.get("response")
    return cast("JsonObject", response) if isinstance(response, dict) else {}


def _read_lines(text: str) -> Iterator[JsonObject | str]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        entry = decoded(line)
        if not isinstance(entry, dict):
            message = f"line {number} is not a JSON object"
            raise ValueError(message)  # noqa: TRY004 (what the file holds is a value, not an argument's type)
        yield from _read_entry(cast("dict[str, Any]", entry), line.rstrip("\r"))


def _read_entry(entry: dict[str, Any], line: str) -> Iterable[JsonObject | str]:
    if entry.get("dir") == "client":
        return [entry.get("body") or {}]
    if "raw_sse" in entry:
        return read_sse(str(entry["raw_sse"]))
    if "dir" not in entry:
        return [line]
    frame = str(entry.get("frame"))
    return [] if frame.strip() in {_END_OF_STREAM, f"data: {_END_OF_STREAM}"} else [frame]
