"""What is told alike, word by word, has one key; and every fact is told."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields
from typing import Final

import pytest

from harness import frames
from harness.in_phase import doubted, idle, streaming
from harness.lifecycle import Bench
from harness.wandering import STEPS, Step, Wanderer
from rejoinder.states.canonical import key
from rejoinder.states.continuation import Reuse
from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, Policy, Profile
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.session import Session
from rejoinder.testing.explore.exact import exact

PLAYED: Final = [step for step in STEPS if step != "frame: lane limit"]
"""As in ``test_canonical``."""
OTHER: Final = object()
KINDS: Final[tuple[type[Lane | Link | Request], ...]] = (Lane, Link, Request)
DERIVED: Final = {"delivery", "lanes", "used", "output", "items", "decision", "fault"}
"""Facts that follow from others, or that are told in their own way."""


@pytest.mark.parametrize("profile", [OPENAI, AZURE, GENERIC], ids=lambda profile: profile.name)
def test_what_is_told_alike_has_one_key(profile: Profile) -> None:
    chance = random.Random(profile.name)
    keys: dict[object, object] = {}
    again = 0
    for _ in range(150):
        wanderer = Wanderer(Session(profile, Policy(signal=True)), now=1000.0)
        for _ in range(15):
            wanderer.play(Step(chance.choice(PLAYED), chance.randrange(3), chance.randrange(2)))
            told = exact(wanderer.session)
            if told is not None:
                again += (told, wanderer.now) in keys
                made = key(wanderer.session, wanderer.now)
                assert made == keys.setdefault((told, wanderer.now), made)

    assert again > 50


def record_of(bench: Bench, kind: type[Lane | Link | Request]) -> object:
    if kind is Lane:
        return bench.lane(1)
    return bench.session.links[1] if kind is Link else bench.session.requests[1]


@pytest.mark.parametrize(
    "kind, name",
    [(kind, field.name) for kind in KINDS for field in fields(kind) if field.name not in DERIVED],
)
def test_every_fact_is_told(kind: type[Lane | Link | Request], name: str) -> None:
    bench = streaming()
    before = exact(bench.session)
    setattr(record_of(bench, kind), name, OTHER)

    assert before != exact(bench.session)


CHANGES: Final[dict[str, tuple[Callable[[], Bench], Callable[[Bench], object]]]] = {
    "items": (streaming, lambda bench: bench.lane(1).items.add("item_9")),
    "decision": (streaming, lambda bench: setattr(bench.lane(1), "decision", Reuse("resp_0", [], 1))),
    "fault": (doubted, lambda bench: setattr(bench.lane(1), "fault", frames.error("another_code"))),
    "has_completed": (idle, lambda bench: setattr(bench.session, "has_completed", False)),
    "closing": (idle, lambda bench: setattr(bench.session, "closing", True)),
    "links_made": (idle, lambda bench: setattr(bench.session, "links_made", 7)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_its_own_way_is_told(change: str) -> None:
    arrange, make = CHANGES[change]
    bench = arrange()
    before = exact(bench.session)
    make(bench)

    assert before != exact(bench.session)


def test_finished_items_are_not_told() -> None:
    bench = streaming()
    bench.lane(1).output.append(frames.message("Hello"))

    assert exact(bench.session) is None


def test_order_of_use_is_told_where_there_is_a_choice() -> None:
    bench = Bench(OPENAI)
    bench.ask("One")
    bench.opened()
    bench.answer(1)
    alone = exact(bench.session)
    bench.lane(1).used = 7
    still = exact(bench.session)
    bench.ask("Two")
    bench.answer(2)
    before = exact(bench.session)
    bench.session.links[1].lanes["lane-1"].used = 99

    assert alone == still
    assert before != exact(bench.session)
