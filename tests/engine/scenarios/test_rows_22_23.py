"""Rows 22 and 23 of the original's measured scenarios: stopping while a response streams, and the turn after a barge-in.

Rule: the end of a session waits for no server, on a real socket neither. What a cancelled response left in the server's cache is
documented nowhere, so the next turn goes out in full, unless the policy says to try.
"""

from __future__ import annotations

from typing import Final, final

import attrs
import pytest
import trio
from trio.testing import MockClock

from harness.dialogue import PROMPT, Talk, open_talk, shared_lanes, story
from harness.pair import KEY, message, user
from rejoinder.engine import AfterCancel, Endpoint, Interrupted, Policy, Session, Settings, open_session
from rejoinder.states.continuation import Full, LaneDirty, Replayed, Reuse
from rejoinder.states.profiles import PROFILES
from rejoinder.states.verdicts import Cause
from rejoinder.testing import AZURE, OPENAI, Answer, CancelMode, ModelServer, Pause, ServerProfile, Text, scripted
from rejoinder.testing.simulator import serve

BOTH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)
STORY: Final = Answer([story("a")])
READY: Final = Answer([Text("Ready.")])
FINE: Final = Answer([Text("Fine.")])
HEARD: Final = "a0 a1 a2 "
SOON: Final = 1.0
"""Real seconds that leaving a session may take, on a machine that is busy with other things."""


@final
@attrs.define(eq=False)
class Listener:
    """Hears a story until it is interrupted."""

    enough: int = 3
    """How many pieces to hear before ``has_enough``."""
    has_enough: trio.Event = attrs.field(factory=trio.Event)
    """Set when so many have come."""
    heard: list[str] = attrs.field(factory=list[str])
    """The pieces."""
    end: Interrupted | None = None
    """How it ended."""

    async def listen(self, session: Session) -> None:
        async with session.respond("Tell me a story.") as response:
            try:
                async for delta in response.text_deltas():
                    self.heard.append(delta)
                    if len(self.heard) == self.enough:
                        self.has_enough.set()
            except Interrupted as interrupted:
                self.end = interrupted


@pytest.mark.row("22")
@BOTH
async def test_row_22_stop_while_streaming(profile: ServerProfile, autojump_clock: MockClock) -> None:
    listener = Listener()

    async with trio.open_nursery() as nursery:
        async with open_talk(ModelServer(profile, scripted([STORY]))) as talk:
            nursery.start_soon(listener.listen, talk.pair.session)
            await listener.has_enough.wait()
            stopped = trio.current_time()
        ended = trio.current_time()

    assert ended - stopped <= PROMPT
    assert ended == talk.left(0)
    assert HEARD == "".join(listener.heard)
    assert listener.end is not None
    assert listener.end.failure is not None
    assert Cause.CLOSED is listener.end.failure.cause
    assert HEARD == listener.end.partial.text


@pytest.mark.row("22")
@BOTH
@pytest.mark.parametrize("server_answers", [True, False], ids=["close_is_answered", "close_is_never_answered"])
async def test_row_22_stop_while_streaming_over_a_real_socket(*, server_answers: bool, profile: ServerProfile) -> None:
    listener = Listener(enough=100)
    server = ModelServer(profile, scripted([Answer([story("a", 20_000, 0.0005)])]))
    settings = Settings(close_deadline=2.0 if server_answers else 0.1)

    async with serve(server) as simulator, trio.open_nursery() as nursery:
        endpoint = Endpoint(simulator.url, api_key=KEY, profile=PROFILES[profile.name])
        async with open_session(endpoint, settings) as session:
            nursery.start_soon(listener.listen, session)
            await listener.has_enough.wait()
            if not server_answers:
                simulator.proxy.black_hole()
            stopped = trio.current_time()
        took = trio.current_time() - stopped

        assert took <= SOON
        assert [f"a{number} " for number in range(len(listener.heard))] == listener.heard
        assert listener.end is not None
        assert "".join(listener.heard) == listener.end.partial.text
        if server_answers:
            # The server, in a task of its own, has yet to read the end of the connection.
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert ["opened", "left"] == [entry.data for entry in server.log if entry.direction == "note"]


