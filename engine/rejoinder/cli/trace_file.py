"""Trace files on the command line: opened, read line by line, and refused in one line.

Rules of this file
* Nothing here holds more than two lines of a trace, and no line may be longer than ``LONGEST``: memory is bounded whatever the
  file is.
* What cannot be read is ``CannotDo`` with status 2, whose text names the file and, where there is one, the line.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from rejoinder.states.trace import Entry, Reading, TraceError

from .refusals import CannotDo

__all__ = ["LONGEST", "LONGEST_HEADER", "entries_of", "open_trace"]

LONGEST: Final = 256 * 1024 * 1024
"""Bytes of the longest line: more than the largest frame takes when it is written as ASCII."""
LONGEST_HEADER: Final = 1024 * 1024
"""Bytes of the longest first line."""


@contextmanager
def open_trace(path: Path) -> Generator[Reading]:
    """Open the trace at ``path`` and read its header; ``entries_of`` reads the rest. Raises ``CannotDo``."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise CannotDo(f"{str(path)!r} cannot be read ({error.strerror}). Name a trace that can.", 2) from None
    with file:
        try:
            yield Reading(_lines(file))
        except TraceError as error:
            raise CannotDo(f"{str(path)!r}: {error}", 2) from None
        except OSError as error:
            raise CannotDo(f"{str(path)!r} cannot be read ({error.strerror}). Name a trace that can.", 2) from None


def entries_of(reading: Reading) -> Iterator[Entry]:
    """The entries of a trace, without the numbers of their lines."""
    return (entry for _, entry in reading)


def _lines(file: IO[bytes]) -> Iterator[str]:
    limit = LONGEST_HEADER
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if len(line) > limit:
            raise TraceError(number, f"It is longer than {limit} bytes", "Give a file that Rejoinder has recorded.")
        limit = LONGEST
        # A trace is ASCII; what is not is no JSON either, and told as such.
        yield line.decode("ascii", "replace")
