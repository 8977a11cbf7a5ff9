"""What can happen in the explored world, and what is on its way in it.

Rule of this file: values only, that compare and hash as fast as tuples do: an exploration has millions of them.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .any_server import CONNECTION, Connection, Saying

__all__ = ["Happening", "Outbound", "Socket", "happening"]


class Happening(NamedTuple):
    """One thing that happens."""

    kind: str
    """A name of ``world.TAKE``."""
    link: int = 0
    """The link it happens to, if it does to one."""
    request: int = 0
    """The request it happens to, if it does to one."""
    saying: Saying | None = None
    """What the server says, if it says something."""


class Outbound(NamedTuple):
    """A frame of the client on its way: a create, a cancel, or words that are added to a response."""

    response: str
    """The id that the create's response will have, or that the cancel or the words name."""
    request: int = 0
    """The request of a create; 0 for a cancel, and for words."""
    lane: str | None = None
    """The lane of a create."""
    named: str | None = None
    """What a create continues."""
    steers: bool = False
    """Whether it is words."""

    @property
    def cancels(self) -> bool:
        """Whether it is a cancel."""
        return not self.request and not self.steers


class Socket(NamedTuple):
    """An open socket: what the client has sent and the server has not read, and the server's side."""

    outbox: tuple[Outbound, ...] = ()
    """In the order of sending."""
    connection: Connection = CONNECTION
    """The server's side."""


@cache
def happening(kind: str, link: int = 0, request: int = 0) -> Happening:
    """Something that happens without a word of the server: the same value each time."""
    return Happening(kind, link, request)
