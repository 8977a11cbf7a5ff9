"""Comparing what a run came to with what its scenario says: every difference, in words.

Rule of this file: pure. It reads what is written in a scenario and what was written down in a run, and it leaves nothing out: a run
is right if there is no difference at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, cast, final

import attrs

from rejoinder.testing.outgoing import LogEntry
from rejoinder.testing.scenarios.acts import Ask, Converse
from rejoinder.testing.scenarios.caller import Turn
from rejoinder.testing.scenarios.records import Figure, FigureKind, Kind, Scenario
from rejoinder.testing.scenarios.traffic import lines_of, seen, shortened
from rejoinder.testing.script import text_of

__all__ = ["Happened", "differences", "figures"]

FIRST: Final = 2.0
"""Seconds that the create of the first turn may take: it opens the first connection of its run."""
LONGEST: Final = 300
"""Characters of a text in a difference."""


@final
@attrs.define(eq=False)
class Happened:
    """What was seen of a run."""

    turns: list[Turn] = attrs.field(factory=list[Turn])
    """What the caller was handed."""
    log: list[LogEntry] = attrs.field(factory=list[LogEntry])
    """The server's log."""
    started: float = 0.0
    """When the server's clock was at 0, on trio's clock."""
    seconds: float = math.nan
    """How long the run took."""
    stop: float = math.nan
    """How long the end of the session took; not a number if it did not come to that."""
    raised: str = ""
    """What the client raised out of its own block; empty if it raised nothing."""
    cut_off: bool = False
    """Whether the run was ended at its bound."""

    def arrivals(self, turn: Turn) -> list[LogEntry]:
        """The creates of a turn that reached the server, in order."""
        creates = [entry for entry in self.log if entry.direction == "in" and entry.type == "response.create"]
        return [entry for entry in creates if turn.act.says and turn.act.says == _last_words(entry.body)]


def differences(scenario: Scenario, kind: Kind, happened: Happened) -> list[str]:
    """Everything that is not as the scenario says; empty if the run is right."""
    found = [f"the run was not over after its bound of {scenario.bound:g} s"] if happened.cut_off else []
    if happened.raised:
        found.append(f"the client raised {happened.raised}")
    for number, turn in enumerate(happened.turns, 1):
        found += [f"turn {number} {difference}" for difference in _of_turn(turn, happened)]
    if happened.stop > scenario.stops_within:
        found.append(f"closing the session took {happened.stop:.2f} s, and may take {scenario.stops_within:g} s")
    found += _of_traffic(lines_of(scenario.traffic(kind)), seen(happened.log))
    return found


def figures(scenario: Scenario, happened: Happened) -> dict[str, float]:
    """What was measured, by a name that tells what."""
    return {_name(figure): _measure(figure, happened) for figure in scenario.figures}


def _of_turn(turn: Turn, happened: Happened) -> Iterator[str]:
    act = turn.act
    if turn.text != act.hears:
        yield f"heard {shortened(turn.text, LONGEST)}, not {shortened(act.hears, LONGEST)}"
    if turn.end != act.ends:
        yield f"ended with {turn.end!r}, not {act.ends!r}"
    elif turn.ended - turn.asked > act.within:
        yield f"ended after {turn.ended - turn.asked:.2f} s, not within {act.within:g} s"
    arrivals = happened.arrivals(turn)
    # The rows are about what comes later, and other runs begin together with this one.
    prompt = max(act.prompt, FIRST) if turn is happened.turns[0] else act.prompt
    if arrivals and _waited(turn, arrivals, happened) > prompt:
        yield f"reached the server after {_waited(turn, arrivals, happened):.2f} s, not within {prompt:g} s"
    yield from _of_tokens(turn, act) if isinstance(act, Ask) else _of_calls(turn, act)
    if not _is_in_order(turn.events, (entry.body for entry in happened.log if entry.direction == "out")):
        yield "was handed an event that the server did not send, or not in this order"


def _of_tokens(turn: Turn, act: Ask) -> Iterator[str]:
    if act.usage not in {"", _tokens(turn.usage)}:
        yield f"was told of {_tokens(turn.usage)} tokens, not of {act.usage}"


def _of_calls(turn: Turn, act: Converse) -> Iterator[str]:
    for verb, found, expected in (("was told of calls:", turn.told, act.told), ("ran", turn.ran, act.ran)):
        if found != list(expected):
            yield f"{verb} {', '.join(found) or 'nothing'}; not {', '.join(expected) or 'nothing'}"


def _of_traffic(expected: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    matcher = SequenceMatcher(None, expected, found, autojunk=False)
    for tag, start, stop, begin, end in matcher.get_opcodes():
        if tag != "equal":
            yield from (f"frames missing: {line}" for line in expected[start:stop])
            yield from (f"frames not expected: {line}" for line in found[begin:end])


def _is_in_order(handed: Iterable[Mapping[str, Any]], sent: Iterable[object]) -> bool:
    """Whether each event is one that was sent, and none was repeated or came before its time."""
    left = iter(sent)
    return all(any(body == event for body in left) for event in handed)


def _waited(turn: Turn, arrivals: Sequence[LogEntry], happened: Happened) -> float:
    return max(arrivals[-1].at + happened.started - turn.asked, 0.0)


def _tokens(usage: Mapping[str, Any] | None) -> str:
    return "no" if usage is None else f"{usage.get('input_tokens')} in, {usage.get('output_tokens')} out"


def _measure(figure: Figure, happened: Happened) -> float:
    counts = {
        FigureKind.CREATES: sum(entry.direction == "in" and entry.type == "response.create" for entry in happened.log),
        FigureKind.CONNECTIONS: sum(entry.data == "opened" for entry in happened.log),
        FigureKind.HANDSHAKES: sum(entry.data == "opened" or entry.connection < 0 for entry in happened.log),
        FigureKind.STOP: happened.stop,
    }
    if figure.kind in counts:
        return counts[figure.kind]
    if figure.turn > len(happened.turns):
        return math.nan
    turn = happened.turns[figure.turn - 1]
    if figure.kind is FigureKind.ENDED:
        return turn.ended - turn.asked
    arrivals = happened.arrivals(turn)
    if not arrivals:
        return math.nan
    return len(arrivals[-1].data) if figure.kind is FigureKind.SIZE else _waited(turn, arrivals, happened)


def _name(figure: Figure) -> str:
    return f"turn {figure.turn} {figure.kind}" if figure.turn else str(figure.kind)


def _last_words(body: object) -> str:
    """The text of the last item of a create, where that is a message."""
    items: object = cast("Mapping[str, Any]", body).get("input") if isinstance(body, dict) else None
    last: object = cast("list[object]", items)[-1] if isinstance(items, list) and items else None
    return text_of(cast("Mapping[str, Any]", last).get("content")) if isinstance(last, dict) else ""
