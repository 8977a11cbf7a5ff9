"""What the engine's tests share: a clock for tests on real sockets, and an environment without a key."""

import pytest
from trio.testing import MockClock


@pytest.fixture
def loopback_clock() -> MockClock:
    """Virtual time over real sockets: it jumps once nothing at all has happened for a moment of real time.

    Both ends live in this process, so whatever one of them sent has arrived long before.
    """
    return MockClock(autojump_threshold=0.01)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on a key in the environment, and none is ever used."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture(autouse=True)
def _no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is recorded because whoever runs it has asked for traces."""
    monkeypatch.delenv("REJOINDER_TRACE", raising=False)
    monkeypatch.delenv("REJOINDER_TRACE_PAYLOADS", raising=False)
