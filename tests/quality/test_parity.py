"""The ledger of parity is whole, true to the tests, and printed in the docs as it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from quality.parity import ledger
from quality.parity.edits import chosen, edited
from quality.parity.ledger import (
    REPOSITORY,
    Edit,
    Entry,
    Mark,
    behaviours,
    entries,
    marked,
    upstream_tests,
)
from quality.parity.page import PAGE, page

NUMBERS = [f"B{number:03}" for number in range(1, 157)]
DUTIES_OF_A_VOICE_FRAMEWORK = {"B145", "B146", "B147", "B148"}
FURTHER_LEFT_OUT = 5


def test_every_behaviour_is_described_once_and_in_order() -> None:
    assert NUMBERS == list(behaviours())


def test_every_behaviour_has_an_entry() -> None:
    assert NUMBERS == sorted(entries())


def test_little_is_left_out() -> None:
    left_out = {number for number, entry in entries().items() if entry.verdict == "left_out"}

    assert left_out >= DUTIES_OF_A_VOICE_FRAMEWORK
    assert len(left_out - DUTIES_OF_A_VOICE_FRAMEWORK) <= FURTHER_LEFT_OUT


def test_every_entry_says_how() -> None:
    assert [] == [number for number, entry in entries().items() if not entry.how.endswith(".")]


def test_every_entry_that_is_not_left_out_has_a_test_an_observable_and_an_edit() -> None:
    kept = [entry for entry in entries().values() if entry.verdict != "left_out"]

    assert [] == [entry.number for entry in kept if entry.number not in marked()]
    assert [] == [entry.number for entry in kept if not entry.observable.endswith(".")]
    assert [] == [entry.number for entry in kept if entry.edit is None]


def test_what_is_left_out_has_no_test() -> None:
    assert [] == [number for number, entry in entries().items() if entry.verdict == "left_out" and number in marked()]


def test_every_edit_can_be_made() -> None:
    for entry in entries().values():
        if entry.edit is not None:
            text = (REPOSITORY / entry.edit.file).read_text("utf-8")

            assert edited(text, entry.edit) != text, f"{entry.number} edits nothing."


def test_no_marker_bears_an_unknown_number() -> None:
    assert set() == set(marked()) - set(behaviours()) - set(upstream_tests())


def test_every_test_of_the_original_has_an_equivalent_or_a_reason() -> None:
    tests = upstream_tests().values()

    assert [] == [test.name for test in tests if not test.left_out and test.name not in marked()]
    assert [] == [test.name for test in tests if test.left_out and test.name in marked()]


def test_page_is_what_the_ledger_says() -> None:
    assert page() == PAGE.read_text("utf-8"), "Run: python tests/quality/parity/page.py"


# -- the ledger itself -------------------------------------------------------------------------------------------------------

MODULE = """
import pytest

pytestmark = pytest.mark.original("B001")
LISTED: Final = [pytest.param(1, marks=[pytest.mark.row("7"), pytest.mark.original("B007")]), 2]
BOTH = pytest.mark.parametrize("way", [pytest.param(1, marks=pytest.mark.original("B002")), 2])


@pytest.mark.original("B003", "C1:test_it")
def test_one() -> None: ...


@BOTH
async def test_two(way) -> None: ...


@pytest.mark.original("B004")
class TestThree:
    @pytest.mark.original("B005")
    def test_inside(self) -> None: ...


@pytest.mark.parametrize("way", LISTED)
def test_four(way) -> None: ...


@pytest.mark.original("B006")
def not_a_test() -> None: ...
"""


def test_marks_are_found_wherever_pytest_takes_them() -> None:
    found = set(ledger._marks(ast.parse(MODULE)))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the part with the rules

    assert {
        ("test_one", "B001"),
        ("test_one", "B003"),
        ("test_one", "C1:test_it"),
        ("test_two", "B001"),
        ("test_two", "B002"),
        ("TestThree::test_inside", "B001"),
        ("TestThree::test_inside", "B004"),
        ("TestThree::test_inside", "B005"),
        ("test_four", "B001"),
        ("test_four", "B007"),
    } == found


def test_number_in_two_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text('[B001]\nverdict = "matched"\nhow = "So."\n', "utf-8")
    monkeypatch.setattr(ledger, "FOLDER", tmp_path)

    with pytest.raises(ValueError, match=r"B001 stands in two\.toml and in a file before it"):
        ledger.entries.__wrapped__()


def test_edit_replaces_what_stands_once() -> None:
    edit = Edit("some.py", "right", "wrong")

    assert "the wrong way" == edited("the right way", edit)
    with pytest.raises(ValueError, match="0 times"):
        edited("no way", edit)
    with pytest.raises(ValueError, match="2 times"):
        edited("right, right", edit)


def test_chosen_lines_are_spread_over_the_ledger() -> None:
    lines = [Entry(f"B{number:03}", "matched", "So.") for number in range(1, 101)]

    assert ["B001", "B026", "B051", "B076"] == [entry.number for entry in chosen(lines, 4)]
    assert lines == chosen(lines, 1000)


def test_marks_sort_by_file_and_name() -> None:
    assert [Mark("a", "z"), Mark("b", "a")] == sorted([Mark("b", "a"), Mark("a", "z")])
