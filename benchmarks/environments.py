"""Environments of contenders: made with uv in a cache folder, one for each, and never the one that this project is edited in.

The pins of other vendors contradict each other's and ours. Where an environment cannot be made (no uv, no package index, no C
compiler) its contender is skipped, and the tables say why.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import trio

from .contenders import Contender
from .processes import REPOSITORY

__all__ = ["CannotMakeEnvironment", "default_cache", "environment_for", "folder_for"]

SOURCES: Final = ("states", "engine", "diagrams")
"""Where this project's own code is."""
COMPLETE: Final = "complete"
"""The file that says that an environment was made to its end."""


class CannotMakeEnvironment(Exception):
    """An environment cannot be made; says why in one line."""


def default_cache() -> Path:
    """Where environments are kept: in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "rejoinder-benchmarks"


def folder_for(contender: Contender, cache: Path) -> Path:
    """The folder of a contender's environment: another one for other requirements, other sources, or another Python."""
    of = hashlib.sha256("\n".join((*contender.requirements, *contender.variables, sys.version)).encode())
    slug = re.match(r"[\w-]*", contender.requirements[0].removeprefix(f"{REPOSITORY.parent}{os.sep}"))
    if contender.requirements[0].startswith(str(REPOSITORY)):
        for source in SOURCES:
            for path in sorted((REPOSITORY / source).rglob("*.py")):
                of.update(path.read_bytes())
    return cache / f"{slug[0] if slug else ''}-{of.hexdigest()[:12]}"


async def environment_for(contender: Contender, cache: Path, *, anew: bool = False) -> Path:
    """The Python of a contender's environment, made first if need be, or ``anew``. Raises ``CannotMakeEnvironment``."""
    folder = folder_for(contender, cache)
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = folder / scripts / "python"
    if anew and folder.exists():
        await trio.to_thread.run_sync(shutil.rmtree, folder)
    if not (folder / COMPLETE).exists():
        await trio.to_thread.run_sync(lambda: cache.mkdir(parents=True, exist_ok=True))
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        await _run_uv(cache, "venv", "--quiet", "--clear", "--python", version, str(folder))
        install = ("pip", "install", "--quiet", "--refresh-package", "rejoinder", "--python", str(python))
        await _run_uv(cache, *install, *contender.requirements, variables=contender.variables)
        (folder / COMPLETE).touch()
    return python


async def _run_uv(folder: Path, *arguments: str, variables: Mapping[str, str] = MappingProxyType({})) -> None:
    found = os.environ.get("UV") or shutil.which("uv")
    command = [found] if found else [sys.executable, "-m", "uv"]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | dict(variables)
    try:
        # Not in the repository: uv would take this project's own settings.
        done = await trio.run_process(
            [*command, *arguments], capture_stderr=True, stdout=subprocess.DEVNULL, check=False, cwd=folder, env=environment
        )
    except OSError as error:
        raise CannotMakeEnvironment(f"uv cannot be run: {error.strerror}") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise CannotMakeEnvironment(f"uv {arguments[0]} failed: {lines[-1].strip() if lines else done.returncode}")
