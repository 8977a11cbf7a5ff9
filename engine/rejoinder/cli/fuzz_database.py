"""What ``--database`` names: a folder, or a Redis server.

Rules of this file
* It is tried when the command begins: what cannot be reached or written then is one sentence on that and one on what to do.
* The address of a server may hold a password: it is never said whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from .refusals import CannotDo

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

__all__ = ["open_database"]

SCHEMES: Final = frozenset({"redis", "rediss", "unix"})
PATIENCE: Final = 5.0
"""Seconds in which a server has to answer."""


def open_database(named: str) -> ExampleDatabase:
    """The database that is named on the command line. Raises ``CannotDo``."""
    scheme, separator, _ = named.partition("://")
    if not separator:
        return _folder(Path(named))
    if scheme not in SCHEMES:
        raise CannotDo(f"--database {scheme}://… is no database that is known here. Name a folder, or redis://host:port/number.", 2)
    return _redis(named)


def _folder(path: Path) -> ExampleDatabase:
    from hypothesis.database import DirectoryBasedExampleDatabase

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotDo(
            f"--database {str(path)!r} cannot be a folder ({error.strerror}). Name one that can be written.", 2
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise CannotDo(f"--database {str(path)!r} cannot be written. Name a folder that can.", 2)
    return DirectoryBasedExampleDatabase(path)


def _redis(url: str) -> ExampleDatabase:
    try:
        from hypothesis.extra.redis import RedisExampleDatabase
        from redis import Redis, RedisError
    except ImportError as error:
        raise CannotDo("A database on a Redis server needs a package. Run: python3 -m pip install 'rejoinder[redis]'", 2) from error

    where = _where(url)
    try:
        # Its keywords have no types.
        connect = cast("Callable[..., Redis]", Redis.from_url)  # pyright: ignore[reportUnknownMemberType]
        server = connect(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
        server.ping()  # pyright: ignore[reportUnknownMemberType]
    except ValueError as error:
        raise CannotDo(f"--database {where} cannot be understood: {error}. Write redis://host:port/number.", 2) from error
    except (RedisError, OSError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise CannotDo(f"The Redis server at {where} does not answer: {said}. Check the address, and that it runs.", 2) from error
    return RedisExampleDatabase(server)


def _where(url: str) -> str:
    """The address without what may be secret."""
    parts = urlsplit(url)
    try:
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        port = ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
