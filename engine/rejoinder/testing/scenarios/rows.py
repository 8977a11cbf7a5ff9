"""Every row, in the order of the original's measurements.

Rule: a row stands in `ORDER` if it stands in the original's table, and it is an error if it has no scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from rejoinder.testing.scenarios.records import Scenario
from rejoinder.testing.scenarios.rows_cancel import CANCEL_ROWS
from rejoinder.testing.scenarios.rows_chat import CHAT_ROWS
from rejoinder.testing.scenarios.rows_drain import DRAIN_ROWS
from rejoinder.testing.scenarios.rows_early import EARLY_ROWS
from rejoinder.testing.scenarios.rows_errors import ERROR_ROWS
from rejoinder.testing.scenarios.rows_garbage import GARBAGE_ROWS
from rejoinder.testing.scenarios.rows_http import HTTP_ROWS
from rejoinder.testing.scenarios.rows_loss import LOSS_ROWS
from rejoinder.testing.scenarios.rows_output import OUTPUT_ROWS
from rejoinder.testing.scenarios.rows_silence import SILENCE_ROWS
from rejoinder.testing.scenarios.rows_tools import TOOL_ROWS

__all__ = ["ORDER", "SCENARIOS", "UnknownScenario", "markdown_table", "select"]

ORDER: Final = (
    *("01", "01L", "01w", "02", "02b", "02c", "02d", "03", "03b", "04", "04b", "04c", "05", "05b", "06", "06b"),
    *("07", "07b", "07c", "07d", "08", "08b", "25", "09", "09b", "09c", "09d", "09e", "10", "10b", "11", "11b"),
    *("12", "12b", "12c", "12g", "12d", "12e", "13", "13b", "13c", "13d", "13e", "14", "14b", "14c", "15", "16", "16b"),
    *("17", "17b", "17c", "18", "18b", "19", "19'", "19b", "19c", "19d", "19e"),
    *("20", "20b", "20c", "20d", "20e", "21", "22", "23", "24", "26"),
    *("http ok", "http usage without details", "http failed", "http incomplete", "http error event"),
    *("http half function call", "http TCP drop", "http EOF without terminal", "http stall", "http barge-in", "http 429/500"),
)
"""The names of the original's rows: 70 over a WebSocket, then those over HTTP."""

_BY_NAME: Final = {
    scenario.name: scenario
    for rows in (
        CHAT_ROWS,
        EARLY_ROWS,
        CANCEL_ROWS,
        DRAIN_ROWS,
        LOSS_ROWS,
        GARBAGE_ROWS,
        OUTPUT_ROWS,
        ERROR_ROWS,
        TOOL_ROWS,
        SILENCE_ROWS,
        HTTP_ROWS,
    )
    for scenario in rows
}

SCENARIOS: Final[tuple[Scenario, ...]] = tuple(_BY_NAME[name] for name in ORDER)
"""All of them."""


class UnknownScenario(ValueError):
    """There is no scenario of that name. The text says which there are."""


def select(names: Sequence[str]) -> tuple[Scenario, ...]:
    """The scenarios of these names, in the order of `ORDER`; without names, all. Raises `UnknownScenario`.

    A name may be a pattern, as ``12*``; upper and lower case are the same, and a hyphen may stand for a space.
    """
    chosen: set[str] = set()
    for wanted in names:
        pattern = wanted.casefold().replace(" ", "-")
        found = [name for name in ORDER if fnmatchcase(name.casefold().replace(" ", "-"), pattern)]
        if not found:
            raise UnknownScenario(f"There is no scenario named {wanted!r}. Scenarios are {', '.join(ORDER)}.")
        chosen.update(found)
    return tuple(scenario for scenario in SCENARIOS if scenario.name in chosen or not names)


def markdown_table(told: Mapping[str, tuple[str, str]], scenarios: Iterable[Scenario] = SCENARIOS) -> str:
    """The scenarios as a Markdown table, for the documentation; `told` has what was measured of each, and the verdict."""
    head = ["| row | scenario | correct | measured | verdict | bound | the original |", "|---|---|---|---|---|---|---|"]
    body = [
        f"| {each.name} | {each.title} | {each.correct} | {' | '.join(told[each.name])} | {each.bound:g} s"
        f" | {each.original.verdict}: {each.original.measured} |"
        for each in scenarios
    ]
    return "\n".join([*head, *body]) + "\n"
