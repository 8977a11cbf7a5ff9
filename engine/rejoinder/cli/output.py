"""Standard output that cannot be written: noticed here for every command, and told in one line.

Rules of this file
* A reader that left (``| head``) is told nothing, and is status 141, as the shell shows it for every program; so it cannot be taken
  for a verdict, which is 0 or 1. A disk that is full, and a standard output that is closed, are one line and status 2.
* What fails is raised as ``OutputLost``, which is no ``OSError``: nobody takes it for a fault of the file that is read or written
  just then. It is raised again at each attempt, and decides the status even if somebody swallows it.
* What cannot be said on the error stream cannot be told anywhere, and is dropped.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, cast, final

import typer

from .refusals import CannotDo

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["NOT_WRITTEN", "READER_LEFT", "OutputLost", "guarded_output"]

READER_LEFT: Final = 141
"""The exit status where nobody reads the output any more: 128 and the number of SIGPIPE."""
NOT_WRITTEN: Final = 2
"""The exit status where it cannot be written for another reason."""


class OutputLost(CannotDo):
    """Standard output cannot be written. Its text is empty: ``guarded_output`` says once, in the end, what there is to say."""

    def __init__(self, reason: OSError) -> None:
        left = isinstance(reason, BrokenPipeError)
        super().__init__("", READER_LEFT if left else NOT_WRITTEN)
        why = f"What is printed cannot be written ({reason.strerror}). Let it go to a place that can be written."
        self.told = "" if left else why
        """What is said in the end."""


@final
class _Channel(io.RawIOBase):
    """What is written to a descriptor. Its failures are raised as ``OutputLost`` if it is ``strict``, and dropped if not."""

    def __init__(self, raw: Any, *, strict: bool) -> None:  # noqa: ANN401 - a FileIO, or whatever a test has in its place
        super().__init__()
        self._raw = raw
        self._strict = strict
        self.lost: OutputLost | None = None
        """What has failed, if something has."""

    def write(self, data: ReadableBuffer, /) -> int | None:
        """Write some of ``data``, and return how much; None if it would have to wait."""
        if self.lost is None:
            try:
                return cast("int | None", self._raw.write(data))
            except OSError as error:
                self.lost = OutputLost(error)
        if self._strict:
            raise self.lost
        return memoryview(data).nbytes

    def give_up(self) -> None:
        """Let what is left go nowhere."""
        self._strict = False

    def writable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """Which descriptor."""
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self._raw.isatty())


@contextmanager
def guarded_output() -> Generator[None]:
    """Within the block, both outputs fail as the rules of this file say, and show what they cannot encode as an escape.

    Leaves the program if standard output could not be written, with the status that says so.
    """
    before = sys.stdout, sys.stderr
    output = _Guard("stdout", strict=True)
    errors = _Guard("stderr", strict=False)
    try:
        with suppress(OutputLost):
            yield
    finally:
        lost = output.end()
        if lost is not None and lost.told:
            typer.echo(lost.told, err=True)
        errors.end()
        sys.stdout, sys.stderr = before
        if lost is not None:
            sys.exit(lost.status)


@final
class _Guard:
    """Stands before ``sys.stdout`` or ``sys.stderr``."""

    def __init__(self, name: str, *, strict: bool) -> None:
        stream: Any = getattr(sys, name)
        self._before: Any = stream
        self._channel: _Channel | None = None
        if stream is None:
            # Closed. Its number is taken, so that no file or connection gets it and is written to by mistake.
            self._before = stream = io.TextIOWrapper(cast("io.BufferedWriter", _closed(1 if strict else 2)), "utf-8")
        elif not isinstance(stream, io.TextIOWrapper):
            return
        # An old terminal shows what it cannot encode as an escape, and does not end the program.
        self._before.reconfigure(errors="backslashreplace")
        self._before.flush()
        buffer: Any = self._before.buffer
        self._channel = channel = _Channel(getattr(buffer, "raw", buffer), strict=strict)
        # Without a buffer (python -u) there is none here either.
        unbuffered = isinstance(buffer, io.RawIOBase)
        self._stream = io.TextIOWrapper(
            cast("io.BufferedWriter", channel) if unbuffered else io.BufferedWriter(channel),
            self._before.encoding,
            "backslashreplace",
            line_buffering=self._before.line_buffering,
            write_through=unbuffered,
        )
        setattr(sys, name, self._stream)

    def end(self) -> OutputLost | None:
        """Write what is left; returns why not everything could be written."""
        channel = self._channel
        if channel is None:
            return None
        with suppress(OutputLost):
            self._stream.flush()
        channel.give_up()
        self._stream.flush()
        return channel.lost


def _closed(number: int) -> io.FileIO:
    """A stream on the descriptor with this number, which cannot be written."""
    # The lowest that is free is what is given.
    while (nowhere := os.open(os.devnull, os.O_RDONLY)) < number:
        continue
    return io.FileIO(nowhere, "w", closefd=False)
