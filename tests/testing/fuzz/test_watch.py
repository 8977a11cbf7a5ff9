"""What a watch sees: the rows of sessions that it may and may not reach, in order, and nothing twice."""

from __future__ import annotations

from rejoinder.states import Session
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Create, Opened
from rejoinder.states.profiles import AZURE
from rejoinder.states.trace import Header, Trace, replay
from rejoinder.testing.explore import ROWS
from rejoinder.testing.fuzz.watch import Watch, tables_of
from rejoinder.testing.input_items import user

HI = RequestContent([user("Hi")], {"model": "test"})


def test_rows_follow_one_another_within_a_program_only() -> None:
    watch = Watch()
    for _ in range(2):
        session = Session(AZURE)
        drive = watch.around(session, session.feed)
        watch.begin()
        drive(Create(1, HI), 0.0)
        drive(Opened(1), 1.0)

    assert 4 == watch.counted["events"]
    assert ("link connecting Opened", "request waiting LaneFree") in watch.pairs
    assert not {first for first, second in watch.pairs if second == "link closed Needed"}
    assert {"link closed Needed", "link connecting Opened"} <= watch.rows()


def test_nothing_is_taken_where_nothing_happened() -> None:
    assert frozenset() == Watch().rows()


def test_sessions_are_overheard_wherever_they_are_and_only_within_the_block() -> None:
    watch, session = Watch(), Session(AZURE)
    with watch.overhearing() as feds:
        session.feed(Create(1, HI), 0.0)
    session.feed(Opened(1), 1.0)

    assert 1 == len(feds) == watch.counted["events"]
    assert replay(Trace(Header("0", AZURE, session.policy), tuple(feds))) is None


def test_tables_are_counted_by_name() -> None:
    tables = tables_of(frozenset({ROWS[0], ROWS[-1]}))

    assert {"link", "response", "request", "classification"} == set(tables)
    assert 2 == sum(taken for taken, _ in tables.values())
    assert len(ROWS) == sum(there for _, there in tables.values())
