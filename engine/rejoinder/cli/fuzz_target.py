"""What ``--target`` names: a module that is imported, and something in it.

Rules of this file
* The current folder can be imported from, as with ``python -m``.
* Whatever is wrong with the name, or with the module, is one sentence on that and one on what to do.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .refusals import CannotDo

if TYPE_CHECKING:
    from rejoinder.testing.fuzz.campaign_records import Target

__all__ = ["find_target"]


def find_target(named: str | None, *, engine: bool) -> Target:
    """The target that is named on the command line; the lifecycle or the engine itself, if none is. Raises ``CannotDo``."""
    from rejoinder.testing.fuzz.campaign_records import ENGINE, LIFECYCLE
    from rejoinder.testing.fuzz.targets import NoTarget, target_of

    if named is None:
        return ENGINE if engine else LIFECYCLE
    try:
        target = target_of(named, _load(named))
    except NoTarget as wrong:
        raise CannotDo(str(wrong), 2) from wrong
    if engine and not target.whole_engine:
        raise CannotDo(
            f"{named} is for the pure lifecycle. Leave out --engine, or name a subclass of EngineProgram or an async function.", 2
        )
    return target


def _load(named: str) -> object:
    module_name, colon, path = named.partition(":")
    if not colon or not path or not all(part.isidentifier() for part in [*module_name.split("."), *path.split(".")]):
        raise CannotDo(f"--target {named!r} is not MODULE:NAME. Write for example --target tests.test_speaker:SpeakerProgram.", 2)
    found: object = _import(module_name)
    for part in path.split("."):
        if not hasattr(found, part):
            there = sorted(name for name in vars(found) if not name.startswith("_")) if isinstance(found, ModuleType) else []
            told = f" It has {', '.join(there)}." if there else ""
            raise CannotDo(f"There is no {path!r} in {module_name!r}.{told} Name one that is there.", 2)
        found = getattr(found, part)
    return found


def _import(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise CannotDo(
                f"There is no module {name!r}, neither in {here} nor installed. Run this in the folder that has it, or install it.",
                2,
            ) from error
        raise CannotDo(_raised(name, error), 2) from error
    except (Exception, SystemExit) as error:
        raise CannotDo(_raised(name, error), 2) from error


def _raised(name: str, error: BaseException) -> str:
    said = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    return f"Importing {name!r} raised {said}. Make `python3 -c 'import {name}'` work, and try again."
