"""What tells an explored world from others.

Rules of this file
* Two keys: the exact one tells worlds apart word by word and costs little; the canonical one numbers all names as the session's key
  does, so that worlds that are alike up to names are one. The second is made once for each value of the first.
* The canonical key has the session's key, and the rest with the same names.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from rejoinder.states.canonical import Names

from .any_server import Connection

if TYPE_CHECKING:
    from .world import ExploredWorld

__all__ = ["key_of"]


def key_of(world: ExploredWorld) -> int:
    """A number for the world, among those of its ``Watch``: worlds with equal numbers have the same future."""
    watch = world.watch
    live = [(number, caller.key(), world.chains[number]) for number, caller in world.callers.items() if not caller.ended]
    exact = (
        world.known,
        tuple(world.sockets.items()),
        world.dialling,
        world.pinged,
        world.unsendable,
        tuple(live),
        world.chain,
        world.asked,
        id(world.left),
    )
    number = watch.exact.get(exact)
    if number is None:
        number = watch.exact[exact] = watch.canonical.setdefault(_canonical(world), len(watch.canonical))
    return number


def _canonical(world: ExploredWorld) -> Hashable:
    known = world.known
    names = known.names.copy()
    number = names.number
    live = [(name, caller) for name, caller in world.callers.items() if not caller.ended]
    return (
        known.number,
        tuple(
            [
                (
                    number("link", link),
                    tuple(
                        [
                            (
                                number("response", out.response),
                                number("request", out.request),
                                out.lane,
                                number("response", out.named),
                                out.steers,
                            )
                            for out in socket.outbox
                        ]
                    ),
                    _key_of_connection(socket.connection, names),
                )
                for link, socket in world.sockets.items()
            ]
        ),
        tuple([number("link", link) for link in world.dialling]),
        tuple([number("link", link) for link in world.pinged]),
        tuple([(number("link", news.link), number("request", news.request), news.lane) for news in world.unsendable]),
        tuple([(number("request", name), caller.key()) for name, caller in live]),
        tuple([world.chains[name] for name, _ in live]),
        world.chain,
        world.asked,
        id(world.left),
    )


def _key_of_connection(connection: Connection, names: Names) -> Hashable:
    number = names.number
    return (
        connection.owed,
        connection.doomed,
        connection.cancels,
        tuple(
            [
                (
                    name,
                    None
                    if (run := lane.run) is None
                    else (
                        number("request", run.request),
                        number("response", run.response),
                        number("response", run.named),
                        run.stage.value,
                        run.number,
                        run.announced,
                        run.words,
                        run.thoughts,
                        run.cancelled,
                        run.refused,
                        run.unanswered,
                        run.queued,
                        run.names,
                        run.whole,
                    ),
                    number("response", lane.latest),
                    number("response", lane.completed),
                    number("response", lane.ended),
                    number("response", lane.spoke),
                    number("response", lane.hushed),
                    lane.number,
                    lane.stranger,
                    lane.echoed,
                    lane.unclear,
                    tuple([(number("response", response), number("request", request)) for response, request in lane.too_late]),
                )
                for name, lane in connection.lanes.items()
            ]
        ),
    )
