"""Words have widths, without a font."""

import pytest

from rejoinder.diagrams.lettering import BOLD, SLACK, width_of
from rejoinder.diagrams.scenery import set_up
from rejoinder.states.chart import CHARTS


@pytest.mark.parametrize("text, thousandths", [("", 0), ("i", 222), ("W", 944), ("if", 500), ("\u21bb", 1000)])
def test_letters_are_as_wide_as_those_of_helvetica(text: str, thousandths: int) -> None:
    assert pytest.approx(thousandths * SLACK) == width_of(text, 1000.0)


def test_bold_letters_are_wider() -> None:
    assert pytest.approx(width_of("open", 16.0) * BOLD) == width_of("open", 16.0, bold=True)


@pytest.mark.parametrize("name", CHARTS)
def test_letters_of_the_machines_are_known(name: str) -> None:
    """A letter that is taken for the widest costs room: only the sign of folding may."""
    scenery = set_up(CHARTS[name])
    words = [line for arrow in scenery.arrows for line in arrow.lines]
    words += [text for box in scenery.boxes for text in (box.phase, *(line.text for line in box.lines))]
    unknown = {letter for word in words for letter in word if width_of(letter, 1000.0) == 1000 * SLACK}

    assert unknown <= {"\u21bb"}
