"""Recording: what a session is fed and what it answers, written into a trace file beside the running session.

Rules of this file
* The pump pays for one small object and one append. A thread makes lines of what was taken and writes them; it gives way after
  each.
* What waits to be written is bounded, by number and by size. What does not fit is left out and counted, and the trace says
  where and how much (``Gap``). So it says of what cannot be written as JSON.
* A recording never harms its session. A disk that is full, or gone, ends the recording, with one line in the log.
* Without ``payloads`` nothing that anybody said is written, and a replay decides the same (``rejoinder.states.withheld``). Keys
  are in no event and no effect, so in no trace.
* The session waits for its recordings when it ends, also when it is cancelled, and not for longer than ``PATIENCE``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO, Final, Self, final

import trio

from rejoinder.states.effects import Effect
from rejoinder.states.events import Event
from rejoinder.states.session import Session as Lifecycle
from rejoinder.states.trace import Entry, Fed, Gap, Header, entry_line, header_line, veiled
from rejoinder.states.trace_inputs import WrittenInputs
from rejoinder.states.withheld import Veil

from .errors import RecordingFailed

__all__ = ["PAYLOADS_VARIABLE", "VARIABLE", "Recording", "close_all", "record_if_asked", "start_recording"]

logger = logging.getLogger("rejoinder")

VARIABLE: Final = "REJOINDER_TRACE"
"""The environment variable that names a file into which each session of the process is recorded."""
PAYLOADS_VARIABLE: Final = "REJOINDER_TRACE_PAYLOADS"
"""The environment variable that is ``1`` if what callers and models say is to be in it."""
MOST_FEEDS: Final = 20_000
"""How many feeds may wait to be written."""
MOST_CHARACTERS: Final = 64 * 1024 * 1024
"""How many characters their frames may have in all."""
BATCH: Final = 256
"""How many lines are written at once, at most."""
PATIENCE: Final = 2.0
"""Seconds that a session waits at its end until everything is written."""
MOST_FILES: Final = 10_000


@final
class Recording:
    """A trace that is being written. Made by ``Session.record``; it ends with its session, or when it is closed before.

    ``async with session.record(path)`` closes it at the end of the block.
    """

    def __init__(self, path: Path, file: IO[str], header: Header) -> None:
        self.path: Final = path
        """The file."""
        self.failure: str | None = None
        """Why nothing more is written, if it could not go on; in a sentence."""
        self._file = file
        self._veil = None if header.payloads else Veil()
        self._inputs = WrittenInputs()
        self._entries: SimpleQueue[tuple[Entry, int] | None] = SimpleQueue()
        self._taken = self._written = self._taken_size = self._written_size = 0
        self._left_out = self._unwritable = self._missing = 0
        self._missing_since = 0.0
        self._stopped = False
        self._thread = threading.Thread(target=self._write, args=(header,), name="rejoinder trace", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"<Recording {str(self.path)!r}, {self._written} written, {self.dropped} dropped>"

    @property
    def dropped(self) -> int:
        """How many feeds are missing in it so far: they came faster than they could be written, or are no JSON."""
        return self._left_out + self._unwritable

    @property
    def is_over(self) -> bool:
        """Whether it is closed, and everything that it will ever hold is in the file."""
        return self._stopped and not self._thread.is_alive()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close it."""
        await self.aclose()

    def take(self, at: float, event: Event, effects: Sequence[Effect], size: int) -> None:
        """Keep what was fed and what came back, to be written later; called by the pump. ``size`` is that of the frame."""
        if self._stopped:
            return
        waiting, waiting_size = self._taken - self._written, self._taken_size - self._written_size
        if self.failure is not None or waiting >= MOST_FEEDS or (waiting and waiting_size + size > MOST_CHARACTERS):
            if not self._missing:
                self._missing_since = at
            self._missing += 1
            self._left_out += 1
            return
        self._say_what_is_missing()
        self._put(Fed(at, event, tuple(effects)), size)

    def stop(self) -> None:
        """Take nothing more; what was taken is still written. Any number of times."""
        if not self._stopped:
            self._stopped = True
            self._say_what_is_missing()
            self._entries.put(None)

    async def aclose(self) -> None:
        """Stop, and wait until everything is written, at most ``PATIENCE`` seconds. Being cancelled does not cut it short."""
        self.stop()
        with trio.move_on_after(PATIENCE, shield=True):
            # A thread that is there for nothing else: those of the application may all be taken.
            await trio.to_thread.run_sync(self._thread.join, PATIENCE, limiter=trio.CapacityLimiter(1))
        if self._thread.is_alive():
            self.failure = f"The trace {str(self.path)!r} was not written within {PATIENCE:g} s."
            logger.error("%s Its end is missing.", self.failure)

    def _say_what_is_missing(self) -> None:
        if self._missing:
            self._put(Gap(self._missing_since, self._missing), 0)
            self._missing = 0

    def _put(self, entry: Entry, size: int) -> None:
        self._taken += 1
        self._taken_size += size
        self._entries.put((entry, size))

    # -- in the thread -----------------------------------------------------------------------------------------------------

    def _write(self, header: Header) -> None:
        try:
            with self._file as file:
                file.write(header_line(header))
                file.flush()
                while batch := self._next_batch():
                    file.write("".join(self._line(entry) for entry, _ in batch))
                    # Whole lines, so that whoever reads beside us, or after a crash, finds few that are torn.
                    file.flush()
                    self._written += len(batch)
                    self._written_size += sum(size for _, size in batch)
        except OSError as error:
            self.failure = f"The trace {str(self.path)!r} cannot be written any more ({error.strerror})."
            logger.error("%s The session goes on without it.", self.failure)  # noqa: TRY400 - the reason is in the text

    def _next_batch(self) -> list[tuple[Entry, int]]:
        """What is to be written next; waits for it. Nothing at the end."""
        batch: list[tuple[Entry, int]] = []
        entry = self._entries.get()
        while entry is not None:
            batch.append(entry)
            if len(batch) == BATCH:
                return batch
            try:
                entry = self._entries.get_nowait()
            except Empty:
                return batch
        if batch:
            # The end was met behind these: meet it again.
            self._entries.put(None)
        return batch

    def _line(self, entry: Entry) -> str:
        # Whoever waits for the interpreter, as the pump may, gets it now, and not when this thread's time is over.
        time.sleep(0)
        try:
            shown = entry if self._veil is None or isinstance(entry, Gap) else veiled(entry, self._veil)
            return entry_line(shown, self._inputs)
        except Exception:
            # For example a value that a caller changes while it is read. One line is not worth the others.
            logger.exception("a feed could not be written into the trace and is counted as missing")
            self._unwritable += 1
            return entry_line(Gap(entry.at, 1))


