"""Frames that no ordinary server sends: each does what ``docs/robustness.md`` says, on each wire, and the session goes on."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
import trio
import trio.testing

from harness.hostile import CLOSES, DAMAGED, HARMLESS, LIMIT, VIOLATIONS, Close, Harmless, Violation, facts, outcome_of
from harness.loopback import Handler, listen, open_sockets
from harness.pair import KEY
from harness.server_frames import TEXT, close_frame, first_says, frame, speaking
from harness.wires import WIRES
from rejoinder.engine import Endpoint, Interrupted, Note, ResponseError, Session, Settings, open_session
from rejoinder.engine.wire_choice import WireName
from rejoinder.states.profiles import AZURE as PROFILE
from rejoinder.testing import AZURE, ModelServer
from rejoinder.testing.simulator import serve

pytestmark = pytest.mark.parametrize("wire", WIRES)


@attrs.frozen
class Played:
    """What came of a request."""

    error: ResponseError | None
    """What was raised."""
    connections: int
    """How many connections were made."""
    counts: Mapping[str, int]
    """What was counted."""
    notes: list[tuple[str, str]]
    """What was noted, with its details."""

    @property
    def outcome(self) -> str:
        """What its caller got, in words."""
        return outcome_of(self.error, self.connections, self.counts)


async def ask(session: Session) -> ResponseError | None:
    async with session.respond("Grüße, 世界") as response:
        try:
            assert "You said: Grüße, 世界" == await response.text()
        except ResponseError as error:
            return error
    return None


async def play(wire: WireName, handler: Handler, nursery: trio.Nursery) -> Played:
    """Ask a server for an answer, and for another one, which must come."""
    before = open_sockets()
    listener = await listen(nursery, handler)
    notes: list[tuple[str, str]] = []
    endpoint = Endpoint(listener.url, api_key=KEY, profile=PROFILE)
    async with open_session(endpoint, Settings(wire=wire, frame_limit=LIMIT)) as session:
        session.observe(lambda seen: notes.append((seen.name, seen.detail)) if isinstance(seen, Note) else None)
        error = await ask(session)
        connections, counts = listener.connections, session.statistics().counts
        assert await ask(session) is None
    await trio.testing.wait_all_tasks_blocked(0.01)
    assert 1 == len(open_sockets() - before)
    return Played(error, connections, counts, notes)


async def play_first(wire: WireName, writes: tuple[bytes, ...], nursery: trio.Nursery) -> Played:
    """Ask a server whose first answer is these bytes."""
    async with serve(ModelServer(AZURE)) as simulator:
        return await play(wire, first_says(*writes, after=simulator.port), nursery)


@pytest.mark.parametrize("close", CLOSES, ids=facts)
async def test_a_close_code(close: Close, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    played = await play_first(wire, (close.data,), nursery)

    assert close.differs.get(wire, close.outcome) == played.outcome
    assert trio.current_time() <= 1.0
    if played.error is not None:
        assert f"close code {close.code}" in str(played.error)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1009, 1011, 4000])
async def test_a_close_in_the_middle_of_the_words(
    code: int, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    said: list[bytes] = []

    def cut(text: str) -> list[bytes]:
        said.append(frame(TEXT, text.encode()))
        return [said[-1]] if len(said) != 7 else [said[-1], close_frame(code, "so it goes")]

    played = await play(wire, speaking(cut), nursery)

    assert isinstance(played.error, Interrupted)
    assert str(played.error).startswith(f"The connection was lost (close code {code}: so it goes). ")
    assert "You " == played.error.partial.text[:4]
    assert 1 == played.connections


@pytest.mark.parametrize("violation", VIOLATIONS, ids=facts)
async def test_a_violation(
    violation: Violation, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    played = await play_first(wire, tuple(violation.writes), nursery)

    assert violation.outcome == played.outcome
    assert ("WireViolation", f"this side closed, with code {violation.code}") in played.notes
    assert trio.current_time() <= 1.0


@pytest.mark.parametrize("damaged", DAMAGED, ids=facts)
async def test_a_frame_with_nothing_in_it(
    damaged: Violation, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    played = await play_first(wire, tuple(damaged.writes), nursery)

    assert damaged.outcome == played.outcome
    assert ("Replay", "request 1: unreadable frame") in played.notes


@pytest.mark.parametrize("harmless", HARMLESS, ids=facts)
async def test_what_is_unusual_and_allowed(
    harmless: Harmless, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    played = await play(wire, speaking(harmless.transform), nursery)

    assert harmless.outcome == played.outcome
    assert 0.0 == trio.current_time()
