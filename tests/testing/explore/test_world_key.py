"""Worlds are told word by word first, and are one where their canonical keys are."""

from __future__ import annotations

from rejoinder.testing.explore import QUICK, Happening
from rejoinder.testing.explore.any_server import Saying
from rejoinder.testing.explore.endings import Endings
from rejoinder.testing.explore.judge import Judge
from rejoinder.testing.explore.watch import Watch
from rejoinder.testing.explore.world import ExploredWorld

KNOWN = {configuration.name: configuration for configuration in QUICK}


def after(world: ExploredWorld, *steps: Happening) -> ExploredWorld:
    for step in steps:
        assert step in world.steps()
        world = world.after(step)
        assert world.broken is None
    return world


def begin(name: str) -> ExploredWorld:
    return ExploredWorld(Watch(KNOWN[name], Judge(), Endings()))


def test_order_that_makes_no_difference_leads_to_one_world() -> None:
    world = after(begin("serial-retire"), Happening("ask"))
    one = after(world, Happening("open", 1), Happening("read", 1), Happening("ask"))
    other = after(world, Happening("open", 1), Happening("ask"), Happening("read", 1))

    assert one.key() == other.key()


def test_each_thing_that_is_outside_the_session_makes_a_difference() -> None:
    world = after(begin("serial-hedge"), Happening("ask"), Happening("open", 1))
    read = after(world, Happening("read", 1))
    begun = after(read, Happening("say", 1, saying=Saying(None, "created")))

    assert 3 == len({world.key(), read.key(), begun.key()})
    assert world.key() == world.copy().key()


def test_what_is_used_up_makes_a_difference() -> None:
    world = begin("serial-hedge")
    poorer = world.copy()
    poorer.left = world.watch.less(world.left, "cancels")

    assert world.key() != poorer.key()
    assert world.left["cancels"] - 1 == poorer.left["cancels"]
    assert poorer.left is world.watch.less(world.left, "cancels")
