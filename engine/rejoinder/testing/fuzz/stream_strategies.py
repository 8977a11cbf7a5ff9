"""Hypothesis strategies for whole response streams, by how they stand to the protocol.

    @given(stream=responses(Legality.RARE))
    def test_mine(stream):
        for frame in stream.frames():
            my_client.receive(frame)
        assert my_client.text == stream.text

Rules of this file
* Each rare and each illegal stream has one peculiarity, the one that it is named for, so that a failure says what it is about.
* What is legal is made by the model server's own code, from answers; the peculiarities are worked into its frames.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from rejoinder.states.codec import MAXIMUM_DEPTH
from rejoinder.states.stream_events import Violation
from rejoinder.testing.fuzz.json_strategies import json_values
from rejoinder.testing.fuzz.streams import PLACEHOLDER, Body, Frame, Legality, Stream, bodies_of, numbered
from rejoinder.testing.script import Answer, Call, ErrorFrame, Reasoning, Refusal, Step, Text

__all__ = ["ILLEGAL", "RARE", "responses"]

WORDS: Final = st.lists(st.sampled_from(["Yes. ", "No, ", "forty-two ", "trees ", "and ", "\n\n"]), min_size=1, max_size=6)
TEXTS: Final = WORDS.map(lambda words: Text("".join(words), words))
CALLS: Final = st.builds(Call, st.sampled_from(["look", "listen"]), st.sampled_from(["{}", '{"at": "the sea"}']))
REASONS: Final = st.builds(Reasoning, st.sampled_from(["", "Let me see."]), encrypted=st.sampled_from([None, "gAAAA"]))
REFUSALS: Final = st.builds(Refusal, st.sampled_from(["I cannot help with that.", "No."]))
Steps = Sequence[Step]
ORDINARY: Final[st.SearchStrategy[Steps]] = st.one_of(st.tuples(TEXTS), st.tuples(TEXTS, CALLS))
ANYTHING: Final = st.one_of(TEXTS, CALLS, REASONS, REFUSALS)

Change = Callable[[list[Body], int], Sequence[Frame]]
"""Makes other frames of right ones; the number says where, modulo how many places there are."""


def responses(legal: Legality = Legality.LEGAL) -> st.SearchStrategy[Stream]:
    """Whole responses of one grade: see ``Stream``. Rare and illegal ones say in ``name`` what is the matter with them."""
    if legal is Legality.LEGAL:
        return ORDINARY.map(_stream)
    if legal is Legality.RARE:
        return st.one_of(*[strategy.map(partial(attrs.evolve, legality=legal, name=name)) for name, strategy in RARE.items()])
    return st.one_of(*ILLEGAL.values())


def _stream(steps: Steps, **how: Any) -> Stream:  # noqa: ANN401 - fields of an answer
    return _of(bodies_of(Answer(steps, **how)))


def _of(bodies: Sequence[Body]) -> Stream:
    text = "".join(body["delta"] for body in bodies if body["type"] == "response.output_text.delta")
    terminal = bodies[-1]["type"].removeprefix("response.")
    return Stream(template=bodies, text=text, terminal=terminal)


def _inserted(more: st.SearchStrategy[Body], steps: st.SearchStrategy[Steps]) -> st.SearchStrategy[Stream]:
    """Legal streams with more events somewhere between ``created`` and the terminal, numbered as they come."""

    def insert(steps: Steps, extra: list[Body], places: list[int]) -> Stream:
        bodies = bodies_of(Answer(steps))
        for body, place in zip(extra, places, strict=False):
            bodies.insert(1 + place % (len(bodies) - 1), body)
        return _of(numbered(bodies))

    places = st.lists(st.integers(0, 50), min_size=3, max_size=3)
    return st.builds(insert, steps, st.lists(more, min_size=1, max_size=3), places)


def _without(*types: str) -> st.SearchStrategy[Stream]:
    """Legal streams that leave out events which a client can do without (a server may)."""
    return ORDINARY.map(lambda steps: _of(numbered([body for body in bodies_of(Answer(steps)) if body["type"] not in types])))


def _unnumbered(steps: Steps) -> Stream:
    return _of([{**body, "sequence_number": None} for body in bodies_of(Answer(steps))])


def _queued(steps: Steps) -> Stream:
    created, *rest = bodies_of(Answer(steps))
    return _of(numbered([created, {**created, "type": "response.queued"}, *rest]))


def _hosted_tool(steps: Steps, tool: str) -> Stream:
    """A tool that the provider runs: an item, its progress, and the same item again (recorded for web search)."""
    created, progress, *rest = bodies_of(Answer(steps))
    place = {"item_id": f"ws_{PLACEHOLDER}", "output_index": 0}
    item = {"id": f"ws_{PLACEHOLDER}", "type": tool, "status": "in_progress"}
    stages = [f"response.{tool}.in_progress", f"response.{tool}.searching", f"response.{tool}.completed"]
    search: list[Body] = [
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        *({"type": stage, **place} for stage in stages),
        {"type": "response.output_item.done", "output_index": 0, "item": {**item, "status": "completed"}},
    ]
    moved = [{**body, "output_index": body["output_index"] + 1} if "output_index" in body else body for body in rest]
    moved[-1] = {
        **moved[-1],
        "response": {**moved[-1]["response"], "output": [search[-1]["item"], *rest[-1]["response"]["output"]]},
    }
    return _of(numbered([created, progress, *search, *moved]))


def _text(pieces: list[str]) -> Steps:
    return [Text("".join(pieces), pieces)]


def _new_event(suffix: str, value: object) -> Body:
    return {"type": f"response.brand_new.{suffix}", "value": value}


def _with_a_fault(steps: Steps) -> Steps:
    return [*steps, FAULT]


def _with_unknown_fields(steps: Steps) -> Stream:
    return _of([{**body, "obfuscation": "aGk", "brand_new": [{}]} for body in bodies_of(Answer(steps))])


FAULT: Final = ErrorFrame("server_error", "It broke.", type="server_error", shape="wrapped_in_sequence")
NEW_EVENTS: Final = st.builds(_new_event, st.sampled_from(["started", "done"]), json_values())
ODD_TEXTS: Final = st.lists(st.text(st.characters(codec=None, exclude_categories=()), max_size=8), max_size=5)
HUGE: Final = st.integers(1, 3).map(lambda times: ["x" * 200_000 * times, "y"])

RARE: Final[Mapping[str, st.SearchStrategy[Stream]]] = MappingProxyType(
    {
        "no output": st.builds(_stream, st.just([])),
        "no in_progress": st.builds(_stream, ORDINARY, in_progress=st.just(value=False)),
        "queued": ORDINARY.map(_queued),
        "many items": st.builds(_stream, st.lists(ANYTHING, min_size=5, max_size=12)),
        "a refusal": st.builds(_stream, st.tuples(REFUSALS)),
        "reasoning": st.builds(_stream, st.tuples(REASONS, TEXTS)),
        "an event of an unknown type": _inserted(NEW_EVENTS, ORDINARY),
        "keepalives": _inserted(st.just({"type": "keepalive"}), ORDINARY),
        "an error, then failed": st.builds(_stream, ORDINARY.map(_with_a_fault), terminal=st.just("failed")),
        "failed": st.builds(_stream, ORDINARY, terminal=st.just("failed")),
        "incomplete": st.builds(_stream, ORDINARY, terminal=st.just("incomplete")),
        "any unicode": st.builds(_stream, ODD_TEXTS.map(_text)),
        "empty deltas": st.builds(_stream, st.lists(st.just(""), min_size=1, max_size=5).map(_text)),
        "huge deltas": st.builds(_stream, HUGE.map(_text)),
        "no sequence numbers": ORDINARY.map(_unnumbered),
        "no parts": _without("response.content_part.added", "response.content_part.done"),
        "nothing is done": _without(
            "response.output_text.done",
            "response.content_part.done",
            "response.function_call_arguments.done",
            "response.output_item.done",
        ),
        "a terminal without output": st.builds(_stream, ORDINARY, output=st.just(())),
        "a hosted tool": st.builds(_hosted_tool, ORDINARY, st.sampled_from(["web_search_call", "file_search_call"])),
        "unknown fields": ORDINARY.map(_with_unknown_fields),
    }
)
"""Strategies for streams that are legal and seldom, by what is seldom about them."""


# -- illegal ---------------------------------------------------------------------------------------------------------------


def _broken(name: str, change: Change) -> st.SearchStrategy[Stream]:
    def build(steps: Steps, place: int) -> Stream:
        bodies = bodies_of(Answer(steps))
        return attrs.evolve(_of(bodies), legality=Legality.ILLEGAL, name=name, template=change(bodies, place))

    return st.builds(build, ORDINARY, st.integers(0, 50))


def _place(bodies: Sequence[Frame], place: int) -> int:
    """An index behind ``created`` and not behind the terminal."""
    return 1 + place % (len(bodies) - 1)


def _with(frame: Frame, bodies: list[Body], place: int) -> Sequence[Frame]:
    at = _place(bodies, place)
    return [*bodies[:at], frame, *bodies[at:]]


def _delta_without(field: str, value: object, bodies: list[Body], place: int) -> Sequence[Frame]:
    """The first delta lacks a field, or has something else there."""
    del place
    at = next(index for index, body in enumerate(bodies) if body["type"] == "response.output_text.delta")
    changed = {name: given for name, given in bodies[at].items() if name != field}
    return [*bodies[:at], changed if value is ABSENT else {**changed, field: value}, *bodies[at + 1 :]]


def _created_twice(bodies: list[Body], place: int) -> Sequence[Frame]:
    del place
    return numbered([bodies[0], *bodies])


def _not_created(bodies: list[Body], place: int) -> Sequence[Frame]:
    del place
    return bodies[1:]


def _output_first(bodies: list[Body], place: int) -> Sequence[Frame]:
    """Output comes before ``created`` does."""
    del place
    created, progress, added, *rest = bodies
    return numbered([added, created, progress, *rest])


def _stranger_begins(bodies: list[Body], place: int) -> Sequence[Frame]:
    at = _place(bodies, place)
    other = {**bodies[0], "response": {**bodies[0]["response"], "id": f"other_{PLACEHOLDER}"}}
    return [*bodies[:at], other, *bodies[at:]]


def _stranger_ends(bodies: list[Body], place: int) -> Sequence[Frame]:
    at = _place(bodies, place)
    other = {**bodies[-1], "response": {**bodies[-1]["response"], "id": f"other_{PLACEHOLDER}"}}
    return [*bodies[:at], other, *bodies[at:]]


def _not_announced(bodies: list[Body], place: int) -> Sequence[Frame]:
    del place
    return numbered([body for body in bodies if body["type"] != "response.output_item.added"])


def _number_left_out(bodies: list[Body], place: int) -> Sequence[Frame]:
    """From the first delta on, numbers are too high: a frame is missing."""
    del place
    at = next(index for index, body in enumerate(bodies) if body["type"] == "response.output_text.delta")
    return [*bodies[:at], *({**body, "sequence_number": body["sequence_number"] + 1} for body in bodies[at:])]


def _said_twice(bodies: list[Body], place: int) -> Sequence[Frame]:
    """The first delta comes twice, with its number."""
    del place
    at = next(index for index, body in enumerate(bodies) if body["type"] == "response.output_text.delta")
    return [*bodies[: at + 1], *bodies[at:]]


def _late_delta(bodies: list[Body], place: int) -> Sequence[Frame]:
    """One more delta follows the terminal."""
    del place
    delta = next(body for body in bodies if body["type"] == "response.output_text.delta")
    return numbered([*bodies, delta])


def _ends_twice(bodies: list[Body], place: int) -> Sequence[Frame]:
    del place
    return numbered([*bodies, bodies[-1]])


ABSENT: Final = object()
DEEP: Final = '{"type":"keepalive","x":' + "[" * (MAXIMUM_DEPTH + 1) + "]" * (MAXIMUM_DEPTH + 1) + "}"

CHANGES: Final[Mapping[str, Change]] = {
    Violation.NOT_UTF8: partial(_with, b"\xff\xfe{}"),
    Violation.NOT_JSON: partial(_with, '{"type": resp'),
    Violation.TOO_DEEP: partial(_with, DEEP),
    Violation.NUMBER_OUT_OF_RANGE: partial(_with, '{"type":"keepalive","x":1e999}'),
    Violation.NOT_AN_OBJECT: partial(_with, json.dumps(["response.completed"])),
    Violation.MISSING_FIELD: partial(_delta_without, "delta", ABSENT),
    Violation.NULL_FIELD: partial(_delta_without, "delta", None),
    Violation.WRONG_TYPE: partial(_delta_without, "delta", ["Yes. "]),
    "created twice": _created_twice,
    "never created": _not_created,
    "output before created": _output_first,
    "another response begins": _stranger_begins,
    "another response ends": _stranger_ends,
    "an item that was not announced": _not_announced,
    "a number is left out": _number_left_out,
    "a frame is said twice": _said_twice,
    "a delta after the terminal": _late_delta,
    "ended twice": _ends_twice,
}
"""What makes a stream illegal, by name: the codec's violations of a frame, then those of an order of frames."""

ILLEGAL: Final[Mapping[str, st.SearchStrategy[Stream]]] = MappingProxyType(
    {name: _broken(name, change) for name, change in CHANGES.items()}
)
"""Strategies for streams that are illegal, by what is wrong with them."""
