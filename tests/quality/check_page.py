"""``docs/check.md``: the parts that are what runs, between marks; the rest of the page is written by hand.

``python tests/quality/check_page.py`` writes those parts anew; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final, cast

import attrs

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from quality.mutants.root_causes import ROOT_CAUSES
from rejoinder.cli.check_run import run_checks
from rejoinder.testing.explore import DEEP, PROPERTIES, QUICK, Configuration

__all__ = ["PAGE", "PARTS", "page"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "check.md"
NEVER_SHOWN: Final = frozenset({"name", "about", "profile", "policy", "misbehaves"})
"""Fields that are told in another way."""
WORDS: Final = {
    "together": "callers at one time",
    "numbered": "sequence numbers",
    "words": "words of an answer",
    "expiries": "deadlines that pass",
    "idles": "long silences",
    "server_names": "lane names that the server takes",
    "limit": "an age limit",
    "progress": "`in_progress`",
}
"""What a field is called where its own name does not say it."""
SINGULAR: Final = {
    "requests": "request",
    "callers at one time": "caller at one time",
    "cancels": "cancel",
    "steers": "steer",
    "thoughts": "thought",
    "overflows": "overflow",
    "losses": "loss",
    "refusals": "refusal",
    "deadlines that pass": "deadline that passes",
    "long silences": "long silence",
    "misbehaviours": "misbehaviour",
    "lane names that the server takes": "lane name that the server takes",
}
PLANTED: Final = "root cause: the socket is kept after a drain time-out"
"""The fault that the example shows."""


def _configurations() -> Iterator[str]:
    deep = {configuration.name: configuration for configuration in DEEP}
    yield "| configuration | what it is there to show | what there is of everything | deep |"
    yield "|---|---|---|---|"
    for one in QUICK:
        yield f"| `{one.name}` | {one.about} | {_amounts(one)} | {_more(one, deep[one.name])} |"


def _amounts(one: Configuration) -> str:
    """Everything that is not as it would be without a word: the provider, the policy, and each amount."""
    fields = [field for field in attrs.fields(Configuration) if field.name not in NEVER_SHOWN]
    told = [
        _told(field.name, getattr(one, field.name))
        for field in fields
        if field.name == "requests" or getattr(one, field.name) != field.default
    ]
    wrong = ["of one kind" if len(one.misbehaves) == 1 else f"of {len(one.misbehaves)} kinds"] if one.misbehaves else []
    then = [] if one.policy.then is None else [f"`{one.policy.then.value}`"]
    return ", ".join((one.profile.name, *then, *told, *wrong))


def _told(name: str, value: object) -> str:
    words = WORDS.get(name, name.replace("_", " "))
    if value is True:
        return words
    if value is False:
        return f"no {words}"
    if value == 1:
        return f"1 {SINGULAR.get(words, words)}"
    if isinstance(value, frozenset | tuple):
        return f"{words}: {' '.join(sorted(map(str, cast('Collection[object]', value))))}"
    return f"{value} {words}"


def _more(quick: Configuration, deep: Configuration) -> str:
    changed = [field.name for field in attrs.fields(Configuration) if getattr(quick, field.name) != getattr(deep, field.name)]
    return ", ".join(_told(name, getattr(deep, name)) for name in changed)


def _properties() -> Iterator[str]:
    yield "| kind | name | what it says |"
    yield "|---|---|---|"
    for one in PROPERTIES:
        yield f"| {one.kind} | {one.name} | {one.about} |"


def _example() -> Iterator[str]:
    lines: list[str] = []
    mutant = next(mutant for mutant in ROOT_CAUSES if mutant.name == PLANTED)
    chosen = [configuration for configuration in QUICK if configuration.name == "serial-hedge"]
    with TemporaryDirectory() as scratch, mutant.apply():
        found = Path(scratch) / "found"
        run_checks(chosen, 1, found, lines.append, whole=False)
        picture = (found / "serial-hedge.mmd").read_text("utf-8").rstrip("\n")
    text = "\n".join(lines[: lines.index("")]).replace(str(found), ".rejoinder")
    yield from ("```text", re.sub(r" +\d+\.\d s ", "   0.1 s ", text), "```", "", "```mermaid", picture, "```")


PARTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = MappingProxyType(
    {"configurations": _configurations, "properties": _properties, "example": _example}
)
"""What stands between the marks, by their name."""


def page(text: str) -> str:
    """The page with its parts made anew. Raises ``LookupError`` for a mark that is missing."""
    for name, lines in PARTS.items():
        begin, end = f"<!-- check:{name} -->\n", f"<!-- /check:{name} -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise LookupError(f"{begin.strip()} … {end} is not there")
        text = "".join((head, begin, *(f"{line}\n" for line in lines()), end, tail))
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
