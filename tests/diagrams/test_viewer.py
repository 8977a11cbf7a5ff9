"""The page of a trace is whole in itself, takes nothing for markup, and says what it does not show.

What it does is tested in a browser.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest

from harness.telling import HOSTILE, hostile_frame, interrupted
from rejoinder.diagrams import viewer
from rejoinder.diagrams.viewer import build_page, live_data, page_data
from rejoinder.states.chart import CHARTS
from rejoinder.states.effects import Deliver, Note
from rejoinder.states.events import Received
from rejoinder.states.profiles import AZURE, CancelPolicy, Policy
from rejoinder.states.trace import Fed, Header, Reading, write_lines

HEADER = Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN), began="2026-11-28T20:15:00Z")


class Parsed(HTMLParser):
    """Everything in a page: its elements with their attributes, and the text of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._text = "" if tag in {"script", "style"} else None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._text is not None:
            self.texts.append((tag, self._text))
        self._text = None


def data_of(lines: Iterable[str], **part: int) -> dict[str, Any]:
    return page_data(Reading(lines), **part)


def page_of(entries: list[Fed], header: Header = HEADER, title: str = "a trace") -> str:
    return build_page(title, data_of(write_lines(header, entries)))


def test_nothing_is_asked_for() -> None:
    page = page_of(interrupted())
    addresses = [
        value for _, own in Parsed(page).elements for name, value in own.items() if name in {"src", "href", "action", "xlink:href"}
    ]

    assert ["data:,"] == addresses
    assert [] == re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"\burl\(|@import|\bfetch\(|XMLHttpRequest|WebSocket\(", page)


def test_the_policy_allows_what_is_there_and_nothing_else() -> None:
    parsed = Parsed(page_of(interrupted()))
    policy = next(
        own["content"] for tag, own in parsed.elements if tag == "meta" and own.get("http-equiv") == "Content-Security-Policy"
    )
    (style,) = (text for tag, text in parsed.texts if tag == "style" and "--page" in text)
    script = parsed.texts[-1][1]
    digests = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (script, style)]

    assert policy is not None
    assert [
        "default-src 'none'",
        f"script-src {digests[0]}",
        f"style-src {digests[1]}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ] == unescape(policy).split("; ")
    assert not any(name.startswith("on") or name == "style" for _, own in parsed.elements for name in own)


def test_the_data_are_those_of_the_trace() -> None:
    data = data_of(write_lines(HEADER, interrupted()))
    parsed = Parsed(build_page("a trace", data))

    assert data == json.loads(parsed.texts[-2][1])
    assert len(interrupted()) == len(data["steps"])
    assert {name: set(chart.table.phases) for name, chart in CHARTS.items()} == {
        name: set(phases) for name, phases in data["roles"].items()
    }


def test_nothing_from_outside_is_markup() -> None:
    word = "</script><!--<script>{title}"
    effects = (Deliver(1), Note(HOSTILE, 1, HOSTILE, HOSTILE), Note(word, 1, word, word))
    page = page_of([Fed(0.0, Received(1, hostile_frame()), effects)], attrs.evolve(HEADER, rejoinder=word, began=word), word)
    tags = [tag for tag, _ in Parsed(page).elements]

    assert 2 == tags.count("script")
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "<title>&lt;/script&gt;" in page


def test_every_machine_is_there() -> None:
    figures = [own["data-machine"] for tag, own in Parsed(page_of([])).elements if tag == "figure"]

    assert sorted(CHARTS) == sorted(str(name) for name in figures)


def test_it_says_where_it_comes_from() -> None:
    about = "Profile azure, recorded by Rejoinder {}, begun 2026-11-28T20:15:00Z, {} what was said."

    assert about.format("1.2.3", "with") == data_of(write_lines(HEADER, []))["about"]
    withheld = attrs.evolve(HEADER, payloads=False, rejoinder="")
    assert about.format("of an unknown version", "without") == data_of(write_lines(withheld, []))["about"]
    unknown = attrs.evolve(HEADER, began="")
    assert "begun" not in data_of(write_lines(unknown, []))["about"]


def test_a_whole_trace_needs_no_notice() -> None:
    assert "" == data_of(write_lines(HEADER, interrupted()))["notice"]


def test_a_trace_that_began_in_the_middle_is_said_to() -> None:
    notice = data_of(write_lines(attrs.evolve(HEADER, whole=False), interrupted()))["notice"]

    assert "What came before is not known here: a machine is shown from its first move on." == notice


def test_a_torn_line_is_said() -> None:
    lines = list(write_lines(HEADER, interrupted()))
    data = data_of([*lines[:-1], lines[-1][:20]])

    assert "The last line broke off and was left out." == data["notice"]
    assert len(interrupted()) - 1 == len(data["steps"])


def test_what_comes_before_a_fault_is_shown() -> None:
    data = data_of([*write_lines(HEADER, interrupted()[:3]), "{\n", "{}\n"])

    assert data["notice"].startswith("Line 5: It is not JSON. ")
    assert data["notice"].endswith(" What comes before it is shown.")
    assert 3 == len(data["steps"])


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer, "MOST_STEPS", 3)
    data = data_of(write_lines(HEADER, interrupted()))

    assert 3 == len(data["steps"])
    assert f"{len(interrupted()) - 3} steps more are left out here: view a part of the trace." == data["notice"]


def test_a_part_keeps_its_numbers() -> None:
    whole = data_of(write_lines(HEADER, interrupted()))
    part = data_of(write_lines(HEADER, interrupted()), first=3, last=5)

    assert (1, 3) == (whole["first"], part["first"])
    assert [step["text"] for step in whole["steps"][2:5]] == [step["text"] for step in part["steps"]]
    assert "What came before is not known here" in part["notice"]


def test_a_page_that_is_live_may_ask_where_it_comes_from() -> None:
    page = build_page("a trace", live_data())

    assert "default-src &#x27;none&#x27;; connect-src &#x27;self&#x27;; script-src" in page
    assert "connect-src" not in page_of([])
