"""One task's checkpoints: counted, told whose they are, and cancelled at.

Rules of this file
* A checkpoint is where trio takes over from the task. A run counts them; another run of the same story cancels at the n-th.
* There are two ways to be cancelled there: while the task waits, and when what it waited for has come already, which it then sees
  first, and the cancellation at the next one.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from types import CodeType
from typing import Final, final

import trio

__all__ = ["Checkpoints", "Moment"]


@enum.unique
class Moment(enum.Enum):
    """When a caller is cancelled at a checkpoint."""

    WAITING = "waiting"
    """It has just begun to wait."""
    WOKEN = "woken"
    """It is about to go on."""


@final
class Checkpoints(trio.abc.Instrument):
    """Counts the checkpoints of the task that made it while it is on, and cancels ``scope`` at the one with ``number``, from 1.

    ``calls`` are those whose checkpoints are counted by name, in ``by_call``: a checkpoint counts for every one on the stack.
    """

    def __init__(
        self,
        number: int = 0,
        moment: Moment = Moment.WAITING,
        scope: trio.CancelScope | None = None,
        calls: Mapping[CodeType, str] | None = None,
    ) -> None:
        self.count = 0
        self.by_call: Final = Counter[str]()
        self._task: Final = trio.lowlevel.current_task()
        self._number: Final = number
        self._moment: Final = moment
        self._scope: Final = scope
        self._calls: Final = calls or {}

    def __enter__(self) -> None:
        trio.lowlevel.add_instrument(self)

    def __exit__(self, *_: object) -> None:
        trio.lowlevel.remove_instrument(self)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """The task has reached a checkpoint."""
        if task is not self._task:
            return
        self.count += 1
        if self._calls:
            codes = {frame.f_code for frame, _ in task.iter_await_frames()}
            self.by_call.update(name for code, name in self._calls.items() if code in codes)
        self._cancel(Moment.WAITING)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """The task goes on."""
        if task is self._task:
            self._cancel(Moment.WOKEN)

    def _cancel(self, moment: Moment) -> None:
        if self._scope is not None and self.count == self._number and self._moment is moment:
            self._scope.cancel()
