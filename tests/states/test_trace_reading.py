"""A trace is read line by line: what was read stands, whatever comes after it, and little is held."""

from collections.abc import Iterator

import pytest

from harness.telling import interrupted
from rejoinder.states.profiles import AZURE, Policy
from rejoinder.states.trace_format import Gap, Header, TraceError, entry_line, header_line, write_lines
from rejoinder.states.trace_reading import Reading

HEADER = Header("1.2.3", AZURE, Policy())


def test_the_header_is_read_at_once_and_nothing_else() -> None:
    lines = iter(write_lines(HEADER, interrupted()))
    reading = Reading(lines)

    assert HEADER == reading.header
    assert len(interrupted()) == len(list(lines))


def test_entries_come_with_the_numbers_of_their_lines() -> None:
    reading = Reading(write_lines(HEADER, [*interrupted(), Gap(9.0, 1)]))
    numbers, entries = zip(*reading, strict=True)

    assert tuple(range(2, len(interrupted()) + 3)) == numbers
    assert Gap(9.0, 1) == entries[-1]
    assert not reading.torn


def test_only_one_line_ahead_is_read() -> None:
    taken: list[int] = []

    def lines() -> Iterator[str]:
        for number, line in enumerate(write_lines(HEADER, interrupted()), 1):
            taken.append(number)
            yield line

    entries = iter(Reading(lines()))
    next(entries)

    assert [1, 2, 3] == taken


def test_what_was_read_before_a_fault_stands() -> None:
    reading = Reading([*write_lines(HEADER, interrupted()[:2]), "{\n", "\n"])
    entries = iter(reading)

    assert [2, 3] == [next(entries)[0], next(entries)[0]]
    with pytest.raises(TraceError, match=r"^Line 4: It is not JSON"):
        next(entries)


def test_a_torn_last_line_is_said_at_the_end() -> None:
    reading = Reading([header_line(HEADER), entry_line(Gap(1.0, 1)), '{"at": 1.0, "ev'])
    before = reading.torn
    entries = list(reading)

    assert (False, True) == (before, reading.torn)
    assert [(2, Gap(1.0, 1))] == entries


@pytest.mark.parametrize(
    "line, words",
    [
        ('{"at": "1", "dropped": 1}', "Line 2: at is not a number"),
        ('{"at": 1, "dropped": 1.5}', "Line 2: dropped is not an integer"),
        ('{"dropped": 1}', "Line 2: It does not have exactly the fields"),
    ],
)
def test_a_damaged_gap_is_told(line: str, words: str) -> None:
    with pytest.raises(TraceError, match=f"^{words}"):
        list(Reading([header_line(HEADER), line]))
