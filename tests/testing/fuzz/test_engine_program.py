"""A program runs one plot, the same way each time, judges it, and tells its story."""

from __future__ import annotations

import math

import pytest
import trio
from hypothesis import given, settings

from rejoinder.engine import Endpoint, Interrupted, Response, ResponseFailed, Settings
from rejoinder.testing import LinkPlan
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.engine_diary import Diary, Ended, Took, Wired
from rejoinder.testing.fuzz.engine_hearing import words_of
from rejoinder.testing.fuzz.engine_plots import (
    Ask,
    Closing,
    Cut,
    End,
    Exit,
    Freeze,
    Interrupt,
    Leaving,
    Moment,
    Plot,
    Say,
    Settle,
    Stray,
    Wait,
    WarmUp,
    Way,
)
from rejoinder.testing.fuzz.engine_program import EngineProgram, program_test
from rejoinder.testing.fuzz.engine_strategies import PLOTS
from rejoinder.testing.fuzz.manners import Manner, Rejection, Trouble
from rejoinder.testing.fuzz.setups import Setup
from rejoinder.testing.fuzz.wishes import Wish

SLOWLY = Manner(pieces=3, interval=1.0)


def outcomes(diary: Diary) -> list[tuple[int, str]]:
    """Callers and how they ended."""
    return [(line.what.caller, str(line.what.outcome.kind)) for line in diary.lines if isinstance(line.what, Ended)]


def taken(diary: Diary, caller: int) -> str:
    """The words that a caller took."""
    return words_of([line.what.event for line in diary.lines if isinstance(line.what, Took) and line.what.caller == caller])


# -- steps -------------------------------------------------------------------------------------------------------------------


def test_a_caller_hears_its_answer() -> None:
    diary = EngineProgram.run(Plot(steps=(Ask(),)))

    assert [(1, "completed")] == outcomes(diary)
    assert "<1> word <1> word " == taken(diary, 1)


@pytest.mark.parametrize("how", Exit)
@pytest.mark.parametrize("leaving", [(Moment.TAKEN, 5), (Moment.COME, 5), (Moment.SECONDS, 1.5)], ids=lambda leaving: leaving[0])
def test_a_caller_is_broken_off(leaving: tuple[Moment, float], how: Exit) -> None:
    diary = EngineProgram.run(Plot(steps=(Ask(manner=SLOWLY, leaving=Leaving(*leaving, how)),)))

    assert [(1, "cancelled")] == outcomes(diary)
    assert taken(diary, 1) in {"", "<1> word "}


def test_a_caller_is_interrupted_by_a_step() -> None:
    diary = EngineProgram.run(Plot(steps=(Ask(manner=SLOWLY), Wait(2.5), Interrupt())))

    assert [(1, "cancelled")] == outcomes(diary)
    assert "<1> word <1> word " == taken(diary, 1)


@pytest.mark.parametrize("ask, ends", [(Ask(way=Way.WHOLE), "completed"), (Ask(way=Way.WALK, events=3), "cancelled")])
def test_callers_beside_the_handler(ask: Ask, ends: str) -> None:
    unhandled: list[Response] = []

    class Unhandled(EngineProgram):
        async def handle(self, response: Response) -> None:
            unhandled.append(response)

    slow = Ask(way=ask.way, events=ask.events, manner=SLOWLY)

    assert [(1, ends)] == outcomes(Unhandled.run(Plot(steps=(slow,))))
    assert [] == unhandled


def test_the_next_turn_continues_the_last() -> None:
    class Program(EngineProgram):
        pass

    Program.run(Plot(steps=(Ask(), Wait(1.0), Ask(wish=Wish.GO_ON), Wait(1.0), Ask(wish=Wish.AGAIN))))

    assert 1 == Program.sometimes["reuse"]


def test_too_much_is_not_sent() -> None:
    assert [(1, "failed")] == outcomes(EngineProgram.run(Plot(steps=(Ask(wish=Wish.TOO_MUCH),))))


