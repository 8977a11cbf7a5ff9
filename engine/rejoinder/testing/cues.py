"""From an `Answer` to cues: what is sent, and how many seconds after the response began.

Rules of this file: pure. A cue list is compiled once, when the server starts on a create, and never changes; a cancel
replaces the rest of it. Sequence numbers and lane names are left to the moment of sending, since other frames may come
between. A list without a cue that `ends` is a response that never ends by itself.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

from rejoinder.testing.output_items import ITEM_PREFIXES, ItemStep, SpokenItem, speak
from rejoinder.testing.response_object import begin_response, count_tokens, count_usage, end_response
from rejoinder.testing.script import (
    ITEM_ID,
    RESPONSE_ID,
    Answer,
    Call,
    ErrorFrame,
    Event,
    Interruption,
    JsonObject,
    LoseConnection,
    Pause,
    Raw,
    Stall,
    Step,
)


class Ending(enum.Enum):
    """What the end of a response means for the lane's cache."""

    COMPLETED = "completed"
    """The response can be continued."""
    CUT_SHORT = "cut short"
    """It ended incomplete, cancelled, or without a word: nothing of its own is kept."""
    FAILED = "failed"
    """It failed, or an error ended it: a continuation on the same lane also loses its parent."""
    REFUSED = "refused"
    """There was no response, only an error: a continuation on the same lane loses its parent."""


@attrs.frozen
class Cue:
    """One thing to send, and when."""

    offset: float
    """Seconds after the server started on the create."""
    step: Event | Raw | ErrorFrame | LoseConnection | None
    """What to send; None sends nothing."""
    ends: Ending | None = None
    """Set on the cue after which the lane is free."""


@attrs.frozen
class Opening:
    """What is known when the server starts on a create."""

    body: JsonObject
    """The create."""
    response_id: str
    """The identifier of the response, unless the answer has its own."""
    at: float
    """The server's time."""
    next_id: Callable[[str], str]
    """Makes the next identifier with a prefix."""
    input_tokens: int
    """Tokens of the whole context."""
    cached_tokens: int
    """Tokens of it that the previous response knew."""


@attrs.frozen
class Performance:
    """An answer, ready to be sent."""

    response: JsonObject
    """The response object as `response.created` has it."""
    cues: tuple[Cue, ...]
    """What to send, in order of time."""
    output: tuple[JsonObject, ...]
    """The items the steps make: what a continuation finds in the context."""
    output_tokens: int
    """Tokens the model wrote."""


NOTHING_SAID: Final = Answer()
"""The answer to a warm-up: created, in progress, completed, and no output."""


def perform(answer: Answer, opening: Opening) -> Performance:
    """Compile an answer."""
    response = begin_response(answer.response_id or opening.response_id, opening.body, opening.at)
    if answer.reject is not None:
        cue = Cue(answer.created_after, answer.reject, Ending.REFUSED)
        return Performance(response, (cue,), (), 0)
    stage = _Stage(response, opening, answer.created_after)
    for _ in range(answer.created):
        stage.say({"type": "response.created", "response": response})
    if opening.body.get("background") is True:
        # As recorded: a background response says so before it begins.
        stage.say({"type": "response.queued", "response": {**response, "status": "queued"}})
    if answer.in_progress:
        stage.say({"type": "response.in_progress", "response": response})
    if stage.play(answer.steps):
        stage.end(answer)
        stage.play(answer.late)
    cues = tuple(_interrupt(stage.cues, answer.interruptions))
    output = answer.output if answer.terminal_by_hand and answer.output is not None else tuple(stage.output)
    return Performance(response, cues, output, count_tokens(stage.length))


def _interrupt(cues: Sequence[Cue], interruptions: Sequence[Interruption]) -> Iterator[Cue]:
    left, delay = list(interruptions), 0.0
    for number, cue in enumerate(cues):
        while left and left[0].after == number:
            step = left.pop(0).step
            if isinstance(step, Stall):
                return
            if isinstance(step, Pause):
                delay += step.seconds
            else:
                # The frame before this one has just been sent: no new silence comes first.
                offset = cues[number - 1].offset if number else cue.offset
                yield Cue(offset + delay, step)
        yield attrs.evolve(cue, offset=cue.offset + delay)


