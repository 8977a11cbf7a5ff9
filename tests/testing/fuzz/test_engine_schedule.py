"""Lots that are drawn by a seed come out the same, and whoever draws lots outside notices nothing."""

from __future__ import annotations

import random

import pytest
import trio

from rejoinder.testing.fuzz.engine_schedule import scheduled


async def order(names: str) -> str:
    """The order in which tasks that could all run do run."""
    ran: list[str] = []

    async def run(name: str) -> None:
        ran.append(name)

    async with trio.open_nursery() as nursery:
        for name in names:
            nursery.start_soon(run, name)
    return "".join(ran)


def test_tasks_run_in_the_order_of_the_seed() -> None:
    orders: list[str] = []
    for seed in (0, 1, 0, 1):
        with scheduled(seed):
            orders.append(trio.run(order, "abcdefgh"))

    assert orders[:2] == orders[2:]
    assert orders[0] != orders[1]


def test_random_is_as_it_was() -> None:
    before = random.getstate()
    with scheduled(3):
        drawn = random.random()

    assert before == random.getstate()
    assert random.Random(3).random() == drawn


def test_a_trio_without_that_generator_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("trio._core._run._r")
    with scheduled(3):
        drawn = random.random()

    assert random.Random(3).random() == drawn
