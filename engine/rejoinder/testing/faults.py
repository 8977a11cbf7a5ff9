"""Faults by name, as a user picks them: `--fault NAME[:ARGUMENT][@ANSWER]`.

Rules of this file:

* A fault changes a `ServerSetup` into another one, so faults compose, in the order in which they are given.
* A fault of answers can be held to one answer: `stall@2` stalls the second one only. A fault of the whole server can not.
* A fault that cannot be read is a `FaultError` of one line that lists every name.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import attrs

from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.script import (
    ITEM_ID,
    Answer,
    AnswerFunction,
    Call,
    ErrorFrame,
    Event,
    Interruption,
    LoseConnection,
    Raw,
    Reasoning,
    Received,
    Refusal,
    Stall,
    Step,
    Text,
    plain_answer,
)
from rejoinder.testing.server_faults import ServerFaults
from rejoinder.testing.server_profiles import OPENAI, ServerProfile

_MIDDLE: Final = 5
"""Frames of an answer after which the middle begins: created, in_progress, item, part, one delta."""
_OVERSIZED: Final = 1_258_291
"""Characters, 1.2 MiB: above the 1 MiB at which the original's client failed (row 20b of its measured scenarios)."""


class FaultError(ValueError):
    """A fault that cannot be read. Its text is one line that says why and lists the names."""


@attrs.frozen
class ServerSetup:
    """What a server is made of, before and after faults."""

    profile: ServerProfile = OPENAI
    """The provider it imitates."""
    answer: AnswerFunction = plain_answer
    """What it says."""
    faults: ServerFaults = attrs.field(factory=ServerFaults)
    """What is wrong with it as a whole."""

    def build(self, **settings: Any) -> ModelServer:  # noqa: ANN401 (passed on to ModelServer, which types them)
        """Make the server. `settings` are further fields of `ModelServer`."""
        return ModelServer(self.profile, self.answer, faults=self.faults, **settings)


AnswerChange: TypeAlias = Callable[[Answer, float], Answer]
SetupChange: TypeAlias = Callable[[ServerSetup, float], ServerSetup]


@attrs.frozen
class FaultKind:
    """One name a user can pick."""

    name: str
    """The name."""
    meaning: str
    """What it does, in a few words for a help text."""
    default: float
    """The argument where none is given; NaN where it takes none."""
    change: AnswerChange | None = None
    """For a fault of answers: what becomes of each."""
    configure: SetupChange | None = None
    """For a fault of the whole server: what becomes of it."""
    least: float = 0.0
    """The smallest argument."""
    most: float = math.inf
    """The largest argument."""
    unit: str = ""
    """A letter that may follow the argument and changes its meaning to seconds, or nothing."""


@attrs.frozen
class Fault:
    """A fault as it was picked."""

    text: str
    """The text it was read from."""
    kind: FaultKind
    """Which one."""
    argument: float
    """Its argument."""
    only: int | None = None
    """The one answer it concerns, from 0, or None for all."""
    seconds: bool = False
    """Whether the argument carried the unit."""

    def apply(self, setup: ServerSetup) -> ServerSetup:
        """The setup with this fault in it."""
        if self.kind.change is not None:
            return attrs.evolve(setup, answer=partial(_changed, setup.answer, self, self.kind.change))
        if self.kind.configure is not None and not self.seconds:
            return self.kind.configure(setup, self.argument)
        return attrs.evolve(setup, profile=attrs.evolve(setup.profile, max_age=self.argument))


def parse_fault(text: str) -> Fault:
    """Read `NAME[:ARGUMENT][@ANSWER]`. Raises FaultError."""
    described, has_only, only = text.partition("@")
    name, has_argument, argument = described.partition(":")
    kind = FAULTS.get(name)
    if kind is None:
        raise _error(text, f"there is no fault named {name!r}")
    if has_argument and math.isnan(kind.default):
        raise _error(text, f"{name} takes no argument")
    seconds = bool(kind.unit) and argument.endswith(kind.unit)
    given = argument.removesuffix(kind.unit)
    number = _number(text, given, kind.least, kind.most) if has_argument else kind.default
    if has_only and kind.change is None:
        raise _error(text, f"{name} concerns the whole server and cannot be held to one answer")
    index = int(_number(text, only, 1.0, math.inf)) - 1 if has_only else None
    return Fault(text, kind, number, index, seconds)


def with_faults(setup: ServerSetup, texts: Iterable[str]) -> ServerSetup:
    """The setup with every named fault in it. Raises FaultError; `ServerSetup.build` comes next."""
    for fault in [parse_fault(text) for text in texts]:
        setup = fault.apply(setup)
    return setup


def _changed(inner: AnswerFunction, fault: Fault, change: AnswerChange, received: Received) -> Answer:
    answer = inner(received)
    return change(answer, fault.argument) if fault.only in {None, received.index} else answer


def _number(text: str, argument: str, least: float, most: float) -> float:
    try:
        number = float(argument)
    except ValueError:
        number = math.nan
    if not least <= number <= most or math.isinf(number):
        limits = f"of at least {least:g}" if math.isinf(most) else f"between {least:g} and {most:g}"
        raise _error(text, f"{argument!r} is not a number {limits}")
    return number


