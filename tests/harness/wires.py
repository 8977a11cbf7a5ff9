"""The WebSocket wires there are, for tests that must hold on each of them."""

from __future__ import annotations

from typing import Final

from rejoinder.engine.wire_choice import WireName

__all__ = ["WIRES"]

WIRES: Final[tuple[WireName, ...]] = ("trio-websocket", "websockets")
"""Their names, as ``Settings(wire=…)`` takes them."""
