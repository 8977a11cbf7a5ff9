"""How responses travel: over a WebSocket, over HTTP, or over the one and where that cannot, over the other.

Each transport has a driver and a lifecycle of its own; when a request goes from the one to the other is said by the first's tables
(``HandedOver``), and the drivers only carry it over.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import attrs
import trio

from rejoinder.states.profiles import HTTP, Fallback

from .drive import Driver
from .http_client import HttpClient
from .http_wire import http_connector
from .wire import Connector

__all__ = ["FALLBACK_LINKS", "Transport", "drivers"]

Transport = Literal["websocket", "http", "auto"]
"""How responses travel; see ``open_session``."""

FALLBACK_LINKS: Final = 1000
"""What is added to the numbers of a second transport's links, where both are shown."""


def drivers(
    transport: Transport, client: HttpClient, connector: Connector, nursery: trio.Nursery, *, sticky: bool = False
) -> Driver:
    """The driver of a session; its ``fallback`` is the second one, if it has two. Raises ``ValueError`` for no transport."""
    if transport not in get_args(Transport):
        raise ValueError(f"transport is {transport!r}. Give one of {', '.join(map(repr, get_args(Transport)))}.")
    if sticky and transport != "auto":
        raise ValueError(f"sticky says what follows a fallback, and transport={transport!r} has none. Leave it out, or use 'auto'.")
    endpoint, settings = client.endpoint, client.settings
    alone = attrs.evolve(settings.policy, fallback=Fallback.NEVER)
    if transport == "websocket":
        return Driver(endpoint, settings, connector, nursery, policy=alone)
    over_http = Driver(
        endpoint,
        settings,
        http_connector(client),
        nursery,
        profile=HTTP,
        policy=alone,
        links_from=0 if transport == "http" else FALLBACK_LINKS,
    )
    if transport == "http":
        return over_http
    policy = attrs.evolve(settings.policy, fallback=Fallback.STICKY if sticky else Fallback.EACH)
    return Driver(endpoint, settings, connector, nursery, policy=policy, fallback=over_http)