@pytest.mark.row("02c")
@pytest.mark.row("22")
async def test_row_02c_stop_long_after_a_barge_in_over_a_real_socket() -> None:
    # The original read nothing between turns: its closing handshake waited ten seconds behind the frames of such a server.
    answers = [Answer([story("a", 20_000, 0.0005)]), Answer([Pause(0.2), Text("Fine.")])]
    server = ModelServer(OPENAI, scripted(answers), CancelMode.IGNORE)

    async with serve(server) as simulator:
        endpoint = Endpoint(simulator.url, api_key=KEY, profile=PROFILES["openai"])
        async with open_session(endpoint) as session:
            async with session.respond("Tell me a story.") as told:
                await anext(told)
            async with session.respond("Stop.") as response:
                heard = await response.text()
            stopped = trio.current_time()
        took = trio.current_time() - stopped
        lanes = [entry.body["stream_id"] for entry in server.log if entry.direction == "out"]

        assert took <= SOON
        assert "cancelled" == told.status
        assert "" == told.partial.text
        assert "Fine." == heard
        assert lanes.count("lane-1") > 50


async def barge_in(talk: Talk, *, pause: float) -> None:
    """Row 23: a finished turn, one that is interrupted, and the turn after that, ``pause`` seconds later."""
    await talk.say("Ready?")
    await talk.interrupt("Tell me a story.", deltas=3)
    await trio.sleep(pause)
    await talk.say("Stop.")


WHOLE: Final = [user("Ready?"), message("Ready."), user("Tell me a story."), message(HEARD), user("Stop.")]


@pytest.mark.row("23")
@BOTH
@pytest.mark.parametrize("keeps_parent", [True, False])
async def test_row_23_after_a_barge_in_the_default_is_to_send_everything(
    *, keeps_parent: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(attrs.evolve(profile, keeps_parent=keeps_parent), scripted([READY, STORY, FINE]))

    async with open_talk(server, Policy(signal=True)) as talk:
        await barge_in(talk, pause=0.1)

        assert ["Ready.", HEARD, "Fine."] == talk.heard
        assert WHOLE == talk.pair.creates[-1]["input"]
        assert "previous_response_id" not in talk.pair.creates[-1]
        assert Full(LaneDirty()) == talk.pair.sent()[-1].decision
        assert talk.waited("Stop.") <= PROMPT
        assert 3 == len(talk.pair.creates)


@pytest.mark.row("23")
@BOTH
async def test_row_23_with_reuse_the_turn_continues_the_last_finished_response(
    profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(attrs.evolve(profile, keeps_parent=True), scripted([READY, STORY, FINE, READY]))

    async with open_talk(server, Policy(signal=True, after_cancel=AfterCancel.REUSE)) as talk:
        await barge_in(talk, pause=0.1)
        await talk.say("Ready again?")
        _, second, third, fourth = talk.pair.creates

        assert ["Ready.", HEARD, "Fine.", "Ready."] == talk.heard
        assert ("resp_1", WHOLE[2:]) == (third["previous_response_id"], third["input"])
        assert Reuse("resp_1", (), 2) == talk.pair.sent()[2].decision
        assert talk.waited("Stop.") <= PROMPT
        # The same lane, which is the only place where the parent may still be known.
        assert second.get("stream_id") == third.get("stream_id") == fourth.get("stream_id")
        assert ("resp_3", [user("Ready again?")]) == (fourth["previous_response_id"], fourth["input"])


@pytest.mark.row("23")
@BOTH
async def test_row_23_with_reuse_a_server_that_forgot_the_parent_costs_one_round_trip(
    profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(attrs.evolve(profile, keeps_parent=False), scripted([READY, STORY, FINE]))

    async with open_talk(server, Policy(signal=True, after_cancel=AfterCancel.REUSE)) as talk:
        await barge_in(talk, pause=0.1)

        assert ["Ready.", HEARD, "Fine."] == talk.heard
        assert [None, "resp_1", "resp_1", None] == [create.get("previous_response_id") for create in talk.pair.creates]
        assert WHOLE == talk.pair.creates[-1]["input"]
        assert Full(Replayed(Cause.CACHE_MISS)) == talk.pair.sent()[-1].decision
        assert talk.waited("Stop.") <= PROMPT
        assert 1 == talk.pair.network.dials
        assert [] == shared_lanes(talk.pair)


@pytest.mark.row("23")
async def test_row_23_with_reuse_a_turn_that_cannot_wait_for_the_lane_is_sent_in_full(autojump_clock: MockClock) -> None:
    server = ModelServer(attrs.evolve(OPENAI, keeps_parent=True), scripted([READY, STORY, FINE]))

    async with open_talk(server, Policy(after_cancel=AfterCancel.REUSE)) as talk:
        await barge_in(talk, pause=0.0)

        assert ["Ready.", HEARD, "Fine."] == talk.heard
        assert ["lane-1", "lane-1", "lane-2"] == [create["stream_id"] for create in talk.pair.creates]
        assert WHOLE == talk.pair.creates[-1]["input"]
        assert Full(LaneDirty()) == talk.pair.sent()[-1].decision
        assert talk.waited("Stop.") <= PROMPT