def stop(response: JsonObject, said: Iterable[Cue], answer: Answer, offset: float, at: float) -> Cue:
    """The terminal cue of a response that a cancel ends early: whatever was said so far is its output."""
    output = output_so_far(cue.step.body for cue in said if isinstance(cue.step, Event))
    tokens = count_tokens(sum(len(str(item)) for item in output))
    ended = end_response(response, answer, output, count_usage(0, 0, tokens, 0), at)
    return Cue(offset, Event({"type": f"response.{answer.terminal}", "response": ended}), _ending(answer, faulty=False))


def output_so_far(events: Iterable[JsonObject]) -> tuple[JsonObject, ...]:
    """The output items that a series of events amounts to; an item without its done event is `incomplete`."""
    items: dict[object, dict[str, Any]] = {}
    for event in events:
        kind, index, delta = event.get("type"), event.get("output_index"), event.get("delta")
        if kind in {"response.output_item.added", "response.output_item.done"} and event.get("item"):
            items[index] = dict(event["item"])
        elif index not in items or not isinstance(delta, str):
            continue  # an event of the script's own that builds no item
        elif kind == "response.output_text.delta":
            items[index]["content"] = [_longer(items[index], "output_text", "text", delta)]
        elif kind == "response.refusal.delta":
            items[index]["content"] = [_longer(items[index], "refusal", "refusal", delta)]
        elif kind == "response.function_call_arguments.delta":
            items[index]["arguments"] += delta
    unfinished = {"status": "incomplete"}
    return tuple(item | unfinished if item.get("status") == "in_progress" else item for item in items.values())


@attrs.define(eq=False)
class _Stage:
    """The list of cues under construction."""

    response: JsonObject
    opening: Opening
    offset: float
    cues: list[Cue] = attrs.field(factory=list[Cue])
    output: list[JsonObject] = attrs.field(factory=list[JsonObject])
    item_id: str = "item_none"
    length: int = 0
    reasoning_length: int = 0
    errors: int = 0

    def play(self, steps: Sequence[Step]) -> bool:
        """Lay out some steps. False means that one of them stalls: nothing may follow."""
        for step in steps:
            if isinstance(step, Stall):
                return False
            if isinstance(step, Pause):
                self.offset += step.seconds
            elif isinstance(step, Event):
                self.say(self._fill_in(step.body))
            elif isinstance(step, (Raw, ErrorFrame, LoseConnection)):
                self.errors += isinstance(step, ErrorFrame)
                self.cues.append(Cue(self.offset, step))
            else:
                self._speak(step)
        return True

    def say(self, body: JsonObject, ends: Ending | None = None) -> None:
        self.cues.append(Cue(self.offset, Event(body), ends))

    def end(self, answer: Answer) -> None:
        ending = _ending(answer, faulty=self.errors > 0)
        if answer.terminal is None or answer.terminal_by_hand:
            self.cues.append(Cue(self.offset, None, ending))
            return
        usage = answer.usage or count_usage(
            self.opening.input_tokens,
            self.opening.cached_tokens,
            count_tokens(self.length),
            count_tokens(self.reasoning_length),
        )
        output = self.output if answer.output is None else answer.output
        ended = end_response(self.response, answer, output, usage, self.opening.at + self.offset)
        self.say({"type": f"response.{answer.terminal}", "response": ended}, ending)

    def _speak(self, step: ItemStep) -> None:
        self.item_id = self.opening.next_id(ITEM_PREFIXES[type(step)])
        call_id = self.opening.next_id("call") if isinstance(step, Call) else ""
        spoken: SpokenItem = speak(step, self.item_id, call_id, len(self.output))
        for silence, event in spoken.events:
            self.offset += silence
            self.say(event)
        self.output.append(spoken.item)
        self.length += spoken.length
        self.reasoning_length += spoken.length if spoken.item["type"] == "reasoning" else 0

    def _fill_in(self, value: Any) -> Any:  # noqa: ANN401 (a JSON value has no narrower type)
        if value == RESPONSE_ID:
            return self.response["id"]
        if value == ITEM_ID:
            return self.item_id
        if isinstance(value, dict):
            return {key: self._fill_in(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, list):
            return [self._fill_in(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
        return value


def _longer(item: JsonObject, kind: str, field: str, delta: str) -> JsonObject:
    written: str = item["content"][0][field] if item.get("content") else ""
    return {"type": kind, field: written + delta}


def _ending(answer: Answer, *, faulty: bool) -> Ending:
    if answer.terminal == "completed":
        return Ending.COMPLETED
    failed = answer.terminal == "failed" or (answer.terminal is None and faulty)
    return Ending.FAILED if failed else Ending.CUT_SHORT
