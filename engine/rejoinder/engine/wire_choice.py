"""Which WebSocket library carries the frames: one of two, or whichever is there.

Rules of this file
* trio-websocket is always installed. ``websockets`` is an extra; it is looked for without being imported, and a version that was
  not tried counts as none.
* A choice that cannot be is refused where it is written, and the message says what to install.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, Literal, get_args

from .errors import InvalidSetting

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .settings import Settings
    from .wire import Wire

__all__ = ["KNOWN_VERSION", "WireName", "available_wires", "check_wire", "chosen_wire", "installed_version", "open_chosen_wire"]

WireName = Literal["auto", "trio-websocket", "websockets"]
"""Which library is to carry the frames of a WebSocket; ``"auto"`` takes ``websockets`` where it is installed."""

FAST: Final = "websockets"
KNOWN_VERSION: Final = "17"
"""The major version of ``websockets`` that the extra asks for."""


def check_wire(name: str, *, compression: bool) -> None:
    """Raise ``InvalidSetting`` if there is no such wire here, or if it cannot compress and is to."""
    names = get_args(WireName)
    if name not in names:
        raise InvalidSetting(f"Settings(wire=…) is {name!r}. Give one of {', '.join(map(repr, names))}.")
    if compression and name == "trio-websocket":
        raise InvalidSetting("Settings(compression=True) needs another wire: trio-websocket cannot compress. Leave wire out.")
    if (name == FAST or compression) and installed_version() != KNOWN_VERSION:
        setting = f"wire={FAST!r}" if name == FAST else "compression=True"
        raise InvalidSetting(
            f"Settings({setting}) needs websockets {KNOWN_VERSION}, and {_found()}. Install it: pip install 'rejoinder[fast]'."
        )


def chosen_wire(name: WireName) -> Literal["trio-websocket", "websockets"]:
    """Return what ``name`` comes to where this runs."""
    if name == "auto":
        return "websockets" if installed_version() == KNOWN_VERSION else "trio-websocket"
    return name


def available_wires() -> tuple[Literal["trio-websocket", "websockets"], ...]:
    """Return the names of the wires that can be opened where this runs."""
    return ("trio-websocket", "websockets") if installed_version() == KNOWN_VERSION else ("trio-websocket",)


def open_chosen_wire(endpoint: Endpoint, settings: Settings) -> AbstractAsyncContextManager[Wire]:
    """Open a wire of the library that ``settings.wire`` names: the ``Connector`` of every session that is given no other."""
    # Imported when it is needed: the one is an extra, and the other is not needed where the first is used.
    if chosen_wire(settings.wire) == FAST:
        from .websockets_wire import open_websockets_wire  # noqa: PLC0415

        return open_websockets_wire(endpoint, settings)
    from .websocket_wire import open_websocket_wire  # noqa: PLC0415

    return open_websocket_wire(endpoint, settings)


@cache
def installed_version() -> str | None:
    """The major version that is installed; None if it is not."""
    try:
        return version(FAST).partition(".")[0]
    except PackageNotFoundError:
        return None


def _found() -> str:
    here = installed_version()
    return "it is not installed" if here is None else f"version {here} is installed"
