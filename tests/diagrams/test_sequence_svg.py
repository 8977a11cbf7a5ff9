"""The SVG of a sequence holds every line of its tale, can be read by everybody, and takes nothing for markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.frames import delta
from harness.telling import HOSTILE, asks, hostile_frame, interrupted, lost_early, turned
from rejoinder.diagrams.colours import PAGES, contrast
from rejoinder.diagrams.sequence_svg import COLOURS, LETTERS, MOST_COLUMNS, MOST_LINES, draw_sequence_svg
from rejoinder.diagrams.tale import tell
from rejoinder.states.effects import Deliver, Note, SendCancel
from rejoinder.states.events import Cancel, Received
from rejoinder.states.trace import Fed

SPACE: Final = "{http://www.w3.org/2000/svg}"
TALES: Final = (interrupted, lost_early, turned)


def lines_of(picture: str) -> list[tuple[int, str]]:
    """The step and the words of each line."""
    root = ET.fromstring(picture)  # noqa: S314 - it is our own
    return [
        (int(group.get("data-step", "")), " ".join(str(text.text) for text in group.iter(f"{SPACE}text")))
        for group in root.iter(f"{SPACE}g")
    ]


@pytest.mark.parametrize("tale", TALES)
def test_every_line_is_drawn_with_its_step(tale: Callable[[], list[Fed]]) -> None:
    assert [(line.step, line.text) for line in tell(tale(), 3).lines] == lines_of(draw_sequence_svg(tale(), "", 3))


@pytest.mark.parametrize("tale", TALES)
def test_everything_is_within_the_page_and_can_be_read(tale: Callable[[], list[Fed]]) -> None:
    root = ET.fromstring(draw_sequence_svg(tale(), "A tale"))  # noqa: S314 - it is our own
    _, _, width, height = (float(number) for number in root.get("viewBox", "").split())

    for rect in root.iter(f"{SPACE}rect"):
        assert 0 <= float(rect.get("x", "0"))
        assert float(rect.get("x", "0")) + float(rect.get("width", "0")) <= width
        assert float(rect.get("y", "0")) + float(rect.get("height", "0")) <= height
    assert LETTERS * min(1.0, 900 / width) >= 11


@pytest.mark.parametrize("page", PAGES)
def test_every_word_can_be_read_on_what_is_behind_it(page: str) -> None:
    for behind in (PAGES[page], COLOURS[page]["remark"], COLOURS[page]["head"]):
        assert contrast(COLOURS[page]["text"], behind) >= 4.5
    assert contrast(COLOURS[page]["lost"], PAGES[page]) >= 3
    assert contrast(COLOURS[page]["line"], PAGES[page]) >= 3


def test_a_loss_is_a_cross() -> None:
    picture = draw_sequence_svg(lost_early(), "")

    assert 1 == picture.count('class="answer lost"') == picture.count('<path class="lost"')


def test_a_title_is_shown_and_told() -> None:
    picture = draw_sequence_svg(turned(), " A & B ")
    root = ET.fromstring(picture)  # noqa: S314 - it is our own

    assert "A & B" == root.findtext(f"{SPACE}title")
    assert 2 == picture.count(">A &amp; B<")
    assert "A sequence of messages" == ET.fromstring(draw_sequence_svg(turned(), "")).findtext(f"{SPACE}title")  # noqa: S314


def test_too_many_callers_share_a_column() -> None:
    feds = [Fed(0.0, asks(number), (Deliver(number), Note("Late", 1, None, "why"))) for number in range(MOST_COLUMNS + 1)]
    picture = draw_sequence_svg(feds, "")

    assert {"callers", "client", "servers"} == set(re.findall(r'class="who"[^>]*>([^<]+)<', picture))
    assert (1, "r0: asks (1 item)") == lines_of(picture)[0]


def test_what_is_too_long_is_shortened_and_counted() -> None:
    feds = [Fed(float(number * 2), Received(1, delta("x", sequence=number)), (Deliver(1),)) for number in range(2, 402)]
    lines = lines_of(draw_sequence_svg(feds, ""))
    whole = len(tell(feds).lines)
    (place,) = (place for place, (_, text) in enumerate(lines) if "left out here" in text)

    assert MOST_LINES + 1 == len(lines)
    assert lines[place][1].startswith(f"… {whole - MOST_LINES} lines left out here")
    assert lines[-1][0] == 400
    assert place < len(lines) / 4


def test_nothing_is_fetched_and_nothing_runs() -> None:
    picture = draw_sequence_svg(interrupted(), "")

    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\"' ]+", picture))
    assert not re.search(r"<script|href|url\(|@import| on\w+=", picture)


def test_nothing_from_outside_is_markup() -> None:
    effects = (Deliver(1), Note(HOSTILE, 1, HOSTILE, HOSTILE), SendCancel(1, HOSTILE))
    picture = draw_sequence_svg([Fed(0.0, Received(1, hostile_frame()), effects)], HOSTILE)

    ET.fromstring(picture)  # noqa: S314 - it is our own, and this is the test
    assert "<br/>" not in picture
    assert "\x1b" not in picture
    assert "\u202e" not in picture


@given(text=st.text(st.characters(), min_size=1))
def test_no_text_breaks_the_picture(text: str) -> None:
    picture = draw_sequence_svg([Fed(0.0, Cancel(1), (Note("Late", None, text, text), SendCancel(1, text)))], text)

    assert 3 == len(lines_of(picture))
