"""What the server may say is asked once, and equal connections are one."""

from __future__ import annotations

import pytest

from rejoinder.testing.explore import QUICK
from rejoinder.testing.explore.any_server import CONNECTION, Connection, Saying, read_create, say, sayings
from rejoinder.testing.explore.happening import Outbound
from rejoinder.testing.explore.known_server import KnownServer

CONFIGURATIONS = {configuration.name: configuration for configuration in QUICK}
CREATE = Outbound("r1.1", 1)


def reading() -> tuple[KnownServer, Connection]:
    server = KnownServer(CONFIGURATIONS["serial-words-of-others"])
    return server, server.read(server.met(CONNECTION), CREATE)


def test_equal_connections_are_one() -> None:
    server, connection = reading()
    same = read_create(CONNECTION, server.configuration, None, 1, "r1.1", None)

    assert connection is not same
    assert connection is server.met(same)
    assert connection is server.read(CONNECTION, CREATE)


def test_a_connection_that_differs_is_another() -> None:
    server, connection = reading()

    assert connection is not server.read(CONNECTION, Outbound("r1.2", 1))


def test_what_may_be_said_is_what_any_server_may_say() -> None:
    server, connection = reading()
    found = server.sayings(connection, 3)

    assert list(sayings(connection, server.configuration)) == [step.saying for step in found]
    assert {("say", 3)} == {(step.kind, step.link) for step in found}
    assert found is server.sayings(connection, 3)


def test_saying_it_gives_the_same_frame_and_the_known_connection() -> None:
    server, connection = reading()
    saying = Saying(None, "created")
    said, fresh = server.say(connection, saying), say(connection, server.configuration, saying)

    assert said.frame is fresh.frame
    assert said is server.say(connection, saying)
    assert said.connection is server.met(fresh.connection)


def test_what_cannot_be_done_wrong_is_not_offered_and_is_refused() -> None:
    server, connection = reading()
    offered = [step.saying.what for step in server.misbehaviours(connection, (), 1) if step.saying is not None]

    assert "stray delta" in offered
    assert "stale delta" not in offered
    with pytest.raises(LookupError, match="stale delta cannot be done"):
        server.misbehave(connection, (), Saying(None, "stale delta"))


def test_what_is_on_its_way_counts() -> None:
    """An error is a proper answer to a create that was sent: there it would not be wrong."""
    server = KnownServer(CONFIGURATIONS["serial-errors"])
    connection = server.say(server.read(CONNECTION, CREATE), Saying(None, "created")).connection

    def offered(*outbox: Outbound) -> set[str]:
        return {step.saying.what for step in server.misbehaviours(connection, outbox, 1) if step.saying is not None}

    assert "error for nobody" in offered()
    assert "error for nobody" not in offered(Outbound("r1.1"))
    assert "error for nobody" not in offered(Outbound("r2.1", 2))
