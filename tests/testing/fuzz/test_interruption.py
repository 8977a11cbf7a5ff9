"""Ctrl-C is remembered whoever swallows it, and never raised inside trio."""

from __future__ import annotations

import contextlib
import signal
import threading

import pytest
import trio

from rejoinder.testing.fuzz.campaign import Campaign
from rejoinder.testing.fuzz.campaign_records import Limits, Target
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.interruption import Interruption, heeded


def press() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def usual_handler() -> object:
    """Python's own, as in a program that nobody has tampered with."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_nothing_came_and_everything_is_as_before() -> None:
    with heeded() as interruption:
        interruption.heed()

    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)


def test_it_is_raised_at_once_and_remembered() -> None:
    with heeded() as interruption:
        with pytest.raises(KeyboardInterrupt):
            press()
        with pytest.raises(KeyboardInterrupt):
            interruption.heed()

    assert interruption.came
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)


def test_inside_trio_itself_it_is_remembered_alone() -> None:
    @trio.lowlevel.enable_ki_protection
    def within_trio() -> None:
        press()

    async def main() -> None:
        within_trio()
        with pytest.raises(KeyboardInterrupt):
            press()

    with heeded() as interruption:
        trio.run(main)

    assert interruption.came


def test_another_handler_is_left_alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with heeded() as interruption:
        press()

    assert not interruption.came
    assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)


def test_outside_the_main_thread_nothing_is_handled() -> None:
    seen: list[Interruption] = []

    def run() -> None:
        with heeded() as interruption:
            seen.append(interruption)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert [False] == [interruption.came for interruption in seen]


class Swallowing(EngineProgram):
    """Somebody presses Ctrl-C while a task runs that takes everything for a fault of its own."""

    async def handle(self, response: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            press()


class Stumbling(EngineProgram):
    """Likewise, and what it breaks off is broken."""

    async def handle(self, response: object) -> None:
        try:
            press()
        except KeyboardInterrupt:
            raise ValueError("broken off") from None


@pytest.mark.parametrize("program", [Swallowing, Stumbling])
def test_ctrl_c_that_a_task_swallows_ends_a_campaign_all_the_same(program: type[EngineProgram]) -> None:
    outcome = Campaign(Target(program.__name__, program), Limits(programs=5000), 1).run()

    assert outcome.interrupted
    assert () == outcome.findings
    assert outcome.figures.programs < 100
