"""Running a command: trio, exit statuses, and failures that anybody could have foreseen.

Rules of this file
* A foreseeable failure is one sentence on the error stream and a status: 2 for a command line that cannot work, 1 for one that
  could not be carried out, 130 for Ctrl-C. No traceback. Of an output that cannot be written, ``output.py`` tells.
* What nobody could foresee is a bug, and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NoReturn, cast

import trio
import typer

from rejoinder.engine import InvalidEndpoint, InvalidSetting, RecordingFailed, RejoinderError
from rejoinder.testing.faults import FaultError

from .refusals import CannotDo, Refusal, refuse

__all__ = ["run"]


STATUSES: Final[Sequence[tuple[type[BaseException], int]]] = (
    (InvalidEndpoint, 2),
    (InvalidSetting, 2),
    (FaultError, 2),
    (RecordingFailed, 2),
    (RejoinderError, 1),
    (KeyboardInterrupt, 130),
)
"""The exit status for each kind of failure that can be foreseen, first match wins."""


def run(command: Callable[[], Awaitable[int]]) -> NoReturn:
    """Run an asynchronous command to its end and leave the program with the status that it returns."""
    try:
        # Ctrl-C reaches the command itself, at one of its awaits. Raised wherever the program happens to be, it could land in a
        # task of the HTTP server, which takes it for a fault of one connection, logs it and goes on.
        status = trio.run(command, restrict_keyboard_interrupt_to_checkpoints=True)
    except BaseException as error:
        refusal = refusal_for(error)
        if refusal is None:
            raise
        refuse(refusal)
    raise typer.Exit(status)


def refusal_for(error: BaseException) -> Refusal | None:
    """What to say about an error; None for one that nobody could foresee. Groups are looked into."""
    if isinstance(error, BaseExceptionGroup):
        inside = cast("BaseExceptionGroup[BaseException]", error).exceptions
        refusals = [refusal_for(each) for each in inside]
        return None if None in refusals else refusals[0]
    if isinstance(error, CannotDo):
        return Refusal(error.status, str(error))
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), None)
    return None if status is None else Refusal(status, str(error))
