"""Networks that break on purpose, byte by byte: the right outcome, in the time that is promised.

The simulator stands behind a proxy that cuts, resets and swallows. What had not begun is sent again elsewhere; what had begun
is handed over as far as it came; and nobody waits longer than a deadline says.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing

from harness.loopback import open_sockets
from harness.pair import KEY
from rejoinder.engine import (
    ConnectionFailed,
    DeadlineExceeded,
    Deadlines,
    Endpoint,
    Interrupted,
    Policy,
    ReplayPolicy,
    Session,
    Settings,
    open_session,
)
from rejoinder.states.verdicts import Cause
from rejoinder.testing import AZURE, Answer, ModelServer, Text, scripted
from rejoinder.testing.fault_proxy import Break, Direction, ProxyPlan
from rejoinder.testing.simulator import Simulator, serve

pytestmark = pytest.mark.usefixtures("each_wire")

WORDS = "".join(f"word{number} " for number in range(30))
LONG = Answer([Text(WORDS, interval=0.1)])
IN_THE_PREAMBLE = 900
"""Bytes to the client after which the upgrade is complete and the first frame is not."""
IN_THE_WORDS = 3200
"""Bytes to the client that end in the middle of a delta."""


@attrs.frozen
class Net:
    """A session, and the simulator behind its proxy."""

    session: Session
    simulator: Simulator

    @property
    def creates(self) -> int:
        """How many creates the server has read."""
        return len(self.simulator.server.creates())


@asynccontextmanager
async def open_net(plan: ProxyPlan, settings: Settings | None = None, *answers: Answer) -> AsyncGenerator[Net]:
    """A session whose first connection goes as planned and whose later ones go well."""
    sockets = open_sockets()
    server = ModelServer(AZURE, scripted(answers or [LONG]))
    async with serve(server) as simulator:
        simulator.proxy.plans.append(plan)
        async with open_session(Endpoint(simulator.url, api_key=KEY), settings) as session:
            yield Net(session, simulator)
    assert open_sockets() <= sockets


async def goes_on(net: Net) -> None:
    """The session is good for another request, on a link of its own."""
    async with net.session.respond("Still there?") as response:
        assert (await response.text()) in {"You said: Still there?", WORDS}


@pytest.mark.parametrize("how", [Break.CLOSE, Break.RESET])
async def test_a_cut_before_the_first_word_is_replayed(how: Break, loopback_clock: trio.testing.MockClock) -> None:
    plan = ProxyPlan(break_after=IN_THE_PREAMBLE, how=how)
    async with open_net(plan, None, Answer([Text("first")]), Answer([Text("second")])) as net:
        async with net.session.respond("Hi") as response:
            assert "second" == await response.text()
        assert 2 == net.creates
        assert 1 == net.session.statistics().counts["Replay"]
        await goes_on(net)

    assert 0.0 == trio.current_time()


@pytest.mark.parametrize("how", [Break.CLOSE, Break.RESET])
@pytest.mark.original("B088")
async def test_a_cut_before_the_first_word_where_nothing_is_replayed(how: Break, loopback_clock: trio.testing.MockClock) -> None:
    plan = ProxyPlan(break_after=IN_THE_PREAMBLE, how=how)
    async with open_net(plan, Settings(policy=Policy(replay=ReplayPolicy.NEVER))) as net:
        async with net.session.respond("Hi") as response:
            with pytest.raises(Interrupted, match=r"^The connection was lost \(close code 1006\)\. ") as caught:
                await response.text()
        assert 1 == net.creates
        await goes_on(net)

    assert caught.value.verdict is not None
    assert (True, True) == (caught.value.verdict.sent, caught.value.verdict.replay_safe)


@pytest.mark.parametrize("how", [Break.CLOSE, Break.RESET])
async def test_a_cut_in_the_middle_of_a_frame(how: Break, loopback_clock: trio.testing.MockClock) -> None:
    async with open_net(ProxyPlan(break_after=IN_THE_WORDS, how=how)) as net:
        async with net.session.respond("Hi") as response:
            with pytest.raises(Interrupted, match=r"^The connection was lost \(close code 1006\)\. ") as caught:
                await response.text()
        broken = trio.current_time()
        assert 1 == net.creates
        await goes_on(net)

    text = caught.value.partial.text
    assert WORDS.startswith(text)
    assert 0 < len(text) < len(WORDS)
    # A word every tenth of a second: the loss is told with the frame that it cut.
    assert round(broken, 1) == round((text.count("word") + 1) * 0.1, 1)
    assert caught.value.failure is not None
    assert caught.value.verdict is not None
    assert Cause.LOST is caught.value.failure.cause
    assert (True, False) == (caught.value.verdict.output_begun, caught.value.verdict.replay_safe)


async def test_a_cut_in_the_handshake_is_dialled_again(loopback_clock: trio.testing.MockClock) -> None:
    async with open_net(ProxyPlan(break_after=60), None, Answer([Text("well")])) as net:
        async with net.session.respond("Hi") as response:
            assert "well" == await response.text()
        assert 1 == net.creates

    assert 0.375 <= trio.current_time() <= 0.5


@pytest.mark.parametrize("how", [Break.CLOSE, Break.RESET])
async def test_a_cut_in_the_middle_of_the_create(how: Break, loopback_clock: trio.testing.MockClock) -> None:
    plan = ProxyPlan(break_after=20_000, direction=Direction.TO_SERVER, how=how)
    async with open_net(plan, None, Answer([Text("well")])) as net:
        async with net.session.respond("x" * 100_000) as response:
            assert "well" == await response.text()
        assert 1 == net.creates

    # A link that never served is not dialled anew without a pause.
    assert 0.5 == trio.current_time()


async def test_a_black_hole_takes_the_connect_deadline(loopback_clock: trio.testing.MockClock) -> None:
    async with open_net(ProxyPlan(black_hole=True), Settings(policy=Policy(deadlines=Deadlines(connect=4.0)))) as net:
        async with net.session.respond("Hi") as response:
            with pytest.raises(ConnectionFailed, match=" within 4 s"):
                await response.text()
        assert 4.0 == trio.current_time()
        await goes_on(net)


async def test_a_server_that_went_silent_in_the_middle_is_found_by_the_pings(loopback_clock: trio.testing.MockClock) -> None:
    settings = Settings(ping_interval=10.0, policy=Policy(deadlines=Deadlines(ping=3.0)))
    async with open_net(ProxyPlan(break_after=IN_THE_WORDS, how=Break.HALF_OPEN), settings) as net:
        async with net.session.respond("Hi") as response:
            with pytest.raises(Interrupted, match=r"^The connection was lost\. ") as caught:
                await response.text()
        assert 13.0 == trio.current_time()
        await goes_on(net)

    assert WORDS.startswith(caught.value.partial.text)


async def test_a_server_that_went_silent_in_the_middle_is_found_by_the_gap(loopback_clock: trio.testing.MockClock) -> None:
    settings = Settings(ping_interval=1000.0, policy=Policy(deadlines=Deadlines(gap=30.0)))
    async with open_net(ProxyPlan(break_after=IN_THE_WORDS, how=Break.HALF_OPEN), settings) as net:
        async with net.session.respond("Hi") as response:
            with pytest.raises(DeadlineExceeded, match=r"^The server stopped in the middle of its answer within 30 s\. ") as caught:
                await response.text()
        words = caught.value.partial.text.count("word")
        assert round(words * 0.1 + 30.0, 1) == round(trio.current_time(), 1)
        await goes_on(net)


async def test_a_create_that_vanishes_is_sent_again_after_its_deadline(loopback_clock: trio.testing.MockClock) -> None:
    settings = Settings(ping_interval=1000.0, policy=Policy(deadlines=Deadlines(created=6.0)))
    plan = ProxyPlan(break_after=10_000, direction=Direction.TO_SERVER, how=Break.HALF_OPEN)
    async with open_net(plan, settings, Answer([Text("well")])) as net:
        async with net.session.respond("x" * 20_000) as response:
            assert "well" == await response.text()
        assert 6.0 == trio.current_time()
        assert 1 == net.creates
        assert 2 == net.session.statistics().creates


async def test_a_create_that_vanishes_without_replay(loopback_clock: trio.testing.MockClock) -> None:
    settings = Settings(ping_interval=1000.0, policy=Policy(replay=ReplayPolicy.NEVER, deadlines=Deadlines(created=6.0)))
    plan = ProxyPlan(break_after=10_000, direction=Direction.TO_SERVER, how=Break.HALF_OPEN)
    async with open_net(plan, settings, Answer([Text("well")])) as net:
        async with net.session.respond("x" * 20_000) as response:
            with pytest.raises(DeadlineExceeded, match=r"^The server did not acknowledge the request within 6 s\. ") as caught:
                await response.text()
        assert 6.0 == trio.current_time()
        async with net.session.respond("again") as response:
            assert "well" == await response.text()

    assert caught.value.verdict is not None
    assert (True, False) == (caught.value.verdict.sent, caught.value.verdict.acknowledged)


async def test_a_slow_network_changes_nothing_but_the_time(loopback_clock: trio.testing.MockClock) -> None:
    async with open_net(ProxyPlan(delay=0.5), None, Answer([Text("slow but whole")])) as net:
        async with net.session.respond("Hi") as response:
            assert "slow but whole" == await response.text()
        assert 1 == net.creates

    assert 2.0 <= trio.current_time()
