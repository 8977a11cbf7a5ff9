"""How commands end: a sentence and a status for what could be foreseen, a traceback for what could not."""

import signal
from collections.abc import Awaitable, Callable

import pytest
import trio
import typer

from rejoinder.cli.refusals import CannotDo, Refusal
from rejoinder.cli.running import refusal_for, run
from rejoinder.engine import InvalidEndpoint, InvalidRequest, InvalidSetting, RejoinderError
from rejoinder.testing import FaultError


def ending_with(error: BaseException) -> Callable[[], Awaitable[int]]:
    async def command() -> int:
        await trio.lowlevel.checkpoint()
        raise error

    return command


def status_of(command: Callable[[], Awaitable[int]]) -> int:
    with pytest.raises(typer.Exit) as left:
        run(command)
    return left.value.exit_code


@pytest.mark.parametrize("status", [0, 1, 7])
def test_status_is_that_of_the_command(status: int) -> None:
    async def command() -> int:
        await trio.lowlevel.checkpoint()
        return status

    assert status == status_of(command)


@pytest.mark.parametrize(
    "error, expected",
    [
        (CannotDo("No."), Refusal(1, "No.")),
        (CannotDo("No.", 2), Refusal(2, "No.")),
        (InvalidEndpoint("No."), Refusal(2, "No.")),
        (InvalidSetting("No."), Refusal(2, "No.")),
        (InvalidRequest("No."), Refusal(1, "No.")),
        (FaultError("No."), Refusal(2, "No.")),
        (RejoinderError("No."), Refusal(1, "No.")),
        (KeyboardInterrupt(), Refusal(130, "")),
        (ExceptionGroup("", [CannotDo("No."), RejoinderError("Neither.")]), Refusal(1, "No.")),
        (BaseExceptionGroup("", [ExceptionGroup("", [CannotDo("No.", 2)])]), Refusal(2, "No.")),
        (ValueError("a bug"), None),
        (ExceptionGroup("", [CannotDo("No."), ValueError("a bug")]), None),
    ],
    ids=repr,
)
def test_refusal_says_what_could_be_foreseen(error: BaseException, expected: Refusal | None) -> None:
    assert expected == refusal_for(error)


def test_foreseeable_failure_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    status = status_of(ending_with(CannotDo("It is \x1b[31mred.")))
    said = capsys.readouterr()

    assert 1 == status
    assert ("", "It is \\x1b[31mred.\n") == (said.out, said.err)


def test_interruption_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    status = status_of(ending_with(KeyboardInterrupt()))
    said = capsys.readouterr()

    assert 130 == status
    assert ("", "") == (said.out, said.err)


def test_interruption_reaches_the_command_whatever_was_running(capsys: pytest.CaptureFixture[str]) -> None:
    survived = False

    async def server(task_status: trio.TaskStatus[None]) -> None:
        nonlocal survived
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:  # as a server does that takes everything for a fault of one connection
            return
        finally:
            task_status.started()
        survived = True

    async def command() -> int:
        async with trio.open_nursery() as nursery:
            await nursery.start(server)
            if survived:
                await trio.sleep_forever()
        return 0

    assert 130 == status_of(command)
    assert survived
    assert "" == capsys.readouterr().err


def test_bug_keeps_its_traceback() -> None:
    with pytest.raises(ValueError, match="a bug"):
        run(ending_with(ValueError("a bug")))
