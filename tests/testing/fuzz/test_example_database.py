"""Databases of one target: keys of its own, or those of pytest; failures in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis.database import ExampleDatabase, InMemoryExampleDatabase

from rejoinder.testing.fuzz.example_database import DatabaseError, Kept


def test_targets_do_not_see_each_other() -> None:
    database = InMemoryExampleDatabase()
    one, other = Kept(database, "one"), Kept(database, "other")
    one.save(b"key", b"value")
    one.save(b"key", b"second")
    one.delete(b"key", b"second")
    one.move(b"key", b"elsewhere", b"value")

    assert [b"value"] == list(one.fetch(b"elsewhere"))
    assert [] == list(one.fetch(b"key"))
    assert [] == list(other.fetch(b"elsewhere"))


def test_without_a_name_keys_stay_as_they_are() -> None:
    database = InMemoryExampleDatabase()
    Kept(database).save(b"key", b"value")

    assert [b"value"] == list(database.fetch(b"key"))


class Broken(ExampleDatabase):
    def save(self, key: bytes, value: bytes) -> None:
        raise ConnectionError("The line\nis dead")

    def fetch(self, key: bytes) -> list[bytes]:
        raise ConnectionError

    def delete(self, key: bytes, value: bytes) -> None:
        raise OSError("gone")

    def move(self, src: bytes, dest: bytes, value: bytes) -> None:
        raise OSError("full")


def save(database: ExampleDatabase) -> None:
    database.save(b"", b"")


def fetch(database: ExampleDatabase) -> None:
    database.fetch(b"")


def delete(database: ExampleDatabase) -> None:
    database.delete(b"", b"")


def move(database: ExampleDatabase) -> None:
    database.move(b"", b"", b"")


@pytest.mark.parametrize("use, words", [(save, "The line is dead"), (fetch, "ConnectionError"), (delete, "gone"), (move, "full")])
def test_whatever_a_database_raises_is_said_in_words(use: Callable[[ExampleDatabase], object], words: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        use(Kept(Broken()))

    assert words == str(caught.value)
