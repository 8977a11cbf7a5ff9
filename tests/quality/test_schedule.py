"""Each test has lots of its own, by its name; that lots order tasks is tested by `test_engine_schedule`."""

import os
import random
import zlib

import pytest


def test_lots_are_drawn_by_the_name_of_the_test(request: pytest.FixtureRequest) -> None:
    schedule = os.environ.get("REJOINDER_SCHEDULE", "")
    seed = zlib.crc32(f"{schedule}{request.node.nodeid}".encode())

    assert random.Random(seed).random() == random.random()