def test_a_slow_caller_with_a_small_buffer_is_told_so() -> None:
    diary = EngineProgram.run(Plot(steps=(Ask(pace=1.0),), buffer_limit=2000))

    assert [(1, "interrupted")] == outcomes(diary)


def test_a_warm_up_beside_a_caller() -> None:
    assert [(2, "completed")] == outcomes(EngineProgram.run(Plot(steps=(WarmUp(), Ask()))))


@pytest.mark.parametrize(
    "step, ends",
    [
        (Cut(), "interrupted"),
        (Freeze(), "interrupted"),
        (Say(Stray.CLOSE), "interrupted"),
        (Say(Stray.GARBAGE), "interrupted"),
        (Say(Stray.BINARY), "interrupted"),
        (Say(Stray.KEEPALIVE), "completed"),
        (Say(Stray.STRANGER), "completed"),
    ],
    ids=str,
)
def test_a_socket_is_struck(step: Cut | Freeze | Say, ends: str) -> None:
    assert [(1, ends)] == outcomes(EngineProgram.run(Plot(steps=(Ask(manner=SLOWLY), Wait(1.5), step))))


@pytest.mark.parametrize("step", [Cut(), Freeze(), Say(), Interrupt()], ids=str)
def test_a_step_that_finds_nothing_does_nothing(step: Cut | Freeze | Say | Interrupt) -> None:
    assert [] == outcomes(EngineProgram.run(Plot(steps=(step, Settle()))))


@pytest.mark.parametrize("how", Closing)
def test_the_session_closes_in_the_midst(how: Closing) -> None:
    """Whoever is there then is told so, and whoever asks later gets nothing."""
    diary = EngineProgram.run(Plot(steps=(Ask(manner=SLOWLY), Wait(1.5), End(how), Ask(), WarmUp(), Settle(), End())))

    assert [1] == [caller for caller, _ in outcomes(diary)]
    assert "left" == [line.what.what for line in diary.lines if isinstance(line.what, Wired)][-1]


def test_dials_go_as_planned() -> None:
    plans = (LinkPlan(unreachable=True), LinkPlan(refuse_status=503), LinkPlan(handshake_delay=math.inf))

    assert [(1, "interrupted")] == outcomes(EngineProgram.run(Plot(steps=(Ask(),), plans=plans)))


def test_preconnect() -> None:
    sockets = [line.what for line in EngineProgram.run(Plot(preconnect=True)).lines if isinstance(line.what, Wired)]

    assert [Wired(1, "opened"), Wired(1, "left")] == sockets


# -- hooks -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "manner, kind", [(Manner(reject=Rejection.BAD), ResponseFailed), (Manner(trouble=Trouble.STALL), Interrupted)]
)
def test_a_handler_may_let_the_errors_of_responses_through(manner: Manner, kind: type[Exception]) -> None:
    seen: list[Exception] = []

    class Passing(EngineProgram):
        async def handle(self, response: Response) -> None:
            try:
                await super().handle(response)
            except kind as error:
                seen.append(error)
                raise

    Passing.run(Plot(steps=(Ask(manner=manner),)))

    assert 1 == len(seen)


def test_what_a_handler_raises_fails_the_program_with_the_story() -> None:
    class Broken(EngineProgram):
        async def handle(self, response: Response) -> None:
            async for _ in response:
                raise LookupError("a fault of the handler's")

    with pytest.raises(LookupError, match="of the handler's") as caught:
        Broken.run(Plot(steps=(Ask(),)))

    story = caught.value.__notes__[0].splitlines()
    assert "The plot, and what happened:" == story[0]
    assert "Again: Broken.run(Plot(steps=(Ask(),)))" == story[-1]


def test_a_handler_that_never_ends_is_found() -> None:
    class Endless(EngineProgram):
        async def handle(self, response: Response) -> None:
            await trio.sleep_forever()

    with pytest.raises(BrokenPromise, match=r"promise 8: caller 1 waits for ever"):
        Endless.run(Plot(steps=(Ask(),)))


