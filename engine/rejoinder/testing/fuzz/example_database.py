"""Where failing examples are kept: any of Hypothesis' databases, with a key of the target's in front, and failures in words.

Rule of this file: what a database raises is no failure of a program. It is ``DatabaseError``, and ends a campaign.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from hashlib import sha256
from typing import Final, final

from hypothesis.database import ExampleDatabase

__all__ = ["DatabaseError", "Kept"]


class DatabaseError(Exception):
    """A database cannot be read or written; the text says what happened."""


@final
class Kept(ExampleDatabase):
    """A database in which one target has keys of its own, or, with an empty name, those that pytest uses as well."""

    def __init__(self, database: ExampleDatabase, name: str = "") -> None:
        super().__init__()
        self._database: Final = database
        self._prefix: Final = sha256(name.encode()).digest() if name else b""

    def save(self, key: bytes, value: bytes) -> None:
        """Keep ``value`` under ``key``."""
        with _in_words():
            self._database.save(self._prefix + key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Everything that is kept under ``key``."""
        with _in_words():
            return list(self._database.fetch(self._prefix + key))

    def delete(self, key: bytes, value: bytes) -> None:
        """Forget ``value``, if it is there."""
        with _in_words():
            self._database.delete(self._prefix + key, value)

    def move(self, src: bytes, dest: bytes, value: bytes) -> None:
        """Keep ``value`` under ``dest`` instead of ``src``."""
        with _in_words():
            self._database.move(self._prefix + src, self._prefix + dest, value)


@contextmanager
def _in_words() -> Generator[None]:
    try:
        yield
    except Exception as error:
        raise DatabaseError(" ".join(str(error).split()) or type(error).__name__) from error
