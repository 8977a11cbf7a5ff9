"""Whatever leaves the engine fails the run, and what is left behind is told."""

from __future__ import annotations

import pytest
import trio

from rejoinder.engine.drive import Driver
from rejoinder.engine.response import Response
from rejoinder.engine.session import Session
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.verdicts import Outcome
from rejoinder.testing.fuzz import engine_run
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.engine_plots import Ask, Closing, End, Plot, Wait, WarmUp
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.manners import Manner

SLOWLY = Ask(manner=Manner(interval=1.0))


def test_a_session_that_does_not_open_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LookupError("it does not open")

    monkeypatch.setattr(Driver, "__init__", broken)

    with pytest.raises(LookupError, match="it does not open"):
        EngineProgram.run(Plot(steps=(Ask(),)))


def test_a_session_that_raises_in_the_midst_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(driver: Driver) -> None:
        await trio.sleep(1.5)
        raise LookupError("it stops")

    monkeypatch.setattr(Driver, "keep_time", broken)

    with pytest.raises(LookupError, match="it stops") as caught:
        EngineProgram.run(Plot(steps=(SLOWLY, Wait(5.0), Ask())))

    assert "caller 1 is told: interrupted (session closed)" in caught.value.__notes__[0]


def test_a_user_who_leaves_by_an_error_is_no_fault() -> None:
    EngineProgram.run(Plot(steps=(SLOWLY, Wait(0.5), End(Closing.ERROR))))


def test_lanes_that_do_not_come_to_rest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_run, "AT_REST", frozenset({ResponsePhase.QUARANTINED}))

    with pytest.raises(BrokenPromise, match=r"promise 8: lanes do not come to rest: {.*: 'idle'}"):
        EngineProgram.run(Plot(steps=(Ask(),)))


def test_a_caller_without_an_outcome_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(response: Response, outcome: Outcome) -> None:
        pass

    monkeypatch.setattr(Response, "finish", forgetful)

    with pytest.raises(BrokenPromise, match=r"promise [38]") as caught:
        EngineProgram.run(Plot(steps=(SLOWLY, Wait(0.5), End())))

    assert "promise 3: caller 1 has no outcome after the session's end" in caught.value.__notes__[0]


def test_what_a_warm_up_should_not_raise_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        await trio.lowlevel.checkpoint()
        raise LookupError("it is cold")

    monkeypatch.setattr(Session, "warm_up", broken)

    with pytest.raises(LookupError, match="it is cold"):
        EngineProgram.run(Plot(steps=(WarmUp(),)))


def test_an_error_of_a_program_that_spins_is_told_first() -> None:
    class Wild(EngineProgram):
        async def handle(self, response: Response) -> None:
            if response.number == 1:
                raise LookupError("the first")
            while True:
                await trio.lowlevel.checkpoint()

    with pytest.raises(LookupError, match="the first"):
        Wild.run(Plot(steps=(Ask(), Ask())))
