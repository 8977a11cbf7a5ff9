"""Which library carries the frames: what is there is found, what is missing is said, and nothing is imported before its time."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import trio
import trio.testing

from harness.loopback import listen, upgraded
from harness.pair import KEY
from rejoinder.engine import Endpoint, InvalidSetting, Settings, wire_choice
from rejoinder.engine.websocket_wire import WebSocketWire
from rejoinder.engine.websockets_wire import WebsocketsWire
from rejoinder.engine.wire_choice import WireName, available_wires, chosen_wire, installed_version, open_chosen_wire

WITHOUT_THE_EXTRA = """
import sys

for name in ("websockets", "msgspec"):
    sys.modules[name] = None  # an import of it fails

import importlib.metadata

version = importlib.metadata.version


def missing(name):
    if name in {"websockets", "msgspec"}:
        raise importlib.metadata.PackageNotFoundError(name)
    return version(name)


importlib.metadata.version = missing

import trio

from rejoinder.engine import Endpoint, open_session
from rejoinder.testing import ModelServer
from rejoinder.testing.simulator import serve


async def main():
    async with serve(ModelServer()) as simulator, open_session(Endpoint(simulator.url, api_key="any")) as session:
        async with session.respond("Hi") as response:
            print(await response.text())


trio.run(main)
"""


def pretend(monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    monkeypatch.setattr(wire_choice, "installed_version", lambda: version)


def test_the_extra_is_installed_where_these_tests_run() -> None:
    assert wire_choice.KNOWN_VERSION == installed_version()


def test_what_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(wire_choice, "version", missing)
    installed_version.cache_clear()
    found = installed_version()
    installed_version.cache_clear()

    assert found is None


@pytest.mark.parametrize(
    "version, expected",
    [("17", "websockets"), (None, "trio-websocket"), ("13", "trio-websocket"), ("18", "trio-websocket")],
)
def test_auto_takes_the_fast_one_where_a_version_that_was_tried_is_installed(
    version: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, version)

    assert expected == chosen_wire("auto")
    assert expected == chosen_wire(Settings().wire)


def test_the_available_are_those_that_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    here = available_wires()
    pretend(monkeypatch, None)

    assert ("trio-websocket", "websockets") == here
    assert ("trio-websocket",) == available_wires()


def test_a_name_is_taken_at_its_word() -> None:
    assert ["trio-websocket", "websockets"] == [chosen_wire("trio-websocket"), chosen_wire("websockets")]


@pytest.mark.parametrize(
    "version, found",
    [(None, "it is not installed"), ("13", "version 13 is installed")],
)
def test_a_wire_that_is_not_there_says_what_to_install(version: str | None, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, version)
    with pytest.raises(InvalidSetting) as caught:
        Settings(wire="websockets")

    assert f"Settings(wire='websockets') needs websockets 17, and {found}. Install it: pip install 'rejoinder[fast]'." == str(
        caught.value
    )
    assert "auto" == Settings().wire


def test_compression_without_the_wire_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidSetting, match=r"^Settings\(compression=True\) needs another wire: trio-websocket cannot compress\."):
        Settings(compression=True, wire="trio-websocket")
    pretend(monkeypatch, None)
    with pytest.raises(InvalidSetting, match=r"^Settings\(compression=True\) needs websockets 17, and it is not installed\."):
        Settings(compression=True)


def test_compression_is_wanted_or_not() -> None:
    with pytest.raises(InvalidSetting, match=r"^Settings\(compression=…\) is a str\. Give True or False\.$"):
        Settings(compression="deflate")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_a_wire_that_nobody_knows() -> None:
    with pytest.raises(InvalidSetting) as caught:
        Settings(wire="wsproto")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    assert "Settings(wire=…) is 'wsproto'. Give one of 'auto', 'trio-websocket', 'websockets'." == str(caught.value)


@pytest.mark.parametrize("name, kind", [("trio-websocket", WebSocketWire), ("websockets", WebsocketsWire)])
async def test_the_chosen_wire_is_opened(
    name: WireName, kind: type, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    async def wait(stream: trio.SocketStream) -> None:
        await stream.receive_some()

    listener = await listen(nursery, upgraded(wait))
    async with open_chosen_wire(Endpoint(listener.url, api_key=KEY), Settings(wire=name, close_deadline=0.01)) as wire:
        assert kind is type(wire)


def run(program: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_engine_imports_neither_library_before_its_time() -> None:
    program = "import sys, rejoinder.engine\nprint([each for each in ('websockets', 'trio_websocket') if each in sys.modules])"

    assert "[]\n" == run(program)


def test_all_is_well_without_the_extra() -> None:
    assert "You said: Hi\n" == run(WITHOUT_THE_EXTRA)
