"""Events and effects without what was said: a trace of them shows nobody's words, and replays to the same decisions.

Rules of this file
* A text leaves as a mark, ``(7)``. Equal texts of items have equal marks, because the cache rule compares them; any other text
  leaves as the same mark ``()``. An empty text stays empty.
* What decides, and what a reader needs to find his way, stays as it is, at the places that ``Level`` names and as long as it looks
  like a name: types, ids, roles, error codes. A name that does not look like one leaves as a mark, too.
* Fields keep their JSON types, so that a frame is read as what it was. Fields that nobody here knows are left out; in items, which
  are compared, their names become marks.
* The cache rule takes the parts of a message together. So the first part gets the mark of the whole text, the others the empty
  text, and each keeps the mark of its own beside it.
* Sentences (failures, notes, close reasons) may quote what was said: none stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, cast, final

import attrs

from . import effects as ordered
from . import events as happening
from .codec import decode
from .continuation import Full, PendingToolCalls, RequestContent, Reuse
from .event_types import SHAPES
from .facts import CREATE_FIELDS
from .frozen_json import freeze_object
from .item_history import ItemHistory
from .json_values import write
from .stream_events import StreamEvent
from .trace_inputs import KEPT
from .verdicts import Failure

__all__ = ["WITHHELD", "Veil", "without_sentences"]

LONGEST: Final = 64
"""Characters of the longest text that is remembered as it is."""
WITHHELD: Final = "()"
"""The mark of any text that is compared with nothing."""

NAME: Final = re.compile(r"[A-Za-z0-9_.:/\[\]-]{1,80}")
"""What a name looks like. A mark does not, so no name is taken for one."""
HEADERS: Final = frozenset({"retry-after", "retry-after-ms", "x-should-retry"})
"""The headers that decide something."""


@attrs.frozen(eq=False)
class Level:
    """What stays of one kind of object."""

    names: frozenset[str]
    """Fields whose values stay, if they are names, numbers or truth values."""
    inside: Mapping[str, Level] = attrs.field(factory=dict[str, "Level"])
    """Fields that hold objects, or arrays of objects, of a kind that is known too."""
    shells: frozenset[str] = frozenset()
    """Fields whose values are withheld."""
    compared: bool = False
    """Whether equal values have to stay recognisable."""


PART: Final = Level(frozenset({"type"}), shells=frozenset({"text", "refusal"}), compared=True)
ITEM: Final = Level(
    frozenset({"type", "id", "role", "status", "call_id"}),
    {"content": PART},
    frozenset({"name", "arguments", "input", "output", "summary", "encrypted_content"}),
    compared=True,
)
HEADER: Final = Level(HEADERS)
ERROR: Final = Level(
    frozenset({"type", "code", "param", "status", "status_code"}), {"headers": HEADER}, shells=frozenset({"message"})
)
RESPONSE: Final = Level(
    frozenset({"id", "object", "status", "previous_response_id"}),
    {"output": ITEM, "error": ERROR, "incomplete_details": Level(frozenset({"reason"}))},
)
FIELDS: Final = Level(frozenset({"previous_response_id"}), shells=CREATE_FIELDS)
FRAME: Final = Level(
    ERROR.names
    | {"sequence_number", "stream_id", "response_id", "item_id", "output_index"}
    | {field.name for shape in SHAPES.values() for field in shape.fields if field.name.endswith("_index")},
    {
        "response": RESPONSE,
        "item": ITEM,
        "part": PART,
        "error": ERROR,
        "headers": HEADER,
        "steer": Level(frozenset({"id", "previous_response_id"})),
    },
    frozenset({"message", *(field.name for shape in SHAPES.values() for field in shape.fields)}),
)
"""A frame: the fields of every class of events."""


def without_sentences(effect: ordered.Effect) -> ordered.Effect:
    """Return ``effect`` with every sentence withheld, and nothing else."""
    if isinstance(effect, ordered.Note):
        return attrs.evolve(effect, detail="")
    if isinstance(effect, ordered.Steered) and effect.failure is not None:
        return attrs.evolve(effect, failure=attrs.evolve(effect.failure, message=WITHHELD))
    if isinstance(effect, ordered.Finish) and effect.outcome.failure is not None:
        failure = attrs.evolve(effect.outcome.failure, message=WITHHELD)
        return attrs.evolve(effect, outcome=attrs.evolve(effect.outcome, failure=failure))
    return effect


@final
@attrs.define(eq=False)
class Veil:
    """Withholds what was said, in all events and effects of one trace: it remembers which texts are equal."""

    marks: dict[object, int] = attrs.field(factory=dict[object, int], repr=False)
    """The number of each text of an item, or of the digest of a long one, and of each number in one."""
    histories: list[tuple[ItemHistory, ItemHistory]] = attrs.field(factory=list[tuple[ItemHistory, ItemHistory]], repr=False)
    """The latest inputs that may grow, and what they became."""

    def event(self, event: happening.Event) -> happening.Event:
        """Return ``event`` without any text; a session is moved by it as by the original."""
        if isinstance(event, happening.Create):
            content = event.content
            items = self._items(content.items)
            fields = self._object(content.fields, FIELDS)
            return attrs.evolve(event, content=RequestContent(items, fields, content.generate))
        if isinstance(event, happening.Received):
            return attrs.evolve(event, frame=self._frame(event.frame))
        if isinstance(event, happening.DialFailed):
            return attrs.evolve(event, message=WITHHELD)
        if isinstance(event, happening.Lost):
            return attrs.evolve(event, reason=WITHHELD if event.reason else "")
        return event

    def effect(self, effect: ordered.Effect) -> ordered.Effect:
        """Return ``effect`` as a session would that was fed the withheld events, but for sentences."""
        effect = without_sentences(effect)
        if isinstance(effect, ordered.Send):
            return attrs.evolve(effect, decision=self._decision(effect.decision))
        if isinstance(effect, ordered.SendCancel | ordered.SendSteer):
            return attrs.evolve(effect, response_id=self._name(effect.response_id))
        if isinstance(effect, ordered.Steered) and effect.failure is not None:
            return attrs.evolve(effect, failure=self._failure(effect.failure))
        if isinstance(effect, ordered.Settled):
            return attrs.evolve(effect, response_id=self._name(effect.response_id), response=None)
        if isinstance(effect, ordered.Finish):
            failure = None if effect.outcome.failure is None else self._failure(effect.outcome.failure)
            return attrs.evolve(effect, outcome=attrs.evolve(effect.outcome, failure=failure, response=None))
        return effect

    def _items(self, items: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Items of an input; of one that grew from another, only the new ones have to be looked at."""
        if not isinstance(items, ItemHistory):
            return [cast("Mapping[str, Any]", self._known(item, ITEM)) for item in items]
        grown_from = [pair for pair in self.histories if items.grew_from(pair[0])]
        known, shells = max(grown_from, key=lambda pair: len(pair[0]), default=(ItemHistory(), ItemHistory()))
        new = [freeze_object(cast("Mapping[str, Any]", self._known(item, ITEM))) for item in items[len(known) :]]
        grown = shells.grown(new)
        self.histories = [(items, grown), *self.histories[: KEPT - 1]]
        return grown

    def _decision(self, decision: Reuse | Full) -> Reuse | Full:
        if isinstance(decision, Reuse):
            items = [dict[str, Any]() for _ in decision.items]
            return attrs.evolve(decision, response_id=self._name(decision.response_id), items=items)
        if isinstance(decision.reason, PendingToolCalls):
            return Full(PendingToolCalls(tuple(self._name(call_id) for call_id in decision.reason.call_ids)))
        return decision

    def _failure(self, failure: Failure) -> Failure:
        return attrs.evolve(
            failure,
            code=self._name(failure.code),
            param=self._name(failure.param),
            error_type=self._name(failure.error_type),
        )

    def _frame(self, frame: StreamEvent) -> StreamEvent:
        if not frame.raw:
            # No object at all, or one that says nothing. What is wrong with it quotes nothing.
            return frame
        return attrs.evolve(decode(write(self._object(frame.raw, FRAME))), binary=frame.binary)

    def _object(self, fields: Mapping[str, Any], level: Level) -> dict[str, Any]:
        veiled: dict[str, Any] = {}
        for key, value in fields.items():
            if key in level.names:
                veiled[key] = self._name(value)
            elif key in level.inside:
                veiled[key] = self._known(value, level.inside[key])
            elif key in level.shells:
                veiled[key] = self._withheld(value, compared=level.compared)
            elif level.compared:
                veiled[self._mark(key)] = self._withheld(value, compared=True)
        if level is ITEM and isinstance(fields.get("content"), list):
            self._join(fields["content"], veiled["content"])
        return veiled

    def _known(self, value: object, level: Level) -> object:
        """A value that should be an object of a known kind, or an array of them."""
        if isinstance(value, Mapping):
            fields = cast("Mapping[str, Any]", value)
            if level is HEADER:
                # Whatever the case of their letters.
                fields = {name.lower(): content for name, content in fields.items()}
            return self._object(fields, level)
        if isinstance(value, list | tuple):
            return [self._known(part, level) for part in cast("Sequence[object]", value)]
        return self._withheld(value, compared=level.compared)

    def _name(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """A value that should be a name."""
        if isinstance(value, str):
            return value if NAME.fullmatch(value.strip()) else self._mark(value)
        if isinstance(value, Mapping | list | tuple):
            return self._withheld(cast("object", value), compared=True)
        return value

    def _withheld(self, value: object, *, compared: bool) -> object:
        """A value of which nothing is shown but its type."""
        if isinstance(value, Mapping):
            fields = cast("Mapping[str, object]", value)
            return {self._mark(name): self._withheld(field, compared=True) for name, field in fields.items()} if compared else {}
        if isinstance(value, list | tuple):
            parts = cast("Sequence[object]", value)
            return [self._withheld(part, compared=True) for part in parts] if compared else []
        if isinstance(value, str):
            return self._mark(value) if compared else WITHHELD
        if value is None or isinstance(value, bool):
            return value
        number = self._number(value) if compared else 0
        return float(number) if isinstance(value, float) else number

    def _mark(self, text: str) -> str:
        return f"({self._number(text)})" if text else ""

    def _number(self, value: object) -> int:
        # Long texts are told apart by their digests: remembering them whole would hold all that was ever said.
        if isinstance(value, str) and len(value) > LONGEST:
            value = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return self.marks.setdefault(value, len(self.marks) + 1)

    def _join(self, parts: Sequence[object], veiled: Sequence[object]) -> None:
        """Let the parts of a message be, taken together, what their texts are."""
        for name in ("text", "refusal"):
            texts = [(part[name], shell) for part, shell in _pairs(parts, veiled) if name in part]
            if len(texts) == 1 and isinstance(texts[0][0], str):
                continue
            whole = self._mark("".join(str(text) for text, _ in texts))
            for index, (_, shell) in enumerate(texts):
                shell[f"own_{name}"] = shell[name]
                shell[name] = "" if index else whole


def _pairs(parts: Sequence[object], veiled: Sequence[object]) -> list[tuple[Mapping[str, Any], dict[str, Any]]]:
    return [
        (cast("Mapping[str, Any]", part), cast("dict[str, Any]", shell))
        for part, shell in zip(parts, veiled, strict=True)
        if isinstance(part, Mapping)
    ]
