"""A create that has not left is taken back, the right one, and nothing waits behind a frame that is stuck."""

from __future__ import annotations

from typing import Any

import trio.testing
from trio.testing import wait_all_tasks_blocked

from harness import frames
from harness.hand_wire import HandNetwork, HandWire
from harness.pair import KEY
from rejoinder.engine import Deadlines, Endpoint, Moved, Observation, Settings, open_session
from rejoinder.engine.link_task import LinkTask
from rejoinder.states.profiles import AZURE, OPENAI

PATIENT = Settings(send_deadline=100.0)
"""A frame may be stuck for longer than the created deadline."""


def endpoint() -> Endpoint:
    """A provider with lanes."""
    return Endpoint("ws://localhost/", api_key=KEY, profile=OPENAI)


def begin(wire: HandWire) -> None:
    """Let the first response begin: from here on the link multiplexes."""
    wire.say(frames.created("resp_a", lane="lane-1"), frames.item_added("item_a", lane="lane-1"))


def answer(wire: HandWire, lane: str) -> None:
    """Answer every create of a lane in the order in which they came, as a server does, with the words that were asked."""
    asked = [body["input"][-1]["content"] for body in wire.sent if body.get("stream_id") == lane]
    for number, text in enumerate(asked):
        response, item, words = f"resp_{lane}_{number}", f"item_{lane}_{number}", f"You said {text}."
        wire.say(
            frames.created(response, lane=lane),
            frames.item_added(item, lane=lane),
            frames.delta(words, item=item, lane=lane),
            frames.completed(response, output=[frames.message(words, item)], lane=lane, sequence=3),
        )


async def test_caller_that_left_is_not_answered_to_another(autojump_clock: trio.testing.MockClock) -> None:
    """Another create is stuck; b is overdue behind it and sent again; its caller leaves; c: c heard the answer to b.

    The older create of b was taken back, and the lane of the younger counted as free.
    """
    network = HandNetwork()
    async with open_session(endpoint(), PATIENT, connector=network.connect) as session, session.respond("a"):
        await wait_all_tasks_blocked()
        wire = network.wires[0]
        begin(wire)
        await wait_all_tasks_blocked()
        wire.hold()
        async with session.respond("large"):
            await wait_all_tasks_blocked()
            async with session.respond("b"):
                await trio.sleep(31)
            wire.release()
            await wait_all_tasks_blocked()
            async with session.respond("c") as third:
                await wait_all_tasks_blocked()
                lane = wire.creates("c")[-1]["stream_id"]
                answer(wire, lane)
                heard = await third.text()

    assert [] == wire.creates("b")
    assert "You said c." == heard
    assert 1 == len(network.dials)


async def test_create_that_was_overdue_in_our_own_outbox_goes_out_once(autojump_clock: trio.testing.MockClock) -> None:
    network = HandNetwork()
    async with open_session(endpoint(), PATIENT, connector=network.connect) as session, session.respond("a"):
        await wait_all_tasks_blocked()
        wire = network.wires[0]
        begin(wire)
        await wait_all_tasks_blocked()
        wire.hold()
        async with session.respond("large"), session.respond("b") as second:
            await trio.sleep(31)
            wire.release()
            await wait_all_tasks_blocked()
            creates = wire.creates("b")
            answer(wire, creates[-1]["stream_id"])
            heard = await second.text()

    assert 1 == len(creates)
    assert "You said b." == heard


async def test_lane_of_a_create_that_was_taken_back_is_free(autojump_clock: trio.testing.MockClock) -> None:
    moves: list[tuple[str | None, str, str]] = []

    def watch(observation: Observation) -> None:
        if isinstance(observation, Moved) and observation.machine == "response" and observation.event == "Withdrawn":
            moves.append((observation.lane, str(observation.source), str(observation.target)))

    network = HandNetwork()
    async with open_session(endpoint(), PATIENT, connector=network.connect) as session, session.respond("a"):
        await wait_all_tasks_blocked()
        begin(network.wires[0])
        await wait_all_tasks_blocked()
        network.wires[0].hold()
        session.observe(watch)
        async with session.respond("large"), session.respond("b"):
            await trio.sleep(31)
            lanes = session.statistics().lanes

    assert ("lane-3", "quarantined", "idle") == moves[0]
    assert "idle" == lanes[1, "lane-3"]
    assert "quarantined" == lanes[1, "lane-2"]


async def test_of_two_creates_of_a_request_the_one_that_is_named_is_taken_back() -> None:
    driver: Any = None
    task = LinkTask(driver, 1)
    task.put("first", create=(2, "lane-2"))
    task.put("second", create=(2, "lane-3"))
    taken = [task.take_back((2, "lane-3")), task.take_back((2, "lane-3")), task.take_back((2, "lane-2"))]

    assert ["second", None, "first"] == [each and each.text for each in taken]


def test_frame_is_given_up_before_its_answer_is_overdue() -> None:
    assert Settings().send_deadline < Deadlines().created


async def test_create_that_cannot_leave_is_sent_again_elsewhere_and_once(autojump_clock: trio.testing.MockClock) -> None:
    """Nothing leaves: after 30 s the create was sent again beside the stuck one, and both might have gone out."""
    network = HandNetwork(held=1)
    served = Endpoint("ws://localhost/", api_key=KEY, profile=AZURE)
    async with open_session(served, connector=network.connect) as session, session.respond("a") as response:
        await trio.sleep(25)
        for wire in network.wires:
            wire.release()
        await wait_all_tasks_blocked()
        creates = [len(wire.creates("a")) for wire in network.wires]
        words = frames.delta("Hello"), frames.completed(output=[frames.message("Hello")], sequence=3)
        network.wires[-1].say(frames.created(), frames.item_added(), *words)
        heard = await response.text()

    assert [0, 1] == creates
    # The link had not served, so there is a pause before the second dial.
    assert [0.0, Settings().send_deadline + 0.5] == network.dials
    assert "Hello" == heard
