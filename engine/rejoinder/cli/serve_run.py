"""The simulated server of ``rejoinder serve``: made to order, and told about line by line.

Rule: a journal line names a connection, a frame and its size in items; what was said stands in it only if somebody asked.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast, final

import attrs
import trio

from rejoinder.testing import CancelMode, ModelServer, ServerSetup, with_faults
from rejoinder.testing.faults import FAULTS
from rejoinder.testing.outgoing import LogEntry
from rejoinder.testing.recorded import RecordedResponse, RecordingError, read_recording, replay
from rejoinder.testing.script import plain_answer
from rejoinder.testing.server_profiles import SERVER_PROFILES
from rejoinder.testing.simulator import serve

from .printable import printable
from .refusals import CannotDo

__all__ = ["Journal", "Order", "build_server", "faults", "lines_about", "serve_until_stopped"]

Write = Callable[[str], None]

STOPPED_BY: Final = (signal.SIGINT, signal.SIGTERM)


@attrs.frozen
class Order:
    """What server is wanted."""

    profile: str | None = None
    """The provider; None for ``openai``, or ``generic`` where recordings are played, which name no lanes."""
    cancel_mode: str = "honour"
    """What it does with a cancel."""
    faults: tuple[str, ...] = ()
    """What goes wrong, as ``NAME[:ARGUMENT][@ANSWER]``."""
    recordings: tuple[Path, ...] = ()
    """Files with what it says; none for an echo of the question."""
    pace: float | None = None
    """Pieces of text each second; None for all at once."""
    models: frozenset[str] | None = None
    """The models there are; None for any."""


def build_server(order: Order, write: Write, *, verbose: bool) -> ModelServer:
    """Make the server. Raises ``FaultError``, or ``CannotDo`` for a file that is not a recording."""
    interval = 0.0 if order.pace is None else 1 / order.pace
    recorded = [response for path in order.recordings for response in _read(path)]
    setup = ServerSetup(
        profile=SERVER_PROFILES[order.profile or ("generic" if recorded else "openai")],
        answer=replay(recorded, interval) if recorded else plain_answer,
    )
    slowness = [] if order.pace is None else [f"trickle:{interval!r}"]
    return with_faults(setup, [*slowness, *order.faults]).build(
        cancel_mode=CancelMode(order.cancel_mode.replace("-", "_")),
        known_models=order.models,
        log=Journal(write, verbose=verbose),
    )


async def serve_until_stopped(server: ModelServer, host: str, port: int, key: str | None, write: Write) -> None:
    """Serve until Ctrl-C. Raises ``CannotDo`` where nothing can listen."""
    listening = False
    with trio.open_signal_receiver(*STOPPED_BY) as signals:
        try:
            async with serve(server, host=host, port=port, key=key) as simulator:
                listening = True
                write(f"A simulated {server.profile.name} server listens at {simulator.url}. Ctrl-C stops it.")
                write(f"Talk to it with: OPENAI_API_KEY={'...' if key else 'any'} rejoinder chat --base-url {simulator.url}")
                async for _ in signals:
                    break
        except* (OSError, UnicodeError) as group:
            if listening:
                raise
            error = _first(group)
            # Text that cannot be a name is not even looked up.
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else "that is no name of a host"
            raise CannotDo(f"Nothing can listen on {host} port {port}: {reason}. Choose another with --host or --port.") from None
    write("Stopped.")


def faults() -> Iterator[str]:
    """A line for each fault that there is."""
    for kind in FAULTS.values():
        name = kind.name if math.isnan(kind.default) else f"{kind.name}:{kind.default:.9g}"
        yield f"{name:20} {kind.meaning}{'' if math.isnan(kind.default) else f'; N is {kind.default:.9g} unless it is given'}"


@final
class Journal(list[LogEntry]):
    """Stands in for a server's log: writes a line about each entry that is worth one, and keeps none."""

    def __init__(self, write: Write, *, verbose: bool) -> None:
        super().__init__()
        self._write = write
        self._verbose = verbose

    def append(self, entry: LogEntry, /) -> None:
        """Write about the entry."""
        for line in lines_about(entry, verbose=self._verbose):
            self._write(line)


def lines_about(entry: LogEntry, *, verbose: bool) -> Iterator[str]:
    """What there is to say about an entry."""
    head = f"{entry.at:9.3f} s  connection {entry.connection}: "
    said: object = entry.body
    body = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    if entry.direction == "note":
        where = head if entry.connection >= 0 else f"{entry.at:9.3f} s  handshake "
        yield where + str(entry.data)
    elif verbose:
        data = entry.data if isinstance(entry.data, str) else repr(entry.data)
        yield f"{head}{'<-' if entry.direction == 'in' else '->'} {printable(data)}"
    elif entry.direction == "in":
        yield head + printable(_received_in_words(entry.type, body))


def _received_in_words(kind: str | None, body: dict[str, Any]) -> str:
    if kind == "response.create":
        given = body.get("input")
        count = len(cast("list[object]", given)) if isinstance(given, list) else 1
        lane, previous = body.get("stream_id"), body.get("previous_response_id")
        return (
            f"create, {count} item{'' if count == 1 else 's'}"
            + ("" if lane is None else f", lane {lane}")
            + (", in full" if previous is None else f", continues {previous}")
        )
    if kind == "response.cancel":
        return f"cancel of {body.get('response_id')}"
    return f"a frame of type {kind}"


def _read(path: Path) -> tuple[RecordedResponse, ...]:
    try:
        return read_recording(path)
    except RecordingError as error:
        raise CannotDo(str(error)) from error
    except OSError as error:
        raise CannotDo(f"{str(path)!r} cannot be read ({error.strerror}). Name a file that can.") from error


def _first(group: BaseExceptionGroup[OSError | UnicodeError]) -> OSError | UnicodeError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
