"""Every picture can be had by name, and a wrong name is told in one line."""

import json
from xml.etree import ElementTree as ET

import pytest

from rejoinder.diagrams.dot import draw_dot
from rejoinder.diagrams.highlight import Path
from rejoinder.diagrams.interchange import draw_classification_json, draw_json, draw_scxml
from rejoinder.diagrams.mermaid import draw_mermaid, explain
from rejoinder.diagrams.pictures import (
    ALL,
    HIGHLIGHTING,
    NAMES,
    SEPARATE,
    SUFFIXES,
    Format,
    UnknownPictureError,
    draw_picture,
    draw_png,
    illustrate,
)
from rejoinder.diagrams.scenery import set_up
from rejoinder.diagrams.tables import draw_classification, draw_table
from rejoinder.states.chart import CHARTS


@pytest.mark.parametrize("name", CHARTS)
def test_machines_are_mermaid_unless_tables_are_asked_for(name: str) -> None:
    assert draw_mermaid(CHARTS[name]) == draw_picture(name) == draw_picture(name, "mermaid")
    assert draw_table(CHARTS[name]) == draw_picture(name, "table")


def test_the_classification_is_a_table() -> None:
    assert draw_classification() == draw_picture("classification") == draw_picture("classification", Format.TABLE)


def test_all_tables_in_order() -> None:
    expected = "\n".join(draw_picture(name, Format.TABLE) for name in NAMES)

    assert ("link", "response", "request", "classification") == NAMES
    assert expected == draw_picture(ALL, Format.TABLE)


@pytest.mark.parametrize("form", [None, Format.MERMAID])
def test_all_pictures_in_order(form: str | None) -> None:
    sections = [f"## The {name}\n\n{illustrate(name)}" for name in CHARTS]

    assert "\n".join([*sections, draw_classification()]) == draw_picture(form=form)


@pytest.mark.parametrize("name", CHARTS)
def test_an_illustration_is_a_fence_and_its_legend(name: str) -> None:
    fence, _, legend = illustrate(name).partition("```\n\n")

    assert f"```mermaid\n{draw_mermaid(CHARTS[name])}" == fence
    assert explain(CHARTS[name]) == " ".join(legend.splitlines())
    assert 120 >= max(map(len, legend.splitlines()))


@pytest.mark.parametrize("name", CHARTS)
def test_machines_are_had_in_every_text_format(name: str) -> None:
    chart = CHARTS[name]

    assert draw_dot(set_up(chart)) == draw_picture(name, "dot")
    assert draw_scxml(chart) == draw_picture(name, "scxml")
    assert draw_json([chart]) == draw_picture(name, "json")


def test_all_in_dot_and_in_json() -> None:
    assert "\n".join(draw_dot(set_up(chart)) for chart in CHARTS.values()) == draw_picture(ALL, "dot")
    assert list(CHARTS) == [machine["name"] for machine in json.loads(draw_picture(ALL, "json"))["machines"]]
    assert draw_classification_json() == draw_picture("classification", "json")


def test_machines_are_had_as_pictures() -> None:
    assert "svg" == ET.fromstring(draw_picture("request", "svg")).tag.rpartition("}")[2]  # noqa: S314 - it is our own


def test_machines_are_had_as_pixels(graphviz: str) -> None:
    png = draw_png("request")

    assert png.startswith(b"\x89PNG\r\n")


def test_what_a_trace_went_through_is_shown(graphviz: str) -> None:
    paths = {name: Path(name) for name in CHARTS}
    paths["request"].rows["waiting", "LaneFree"] = 3
    paths["request"].phases |= {"waiting", "sent"}

    for form in ("dot", "svg"):
        assert ">\u00d73</" in draw_picture("request", form, paths)
        assert ">\u00d7" not in draw_picture("request", form)
    assert draw_png("request", paths) != draw_png("request")


def test_every_format_has_a_suffix() -> None:
    assert set(Format) == set(SUFFIXES.values())


UNKNOWN = "There is no picture of {}. Name one of link, response, request, classification or all."


@pytest.mark.parametrize(
    "name, form, expected",
    [
        ("lane", None, UNKNOWN.format("'lane'")),
        ("two\nlines", None, UNKNOWN.format(r"'two\nlines'")),
        ("link", "pdf", "There is no format 'pdf'. Name svg, png, mermaid, dot, table, scxml or json."),
        ("link", "png", "A PNG is no text. Ask draw_png for it, or name svg."),
        *(
            ("classification", form, f"The classification has no {form} form. Leave --format out, or name table or json.")
            for form in ("svg", "png", "mermaid", "dot", "scxml")
        ),
        *(
            (
                ALL,
                form,
                f"Each machine has a file of its own in {form}. Name one of link, response or request, or a folder with -o.",
            )
            for form in sorted(SEPARATE)
        ),
    ],
)
def test_what_there_is_not_is_told_in_one_line(name: str, form: str | None, expected: str) -> None:
    with pytest.raises(UnknownPictureError) as raised:
        draw_picture(name, form)

    assert expected == str(raised.value)


@pytest.mark.parametrize("form", [None, *sorted(set(Format) - HIGHLIGHTING)])
def test_a_trace_is_not_shown_where_it_cannot_be(form: str | None) -> None:
    with pytest.raises(UnknownPictureError) as raised:
        draw_picture("link", form, {})

    assert "A trace can be shown in dot, png or svg only. Name one of them with --format." == str(raised.value)
