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
from rejoinder.diagrams.lettering import width_of
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


LONG: Final = "resp_0123456789abcdef0123456789abcdef0123456789abcdef"


def named(callers: int, response: str) -> list[Fed]:
    """Everybody asks, everybody leaves, and the responses have a name."""
    asked = [Fed(0.0, asks(number), (Deliver(number),)) for number in range(callers)]
    return [
        *asked,
        Fed(1.0, Cancel(1), (SendCancel(1, response), Note("response.function_call_arguments.delta", 1, None, response))),
    ]


@pytest.mark.parametrize("callers", [2, 5, MOST_COLUMNS])
@pytest.mark.parametrize("response", ["resp_12", LONG, "x" * 400])
def test_words_stay_between_the_lines_of_whom_they_are_about(callers: int, response: str) -> None:
    root = ET.fromstring(draw_sequence_svg(named(callers, response), ""))  # noqa: S314 - it is our own
    lives = sorted(
        float(re.findall(r"[\d.]+", path.get("d", ""))[0]) for path in root.iter(f"{SPACE}path") if path.get("class") == "life"
    )
    width = float(root.get("width", ""))

    for group in root.iter(f"{SPACE}g"):
        arrow = next((path for path in group.iter(f"{SPACE}path") if path.get("class") in {"ask", "answer"}), None)
        for text in group.iter(f"{SPACE}text"):
            x, half = float(text.get("x", "")), width_of(str(text.text), LETTERS) / 2
            assert 0 <= x - half
            assert x + half <= width
            if arrow is not None and x > lives[-2]:
                # To a server: with room for letters that are wider than those we count with.
                assert lives[-2] + half * 0.1 <= x - half
                assert x + half <= lives[-1] - half * 0.1


def test_what_is_shortened_is_told_in_full_and_keeps_both_its_ends() -> None:
    root = ET.fromstring(draw_sequence_svg(named(5, LONG), ""))  # noqa: S314 - it is our own
    (told,) = (group for group in root.iter(f"{SPACE}g") if f"cancel {LONG}" == group.findtext(f"{SPACE}title"))
    shown = [str(text.text) for text in told.iter(f"{SPACE}text")]

    assert "cancel" == shown[0]
    assert re.fullmatch(r"resp_01234\w*\u2026\w*bcdef", shown[1])


def test_what_is_shown_whole_is_not_told_twice() -> None:
    root = ET.fromstring(draw_sequence_svg(interrupted(), ""))  # noqa: S314 - it is our own

    assert [] == [group for group in root.iter(f"{SPACE}g") if group.find(f"{SPACE}title") is not None]


def test_a_name_is_broken_behind_its_points() -> None:
    picture = draw_sequence_svg([Fed(1.0, Cancel(1), (SendCancel(1, "function_call.arguments_of_it.in_pieces.of_text"),))], "")
    root = ET.fromstring(picture)  # noqa: S314 - it is our own
    rows = [[str(text.text) for text in group.iter(f"{SPACE}text")] for group in root.iter(f"{SPACE}g")]

    assert ["cancel function_call.arguments_of_it.", "in_pieces.of_text"] == rows[1]
