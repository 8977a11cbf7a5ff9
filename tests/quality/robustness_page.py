"""``docs/robustness.md``: tables between marks, from the data of the tests; the rest of the page is written by hand.

``python tests/quality/robustness_page.py`` writes the tables anew, and counts every point of cancellation for that, which takes
minutes. A test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

import trio
import trio.testing

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from harness.cancelled_runs import CALLS, count_points
from harness.hostile import CLOSES, DAMAGED, HARMLESS, VIOLATIONS
from harness.stages import HTTP, MEMORY
from harness.ways import NETWORKS, NO_WAYS, TLS_FAULTS
from harness.wires import WIRES
from rejoinder.states.verdicts import ERRORS, Reaction, Where, react

__all__ = ["PAGE", "PARTS", "page", "points_in"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "robustness.md"
TRANSPORTS: Final = (MEMORY, *WIRES, HTTP)
SPOKEN: Final = {"http": "CONNECT", "socks5": "SOCKS"}


def _closes() -> Iterator[str]:
    yield "| code | what it stands for | a request that nothing has answered |"
    yield "|---|---|---|"
    for close in CLOSES:
        elsewhere = "".join(f" (on {wire}: {outcome})" for wire, outcome in close.differs.items())
        yield f"| {'none' if close.code is None else close.code} | {close.meaning} | {close.outcome}{elsewhere} |"


def _frames() -> Iterator[str]:
    yield "| what the server sends | this side closes with | a request that nothing has answered |"
    yield "|---|---|---|"
    for violation in VIOLATIONS:
        yield f"| {violation.name} | {violation.code} | {violation.outcome} |"
    for damaged in DAMAGED:
        yield f"| {damaged.name} | 1000 | {damaged.outcome} |"


def _harmless() -> Iterator[str]:
    yield "| what the server sends | the caller is |"
    yield "|---|---|"
    for harmless in HARMLESS:
        yield f"| {harmless.name} | {harmless.outcome} |"


def _tls() -> Iterator[str]:
    yield "| the server | dials | `ConnectionFailed` |"
    yield "|---|---|---|"
    for fault in TLS_FAULTS:
        yield f"| {fault.name} | {fault.dials} | {fault.said.format(host='HOST', port='PORT')} {fault.advice} |"


def _proxies() -> Iterator[str]:
    yield "| | the proxy | dials | `ConnectionFailed`, behind “The proxy HOST port PORT” |"
    yield "|---|---|---|---|"
    for no_way in NO_WAYS:
        rule = react(ERRORS, Where.HANDSHAKE, no_way.code, None, None)
        dials = 3 if rule.reaction is Reaction.PASSING else 1
        said = f"{no_way.said} {rule.advice}".replace("no.such.host.invalid", "SERVER")
        yield f"| {SPOKEN[no_way.scheme]} | {no_way.name} | {dials} | {said} |"


def _networks() -> Iterator[str]:
    yield "| the network | the caller is, or gets | seconds |"
    yield "|---|---|---|"
    for network in NETWORKS:
        first, last = network.seconds
        yield f"| {network.name} | {network.outcome} | {f'{first:g}' if first == last else f'{first:g} to {last:g}'} |"


def _points() -> Iterator[str]:
    """All of them, counted now."""
    with TemporaryDirectory() as folder:
        counted = {
            transport: trio.run(
                count_points,
                transport,
                Path(folder),
                clock=trio.testing.MockClock(autojump_threshold=0.0 if transport == MEMORY else 0.002),
            )
            for transport in TRANSPORTS
        }
    yield f"| call | in memory | {' | '.join(TRANSPORTS[1:-1])} | HTTP |"
    yield "|---|" + "--:|" * len(TRANSPORTS)
    for call in sorted(set(CALLS.values())):
        yield f"| `{call}` | {' | '.join(str(counted[each].by_call[call]) for each in TRANSPORTS)} |"
    yield f"| all checkpoints of the callers | {' | '.join(str(counted[each].in_all) for each in TRANSPORTS)} |"


def points_in(text: str) -> Mapping[str, Mapping[str, int]]:
    """How many points the page states of each call, on each transport."""
    stated: dict[str, Mapping[str, int]] = {}
    for line in _part(text, "points")[1].splitlines():
        name, *counts = (cell.strip() for cell in line.strip("|").split("|"))
        if name.startswith("`"):
            stated[name.strip("`")] = {each: int(count) for each, count in zip(TRANSPORTS, counts, strict=True)}
    return stated


PARTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = MappingProxyType(
    {"closes": _closes, "frames": _frames, "harmless": _harmless, "tls": _tls, "proxies": _proxies, "networks": _networks}
)
"""What stands between the marks, by their name, but for the points: those take minutes to count."""


def page(text: str, parts: Mapping[str, Callable[[], Iterator[str]]] = PARTS) -> str:
    """The page with parts made anew. Raises ``LookupError`` for a mark that is missing."""
    for name, lines in parts.items():
        head, _, tail = _part(text, name)
        text = "".join((head, *(f"{line}\n" for line in lines()), tail))
    return text


def _part(text: str, name: str) -> tuple[str, str, str]:
    """What stands before the first mark of a part, between its marks, and behind that; the marks are with the others."""
    begin, end = f"<!-- robustness:{name} -->\n", f"<!-- /robustness:{name} -->"
    head, found, rest = text.partition(begin)
    part, closed, tail = rest.partition(end)
    if not (found and closed):
        raise LookupError(f"{begin.strip()} … {end} is not there")
    return head + begin, part, end + tail


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8"), {**PARTS, "points": _points}), "utf-8")
