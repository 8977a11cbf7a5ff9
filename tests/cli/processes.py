"""The command in a process of its own: written to, read from and interrupted, each step awaited by what it prints."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from types import TracebackType
from typing import Final, Self

COMMAND: Final = [sys.executable, "-c", "from rejoinder.cli.main import main; main()"]
"""The command line of `rejoinder`, run by this Python."""

PATIENCE: Final = 30.0
"""Seconds after which output that has not come will not come."""


class Process:
    """A running command, with standard input, and both outputs in one pipe."""

    def __init__(self, *arguments: str, terminal: bool = False, **environment: str) -> None:
        self.output = ""
        self._reading = self._writing = -1
        self._arguments = arguments
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
        self._terminal = terminal

    def __enter__(self) -> Self:
        if self._terminal:
            theirs, ours = os.openpty()
            self._reading = self._writing = theirs
            stdin = stdout = ours
        else:
            stdin, self._writing = os.pipe()
            self._reading, stdout = os.pipe()
        self._process = subprocess.Popen(
            [*COMMAND, *self._arguments], stdin=stdin, stdout=stdout, stderr=stdout, env=self._environment
        )
        for descriptor in {stdin, stdout}:
            os.close(descriptor)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self._process.kill()
        self._process.wait()
        for descriptor in {self._reading, self._writing} - {-1}:
            os.close(descriptor)

    def wait_for(self, text: str) -> str:
        """Read until ``text`` has come, and return everything up to there."""
        before = len(self.output)
        while text not in self.output[before:]:
            if not self._read():
                raise AssertionError(f"{text!r} did not come. This did: {self.output}")
        return self.output

    def write(self, text: str) -> None:
        """Type something."""
        os.write(self._writing, text.encode())

    def close_input(self) -> None:
        """There is nothing more to read for it."""
        os.close(self._writing)
        self._writing = -1

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, as Ctrl-C does."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Read to the end, and return the exit status."""
        while self._read():
            pass
        return self._process.wait(PATIENCE)

    def _read(self) -> bool:
        """Read what is there; False at the end, or after too long a silence."""
        ready, _, _ = select.select([self._reading], [], [], PATIENCE)
        if not ready:
            return False
        try:
            data = os.read(self._reading, 65_536)
        except OSError:  # how Linux reports the end of a terminal
            return False
        self.output += data.decode().replace("\r\n", "\n")
        return bool(data)
