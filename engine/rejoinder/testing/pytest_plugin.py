"""The pytest plugin of ``rejoinder[testing]``: two fixtures and a marker. It is loaded wherever the package is installed.

* ``responses_server``: a simulated Responses server on a real socket of this machine (``BackgroundServer``), for any kind of test.
* ``memory_pair``: a server and a network in memory (``MemoryPair``), for the engine under trio's virtual clock.
* ``@pytest.mark.rejoinder_fuzz(examples=…, steps=…)``: how many programs a program test runs, and of how many steps each.

Rules of this file
* pytest imports it in every run of every project that has this package, so it imports the standard library and pytest, and what
  a fixture needs when that fixture is asked for.
* Failing programs write their traces into pytest's cache (`.pytest_cache/d/rejoinder`), unless `REJOINDER_TRACES` names a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from rejoinder.testing.background_server import BackgroundServer
    from rejoinder.testing.memory_pair import MemoryPair

__all__ = ["memory_pair", "responses_server"]

MARKER: Final = "rejoinder_fuzz"
SIGNATURE: Final = f"{MARKER}(examples=…, steps=…)"
TRACES: Final = "REJOINDER_TRACES"
OURS: Final = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and give failing programs a place for their traces."""
    config.addinivalue_line("markers", f"{SIGNATURE}: programs of a program test, and steps of each")
    if TRACES not in os.environ and config.pluginmanager.hasplugin("cacheprovider"):
        folder = config.rootpath / os.path.expandvars(str(config.getini("cache_dir"))) / "d" / "rejoinder"
        os.environ[TRACES] = str(folder)
        config.stash[OURS] = True


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the environment as it was."""
    if config.stash.get(OURS, False):
        os.environ.pop(TRACES, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Apply the marker to the program tests that carry it."""
    for item in items:
        case: Any = getattr(item, "cls", None)
        program: Any = getattr(getattr(case, "runTest", None), "_hypothesis_state_machine_class", None)
        marks: list[pytest.Mark] = [mark for mark in getattr(program, "pytestmark", ()) if mark.name == MARKER]
        marker = item.get_closest_marker(MARKER) or next(iter(marks), None)
        if marker is not None and program is None:
            raise pytest.UsageError(f"{item.nodeid} is no program test. Put {SIGNATURE} on a program, or on its TestCase.")
        if marker is not None:
            _apply(item, case, marker)


def _apply(item: pytest.Item, case: Any, marker: pytest.Mark) -> None:  # noqa: ANN401 - Hypothesis makes the class
    unknown = sorted(set(marker.kwargs) - {"examples", "steps"})
    numbers: list[object] = list(marker.kwargs.values())
    if marker.args or unknown or not all(type(number) is int and number > 0 for number in numbers):
        raise pytest.UsageError(f"The marker of {item.nodeid} is not understood. Write {SIGNATURE} with whole numbers above 0.")
    from hypothesis import settings  # noqa: PLC0415 - only who fuzzes pays for it

    names = {"examples": "max_examples", "steps": "stateful_step_count"}
    chosen: dict[str, Any] = {names[name]: number for name, number in marker.kwargs.items()}
    case.settings = settings(case.settings, **chosen)


@pytest.fixture
def responses_server() -> Iterator[BackgroundServer]:
    """A Responses server on this machine until the test is over: connect to its ``url``, say by its ``server`` what it answers."""
    from rejoinder.testing.background_server import BackgroundServer  # noqa: PLC0415 - only who asks for it pays

    running = BackgroundServer()
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def memory_pair() -> MemoryPair:
    """A model server and a network in memory, for ``async with memory_pair.open_session() as session``."""
    from rejoinder.testing.memory_pair import MemoryPair  # noqa: PLC0415 - only who asks for it pays

    return MemoryPair()