def _error(text: str, why: str) -> FaultError:
    return FaultError(f"Cannot read the fault {text!r}: {why}. Faults are {', '.join(FAULTS)}.")


def _interrupt(step: Raw | Stall | LoseConnection, answer: Answer, after: float) -> Answer:
    interruptions = (*answer.interruptions, Interruption(int(after), step))
    return attrs.evolve(answer, interruptions=tuple(sorted(interruptions, key=lambda each: each.after)))


def _trickle(answer: Answer, seconds: float) -> Answer:
    return attrs.evolve(answer, steps=[_slow(step, seconds) for step in answer.steps])


def _slow(step: Step, seconds: float) -> Step:
    if isinstance(step, (Text, Call, Reasoning, Refusal)):
        return attrs.evolve(step, interval=seconds)
    return step


def _oversized(answer: Answer, characters: float) -> Answer:
    return attrs.evolve(answer, fields={**answer.fields, "instructions": "x" * int(characters)})


def _late_frames(answer: Answer, count: float) -> Answer:
    delta: dict[str, Any] = {"item_id": ITEM_ID, "output_index": 0, "content_index": 0, "delta": " (too late)", "logprobs": []}
    late = Event({"type": "response.output_text.delta", **delta})
    return attrs.evolve(answer, late=[*answer.late, *[late] * int(count)])


def _silent(answer: Answer, _argument: float) -> Answer:
    return attrs.evolve(answer, steps=[Stall()], created=0, in_progress=False, reject=None)


def _created(count: int, answer: Answer, _argument: float) -> Answer:
    return attrs.evolve(answer, created=count)


def _status(answer: Answer, status: float) -> Answer:
    return attrs.evolve(
        answer, reject=ErrorFrame(message=f"Refused with status {status:g}.", status=int(status), type="server_error")
    )


def _no_terminal(answer: Answer, _argument: float) -> Answer:
    return attrs.evolve(answer, terminal=None)


def _bare_usage(answer: Answer, _argument: float) -> Answer:
    return attrs.evolve(answer, usage={"input_tokens": 3, "output_tokens": 2, "total_tokens": 5})


def _half_call(answer: Answer, _argument: float) -> Answer:
    call = Call("half_received", '{"never": "run"}', cut=True)
    return attrs.evolve(answer, steps=[*answer.steps, call], terminal="incomplete")


def _lose(answer: Answer, after: float) -> Answer:
    return _interrupt(LoseConnection(), answer, after)


def _whole(name: str, setup: ServerSetup, argument: float) -> ServerSetup:
    changes: dict[str, Any] = {name: int(argument)}
    return attrs.evolve(setup, faults=attrs.evolve(setup.faults, **changes))


def _done_marker(setup: ServerSetup, _argument: float) -> ServerSetup:
    return attrs.evolve(setup, faults=attrs.evolve(setup.faults, done_marker=True))


_KINDS: Final = (
    FaultKind("stall", "fall silent for ever after N frames of the answer", _MIDDLE, partial(_interrupt, Stall())),
    FaultKind("trickle", "wait N seconds before each delta", 1.0, _trickle),
    FaultKind("garbage", "send what is not JSON after N frames", _MIDDLE, partial(_interrupt, Raw('{"type": resp'))),
    FaultKind("binary", "send a binary frame after N frames", _MIDDLE, partial(_interrupt, Raw(b"\x00\xff\xfe"))),
    FaultKind("oversized", "make the terminal event longer than N characters", _OVERSIZED, _oversized),
    FaultKind("late-frames", "send N more deltas after the terminal event", 2, _late_frames),
    FaultKind("duplicate-created", "send response.created twice", math.nan, partial(_created, 2)),
    FaultKind("missing-created", "never send response.created", math.nan, partial(_created, 0)),
    FaultKind("silent", "take the request and say nothing", math.nan, _silent),
    FaultKind("status", "refuse the request with HTTP status N", 503, _status, least=400, most=599),
    FaultKind("lose", "lose the connection after N frames of the answer", _MIDDLE, _lose),
    FaultKind("no-terminal", "end the response without its terminal event", math.nan, _no_terminal),
    FaultKind("bare-usage", "leave the details out of the usage", math.nan, _bare_usage),
    FaultKind("half-call", "break off in the middle of a function call, and end incomplete", math.nan, _half_call),
    FaultKind(
        "age-limit",
        "end a connection at its age limit after N creates, or after N seconds when written as Ns",
        1,
        configure=partial(_whole, "age_limit_after_creates"),
        unit="s",
    ),
    FaultKind(
        "cache-forget",
        "forget the response that the next N continuations name",
        1,
        configure=partial(_whole, "forget_continuations"),
    ),
    FaultKind(
        "refused-handshake",
        "refuse connections with HTTP status N",
        503,
        configure=partial(_whole, "refuse_status"),
        least=300,
        most=599,
    ),
    FaultKind("done-marker", "end each stream over HTTP with [DONE]", math.nan, configure=_done_marker),
    FaultKind(
        "drop-after",
        "lose each connection after N frames",
        10,
        configure=partial(_whole, "drop_after_frames"),
        least=1,
    ),
)

FAULTS: Final[Mapping[str, FaultKind]] = {kind.name: kind for kind in _KINDS}
"""Every fault by its name."""
