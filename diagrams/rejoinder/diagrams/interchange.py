"""The machines for other programs: as SCXML, and as JSON.

Rules of this file
* Everything that a table says is there: phases, events, rows with their reasons, deadlines, where it starts and rests.
* SCXML (https://www.w3.org/TR/scxml/) has no word for a rule, a reason, a role, a cause or our deadlines: they are attributes of a
  namespace of ours, which readers leave alone. A row that stays is a transition without a target: no state is left or entered.
* The JSON is an object with ``format``, ``version`` and ``machines``; a field that is added does not change the version.
* The same charts give the same text, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from rejoinder.states.chart import Chart
from rejoinder.states.classify import CLASSIFICATION, FACTS

from .causes import cause_of
from .colours import role_of
from .reading import DrawnRow, read_rows

__all__ = ["FORMAT", "NAMESPACE", "VERSION", "draw_classification_json", "draw_json", "draw_scxml"]

FORMAT: Final = "rejoinder machines"
"""What ``format`` says in the JSON."""
VERSION: Final = 1
"""The version of both formats."""
NAMESPACE: Final = "urn:rejoinder:machine:1"
"""The namespace of our attributes in SCXML."""


def draw_scxml(chart: Chart) -> str:
    """The chart as an SCXML document, ending in a newline."""
    return "".join(f"{line}\n" for line in _scxml(chart))


def _scxml(chart: Chart) -> Iterator[str]:
    table = chart.table
    rows = read_rows(chart)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<!-- The {table.name} machine, drawn from the table that runs. A change made here is lost. -->"
    yield f'<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:r="{NAMESPACE}" version="1.0" datamodel="null"'
    yield f"       name={quoteattr(table.name)} initial={quoteattr(table.initial)} r:home={quoteattr(' '.join(table.home))}>"
    for phase in table.phases:
        deadline = table.deadlines.get(phase)
        within = "" if deadline is None else f" r:deadline={quoteattr(deadline.kind)} r:deadline-event={quoteattr(deadline.event)}"
        rests = ' r:rests="true"' if phase in table.resting else ""
        yield f"  <state id={quoteattr(phase)} r:role={quoteattr(role_of(table, phase))}{within}{rests}>"
        for row in rows:
            if row.source == phase:
                target = "" if row.stays else f" target={quoteattr(row.target)}"
                action = f"r:{'rule' if row.ruled else 'action'}={quoteattr(row.action)}"
                cause = cause_of(table, row.event)
                yield (
                    f"    <transition event={quoteattr(row.event)}{target} {action} r:cause={quoteattr(cause)}"
                    f" r:reason={quoteattr(row.reason)}/>"
                )
        yield "  </state>"
    yield "</scxml>"


def draw_json(charts: Iterable[Chart]) -> str:
    """The charts as one JSON object, ending in a newline."""
    return _json({"machines": [_machine(chart) for chart in charts]})


def draw_classification_json() -> str:
    """The classification as a JSON object: its rows in order, and what is asked about each kind of frame."""
    rows = [{"kind": row.kind, "facts": _facts(row.facts), "event": row.event, "reason": row.reason} for row in CLASSIFICATION]
    asked = {kind: {domain.__name__.lower(): list(domain) for domain in domains} for kind, domains in FACTS.items()}
    return _json({"classification": {"rows": rows, "asked": asked}})


def _json(fields: dict[str, Any]) -> str:
    return json.dumps({"format": FORMAT, "version": VERSION, **fields}, indent=2, ensure_ascii=False) + "\n"


def _facts(facts: Iterable[StrEnum]) -> dict[str, str]:
    return {type(fact).__name__.lower(): fact for fact in facts}


def _machine(chart: Chart) -> dict[str, Any]:
    table = chart.table
    return {
        "name": table.name,
        "initial": table.initial,
        "home": list(table.home),
        "phases": [_phase(chart, phase) for phase in table.phases],
        "events": [{"name": event, "cause": cause_of(table, event)} for event in table.events],
        "rows": [_row(row) for row in read_rows(chart)],
    }


def _phase(chart: Chart, phase: str) -> dict[str, Any]:
    deadline = chart.table.deadlines.get(phase)
    return {
        "name": phase,
        "role": role_of(chart.table, phase),
        "rests": phase in chart.table.resting,
        "deadline": None if deadline is None else {"kind": deadline.kind, "event": deadline.event},
    }


def _row(row: DrawnRow) -> dict[str, Any]:
    does = {"rule": row.action} if row.ruled else {"action": row.action}
    return {"phase": row.source, "event": row.event, "target": row.target, "stays": row.stays, **does, "reason": row.reason}
