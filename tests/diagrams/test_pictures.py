"""Every picture can be had by name, and a wrong name is told in one line."""

import pytest

from rejoinder.diagrams.mermaid import draw_mermaid, explain
from rejoinder.diagrams.pictures import ALL, NAMES, Format, UnknownPictureError, draw_picture, illustrate
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


@pytest.mark.parametrize(
    "name, form, expected",
    [
        ("lane", None, "There is no picture of 'lane'. Name one of link, response, request, classification or all."),
        ("two\nlines", None, r"There is no picture of 'two\nlines'. Name one of link, response, request, classification or all."),
        ("link", "svg", "There is no format 'svg'. Name mermaid or table."),
        ("classification", "mermaid", "The classification has no Mermaid form. Leave --format out, or name table."),
    ],
    ids=["unknown_name", "name_of_two_lines", "unknown_format", "no_such_form"],
)
def test_what_there_is_not_is_told_in_one_line(name: str, form: str | None, expected: str) -> None:
    with pytest.raises(UnknownPictureError) as raised:
        draw_picture(name, form)

    assert expected == str(raised.value)
