"""How responses travel: over a WebSocket, over HTTP, or over the one and where that cannot, over the other.

Each transport has a driver and a lifecycle of its own; when a request goes from the one to the other is said by the first's tables
(``HandedOver``), and the drivers only carry it over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Literal, get_args

import attrs
import trio

from rejoinder.states.profiles import HTTP, Fallback
from rejoinder.states.refusals import shown_value

from .drive import Driver
from .errors import InvalidSetting
from .http_client import HttpClient
from .http_wire import http_connector
from .observations import Observer
from .wire import Connector

__all__ = ["FALLBACK_LINKS", "Transport", "drivers"]

Transport = Literal["websocket", "http", "auto"]
"""How responses travel; see ``open_session``."""

FALLBACK_LINKS: Final = 100_000
"""What is added to the numbers of a second transport's links, where both are shown."""


def drivers(
    transport: Transport,
    client: HttpClient,
    connector: Connector,
    nursery: trio.Nursery,
    *,
    sticky: bool = False,
    links_from: int = 0,
    observers: list[Observer] | None = None,
    on_change: Callable[[], None] | None = None,
) -> Driver:
    """The driver of a session; its ``fallback`` is the second one, if it has two.

    The last three are for the members of a pool: from where their links are numbered, whom they tell, and whom they wake. Raises
    ``InvalidSetting`` for no transport, and for a connector that cannot be called.
    """
    if transport not in get_args(Transport):
        raise InvalidSetting(f"transport is {transport!r}. Give one of {', '.join(map(repr, get_args(Transport)))}.")
    if not callable(connector):
        raise InvalidSetting(
            f"connector is {shown_value(connector)}. Give a function that opens a wire, or leave it out: settings.wire"
            " chooses among the libraries."
        )
    if sticky and transport != "auto":
        raise InvalidSetting(
            f"sticky says what follows a fallback, and transport={transport!r} has none. Leave it out, or use 'auto'."
        )
    endpoint, settings = client.endpoint, client.settings
    alone = attrs.evolve(settings.policy, fallback=Fallback.NEVER)
    make = partial(Driver, endpoint, settings, nursery=nursery, observers=observers, on_change=on_change)
    if transport == "websocket":
        return make(connector, policy=alone, links_from=links_from)
    http_links = links_from if transport == "http" else links_from + FALLBACK_LINKS
    over_http = make(http_connector(client), profile=HTTP, policy=alone, links_from=http_links)
    if transport == "http":
        return over_http
    policy = attrs.evolve(settings.policy, fallback=Fallback.STICKY if sticky else Fallback.EACH)
    return make(connector, policy=policy, fallback=over_http, links_from=links_from)
