"""Folding says the same in fewer words; stacking puts words in lines."""

import pytest

from rejoinder.diagrams.labels import explain_folding, fold, stack

TERMINALS = ("Completed", "Failed", "Incomplete")


@pytest.mark.parametrize(
    "events, expected",
    [
        (("Go", "Stop"), ("Go", "Stop")),
        (("Lost", "LostReplayable"), ("Lost↻",)),
        (("LostReplayable", "Go", "Lost"), ("Go", "Lost↻")),
        (("LostReplayable",), ("LostReplayable",)),
        (TERMINALS, ("Terminal",)),
        (("Go", *TERMINALS, "Lost"), ("Go", "Terminal", "Lost")),
        (("Completed", "Failed"), ("Completed", "Failed")),
        ((), ()),
    ],
    ids=[
        *("nothing_to_fold", "twins", "twins_apart", "twin_alone", "all_terminals", "terminals_among_others"),
        *("some_terminals", "no_event"),
    ],
)
def test_fold(events: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert expected == fold(events, events)


def test_a_terminal_of_its_own_is_not_mistaken_for_three() -> None:
    assert TERMINALS == fold(TERMINALS, (*TERMINALS, "Terminal"))


@pytest.mark.parametrize(
    "width, expected",
    [(10, "one, two,<br/>three"), (9, "one, two,<br/>three"), (7, "one,<br/>two,<br/>three"), (15, "one, two, three")],
)
def test_lines_are_filled_up_to_the_width(width: int, expected: str) -> None:
    assert expected == stack(("one", "two", "three"), width)


def test_a_long_name_is_not_broken() -> None:
    assert "much_longer,<br/>a" == stack(("much_longer", "a"), 4)


def test_signs_that_are_there_are_explained() -> None:
    replayable = "X↻ is X and XReplayable: the same, while the request may be sent again."
    terminal = "Terminal is Completed, Failed or Incomplete."

    assert [replayable, terminal] == explain_folding(("Lost↻", "Terminal"), TERMINALS)
    assert [terminal] == explain_folding(("Lost", "Terminal"), TERMINALS)
    assert [] == explain_folding(("Lost", "Terminal"), ("Lost", "Terminal"))
