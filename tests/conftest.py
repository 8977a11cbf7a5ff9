"""What all tests share: how hard property tests try, the order in which tasks run, Graphviz where it is installed, both wires.

Of Hypothesis' profiles, `ci` (the default) draws the same examples in every run, so that a change is judged by what it changed.
`deep` draws new ones, many more of them, and keeps what fails in its database:

    REJOINDER_HYPOTHESIS=deep python3 -m uv run pytest tests/fuzz

trio shuffles the tasks that could run at once, and pauses before a new dial are drawn. Each test has lots of its own for that, the
same in every run, so that what passes once passes always. Other lots, to find what holds in one order only:

    REJOINDER_SCHEDULE=17 python3 -m uv run pytest
"""

import os
import signal
import zlib
from collections.abc import Generator
from typing import Final

import pytest
from hypothesis import settings

from rejoinder.diagrams.graphviz import GraphvizError, version
from rejoinder.engine import wire_choice
from rejoinder.testing.fuzz.engine_schedule import scheduled

VARIABLE: Final = "REJOINDER_HYPOTHESIS"
SCHEDULE: Final = os.environ.get("REJOINDER_SCHEDULE", "")

# A shell starts what runs in its background with Ctrl-C ignored, and so would be all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ci", derandomize=True, database=None, deadline=None, max_examples=100, print_blob=True)
settings.register_profile("deep", deadline=None, max_examples=5000, print_blob=True)
settings.load_profile(os.environ.get(VARIABLE, "ci"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Lots are drawn by the name of the test, whichever tests ran before it in the same process."""
    with scheduled(zlib.crc32(f"{SCHEDULE}{item.nodeid}".encode())):
        return (yield)


@pytest.fixture(scope="session")
def graphviz() -> str:
    """The version of Graphviz; tests that need it are skipped where it is not."""
    try:
        return version()
    except GraphvizError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["trio-websocket", "websockets"])
def each_wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test runs once for each wire: as if the fast one were not installed, and as if it were. Returns its name."""
    name = str(request.param)
    monkeypatch.setattr(wire_choice, "installed_version", lambda: wire_choice.KNOWN_VERSION if name == "websockets" else None)
    return name
