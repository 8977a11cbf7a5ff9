"""The canonical form: equal where the future is equal, and never elsewhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import frames
from harness.in_phase import (
    acknowledged,
    awaiting_created,
    cancel_pending,
    connecting,
    doubted,
    draining,
    failing,
    idle,
    paused,
    proving,
    quarantined,
    reconnecting,
    refused_for_good,
    retiring,
    streaming,
)
from harness.lifecycle import Bench, snapshot
from harness.renaming import renamed
from harness.wandering import STEPS, Step, Wanderer, told
from rejoinder.states.canonical import Names, Remembered, freeze, key
from rejoinder.states.continuation import Continuation, Evicted, RequestContent, Reuse
from rejoinder.states.events import Create
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, GENERIC, HTTP, OPENAI, AfterCancel, Fallback, Policy, Profile
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.session import Session
from rejoinder.states.verdicts import Cause

PLAYED: Final = [step for step in STEPS if step != "frame: lane limit"]
"""All steps but one that makes ``feed`` raise: see the expected failures in ``test_placement``."""

PROGRAMS: Final = st.lists(
    st.builds(Step, st.sampled_from([step for step in STEPS if step != "frame: lane limit"]), st.integers(0, 3), st.integers(0, 2)),
    min_size=5,
    max_size=40,
)
PROFILES: Final = st.sampled_from([OPENAI, AZURE, GENERIC, HTTP])
POLICIES: Final = st.sampled_from(
    [
        Policy(),
        Policy(signal=True, after_cancel=AfterCancel.REUSE, rotate_before=3590),
        Policy(fallback=Fallback.STICKY, dial_attempts=1),
    ]
)

# -- the same state under other names ------------------------------------------------------------------------------------------


def wandered(profile: Profile, policy: Policy, program: list[Step]) -> Wanderer:
    wanderer = Wanderer(Session(profile, policy), now=1000.0)
    for step in program:
        wanderer.play(step)
    return wanderer


@given(PROFILES, POLICIES, PROGRAMS, PROGRAMS)
def test_the_same_state_under_other_names_has_the_same_key_and_future(
    profile: Profile, policy: Policy, before: list[Step], after: list[Step]
) -> None:
    one = wandered(profile, policy, before)
    two = renamed(one)
    names, other_names = Names(), Names()

    assert key(one.session, one.now, names) == key(two.session, two.now, other_names)
    for step in after:
        assert told(one.play(step), names) == told(two.play(step), other_names), step
        assert key(one.session, one.now) == key(two.session, two.now)


@given(PROFILES, POLICIES, PROGRAMS, PROGRAMS)
def test_copy_has_the_same_key_and_does_not_share_its_fate(
    profile: Profile, policy: Policy, before: list[Step], after: list[Step]
) -> None:
    wanderer = wandered(profile, policy, before)
    session = wanderer.session
    expected = key(session, wanderer.now)
    place = snapshot(session)
    copy = session.copy()
    copied = key(copy, wanderer.now)
    other_way = Wanderer(copy, wanderer.now, wanderer.requests, "copy_", wanderer.responses)
    for step in after:
        other_way.play(step)

    assert expected == copied
    assert hash(expected) == hash(copied)
    assert expected == key(session, wanderer.now)
    assert place == snapshot(session)


# -- different states with one key -------------------------------------------------------------------------------------------


def explored(profile: Profile, policy: Policy, chance: random.Random) -> list[tuple[Wanderer, Wanderer]]:
    """Return pairs of sessions that came to one key on different ways and remember different things."""
    known: dict[object, Wanderer] = {}
    pairs: list[tuple[Wanderer, Wanderer]] = []
    for _ in range(60):
        wanderer = Wanderer(Session(profile, policy), now=1000.0)
        for _ in range(25):
            wanderer.play(random_step(chance))
            found = known.setdefault(key(wanderer.session, wanderer.now), fork(wanderer))
            if found.now != wanderer.now or snapshot(found.session) != snapshot(wanderer.session):
                pairs.append((fork(found), fork(wanderer)))
    return pairs


def random_step(chance: random.Random) -> Step:
    return Step(chance.choice(PLAYED), chance.randrange(3), chance.randrange(2))


def fork(wanderer: Wanderer) -> Wanderer:
    return attrs.evolve(wanderer, session=wanderer.session.copy())


@pytest.mark.parametrize("profile", [OPENAI, AZURE, GENERIC, HTTP], ids=lambda profile: profile.name)
@pytest.mark.parametrize("policy", [Policy(), Policy(signal=True, after_cancel=AfterCancel.REUSE)], ids=["default", "reuse"])
def test_different_ways_to_one_key_have_one_future(profile: Profile, policy: Policy) -> None:
    chance = random.Random(profile.name)
    pairs = explored(profile, policy, chance)
    for one, two in pairs:
        names, other_names = Names(), Names()
        assert key(one.session, one.now, names) == key(two.session, two.now, other_names)
        for _ in range(12):
            step = random_step(chance)
            assert told(one.play(step), names) == told(two.play(step), other_names), step
            assert key(one.session, one.now) == key(two.session, two.now), step

    assert len(pairs) > 100


# -- what makes no difference ------------------------------------------------------------------------------------------------


def key_of(bench: Bench) -> object:
    return key(bench.session, bench.now)


def test_times_count_from_now() -> None:
    early, late = streaming(), Bench(AZURE, now=5e6)
    late.ask()
    late.opened()
    late.created(1)
    late.speak(1)
    # Contents count by identity.
    late.session.requests[1].content = early.session.requests[1].content
    late.lane(1).content = early.lane(1).content

    assert key_of(early) == key_of(late)


def test_what_was_said_to_a_caller_that_left_makes_no_difference() -> None:
    short, long = draining(), draining()
    long.session.links[1].lanes[None].sent = short.lane(1).sent
    long.speak(1, "more")
    long.receive(frames.item_added("item_8", sequence=9))
    long.lane(1).sequence = short.lane(1).sequence

    assert key_of(short) == key_of(long)


def test_what_is_counted_makes_no_difference() -> None:
    quiet, loud = idle(), idle()
    for _ in range(3):
        loud.receive(frames.error("rather_odd"))
    loud.lane(1).continuation = quiet.lane(1).continuation

    assert key_of(quiet) == key_of(loud)


def test_how_long_a_quarantine_has_lasted_makes_no_difference() -> None:
    bench = quarantined()
    bench.session.links[1].rotate_at = 1e9
    bench.wait(60)
    before = key_of(bench)
    bench.wait(60)
    bench.session.links[1].rotate_at += 60

    assert before == key_of(bench)


def test_how_stale_a_link_is_makes_no_difference() -> None:
    bench = idle()
    bench.session.links[1].rotate_at = 1e9
    bench.wait(31)
    before = key_of(bench)
    bench.wait(60)
    bench.session.links[1].rotate_at += 60

    assert before == key_of(bench)


def test_hedge_for_a_request_that_is_gone_makes_no_difference() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    bench.cancel(2)
    before = key_of(bench)
    bench.session.links[2].hedge_for = None

    assert before == key_of(bench)


def lenient() -> Bench:
    """A response that was abandoned on a server that need not announce its items."""
    bench = Bench(GENERIC)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    return bench


# -- what makes one ----------------------------------------------------------------------------------------------------------


CHANGES: Final[dict[str, tuple[Callable[[], Bench], Callable[[Bench], object]]]] = {
    "a little time": (awaiting_created, lambda bench: bench.wait(0.5)),
    "a sequence number": (streaming, lambda bench: setattr(bench.lane(1), "sequence", 7)),
    "an item": (streaming, lambda bench: bench.lane(1).items.add("item_9")),
    "what was said": (streaming, lambda bench: bench.lane(1).output.append(frames.message("Hello"))),
    "a taint": (idle, lambda bench: setattr(bench.lane(1), "tainted", True)),
    "a stranger": (draining, lambda bench: bench.receive(frames.completed("resp_9"))),
    "a debt": (idle, lambda bench: setattr(bench.session.links[1], "debt", 1)),
    "a refused cancel": (idle, lambda bench: setattr(bench.session.links[1], "cancel_refused", True)),
    "the limit of names": (idle, lambda bench: setattr(bench.session.links[1], "names_limit", 3)),
    "an attempt": (connecting, lambda bench: setattr(bench.session.links[1], "attempts", 2)),
    "a continuation": (idle, lambda bench: setattr(bench.lane(1), "continuation", None)),
    "a content": (connecting, lambda bench: setattr(bench.session.requests[1], "content", RequestContent([frames.user("Hi")]))),
    "a replay": (awaiting_created, lambda bench: setattr(bench.session.requests[1], "replays", (Cause.LOST,))),
    "a pause": (paused, lambda bench: setattr(bench.session.requests[1], "resume_at", bench.now + 1)),
    "a hedge": (connecting, lambda bench: setattr(bench.session.requests[1], "hedged", True)),
    "whose hedge it is": (connecting, lambda bench: setattr(bench.session.links[1], "hedge_for", 1)),
    "a warm-up": (connecting, lambda bench: setattr(bench.session.requests[1], "warm_up", True)),
    "that output began": (failing, lambda bench: setattr(bench.lane(1), "output_begun", False)),
    "which fault it was": (failing, lambda bench: setattr(bench.lane(1), "fault", frames.error("other_code"))),
    "that something was completed": (acknowledged, lambda bench: setattr(bench.session, "has_completed", True)),
    "an abandoned response": (acknowledged, lambda bench: bench.cancel(1)),
    "another request": (idle, lambda bench: bench.ask()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_matters_makes_a_difference(change: str) -> None:
    arrange, make = CHANGES[change]
    bench = arrange()
    before = key_of(bench)
    make(bench)

    assert before != key_of(bench)


def latest_link(bench: Bench) -> Link:
    return bench.session.links[max(bench.session.links)]


def latest_lane(bench: Bench) -> Lane:
    return bench.lane(bench.requests)


def latest_request(bench: Bench) -> Request:
    return bench.session.requests[bench.requests]


FIELDS: Final[tuple[tuple[Callable[[], Bench], Callable[[Bench], object], str, object], ...]] = (
    (awaiting_created, latest_request, "created", 3.0),
    (connecting, latest_request, "entered", 3.0),
    (connecting, latest_request, "phase", RequestPhase.SENT),
    (awaiting_created, latest_request, "place", (1, "lane-1")),
    (retiring, latest_link, "phase", LinkPhase.CLOSED),
    (proving, latest_link, "entered", 3.0),
    (retiring, latest_link, "entered", 3.0),
    (idle, latest_link, "rotate_at", 3.0),
    (proving, latest_link, "rotate_at", 3.0),
    (idle, latest_link, "heard", 980.0),
    (idle, latest_link, "successor_at", 2000.0),
    (idle, latest_link, "proven", True),
    (connecting, latest_link, "dialling_since", 3.0),
    (reconnecting, latest_link, "dialling_since", 3.0),
    (reconnecting, latest_link, "retry_at", 3.0),
    (refused_for_good, latest_link, "failure", None),
    (idle, latest_lane, "name", "lane-1"),
    (idle, latest_lane, "phase", ResponsePhase.QUARANTINED),
    (draining, latest_lane, "phase", ResponsePhase.CANCEL_PENDING),
    (awaiting_created, latest_lane, "entered", 3.0),
    (doubted, latest_lane, "entered", 3.0),
    (acknowledged, latest_lane, "entered", 3.0),
    (failing, latest_lane, "entered", 3.0),
    (streaming, latest_lane, "heard", 3.0),
    (cancel_pending, latest_lane, "abandoned_at", 3.0),
    (draining, latest_lane, "abandoned_at", 3.0),
    (streaming, latest_lane, "request", None),
    (cancel_pending, latest_lane, "sent", None),
    (streaming, latest_lane, "content", None),
    (cancel_pending, latest_lane, "content", None),
    (cancel_pending, latest_lane, "decision", Reuse("resp_1", [], 1)),
    (draining, latest_lane, "response_id", None),
    (draining, latest_lane, "sequence", 7),
    (quarantined, latest_lane, "sequence", 7),
    (draining, latest_lane, "parent", Continuation("resp_0", [], [])),
    (idle, latest_lane, "continuation", None),
    (draining, latest_lane, "absence", Evicted()),
    (doubted, latest_lane, "fault", None),
    (lenient, latest_lane, "earlier", frozenset({"item_9"})),
    (lenient, latest_lane, "items", {"item_9"}),
)
"""Facts that are read sooner or later where they stand: session, record, fact, another value."""


@pytest.mark.parametrize(
    "arrange, record, field, value",
    [pytest.param(*case, id=f"{number:02}-{case[2]}") for number, case in enumerate(FIELDS)],
)
def test_a_fact_that_is_still_read_makes_a_difference(
    arrange: Callable[[], Bench], record: Callable[[Bench], object], field: str, value: object
) -> None:
    bench = arrange()
    before = key_of(bench)
    setattr(record(bench), field, value)

    assert before != key_of(bench)


def test_order_in_which_lanes_were_used_makes_a_difference() -> None:
    bench = Bench(OPENAI)
    bench.ask("One")
    bench.opened()
    bench.answer(1)
    bench.ask("Two")
    bench.answer(2)
    before = key_of(bench)
    lanes = bench.session.links[1].lanes
    lanes["lane-1"].used, lanes["lane-2"].used = 70, 90
    same = key_of(bench)
    lanes["lane-1"].used = 99

    assert before == same
    assert before != key_of(bench)


def test_ids_that_a_caller_can_echo_are_kept() -> None:
    def completed(output: dict[str, Any]) -> object:
        bench = acknowledged()
        bench.session.links[1].lanes[None].content = CONTENT
        bench.complete(1, output)
        return key_of(bench)

    assert completed(frames.message("Hello", "item_7")) == completed(frames.message("Hello", "item_8"))
    assert completed(frames.call(item="fc_7")) == completed(frames.call(item="fc_8"))
    assert completed(frames.message("Hello")) != completed(frames.message("Hullo"))
    assert completed(frames.call("call_7")) != completed(frames.call("call_8"))
    assert completed(frames.reasoning("rs_7")) != completed(frames.reasoning("rs_8"))
    assert completed({"type": "message"}) != completed({"type": "message", "role": "assistant"})


CONTENT: Final = RequestContent([frames.user("Hi")])


# -- names and frozen values -------------------------------------------------------------------------------------------------


def test_names_are_numbered_in_the_order_in_which_they_are_met() -> None:
    names = Names()

    assert [0, 1, 0, -1] == [names.number("link", name) for name in (7, 3, 7, None)]
    assert 0 == names.number("request", 3)
    assert (0, 1, 2) == names.numbers("item", {"item_10", "item_9", "item_8"})
    assert (1, 3) == names.numbers("item", {"item_11", "item_9"})
    assert [0, 1, 2] == [names.number("item", name) for name in ("item_8", "item_9", "item_10")]


def test_who_makes_a_key_of_more_than_a_session_numbers_alike() -> None:
    names = Names()
    bench = streaming()
    key(bench.session, bench.now, names)

    assert 0 == names.number("response", "resp_1")
    assert 0 == names.number("item", "item_1")
    assert 1 == names.number("response", "resp_2")


@pytest.mark.parametrize(
    "one, two",
    [
        (1, True),
        (1, 1.0),
        (0, False),
        ("1", 1),
        (None, 0),
        ([], {}),
        ({"a": 1}, {"a": True}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ([[1], 2], [1, [2]]),
    ],
)
def test_different_values_are_frozen_differently(one: object, two: object) -> None:
    assert freeze(one) != freeze(two)


def test_equal_values_are_frozen_alike() -> None:
    one = {"a": [1, {"b": None}], "c": "x", "d": True}
    two = {"d": True, "c": "x", "a": (1, {"b": None})}

    assert freeze(one) == freeze(two)
    assert hash(freeze(one)) == hash(freeze(two))


# -- steering ------------------------------------------------------------------------------------------------------------------


SAID: Final = RequestContent([frames.user("Hi")])


def steered(response: str, name: str, ended: str | None = None) -> Bench:
    """Words for a response under these names, which may have ended."""
    bench = Bench(AZURE)
    bench.requests, bench.items[1], bench.delivered[1] = 1, [], []
    bench.feed(Create(1, SAID))
    bench.opened()
    bench.receive(frames.created(response))
    bench.steer(1)
    bench.receive(frames.steer("accepted", response, name=name, sequence=1))
    if ended is not None:
        bench.receive(frames.terminal(ended, response, sequence=2, output=[frames.message("Hi", "item_1")]))
    return bench


@pytest.mark.parametrize("ended", [None, "completed", "incomplete"])
def test_names_of_words_and_of_what_they_were_added_to_make_no_difference(ended: str | None) -> None:
    one, other = steered("resp_1", "steer_1", ended), steered("resp_7", "steer_9", ended)

    assert key(one.session, one.now) == key(other.session, other.now)


def test_words_that_are_open_and_how_a_response_ended_make_one() -> None:
    plain = awaiting_created()
    plain.receive(frames.created("resp_1"))
    sent = awaiting_created()
    sent.receive(frames.created("resp_1"))
    sent.steer(1)
    held = awaiting_created()
    held.steer(1)
    benches = [
        plain,
        sent,
        held,
        awaiting_created(),
        steered("resp_1", "steer_1"),
        steered("resp_1", "steer_1", "completed"),
        steered("resp_1", "steer_1", "incomplete"),
    ]
    successor = steered("resp_1", "steer_1", "completed")
    successor.receive(frames.created("resp_2", previous="resp_1"))
    benches.append(successor)

    assert len(benches) == len({key(bench.session, bench.now) for bench in benches})


def test_an_output_that_is_none_is_borne() -> None:
    bench = steered("resp_1", "steer_1")
    bench.receive(frames.frame("response.completed", response={"id": "resp_1", "output": "none"}, sequence_number=2))

    assert key(bench.session, bench.now) == key(bench.session.copy(), bench.now)


def test_the_copy_of_names_goes_its_own_way() -> None:
    names = Names()
    names.number("response", "resp_1")
    copy = names.copy()
    copy.number("response", "resp_2")

    assert (1, 1) == (copy.number("response", "resp_2"), names.number("response", "resp_9"))


def test_continuations_that_are_remembered_make_the_same_keys() -> None:
    bench = streaming()
    bench.complete(1)
    remembered: dict[Continuation, Remembered] = {}
    keys = [key(bench.session, bench.now, None, remembered) for _ in range(2)]

    assert 1 == len(remembered)
    assert keys == [key(bench.session, bench.now)] * 2
    assert {key(bench.session, bench.now)} == set(keys)
