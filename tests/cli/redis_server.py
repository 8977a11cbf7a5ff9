"""A real Redis server for tests, from Debian's package: on a free port of this machine, keeping nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from harness.loopback import HOST, free_port

SERVER = shutil.which("redis-server")
ABSENT = "there is no redis-server here: apt-get install redis-server"


@contextmanager
def redis_server(folder: Path) -> Generator[str]:
    """Run a server in ``folder``; gives its address."""
    port = free_port()
    command = [str(SERVER), "--port", str(port), "--bind", HOST, "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "Ready to accept connections" not in said:
                line = process.stdout.readline()
                assert line, f"redis-server ended: {said}"
                said += line
            yield f"redis://{HOST}:{port}/0"
        finally:
            process.terminate()
