"""The WebSocket wires there are, for tests that must hold on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rejoinder.engine.websocket_wire import open_websocket_wire

__all__ = ["WIRES", "options_of"]

WIRES: Final = ("trio-websocket",)
"""Their names."""


def options_of(wire: str) -> Mapping[str, Any]:
    """What ``open_session`` is given for a wire."""
    return {"trio-websocket": {"connector": open_websocket_wire}}[wire]
