"""A trace is lines of ASCII JSON: a header, feeds, and gaps where feeds are missing."""

import json

import attrs
import pytest

from harness.telling import asks, interrupted
from rejoinder.states.profiles import AZURE, Policy
from rejoinder.states.trace import read_lines, replay
from rejoinder.states.trace_format import Entry, Fed, Gap, Header, TraceError, entry_line, header_line, veiled, write_lines
from rejoinder.states.withheld import Veil

HEADER = Header("1.2.3", AZURE, Policy())


def test_a_header_says_whether_it_is_whole_and_when_it_began() -> None:
    header = attrs.evolve(HEADER, whole=False, began="2026-11-28T20:15:00Z")
    plain = json.loads(header_line(header))

    assert (False, "2026-11-28T20:15:00Z") == (plain["whole"], plain["began"])
    assert header == read_lines([header_line(header)]).header


def test_a_header_without_them_is_that_of_a_whole_trace() -> None:
    plain = json.loads(header_line(HEADER))
    del plain["whole"], plain["began"]

    assert HEADER == read_lines([json.dumps(plain)]).header


def test_a_gap_says_how_many_are_missing() -> None:
    assert '{"at":1.5,"dropped":12}\n' == entry_line(Gap(1.5, 12))
    assert (Gap(1.5, 12),) == read_lines([header_line(HEADER), entry_line(Gap(1.5, 12))]).entries


@pytest.mark.parametrize("payloads", [True, False])
def test_gaps_are_written_among_feeds(*, payloads: bool) -> None:
    entries: list[Entry] = [interrupted()[0], Gap(0.05, 1), interrupted()[1]]
    trace = read_lines(write_lines(attrs.evolve(HEADER, payloads=payloads), entries))

    assert [Fed, Gap, Fed] == [type(entry) for entry in trace.entries]
    assert 2 == len(trace.feds)


def test_nothing_is_compared_behind_a_gap() -> None:
    entries: list[Entry] = [*interrupted()[:1], Gap(0.05, 1), *interrupted()[2:]]
    header = attrs.evolve(HEADER, policy=Policy())

    assert replay(read_lines(write_lines(header, entries))) is None
    assert replay(read_lines(write_lines(header, [entries[0], *entries[2:]]))) is not None


def test_a_veiled_feed_has_no_text() -> None:
    line = entry_line(veiled(Fed(0.0, asks(1, "the words"), ()), Veil()))

    assert "the words" not in line
    assert '"is":"Create"' in line


def test_an_error_names_its_line_if_there_is_one() -> None:
    assert "Line 3: It broke. Mend it." == str(TraceError(3, "It broke", "Mend it."))
    assert "It broke. Mend it." == str(TraceError(0, "It broke", "Mend it."))
