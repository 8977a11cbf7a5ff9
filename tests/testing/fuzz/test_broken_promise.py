"""A broken promise says which one it is and what was seen, also after a journey between processes."""

from __future__ import annotations

import pickle

from rejoinder.testing.fuzz import PROMISES, BrokenPromise


def test_text_begins_with_the_number() -> None:
    broken = BrokenPromise(4, "resp_1 is named where nothing has completed")

    assert isinstance(broken, AssertionError)
    assert "promise 4: resp_1 is named where nothing has completed" == str(broken)
    assert (4, "resp_1 is named where nothing has completed") == (broken.promise, broken.what)


def test_it_can_be_pickled() -> None:
    twin = pickle.loads(pickle.dumps(BrokenPromise(1, "words")))  # noqa: S301 - our own bytes

    assert (1, "words") == (twin.promise, twin.what)


def test_promises_are_numbered_from_one() -> None:
    assert list(range(1, 19)) == sorted(PROMISES)
