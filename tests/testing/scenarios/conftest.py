"""What the tests of the scenarios share: a clock for real sockets on which waiting costs nothing."""

import pytest
from trio.testing import MockClock


@pytest.fixture
def loopback_clock() -> MockClock:
    """Virtual time over real sockets: it jumps once nothing at all has happened for a moment of real time."""
    return MockClock(autojump_threshold=0.02)
