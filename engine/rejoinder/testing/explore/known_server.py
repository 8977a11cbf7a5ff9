"""What the explored server may say and what came of it, remembered.

Rules of this file
* Nothing here is decided: ``any_server.py`` and ``misbehaviour.py`` say what a connection can do, each once.
* A connection that was met is one value: those that are equal are the same object, so that they compare at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final, final

from .any_server import Connection, Said, Saying, Stage, read_cancel, read_create, read_steer, say, sayings
from .configuration import Configuration
from .happening import Happening, Outbound
from .misbehaviour import MISBEHAVIOUR, View

__all__ = ["KnownServer"]

Outbox = tuple[Outbound, ...]


@final
class KnownServer:
    """All connections that one exploration has met."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration: Final = configuration
        # The connections, by everything that is in them.
        self.known: Final[dict[Hashable, Connection]] = {}
        # What may be said by the book, by connection and link; and done wrong, by what was not read as well.
        self.can_say: Final[dict[tuple[Connection, int], Sequence[Happening]]] = {}
        self.can_misbehave: Final[dict[tuple[Connection, Outbox, int], Sequence[Happening]]] = {}
        # What came of saying something; with an outbox it was wrong.
        self.was_said: Final[dict[tuple[Connection, Outbox | None, Saying], Said]] = {}
        # The connection after a frame of the client was read.
        self.was_read: Final[dict[tuple[Connection, Outbound], Connection]] = {}

    def met(self, connection: Connection) -> Connection:
        """The one value for all connections that are equal to ``connection``."""
        told = (tuple(connection.lanes.items()), connection.owed, connection.doomed, connection.cancels)
        return self.known.setdefault(told, connection)

    def sayings(self, connection: Connection, link: int) -> Sequence[Happening]:
        """Everything that may be said now on ``link``, by the book."""
        name = (connection, link)
        found = self.can_say.get(name)
        if found is None:
            found = [Happening("say", link, saying=saying) for saying in sayings(connection, self.configuration)]
            self.can_say[name] = found
        return found

    def misbehaviours(self, connection: Connection, outbox: Outbox, link: int) -> Sequence[Happening]:
        """Everything that may be done wrong now on ``link``."""
        name = (connection, outbox, link)
        found = self.can_misbehave.get(name)
        if found is None:
            found = [
                Happening("misbehave", link, saying=Saying(lane, what))
                for lane in connection.lanes
                for what in self.configuration.misbehaves
                if MISBEHAVIOUR[what](self._view(connection, outbox, lane)) is not None
            ]
            self.can_misbehave[name] = found
        return found

    def say(self, connection: Connection, saying: Saying) -> Said:
        """Say something right."""
        name = (connection, None, saying)
        said = self.was_said.get(name)
        if said is None:
            said = self.was_said[name] = self._kept(say(connection, self.configuration, saying))
        return said

    def misbehave(self, connection: Connection, outbox: Outbox, saying: Saying) -> Said:
        """Do something wrong. Raises ``LookupError`` where it cannot be done."""
        name = (connection, outbox, saying)
        said = self.was_said.get(name)
        if said is None:
            done = MISBEHAVIOUR[saying.what](self._view(connection, outbox, saying.lane))
            if done is None:
                raise LookupError(f"{saying.what} cannot be done on {saying.lane} now")
            said = self.was_said[name] = self._kept(done)
        return said

    def read(self, connection: Connection, out: Outbound) -> Connection:
        """Read a frame of the client."""
        name = (connection, out)
        after = self.was_read.get(name)
        if after is None:
            if out.steers:
                after = read_steer(connection, out.response)
            elif out.request:
                after = read_create(connection, self.configuration, out.lane, out.request, out.response, out.named)
            else:
                after = read_cancel(connection, self.configuration, out.response)
            after = self.was_read[name] = self.met(after)
        return after

    def _kept(self, said: Said) -> Said:
        return said._replace(connection=self.met(said.connection))

    def _view(self, connection: Connection, outbox: Outbox, lane: str | None) -> View:
        creates = [out for out in outbox if out.request]
        asking = bool(creates) or any(run.stage is Stage.READ for run in connection.runs)
        owed = bool(connection.owed) or any(out.cancels for out in outbox)
        asked = any(out.lane == lane for out in creates)
        return View(connection, self.configuration, lane, asked, asking, owed)
