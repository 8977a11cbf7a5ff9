"""Files that a command writes: checked before the work begins, written when it is done.

Rules of this file
* A check changes nothing. What was in a file stays in it until all of what replaces it is written, beside it.
* Nothing is written over what the same command reads, nor over what else it writes, by whatever name.
* What is no regular file (a device, a pipe) is written to as it is.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from .refusals import CannotDo

__all__ = ["PRINTED", "check_ending", "check_folder", "check_place", "check_report", "keep_apart", "write_file", "write_report"]

PREFIX: Final = ".rejoinder-"
"""How the names of files begin that are there for a moment only."""
OTHER_FORMATS: Final = frozenset(
    {".bmp", ".dot", ".eps", ".gif", ".gv", ".htm", ".html", ".jpeg", ".jpg"}
    | {".json", ".pdf", ".png", ".ps", ".scxml", ".svg", ".tif", ".tiff", ".webp"}
)
"""Endings that promise a picture, or a page, or a table, of their own kind."""
PRINTED: Final = "-"
"""What stands for standard output where a file is named."""


def check_place(path: Path, what: str = "") -> None:
    """Raise ``CannotDo`` if nothing can be written to ``path``; ``what`` is said before its name. Nothing is changed."""
    _try(path, what, lambda: _touch(path))


def check_folder(folder: Path, named: str) -> None:
    """Raise ``CannotDo`` if nothing can be put into ``folder``, which is there; ``named`` is what is said of it."""
    try:
        descriptor, beside = tempfile.mkstemp(prefix=PREFIX, dir=folder)
        os.close(descriptor)
        Path(beside).unlink()
    except OSError as error:
        raise CannotDo(f"{named} cannot be written ({error.strerror}). Name a folder that can.", 2) from None


def write_file(path: Path, data: bytes | str, what: str = "") -> None:
    """Write ``data`` to ``path``, in one go. Raises ``CannotDo`` if it cannot be."""
    _try(path, what, lambda: _replace(path, data.encode() if isinstance(data, str) else data))


def check_report(name: str | None, what: str = "") -> None:
    """Check the place of a report; None for no report, ``-`` for one that is printed."""
    if name is not None and name != PRINTED:
        check_place(Path(name), what)


def write_report(name: str, text: str, what: str = "") -> None:
    """Write a report to the file of that name, or print it. Raises ``CannotDo``."""
    import typer

    if name == PRINTED:
        typer.echo(text, nl=False)
    else:
        write_file(Path(name), text, what)


def keep_apart(written: Mapping[str, Path | None], read: Path | None = None) -> None:
    """Raise ``CannotDo`` if one of the files ``written`` is the one that is ``read``, or another of them.

    The keys are what the user calls them, as ``--json``.
    """
    files = {name: path for name, path in written.items() if path is not None}
    for name, path in files.items():
        if read is not None and _are_one(path, read):
            raise CannotDo(f"{name} {str(path)!r} is the trace that is read, and would be lost. Name another file.", 2)
    named = list(files.items())
    for number, (name, path) in enumerate(named):
        for other_name, other in named[:number]:
            if _are_one(path, other):
                raise CannotDo(f"{other_name} and {name} both name {str(path)!r}. Name a file for each.", 2)


def check_ending(path: Path, known: str) -> None:
    """Raise ``CannotDo`` if the name ends as that of a format which nobody can expect to get. ``known`` are endings to name."""
    if path.suffix.lower() in OTHER_FORMATS:
        raise CannotDo(f"{str(path)!r} ends as a file of another format. Name one that ends in {known}, or name a --format.", 2)


def _are_one(path: Path, other: Path) -> bool:
    with suppress(OSError, ValueError):
        if os.path.realpath(path) == os.path.realpath(other):
            return not path.exists() or path.is_file()
        # Two names of one file: hard links, or a disk to which large and small letters are the same.
        return path.is_file() and path.samefile(other)
    return False


def _try(path: Path, what: str, do: Callable[[], None]) -> None:
    try:
        do()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CannotDo(f"{what}{' ' if what else ''}{str(path)!r} cannot be written ({reason}). Name a file that can.", 2) from None


def _touch(path: Path) -> None:
    """Raise ``OSError`` where ``_replace`` would, as far as that can be known."""
    target, mode = _target(path)
    if mode is None:
        descriptor, beside = _beside(target)
        os.close(descriptor)
        Path(beside).unlink()
    elif stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        os.close(os.open(target, os.O_WRONLY))


def _replace(path: Path, data: bytes) -> None:
    target, mode = _target(path)
    if path.parts[1:2] in {("dev",), ("proc",)} or (mode is not None and not stat.S_ISREG(mode)):
        # Also where /dev/stdout leads to a file, because others write to that, too.
        path.write_bytes(data)
        return
    if mode is not None:
        # Who may write here is the file's to say, and not only its folder's.
        os.close(os.open(target, os.O_WRONLY))
    try:
        descriptor, beside = _beside(target)
    except PermissionError:
        if mode is None:
            raise
        target.write_bytes(data)  # the file may be changed, and its folder not
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(beside).chmod(0o666 & ~_mask() if mode is None else stat.S_IMODE(mode))
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _target(path: Path) -> tuple[Path, int | None]:
    """Where ``path`` leads, and the mode of what is there; None if nothing is."""
    target = Path(os.path.realpath(path))
    try:
        # Not of the target: a pipe to which /dev/stdout leads has no name to look at.
        return target, path.stat().st_mode
    except FileNotFoundError:
        return target, None


def _beside(target: Path) -> tuple[int, str]:
    if not target.parent.is_dir():
        # mkstemp says that there is no file of its own name, which is no help, but the reason is the same.
        target.parent.stat()
    return tempfile.mkstemp(prefix=PREFIX, dir=target.parent)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
