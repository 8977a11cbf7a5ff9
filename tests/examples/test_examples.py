"""Each example runs as its reader would run it: in a process of its own, from the top of the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
EXAMPLES: Final = REPOSITORY / "examples"


def run(name: str) -> str:
    """What an example prints; fails if it fails, or if it complains."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REJOINDER_")}
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    ended = subprocess.run(command, cwd=REPOSITORY, env=kept, capture_output=True, encoding="utf-8", check=False, timeout=60)

    assert "" == ended.stderr
    assert 0 == ended.returncode
    return ended.stdout


def test_several_conversations_share_one_socket() -> None:
    lines = run("several_conversations.py").splitlines()
    said = {name: [line for line in lines if line.startswith(f"{name}: ")] for name in ("Ada", "Bela", "Clara")}

    assert {name: [f"{name}: You said: {word}" for word in ("one", "two", "three")] for name in said} == said
    assert ["9 turns on 1 socket, 6 of them continued.", "9 items sent, 18 saved."] == lines[-2:]


def test_states_in_plain_asyncio() -> None:
    first, broken_off, third = run("plain_asyncio.py").splitlines()

    assert "You said: Tell me about trees." == first
    assert "You … (interrupted)" == " ".join(broken_off.split())
    assert "You said: And the sky?" == third
