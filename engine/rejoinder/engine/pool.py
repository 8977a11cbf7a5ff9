"""Several links for one session: ``async with open_pool(size=4) as session``.

What is opened is a ``Session``, and is used as one: whoever takes a session takes a pool. It has as many links as are needed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakMethod

import httpx
import trio

from rejoinder.states.pool import PoolLimits
from rejoinder.states.profiles import Profile

from .dialling import check_way
from .drive import Driver
from .endpoint import Endpoint
from .errors import InvalidSetting
from .http_client import HttpClient
from .pool_driver import PoolDriver
from .recorder import record_if_asked
from .session import Session, run_session
from .settings import Settings
from .transports import Transport, drivers
from .wire import Connector
from .wire_choice import open_chosen_wire

__all__ = ["open_pool", "pool_limits"]


@asynccontextmanager
async def open_pool(
    endpoint: Endpoint | None = None,
    settings: Settings | None = None,
    *,
    size: int = 4,
    spares: int | None = None,
    idle_limit: float = 300.0,
    transport: Transport = "websocket",
    sticky: bool = False,
    connector: Connector = open_chosen_wire,
    http_client: httpx.AsyncClient | None = None,
    http_options: Mapping[str, Any] | None = None,
) -> AsyncGenerator[Session]:
    """Run a session over several links for the length of a block; ``async with`` gives a ``Session`` as ``open_session`` does.

    For where one link is too narrow: a provider without lanes takes one response at a time on a connection, one with lanes 16. A
    conversation stays with the link that holds its continuation, as long as that link is free; everything else goes to the link
    that has the least to do. Further links are dialled when they are needed. When all are full, requests wait in the order in which
    they were made, at most ``Deadlines(queue=…)``.

    Args:
        endpoint: as for ``open_session``.
        settings: as for ``open_session``; ``preconnect`` dials the first link and the spare ones.
        size: how many links take requests at most, spare ones included. Each remembers one conversation, or 32 where it has lanes.
            (While a link is replaced, its successor is open beside it.)
        spares: how many links are kept connected without anything to do, beside those in use and as far as ``size`` allows: a
            request that finds the others occupied, as after an interruption, then waits for no handshake. None takes one where the
            provider has no lanes and ``size`` leaves room for it, else none.
        idle_limit: seconds after which a link without anything to do is closed; infinity for never. The first one stays, and so
            do spare ones.
        transport: as for ``open_session``. Over HTTP alone each response has a connection of its own already.
        sticky: as for ``open_session``.
        connector: as for ``open_session``.
        http_client: as for ``open_session``.
        http_options: as for ``open_session``.

    Raises:
        InvalidSetting: ``size``, ``spares`` or ``idle_limit`` cannot be; and all that ``open_session`` raises.
    """
    endpoint = Endpoint() if endpoint is None else endpoint
    settings = Settings() if settings is None else settings
    check_way(endpoint, settings)
    limits = pool_limits(endpoint.profile, size, spares, idle_limit)
    client = HttpClient(endpoint, settings, http_client, http_options)

    def drive(nursery: trio.Nursery) -> PoolDriver:
        def open_driver(links_from: int, pool: PoolDriver) -> Driver:
            # A pool holds its members. Would they hold it as well, only a search for garbage would free them all when it has ended.
            settle = WeakMethod(pool.settle)

            def on_change() -> None:
                settle_pool = settle()
                if settle_pool is not None:
                    settle_pool()

            driver = drivers(
                transport,
                client,
                connector,
                nursery,
                sticky=sticky,
                links_from=links_from,
                observers=pool.observers,
                on_change=on_change,
            )
            for each in driver.transports:
                each.recordings.extend(record_if_asked(each.lifecycle))
            return driver

        return PoolDriver(client, nursery, limits, open_driver)

    async with run_session(client, drive) as session:
        yield session


def pool_limits(profile: Profile, size: object, spares: object, idle_limit: object) -> PoolLimits:
    """The limits of a pool for this profile. Raises ``InvalidSetting`` for those that cannot be."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise InvalidSetting(f"size is {size!r}. Give the largest number of links of the pool, 1 or more.")
    most = size - 1
    if spares is None:
        spares = 0 if profile.lanes else min(1, most)
    if isinstance(spares, bool) or not isinstance(spares, int) or not 0 <= spares <= most:
        raise InvalidSetting(f"spares is {spares!r}. Give how many of the {size} links are kept free, 0 to {most}.")
    if isinstance(idle_limit, bool) or not isinstance(idle_limit, int | float) or not idle_limit > 0:
        raise InvalidSetting(f"idle_limit is {idle_limit!r}. Give seconds above 0, or math.inf to keep every link.")
    return PoolLimits(size, spares, float(idle_limit))
