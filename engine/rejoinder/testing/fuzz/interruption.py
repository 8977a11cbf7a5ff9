"""Ctrl-C during a campaign: heeded, whoever was running when it came.

Rules of this file
* ``KeyboardInterrupt`` is raised where the program happens to be, as Python does. Whoever swallows it there (a task, a handler, a
  finalizer, whose errors Python drops) does not keep it from us: that it came is remembered, and asked between two programs.
* Inside trio itself nothing is raised, because trio would not survive it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import final

import attrs
import trio

__all__ = ["Interruption", "heeded"]


@final
@attrs.define(eq=False)
class Interruption:
    """Whether Ctrl-C has been pressed."""

    came: bool = False
    """Whether it has."""

    def heed(self) -> None:
        """Raise ``KeyboardInterrupt`` if it has been pressed, here and each time."""
        if self.came:
            raise KeyboardInterrupt


@contextmanager
def heeded() -> Generator[Interruption]:
    """Remember Ctrl-C within the block. Where somebody else handles it, or outside the main thread, it stays as it is."""
    interruption = Interruption()
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours:
        yield interruption
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        interruption.came = True
        if not (trio.lowlevel.in_trio_run() and trio.lowlevel.currently_ki_protected()):
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
