"""The SVG shows every moving row of the Machine once, can be read by everybody, and is made of nothing but itself.

Rule: pictures that are kept are parsed here by other code than drew them, so most of this needs no Graphviz.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import attrs
import pytest

from rejoinder.diagrams.causes import cause_of
from rejoinder.diagrams.colours import COLOURS, PAGES, contrast
from rejoinder.diagrams.graphviz import Curve
from rejoinder.diagrams.rendered import FOLDER
from rejoinder.diagrams.scenery import LETTERS, NAME_LETTERS, set_up
from rejoinder.diagrams.svg import FAINT, TEXTS, draw_svg, head, style
from rejoinder.states.chart import CHARTS, Chart, compile_chart
from rejoinder.states.edges import Edge, Table

REPOSITORY: Final = Path(__file__).parents[2]
SPACE: Final = "{http://www.w3.org/2000/svg}"


def kept(name: str) -> str:
    return (REPOSITORY / FOLDER / f"{name}.svg").read_text("utf-8")


def groups(picture: str, kind: str) -> list[ET.Element]:
    """The arrows, or the boxes, of a picture; not the samples in its legend."""
    return [
        group
        for group in ET.fromstring(picture).iter(f"{SPACE}g")  # noqa: S314 - it is our own
        if kind in group.get("class", "").split() and len(group.attrib) > 1
    ]


def moves_in(picture: str) -> Counter[tuple[str | None, str, str | None]]:
    return Counter(
        (group.get("data-source"), event, group.get("data-target"))
        for group in groups(picture, "arrow")
        for event in group.get("data-events", "").split()
    )


def moves_of(chart: Chart) -> Counter[tuple[str | None, str, str | None]]:
    return Counter(
        (source, name, transition.dest)
        for name, event in chart.machine.events.items()
        for source, transitions in event.transitions.items()
        for transition in transitions
        if transition.dest is not None
    )


def test_every_move_of_the_machine_is_drawn_once(chart: Chart) -> None:
    assert moves_of(chart) == moves_in(kept(chart.table.name))


def test_arrows_say_who_causes_them(chart: Chart) -> None:
    for group in groups(kept(chart.table.name), "arrow"):
        for event in group.get("data-events", "").split():
            assert cause_of(chart.table, event) in group.get("class", "").split()


def test_every_phase_is_drawn_with_a_title(chart: Chart) -> None:
    boxes = groups(kept(chart.table.name), "phase")

    assert set(chart.table.phases) == {group.get("data-phase") for group in boxes}
    assert all(group.findtext(f"{SPACE}title", "").startswith(str(group.get("data-phase"))) for group in boxes)


@pytest.mark.parametrize("name", CHARTS)
def test_letters_have_eleven_pixels_at_a_width_of_nine_hundred(name: str) -> None:
    root = ET.fromstring(kept(name))  # noqa: S314 - it is our own
    width = float(root.get("viewBox", "").split()[2])
    sizes = [float(size) for size in re.findall(r"font-size:([\d.]+)px", kept(name))]

    assert {LETTERS, NAME_LETTERS} == set(sizes)
    assert min(sizes) * min(1.0, 900 / width) >= 11


@pytest.mark.parametrize("name", CHARTS)
def test_everything_is_within_the_page(name: str) -> None:
    root = ET.fromstring(kept(name))  # noqa: S314 - it is our own
    _, _, width, height = (float(number) for number in root.get("viewBox", "").split())
    for rect in root.iter(f"{SPACE}rect"):
        assert 0 <= float(rect.get("x", "0")) + float(rect.get("width", "0")) <= width
        assert float(rect.get("y", "0")) + float(rect.get("height", "0")) <= height


@pytest.mark.parametrize("page", PAGES)
def test_every_word_can_be_read(page: str) -> None:
    """The style of each page is taken apart, and each colour of words is held against what is behind it."""
    text = style()
    start = text.index("@media (prefers-color-scheme:dark)")
    part = text[:start] if page == "light" else text[start : text.index("@media print")]
    words = re.findall(r"(?:text|\.legend)\{fill:(#\w{6})", part)
    on_boxes = {colours.text for colours in COLOURS.values()} if page == "light" else set[str]()

    assert {TEXTS[page], FAINT[page]} <= set(words)
    for colour in set(words) - on_boxes:
        assert contrast(colour, PAGES[page]) >= 4.5


def test_print_is_like_a_light_page() -> None:
    text = style()
    light = text[text.index(".page{") : text.index("@media (prefers-color-scheme:dark)")]

    assert text.endswith(f"@media print{{{light}}}")


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_is_fetched_and_nothing_runs(name: str) -> None:
    picture = kept(name)

    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\"' ]+", picture))
    assert not re.search(r"<script|href|url\(|@import| on\w+=", picture)


@pytest.mark.parametrize("name", CHARTS)
def test_it_says_who_laid_it_out(name: str) -> None:
    assert re.search(r"laid out by Graphviz \d+\.\d+\.\d+", kept(name))


@pytest.mark.parametrize("name", CHARTS)
def test_it_has_a_name_and_a_description(name: str) -> None:
    root = ET.fromstring(kept(name))  # noqa: S314 - it is our own
    labels = root.get("aria-labelledby", "").split()

    assert "img" == root.get("role")
    assert f"The {name} machine" == root.findtext(f"{SPACE}title")
    assert labels == [element.get("id") for element in root if element.tag in {f"{SPACE}title", f"{SPACE}desc"}]


def test_a_head_points_to_its_tip() -> None:
    assert "10.0,20.0 6.4,11.0 13.6,11.0" == head(Curve([(10.0, 0.0)], (10.0, 20.0), None))
    assert head(Curve([(1.0, 1.0)], (1.0, 1.0), None)).startswith("1.0,1.0 ")


def test_an_added_row_is_drawn(graphviz: str) -> None:
    table = CHARTS["link"].table
    added = compile_chart(attrs.evolve(table, edges=(*table.edges, Edge("failed", "Lost", "closed", "some_rule", "for this test"))))

    assert Counter({("failed", "Lost", "closed"): 1}) == moves_in(draw_svg(set_up(added))) - moves_in(kept("link"))


def test_what_a_trace_did_not_reach_is_faint(small: Table, graphviz: str) -> None:
    picture = draw_svg(set_up(compile_chart(small), {("rest", "Go"): 4}), frozenset({"rest"}))
    classes = {
        (group.get("data-source"), group.get("data-phase")): group.get("class")
        for kind in ("arrow", "phase")
        for group in groups(picture, kind)
        if "small" not in group.get("class", "")
    }

    assert {
        ("rest", None): "arrow session taken",
        ("busy", None): "arrow session untaken",
        (None, "rest"): "phase resting",
        (None, "busy"): "phase live untaken",
    } == classes
    assert "Taken: 4." in picture
    assert "phase resting small untaken" in picture


def test_the_same_chart_gives_the_same_text(small: Table, graphviz: str) -> None:
    assert draw_svg(set_up(compile_chart(small))) == draw_svg(set_up(compile_chart(small)))
