"""The entry point of the `rejoinder` command.

Rule of this file: nothing is imported before Ctrl-C is taken care of, because imports are most of what a short command does.
"""

import os
import signal
import sys
from types import FrameType

__all__ = ["main"]

INTERRUPTED = 130
"""The exit status after Ctrl-C."""


def main() -> None:
    """Run the command line, and leave with its status."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        # Nothing is open yet, so nothing is lost; an exception in the middle of an import would show where it was.
        signal.signal(signal.SIGINT, _leave)
    from .application import application
    from .output import guarded_output

    try:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with guarded_output():
            application(prog_name="rejoinder")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
