"""What a scripted server says: frozen values that describe one answer, step by step.

Rules of this file:

* A value here is data. It knows no clock, no connection and no identifier; `rejoinder.testing.cues` turns it into
  timed frames and `rejoinder.testing.model_server` sends them.
* Seconds are relative: a `Pause` or an `interval` delays everything after it.
* What a step does not say, the server fills in as a real one does: sequence numbers, lane names, identifiers, the
  events around an item. `Raw` is the one step that is sent exactly as written.
* An answer function is pure: the same `Received` gives the same `Answer`. That is what makes a copy of the server
  behave like the server.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, cast

import attrs

JsonObject: TypeAlias = Mapping[str, Any]
"""A decoded JSON object. Nothing in the testing kit changes one that it was given."""

RESPONSE_ID: Final = "$response_id"
"""In an `Event`, a value that equals this string is replaced by the identifier of the running response."""

ITEM_ID: Final = "$item_id"
"""In an `Event`, a value that equals this string is replaced by the identifier of the newest output item."""

ErrorShape: TypeAlias = Literal["wrapped", "wrapped_in_sequence", "flat"]
"""The three error frames that exist: `wrapped` has `status` and an `error` object (OpenAI WebSocket guide),
`wrapped_in_sequence` has a `sequence_number` and an `error` object (recorded), `flat` has code, message and param at
the top (openai-python 3.54 types)."""

Terminal: TypeAlias = Literal["completed", "failed", "incomplete"]
"""The three ways a response ends on the wire. There is no `response.cancelled` and no `response.done`."""

Pieces: TypeAlias = int | Sequence[str] | None
"""How a text is cut into deltas: a number of nearly equal pieces, the pieces themselves, or None for one per word."""


@attrs.frozen
class Text:
    """An assistant message with one text part."""

    text: str
    """The whole text. Empty is allowed: the item then has no delta."""
    pieces: Pieces = None
    """How it is cut into deltas. A sequence of strings is sent as it is, and ought to join to `text`."""
    interval: float = 0.0
    """Seconds before each delta."""
    phase: Literal["commentary", "final_answer"] | None = None
    """The `phase` of the message item, or None to leave the field out."""
    cut: bool = False
    """Leave the item unfinished after its deltas: no `.done` events, status `incomplete` in the final output."""


@attrs.frozen
class Call:
    """A call of one of the caller's functions."""

    name: str
    """The function's name."""
    arguments: str
    """The arguments as the model wrote them: a JSON text, or deliberately not."""
    call_id: str | None = None
    """What the tool output must name, or None for one made by the server."""
    pieces: Pieces = 2
    """How the arguments are cut into deltas."""
    interval: float = 0.0
    """Seconds before each delta."""
    cut: bool = False
    """Leave the item unfinished after its deltas (row 14c of the original's measured scenarios)."""


@attrs.frozen
class Reasoning:
    """A reasoning item: a summary, an encrypted blob, or both."""

    summary: str = ""
    """The summary text. Empty means that the item has no summary part."""
    encrypted: str | None = None
    """The `encrypted_content` of the finished item. As recorded, `output_item.added` carries a different blob."""
    interval: float = 0.0
    """Seconds before each delta of the summary."""


@attrs.frozen
class Refusal:
    """An assistant message whose one part is a refusal."""

    text: str
    """What the model says instead of an answer."""
    pieces: Pieces = None
    """How it is cut into deltas."""
    interval: float = 0.0
    """Seconds before each delta."""


@attrs.frozen
class Pause:
    """Silence for a while, then on with the next step."""

    seconds: float
    """How long."""


@attrs.frozen
class Stall:
    """Silence for ever: nothing after this is sent, and the lane stays busy until a cancel or the end of the link."""


@attrs.frozen
class Raw:
    """A frame sent exactly as written, in text (`str`) or binary (`bytes`)."""

    data: str | bytes
    """The payload."""


@attrs.frozen
class Event:
    """An event of your own. Sequence number and lane name are filled in unless present."""

    body: JsonObject
    """The event. `RESPONSE_ID` and `ITEM_ID` are replaced wherever they stand as a whole value."""


@attrs.frozen
class ErrorFrame:
    """An `error` event, in one of the shapes that exist."""

    code: str | None = None
    """The machine-readable code, such as `rate_limit_exceeded`."""
    message: str = "The server had an error while processing your request."
    """The sentence for people."""
    status: int | None = 400
    """The HTTP status, sent in the `wrapped` shape only. None leaves it out."""
    type: str | None = "invalid_request_error"
    """The `error.type`. None leaves it out, as some providers do."""
    param: str | None = None
    """The field of the request that is to blame, or None."""
    shape: ErrorShape = "wrapped"
    """Which of the three frames to send."""
    headers: Mapping[str, str] | None = None
    """Reply headers such as `retry-after`, or None."""
    headers_outside: bool = False
    """Put the headers at the top of the frame (as Codex reads them) instead of inside `error`."""
    labelled: bool = True
    """Name the lane in the frame where the server would. False hides whose error it is."""