def start_recording(
    path: str | os.PathLike[str], lifecycle: Lifecycle, *, payloads: bool, whole: bool, new: bool = False
) -> Recording:
    """Begin a trace of ``lifecycle`` at ``path``; ``whole`` says whether nothing has happened to it so far.

    ``new`` refuses a file that exists, with ``FileExistsError``. Raises ``RecordingFailed`` if it cannot be written.
    """
    place = Path(path)
    try:
        file = place.open("x" if new else "w", encoding="ascii", newline="\n")
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RecordingFailed(f"A trace cannot be written to {str(place)!r} ({reason}). Name a file that can.") from error
    began = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    header = Header(version("rejoinder"), lifecycle.profile, lifecycle.policy, payloads, whole, began)
    return Recording(place, file, header)


def record_if_asked(lifecycle: Lifecycle) -> list[Recording]:
    """The recording that the environment asks for, if it does: into a file of its own, also if there are several sessions.

    A file that exists is left alone, and ``-2``, ``-3`` … is put before the ending of the name. A place that cannot be written is
    told in the log, and the session goes on.
    """
    asked = os.environ.get(VARIABLE)
    if not asked:
        return []
    payloads = os.environ.get(PAYLOADS_VARIABLE) == "1"
    path = Path(asked)
    for number in range(1, MOST_FILES):
        try:
            own = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            return [start_recording(own, lifecycle, payloads=payloads, whole=True, new=True)]
        except FileExistsError:
            continue
        except RecordingFailed as error:
            logger.error("Nothing is recorded: %s It is the value of %s.", error, VARIABLE)  # noqa: TRY400 - it says why
            return []
    logger.error("Nothing is recorded: %r and %d files beside it exist. Name another in %s.", asked, MOST_FILES - 2, VARIABLE)
    return []


async def close_all(recordings: Iterable[Recording]) -> None:
    """Close them all, one after the other."""
    for recording in recordings:
        await recording.aclose()
