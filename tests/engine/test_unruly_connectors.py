"""Connectors and wires that do not keep to their contract: slow to leave, or raising what they should not.

Whatever they do costs a dial or a link, is in the log, and never the session or another caller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import trio
import trio.testing
from trio.testing import wait_all_tasks_blocked

from harness import frames
from harness.hand_wire import HandNetwork, HandWire
from harness.pair import KEY
from rejoinder.engine import (
    ConnectionFailed,
    Endpoint,
    HandshakeFailed,
    Interrupted,
    Policy,
    ReplayPolicy,
    Session,
    Settings,
    WireClosed,
    open_session,
)
from rejoinder.states.profiles import AZURE
from rejoinder.states.verdicts import Cause

ENDPOINT = Endpoint("ws://localhost/", api_key=KEY, profile=AZURE)
ONCE = Settings(policy=Policy(replay=ReplayPolicy.NEVER, dial_attempts=1))
WORDS = [frames.created(), frames.item_added(), frames.delta("Hello")]
END = frames.completed(output=[frames.message("Hello")], sequence=3)


async def hear(session: Session, network: HandNetwork, wire: int = -1) -> str:
    """Ask over a wire that is there or comes at once, be answered, and return what was heard."""
    async with session.respond("Hi") as response:
        await wait_all_tasks_blocked()
        network.wires[wire].say(*WORDS, END)
        return await response.text()


def logged(caplog: pytest.LogCaptureFixture) -> list[type[BaseException] | None]:
    """The types of the exceptions that were logged as errors."""
    return [record.exc_info[0] if record.exc_info else None for record in caplog.records if record.levelno == logging.ERROR]


# -- slow to leave -------------------------------------------------------------------------------------------------------------


async def test_closing_handshake_delays_nobody(autojump_clock: trio.testing.MockClock) -> None:
    """The socket is gone and its connector takes two seconds to leave: the next dial came after them."""
    network = HandNetwork(closing=2.0)
    async with open_session(ENDPOINT, connector=network.connect) as session:
        first = await hear(session, network)
        async with session.respond("Hi") as response:
            await wait_all_tasks_blocked()
            network.wires[0].fail(WireClosed(1006))
            await wait_all_tasks_blocked()
            dials = list(network.dials)
            await trio.sleep(3)
            network.wires[1].say(*WORDS, END)
            second = await response.text()

    assert ["Hello", "Hello"] == [first, second]
    assert [0.0, 0.0] == dials


async def test_loss_in_the_middle_is_told_before_the_closing_handshake(autojump_clock: trio.testing.MockClock) -> None:
    network = HandNetwork(closing=2.0)
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session:
        async with session.respond("Hi") as response:
            await wait_all_tasks_blocked()
            network.wires[0].say(*WORDS)
            network.wires[0].fail(WireClosed(1006))
            with pytest.raises(Interrupted, match="close code 1006"):
                await response.text()
        at = trio.current_time()
        links = session.statistics().links
        heard = await hear(session, network)

    assert 0.0 == at
    assert {} == links
    assert "Hello" == heard


# -- a dial that raises something else -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError("nope"), ValueError("no such codec"), trio.BrokenResourceError()], ids=repr)
async def test_connector_that_raises_something_else_is_a_failed_dial(
    error: Exception, autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    network = HandNetwork(error)
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session:
        async with session.respond("Hi") as response:
            with pytest.raises(ConnectionFailed) as caught:
                await response.text()
        heard = await hear(session, network)

    assert caught.value.failure is not None
    assert Cause.DIAL == caught.value.failure.cause
    assert "Hello" == heard
    assert [type(error)] == logged(caplog)


async def test_dial_that_raised_something_else_is_tried_again(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    network = HandNetwork(OSError("nope"), OSError("nope"))
    async with open_session(ENDPOINT, connector=network.connect) as session, session.respond("Hi") as response:
        await trio.sleep(3)
        network.wires[0].say(*WORDS, END)
        heard = await response.text()

    assert "Hello" == heard
    assert 3 == len(network.dials)
    assert [OSError, OSError] == logged(caplog)


# -- a wire that raises something else --------------------------------------------------------------------------------------


def fail_receiving(wire: HandWire) -> None:
    """The reader meets an error."""
    wire.fail(ConnectionResetError("reset"))


def fail_pinging(wire: HandWire) -> None:
    """The next ping, 20 s from the first, meets an error."""
    wire.fail_ping = ConnectionResetError("reset")


@pytest.mark.parametrize("fail", [fail_receiving, fail_pinging])
@pytest.mark.original("C8:test_general_exception_triggers_reconnect")
async def test_wire_that_raises_something_else_is_lost(
    fail: Callable[[HandWire], None], autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    network = HandNetwork()
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session:
        async with session.respond("Hi") as response:
            await wait_all_tasks_blocked()
            network.wires[0].say(*WORDS)
            fail(network.wires[0])
            with pytest.raises(Interrupted, match="connection was lost") as caught:
                await response.text()
        heard = await hear(session, network)

    assert "Hello" == caught.value.partial.text
    assert "Hello" == heard
    assert 2 == len(network.dials)
    assert [ConnectionResetError] == logged(caplog)


async def test_wire_that_raises_something_else_when_it_sends_is_lost(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    network = HandNetwork()
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session:
        first = await hear(session, network)
        network.wires[0].fail_send = BrokenPipeError("gone")
        async with session.respond("Hi") as response:
            with pytest.raises(Interrupted, match="connection was lost"):
                await response.text()
        heard = await hear(session, network)

    assert ["Hello", "Hello"] == [first, heard]
    assert 2 == len(network.dials)
    assert [BrokenPipeError] == logged(caplog)


@pytest.mark.original("B066", "C8:test_general_exception_triggers_reconnect")
async def test_request_without_output_survives_a_wire_that_raises_something_else(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    network = HandNetwork()
    async with open_session(ENDPOINT, connector=network.connect) as session, session.respond("Hi") as response:
        await wait_all_tasks_blocked()
        network.wires[0].say(frames.created())
        fail_receiving(network.wires[0])
        await wait_all_tasks_blocked()
        network.wires[1].say(*WORDS, END)
        heard = await response.text()
        replays = session.statistics().counts["Replay"]

    assert "Hello" == heard
    assert 1 == replays
    assert [ConnectionResetError] == logged(caplog)


# -- a connector that raises something else after it had opened --------------------------------------------------------------


async def test_connector_whose_own_task_breaks_has_lost_its_link(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A connector may run tasks beside its wire; one of them raises while a response is running."""
    network = HandNetwork()
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session:
        async with session.respond("Hi") as response:
            await wait_all_tasks_blocked()
            network.wires[0].say(*WORDS)
            await wait_all_tasks_blocked()
            network.wires[0].break_inside()
            with pytest.raises(Interrupted, match="connection was lost") as caught:
                await response.text()
        at = trio.current_time()
        links = session.statistics().links
        heard = await hear(session, network)

    assert "Hello" == caught.value.partial.text
    assert 0.0 == at
    assert {} == links
    assert "Hello" == heard
    assert 1 == len(logged(caplog))


