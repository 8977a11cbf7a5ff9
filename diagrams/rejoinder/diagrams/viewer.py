"""The viewer: a trace as one HTML page that needs nothing else, no network and no server.

Rules of this file
* The page is put together from the files in ``viewer/``: markup, style, and plain JavaScript. It allows itself what is in it, by
  digest, and nothing else: no address, no other script (Content-Security-Policy).
* What the trace says is data in it, and reaches the page as text. In the data no ``<`` stands as it is.
* At most ``MOST_STEPS`` steps are shown; what is left out is said.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Final

from rejoinder.states.chart import CHARTS
from rejoinder.states.phrases import counted, printable
from rejoinder.states.trace import Header, Reading, TraceError

from .colours import COLOURS, role_of
from .layouts import find_layout
from .scenery import set_up
from .steps import Describer
from .svg import machine_group, style

__all__ = ["MOST_STEPS", "about", "build_page", "live_data", "page_data"]

MOST_STEPS: Final = 50_000
"""How many steps a page has room for."""
FOLDER: Final = Path(__file__).with_name("viewer")
SCRIPTS: Final = ("model.js", "lists.js", "time_line.js", "main.js", "live.js")
MARGIN: Final = 14
WAITING: Final = "Nothing has been written yet."


def build_page(title: str, data: dict[str, Any]) -> str:
    """The page that shows ``data`` (``page_data``). Raises ``GraphvizError`` if a table has changed and Graphviz is not there."""
    script = "".join((FOLDER / name).read_text("utf-8") for name in SCRIPTS)
    looks = f"{style()}{(FOLDER / 'page.css').read_text('utf-8')}"
    policy = [
        "default-src 'none'",
        *(["connect-src 'self'"] if data.get("live") else []),
        f"script-src {_digest(script)}",
        f"style-src {_digest(looks)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return (
        (FOLDER / "page.html")
        .read_text("utf-8")
        .format(
            policy=escape("; ".join(policy)),
            title=escape(printable(title)),
            style=looks,
            figures="".join(_figure(name) for name in ("response", "link", "request")),
            data=_embedded(data),
            script=script,
        )
    )


def page_data(reading: Reading, first: int = 1, last: int | None = None) -> dict[str, Any]:
    """What the page knows: the steps of a trace from ``first`` to ``last``, and what colours mean. It is read once, to its end.

    A line that cannot be read ends the steps, and the page says so.
    """
    describer = Describer()
    steps: list[dict[str, Any]] = []
    notices: list[str] = []
    more = 0
    try:
        for line, entry in reading:
            if not first <= line - 1 <= (line if last is None else last):
                continue
            if len(steps) < MOST_STEPS:
                steps.append(describer.describe(entry))
            else:
                more += 1
    except TraceError as error:
        notices.append(f"{error} What comes before it is shown.")
    if reading.torn:
        notices.append("The last line broke off and was left out.")
    if more:
        notices.append(f"{counted(more, 'step')} more are left out here: view a part of the trace.")
    if not reading.header.whole or first > 1:
        notices.append("What came before is not known here: a machine is shown from its first move on.")
    return {
        "about": about(reading.header),
        "notice": printable(" ".join(notices)),
        "first": first,
        **_legends(),
        "machines": describer.machines,
        "steps": steps,
    }


def live_data() -> dict[str, Any]:
    """What a page knows whose steps come later.

    They come by server-sent events from ``events`` beside it: objects with the ``machines`` and ``steps`` that are new, and with
    ``about``, ``notice`` and ``end`` where there is something to say.
    """
    return {"about": "", "notice": WAITING, "first": 1, **_legends(), "machines": [], "steps": [], "live": True}


def _legends() -> dict[str, Any]:
    return {
        "colours": {role: {"fill": colours.fill, "text": colours.text} for role, colours in COLOURS.items()},
        "roles": {name: {phase: role_of(chart.table, phase) for phase in chart.table.phases} for name, chart in CHARTS.items()},
    }


def about(header: Header) -> str:
    """Where a trace comes from, in a sentence."""
    began = f", begun {header.began}" if header.began else ""
    said = "with what was said" if header.payloads else "without what was said"
    version = header.rejoinder or "of an unknown version"
    return printable(f"Profile {header.profile.name}, recorded by Rejoinder {version}{began}, {said}.")


def _figure(name: str) -> str:
    scenery = set_up(CHARTS[name])
    layout, _ = find_layout(scenery)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    drawing = "".join(machine_group(scenery, layout))
    return (
        f'<figure data-machine="{name}"><figcaption>The {name}</figcaption>'
        f'<svg viewBox="0 0 {width:g} {height:g}" role="group" aria-label="The {name} machine">'
        f'<rect class="page" width="{width:g}" height="{height:g}"/><g transform="translate({MARGIN} {MARGIN})">{drawing}</g>'
        "</svg></figure>\n"
    )


def _embedded(data: dict[str, Any]) -> str:
    """JSON that no parser of HTML takes for markup."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