def test_a_handler_that_spins_is_found() -> None:
    class Spinning(EngineProgram):
        async def handle(self, response: Response) -> None:
            while True:
                await trio.lowlevel.checkpoint()

    with pytest.raises(BrokenPromise, match=r"promise 8: the program does not end: 200\d\d steps in 0 s"):
        Spinning.run(Plot(steps=(Ask(),)))


def test_a_handler_gets_a_real_response() -> None:
    seen: list[bool] = []

    class Curious(EngineProgram):
        async def handle(self, response: Response) -> None:
            seen.append(Response in type(response).__mro__)
            assert "<1> word <1> word " == await response.text()
            assert "completed" == response.status

    Curious.run(Plot(steps=(Ask(),)))

    assert [True] == seen


def test_settings_and_endpoint_are_the_programs() -> None:
    asked: list[object] = []

    class Chosen(EngineProgram):
        def endpoint(self, setup: Setup) -> Endpoint:
            asked.append(setup)
            return Endpoint("ws://localhost/other", api_key="key", profile=setup.profile)

        def settings(self, plot: Plot) -> Settings:
            asked.append(plot)
            return Settings(instructions="Be brief.")

        async def handle(self, response: Response) -> None:
            asked.append(response.content.fields["instructions"])

    plot = Plot(steps=(Ask(),))
    Chosen.run(plot)

    assert [plot.setup, plot, "Be brief."] == asked


@pytest.mark.parametrize("believed", ["<1> word ", "<1> word <1> word <1> word ", ""])
def test_a_wrong_transcript_is_told(believed: str) -> None:
    class Wrong(EngineProgram):
        def transcript(self, request: int) -> str | None:
            return believed

    with pytest.raises(BrokenPromise, match=r"promise 10: the transcript of response 1 \(caller 1\)"):
        Wrong.run(Plot(steps=(Ask(),)))


def test_each_program_counts_for_itself() -> None:
    class One(EngineProgram):
        pass

    class Other(EngineProgram):
        pass

    One.run(Plot(steps=(Ask(),)))

    assert 1 == One.sometimes["outcome: completed"]
    assert 0 == Other.sometimes["outcome: completed"]


# -- the test that is made ---------------------------------------------------------------------------------------------------


def test_the_same_programs_give_the_same_diaries() -> None:
    @settings(max_examples=60, derandomize=True, database=None)
    @given(plot=PLOTS)
    def twice(plot: Plot) -> None:
        lines = [[str(line) for line in EngineProgram.run(plot).lines] for _ in range(2)]

        assert lines[0] == lines[1]

    twice()


def test_the_schedule_changes_the_order_of_callers() -> None:
    steps = (Ask(), Ask(), Ask(), Ask())

    orders = {str(outcomes(EngineProgram.run(Plot(steps=steps, schedule=schedule)))) for schedule in range(8)}

    assert 1 < len(orders)


def test_as_many_programs_run_as_were_asked_for() -> None:
    ran: list[Plot] = []

    class Counting(EngineProgram):
        @classmethod
        def run(cls, plot: Plot) -> Diary:
            ran.append(plot)
            return super().run(plot)

    made = program_test(Counting, examples=20)
    made()

    assert 20 == len(ran)
    assert ("test_Counting", __name__) == (made.__name__, made.__module__)


def test_a_failing_program_is_shrunk_and_told() -> None:
    class Impatient(EngineProgram):
        async def handle(self, response: Response) -> None:
            with trio.fail_after(5.0):
                await super().handle(response)

    with pytest.raises(trio.TooSlowError) as caught:
        program_test(Impatient, settings=settings(max_examples=500, derandomize=True, database=None))()

    story = caught.value.__notes__[0]
    assert " 1. somebody asks (new)" in story
    assert " 2. " not in story