async def test_connector_that_fails_a_handshake_which_was_over_has_lost_its_link(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What a connector may raise before it has opened, it raises while a response is running."""
    network = HandNetwork()
    network.fail_closing = HandshakeFailed("too late")
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session:
        async with session.respond("Hi") as response:
            await wait_all_tasks_blocked()
            network.wires[0].say(*WORDS)
            await wait_all_tasks_blocked()
            network.wires[0].break_inside()
            with pytest.raises(Interrupted, match="connection was lost") as caught:
                await response.text()
        links = session.statistics().links
        heard = await hear(session, network)

    assert "Hello" == caught.value.partial.text
    assert {} == links
    assert "Hello" == heard


async def test_connector_that_raises_when_it_is_left_harms_nobody(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    network = HandNetwork()
    network.fail_closing = OSError("already closed")
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session:
        async with session.respond("Hi") as response:
            await wait_all_tasks_blocked()
            network.wires[0].fail(WireClosed(1006))
            with pytest.raises(Interrupted, match="close code 1006"):
                await response.text()
        await wait_all_tasks_blocked()
        heard = await hear(session, network)

    assert "Hello" == heard
    assert [OSError] == logged(caplog)


async def test_refusal_inside_a_group_keeps_its_status(autojump_clock: trio.testing.MockClock) -> None:
    refusal = HandshakeFailed("The server refused.", status=401)
    network = HandNetwork(ExceptionGroup("a nursery of the connector's", [refusal]))
    async with open_session(ENDPOINT, connector=network.connect) as session, session.respond("Hi") as response:
        with pytest.raises(ConnectionFailed) as caught:
            await response.text()

    assert caught.value.failure is not None
    assert 401 == caught.value.failure.status
    assert 1 == len(network.dials)


async def test_groups_that_hold_more_than_a_refusal_are_failures_of_their_own(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [HandshakeFailed("The server refused.", status=401), OSError("nope")]
    network = HandNetwork(ExceptionGroup("a nursery of the connector's", errors))
    async with open_session(ENDPOINT, ONCE, connector=network.connect) as session, session.respond("Hi") as response:
        with pytest.raises(ConnectionFailed) as caught:
            await response.text()

    assert caught.value.failure is not None
    assert caught.value.failure.status is None
    assert [ExceptionGroup] == logged(caplog)
