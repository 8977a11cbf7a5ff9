"""What a member of a pool has to offer: standing, room, load, memory."""

from __future__ import annotations

import attrs
import pytest

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.continuation import RequestContent
from rejoinder.states.phases import LinkPhase
from rejoinder.states.pool_offers import Offer, Standing, offer_of
from rejoinder.states.profiles import AZURE, HTTP, OPENAI, Policy, Profile


def offer(bench: Bench, *items: dict[str, str]) -> Offer:
    """What the bench has to offer to a request of these items."""
    content = RequestContent(list(items)) if items else None
    return offer_of(7, bench.session, content, bench.now)


@pytest.mark.parametrize("profile, room", [(AZURE, 1), (OPENAI, 16), (HTTP, 100)], ids=["serial", "lanes", "http"])
def test_room_before_anything_is_dialled_and_when_it_is_open(profile: Profile, room: int) -> None:
    bench = Bench(profile)
    before = offer(bench)
    bench.ask()
    dialling = offer(bench)
    bench.opened()
    sent = offer(bench)

    assert Offer(7, Standing.CLOSED, room, load=0) == before
    assert Offer(7, Standing.COMING, room - 1, load=1) == dialling
    assert (Standing.OPEN, room - 1, 1) == (sent.standing, sent.room, sent.load)


def test_room_is_bounded_by_what_is_in_flight_and_by_names() -> None:
    bench = Bench(attrs.evolve(OPENAI, in_flight=3, names=4))
    bench.ask()
    bench.opened()
    bench.answer(1)
    rooms = [offer(bench).room]
    for _ in range(3):
        bench.ask()
        rooms.append(offer(bench).room)
    bench.ask()
    rooms.append(offer(bench).room)

    assert [3, 2, 1, 0, -1] == rooms


def test_names_that_are_used_up_are_no_room() -> None:
    bench = Bench(attrs.evolve(OPENAI, in_flight=9, names=2))
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.ask("Another")

    assert 1 == offer(bench).room


def test_what_is_remembered_is_counted_for_the_request_at_hand() -> None:
    bench = Bench(AZURE)
    bench.ask("one")
    bench.opened()
    bench.answer(1)
    talk = [frames.user("one"), frames.assistant("Hello"), frames.user("two")]
    going_on, another = offer(bench, *talk), offer(bench, frames.user("else"))

    assert (2, False, True) == (going_on.saved, going_on.forgets, going_on.remembers)
    assert (0, True, True) == (another.saved, another.forgets, another.remembers)


def test_a_stored_response_counts_too() -> None:
    bench = Bench(AZURE, Policy(continuation="stored"))
    bench.ask("one", store=True)
    bench.opened()
    bench.answer(1)
    bench.ask("else", store=True)
    bench.answer(2)
    talk = [frames.user("one"), frames.assistant("Hello"), frames.user("two")]

    assert 2 == offer(bench, *talk).saved


def test_with_lanes_nothing_is_forgotten_while_there_are_names() -> None:
    bench = Bench(attrs.evolve(OPENAI, names=2))
    bench.ask("one")
    bench.opened()
    bench.answer(1)
    fresh = offer(bench, frames.user("two")).forgets
    bench.ask("two")
    bench.answer(2)

    assert (False, True) == (fresh, offer(bench, frames.user("three")).forgets)


def test_only_abandoned_responses_in_the_way() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.created(1)
    live = offer(bench)
    bench.cancel(1)
    abandoned = offer(bench)
    bench.ask("Next")

    assert [False, True, False] == [live.drains, abandoned.drains, offer(bench).drains]


def test_a_link_that_has_to_prove_itself_is_coming() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.wait(31.0)
    bench.ask("Still there?")

    assert LinkPhase.PROVING is bench.link(1)
    assert Offer(7, Standing.COMING, 0, load=1) == offer(bench)


def test_a_dial_that_was_given_up_says_when() -> None:
    bench = Bench(AZURE, Policy(dial_attempts=1))
    bench.ask()
    bench.wait(2.0)
    bench.refused()

    assert Offer(7, Standing.CLOSED, 1, load=0, refused_at=bench.now) == offer(bench)


def test_a_link_that_answers_without_naming_its_lane_is_serial_from_then_on() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    believed = offer(bench).room
    bench.receive(frames.created("resp_1"))

    assert (15, 0) == (believed, offer(bench).room)


def test_a_cancel_that_is_owed_an_answer_is_counted() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)

    assert 1 == offer(bench).owed
