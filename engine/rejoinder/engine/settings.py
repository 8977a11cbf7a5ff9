"""How a session behaves: the model, what is sent with every request, the policy, and the sizes of buffers."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import attrs

from rejoinder.states.profiles import Policy, check_number

__all__ = ["Settings"]


@attrs.frozen
class Settings:
    """Settings of a session; each has a default that works."""

    model: str = "gpt-4.1"
    """The model, or on Azure the deployment."""
    instructions: str | None = None
    """``instructions`` of every request; not inherited on the wire, so it is sent each time."""
    fields: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Any further field of ``response.create``, sent with every request; ``respond`` can override each."""
    policy: Policy = attrs.field(factory=Policy)
    """Deadlines, cancel policy, replay, reuse, dialling."""
    preconnect: bool = False
    """Whether to dial when the session opens rather than when it is first needed."""
    buffer_limit: int = 16 * 1024 * 1024
    """What one response may hold undelivered, counted in characters of its frames' JSON; more fails it (``ConsumerTooSlow``)."""
    frame_limit: int = 64 * 1024 * 1024
    """Bytes of the largest frame that is accepted."""
    queue: int = 256
    """Frames that the WebSocket layer may hold before it stops reading the socket."""
    ping_interval: float = 20.0
    """Seconds between pings on an open link; a link whose pong does not come within the ping deadline is lost."""
    send_deadline: float = 20.0
    """Seconds that one frame may take to leave; then the link is lost. Shorter than the created deadline, which runs meanwhile."""
    close_deadline: float = 2.0
    """Seconds that the closing handshake may take; then the socket is closed without it."""
    ssl_context: ssl.SSLContext | None = None
    """TLS settings; None takes the system's certificate authorities."""

    def __attrs_post_init__(self) -> None:
        for name in ("buffer_limit", "frame_limit", "queue", "send_deadline", "close_deadline"):
            check_number(self, name)
        check_number(self, "ping_interval", endless=True)