@attrs.frozen
class LoseConnection:
    """The connection ends here, whatever else was running on it."""

    code: int | None = None
    """The close code sent first, or None for an abrupt loss without a close frame."""


Step: TypeAlias = Text | Call | Reasoning | Refusal | Pause | Stall | Raw | Event | ErrorFrame | LoseConnection
"""One thing an answer does. Steps happen in order."""


@attrs.frozen
class Interruption:
    """Something that happens in the middle of an answer, between two frames of whatever step is under way."""

    after: int
    """Frames of the answer that come first, `response.created` included. Past the end of the answer, nothing happens."""
    step: Raw | ErrorFrame | LoseConnection | Pause | Stall
    """What happens then."""


def _as_tuple(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(steps)


@attrs.frozen
class Answer:
    """Everything the server says to one `response.create`."""

    steps: tuple[Step, ...] = attrs.field(default=(), converter=_as_tuple)
    """What happens between `response.in_progress` and the terminal event."""
    created: int = 1
    """How many `response.created` are sent: 1 is right, 0 and 2 are faults."""
    created_after: float = 0.0
    """Seconds from the start of the response (or of the rejection) to its first frame."""
    in_progress: bool = True
    """Whether `response.in_progress` follows `response.created`."""
    terminal: Terminal | None = "completed"
    """How the response ends. None ends it without a word: the lane is free again, the client is not told."""
    error: JsonObject | None = None
    """The `error` object of a failed response. None gives `server_error` where the terminal is `failed`."""
    incomplete_reason: str | None = None
    """The reason of an incomplete response. None gives `max_output_tokens` where the terminal is `incomplete`."""
    reject: ErrorFrame | None = None
    """Answer with this error and no response at all. Every other field but `created_after` is then unused."""
    usage: JsonObject | None = None
    """The `usage` object of the terminal. None lets the server count."""
    output: tuple[JsonObject, ...] | None = None
    """The `output` of the terminal. None gives the items that the steps made; `()` is a real server's empty list."""
    fields: JsonObject = attrs.field(factory=dict[str, Any])
    """Further fields of the response object in the terminal event, over what the server would say."""
    response_id: str | None = None
    """The response's identifier. None lets the server count."""
    late: tuple[Step, ...] = attrs.field(default=(), converter=_as_tuple)
    """Steps that follow the terminal event, while the lane is free again."""
    interruptions: tuple[Interruption, ...] = ()
    """What happens between two frames, in ascending order of `after`."""
    terminal_by_hand: bool = False
    """The steps hold the terminal event already: none is added, and `terminal` and `output` say what it amounts to."""


@attrs.frozen
class Received:
    """A `response.create` as the server understood it: what an answer function is given."""

    body: JsonObject
    """The whole frame."""
    index: int
    """Which answer this is, from 0, over the life of the server. Creates that the server turned down by itself (a bad
    lane name, a cache miss) and warm-ups are not counted, so a script is not used up by them."""
    connection: int
    """The connection it came over."""
    items: tuple[JsonObject, ...]
    """The whole context: what the previous response knew, its output, and the new input."""
    lane: str | None = None
    """The lane's name, or None for the default lane and for servers without lanes."""
    previous_response_id: str | None = None
    """The response it continues, or None."""

    @property
    def text(self) -> str:
        """The text of the last user message in the context, or an empty string."""
        for item in reversed(self.items):
            if item.get("role") == "user":
                return text_of(item.get("content"))
        return ""

    @property
    def tool_output(self) -> str | None:
        """The output of a function call, where that is the last item of the context."""
        if self.items and self.items[-1].get("type") == "function_call_output":
            return text_of(self.items[-1].get("output"))
        return None


AnswerFunction: TypeAlias = Callable[[Received], Answer]
"""Decides what the server says to a create. It must be pure."""


def text_of(content: object) -> str:
    """The text in an item's `content`: a string, or a list of parts. Anything else gives an empty string."""
    if isinstance(content, str):
        return content
    parts = cast("list[object]", content) if isinstance(content, list) else []
    texts = [cast("JsonObject", part).get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def plain_answer(received: Received) -> Answer:
    """Answer in one sentence that repeats what the user said last. This is the answer function of a plain server."""
    if received.tool_output is not None:
        return Answer([Text(f"The tool answered: {received.tool_output}")])
    if not received.text:
        return Answer([Text("I heard nothing yet. Say something and I will repeat it.")])
    return Answer([Text(f"You said: {received.text}")])


def scripted(answers: Sequence[Answer], then: AnswerFunction = plain_answer) -> AnswerFunction:
    """Play `answers` in the order in which the server starts on creates, and ask `then` once they are used up."""
    played = tuple(answers)

    def answer(received: Received) -> Answer:
        return played[received.index] if received.index < len(played) else then(received)

    return answer
