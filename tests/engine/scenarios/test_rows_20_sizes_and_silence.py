"""Rows 20 to 21 of the original's measured scenarios: large frames, slow callers, silent servers, and servers that talk to nobody.

The correct behaviour: a frame of more than 1 MiB is a frame like any other; a slow caller loses no word and delays nobody; every
silence has an end that is named; and the connection is read for as long as it is open, whoever asks for anything.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket

from harness.pair import KEY, Pair, open_pair
from harness.socket_pair import LIMIT, open_socket_pair
from harness.turns import (
    DIAL,
    EACH_PROFILE,
    LATENCY,
    LINK,
    PROMPT,
    Turn,
    create_body,
    create_times,
    dialogue,
    say,
    take_turn,
    words,
)
from rejoinder.engine import (
    ConsumerTooSlow,
    DeadlineExceeded,
    Deadlines,
    Endpoint,
    Policy,
    ReplayPolicy,
    Settings,
    open_session,
)
from rejoinder.states.profiles import PROFILES
from rejoinder.states.verdicts import Cause
from rejoinder.testing import (
    OPENAI,
    Answer,
    CancelMode,
    LogEntry,
    Message,
    ModelServer,
    ServerProfile,
    Stall,
    Text,
    scripted,
)

FIRST = "".join(words(0))
SECOND = dialogue("one", FIRST, "two")
SILENCE = Answer([Stall()], created=0, in_progress=False)
SLACK = 1e-6


# -- 20, 20b: large frames ---------------------------------------------------------------------------------------------------

SIZES = pytest.mark.parametrize(
    "size", [pytest.param(900_000, marks=pytest.mark.row("20")), pytest.param(1_200_000, marks=pytest.mark.row("20b"))]
)


def long_text(size: int) -> Text:
    """A text whose ``completed`` frame is a little larger than ``size`` bytes, in four deltas."""
    text = "".join(f"{number:07d} " for number in range(size // 8))
    return Text(text, 4)


def completed_sizes(log: list[LogEntry]) -> list[int]:
    """Bytes of each ``response.completed``."""
    return [len(entry.data) for entry in log if entry.direction == "out" and entry.type == "response.completed"]


def check_large(profile: ServerProfile, server: ModelServer, turns: list[Turn], size: int) -> None:
    """Both turns came through whole, once, and the second continued the first."""
    text = long_text(size).text
    assert [None, None] == [turn.error for turn in turns]
    assert size <= completed_sizes(server.log)[0] <= size + 2_000
    assert [text, "".join(words(1))] == [turn.text for turn in turns]
    assert text == turns[0].response.partial.text
    assert [
        create_body(profile, dialogue("one")),
        create_body(profile, dialogue("two"), previous="resp_1"),
    ] == server.creates()


@EACH_PROFILE
@SIZES
async def test_row_20_a_large_completed_is_like_any_other(autojump_clock: object, profile: ServerProfile, size: int) -> None:
    async with open_pair(ModelServer(profile, scripted([Answer([long_text(size)]), Answer([say(1)])])), default=LINK) as pair:
        first = await take_turn(pair.session, dialogue("one"))
        second = await take_turn(pair.session, dialogue("one", first.text, "two"))

    check_large(profile, pair.server, [first, second], size)
    assert 1 == pair.network.dials


@EACH_PROFILE
@SIZES
async def test_row_20_a_large_completed_over_a_real_socket(profile: ServerProfile, size: int) -> None:
    answers = [Answer([long_text(size)]), Answer([say(1, interval=0.0)])]
    async with open_socket_pair(ModelServer(profile, scripted(answers))) as there:
        first = await take_turn(there.session, dialogue("one"))
        second = await take_turn(there.session, dialogue("one", first.text, "two"))

    check_large(profile, there.server, [first, second], size)
    assert 1 == len(there.simulator.upgrades)


# -- 20c: a slow caller --------------------------------------------------------------------------------------------------------

MANY = 300


@EACH_PROFILE
@pytest.mark.row("20c")
async def test_row_20c_a_slow_caller_loses_no_word_and_delays_nobody(autojump_clock: object, profile: ServerProfile) -> None:
    turns: list[Turn] = []
    async with open_pair(ModelServer(profile, scripted([Answer([say(0, MANY, interval=0.0)])])), default=LINK) as pair:

        async def listen_slowly() -> None:
            turns.append(await take_turn(pair.session, "slow", pace=0.005))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen_slowly)
            await trio.sleep(0.5)
            other = await take_turn(pair.session, "quick")
    (slow,) = turns

    assert slow.error is None
    assert "".join(words(0, MANY)) == slow.text
    assert slow.waited >= MANY * 0.005
    assert "You said: quick" == other.text
    assert other.ended < slow.ended
    assert create_times(pair)[1] - other.asked <= PROMPT
    assert 2 == len(pair.creates)


@EACH_PROFILE
@pytest.mark.row("20c")
async def test_row_20c_a_caller_whose_buffer_is_full_is_told_so_and_hears_no_gap(
    autojump_clock: object, profile: ServerProfile
) -> None:
    answers = [Answer([say(0, MANY, interval=0.001)]), Answer([say(1)])]
    settings = Settings(buffer_limit=20_000)
    server = ModelServer(profile, scripted(answers))
    async with open_pair(server, default=LINK, settings=settings) as pair:
        slow = await take_turn(pair.session, "slow", pace=0.005)
        following = await take_turn(pair.session, "quick")
    error = slow.failed
    heard = slow.text.split()

    assert ConsumerTooSlow is type(error)
    assert "buffer" in str(error)
    assert 0 < len(heard) < MANY
    assert "".join(words(0, len(heard))) == slow.text  # everything up to the end, and then the error
    assert error.verdict is not None
    assert (True, False) == (error.verdict.output_begun, error.verdict.replay_safe)
    assert (["resp_1"] if profile.lanes else []) == [cancel["response_id"] for cancel in pair.cancels]
    assert following.error is None
    assert "".join(words(1)) == following.text
    assert 2 == len(pair.creates)


# -- 20d: the server never answers ---------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.row("20d")
@pytest.mark.original("B067", "C2:test_silent_response_times_out", "C2:test_timeout_reconnects_and_retries_with_full_context")
async def test_row_20d_a_server_that_never_answers_costs_two_created_deadlines(
    autojump_clock: object, profile: ServerProfile
) -> None:
    server = ModelServer(profile, scripted([SILENCE, SILENCE, Answer([say(1)])]))
    async with open_pair(server, default=LINK) as pair:
        unheard = await take_turn(pair.session, "one")
        following = await take_turn(pair.session, "two")
    error = unheard.failed

    assert DeadlineExceeded is type(error)
    assert "Deadlines(created=" in str(error)
    assert pytest.approx(2 * (DIAL + 30.0)) == unheard.waited
    assert error.verdict is not None
    assert (True, False, True, (Cause.OVERDUE,)) == (
        error.verdict.sent,
        error.verdict.acknowledged,
        error.verdict.replay_safe,
        error.verdict.replays,
    )
    assert following.error is None
    assert "".join(words(1)) == following.text
    assert create_times(pair)[2] - following.asked <= DIAL + PROMPT
    assert [0, 1, 2] == [entry.connection for entry in pair.log("in") if entry.type == "response.create"]


@pytest.mark.row("20d")
@pytest.mark.original("C2:test_timeout_reconnects_and_retries_with_full_context")
async def test_row_20d_with_lanes_silence_costs_a_lane_and_not_the_connection(autojump_clock: object) -> None:
    server = ModelServer(OPENAI, scripted([Answer([say(0)]), SILENCE, SILENCE, Answer([say(1)])]))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        unheard = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, "three")

    assert DeadlineExceeded is type(unheard.error)
    assert pytest.approx(60.0) == unheard.waited
    assert "".join(words(1)) == following.text
    assert create_times(pair)[3] - following.asked <= PROMPT
    assert ["lane-1", "lane-1", "lane-2", "lane-3"] == [create["stream_id"] for create in pair.creates]
    assert [False, True, False, False] == ["previous_response_id" in create for create in pair.creates]
    assert list(SECOND) == pair.creates[2]["input"]
    assert 1 == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("20d")
async def test_row_20d_without_replay_it_costs_one_created_deadline(autojump_clock: object, profile: ServerProfile) -> None:
    policy = Policy(replay=ReplayPolicy.NEVER, deadlines=Deadlines(created=4.0))
    async with open_pair(ModelServer(profile, scripted([SILENCE])), default=LINK, policy=policy) as pair:
        unheard = await take_turn(pair.session, "one")

    assert DeadlineExceeded is type(unheard.error)
    assert pytest.approx(DIAL + 4.0) == unheard.waited
    assert 1 == len(pair.creates)


@EACH_PROFILE
@pytest.mark.row("20d")
@pytest.mark.original("C2:test_response_created_alone_does_not_close_the_window")
async def test_row_20d_a_server_that_acknowledges_and_says_no_more_is_bounded_too(
    autojump_clock: object, profile: ServerProfile
) -> None:
    mute = Answer([Stall()])
    server = ModelServer(profile, scripted([mute, mute, Answer([say(1)])]))
    async with open_pair(server, default=LINK, policy=Policy(deadlines=Deadlines(first_output=6.0))) as pair:
        unheard = await take_turn(pair.session, "one")
        following = await take_turn(pair.session, "two")

    assert DeadlineExceeded is type(unheard.error)
    assert "Deadlines(first_output=" in str(unheard.failed)
    assert unheard.waited <= 2 * (DIAL + 2 * LATENCY + 6.0) + SLACK
    assert "".join(words(1)) == following.text
    assert create_times(pair)[2] - following.asked <= DIAL + PROMPT


# -- 20e: a stall in the middle ------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("gap", [5.0, 300.0])
@pytest.mark.row("20e")
@pytest.mark.original("B067", "C2:test_first_output_makes_the_wait_unbounded")
async def test_row_20e_a_stall_after_six_deltas_ends_with_the_gap_deadline_and_what_came(
    autojump_clock: object, profile: ServerProfile, gap: float
) -> None:
    stalled = Answer([say(1, 6, cut=True), Stall()])
    server = ModelServer(profile, scripted([Answer([say(0)]), stalled, Answer([say(2)])]))
    async with open_pair(server, default=LINK, policy=Policy(deadlines=Deadlines(gap=gap))) as pair:
        await take_turn(pair.session, dialogue("one"))
        turn = await take_turn(pair.session, SECOND)
        third = dialogue("one", FIRST, "two", "".join(words(1, 6)), "three")
        following = await take_turn(pair.session, third)
    error = turn.failed
    last_delta = max(pair.times("response.output_text.delta")[: 8 + 6])

    assert DeadlineExceeded is type(error)
    assert "Deadlines(gap=" in str(error)
    assert ("".join(words(1, 6)),) * 2 == (turn.text, error.partial.text)
    assert pytest.approx(last_delta + LATENCY + gap) == turn.ended
    assert error.verdict is not None
    assert not error.verdict.replay_safe
    assert (["resp_2"] if profile.lanes else []) == [cancel["response_id"] for cancel in pair.cancels]
    assert "".join(words(2)) == following.text
    assert create_times(pair)[2] - following.asked <= DIAL + PROMPT
    assert create_body(profile, third, lane=2 if profile.lanes else 1) == pair.creates[2]


# -- 21: nobody asks for anything and the server talks on ------------------------------------------------------------------------

TALK = 6_000


async def barge_in_and_fall_silent(pair: Pair) -> tuple[Turn, int]:
    """A turn, a barge-in on the next one after two words, 55 s in which nobody asks for anything, and a third.

    Returns the third turn, and how many frames had been read when it was asked for.
    """
    await take_turn(pair.session, dialogue("one"))
    await take_turn(pair.session, SECOND, leave_after=2)
    await trio.sleep(55.0)
    read = pair.session.statistics().frames_received
    return await take_turn(pair.session, dialogue("one", FIRST, "two", "".join(words(1, 2)), "three")), read


@pytest.mark.row("21")
@pytest.mark.original("B055")
async def test_row_21_with_lanes_the_connection_survives_a_server_that_talks_on(autojump_clock: object) -> None:
    talker = Answer([say(1, TALK, interval=0.01)])
    server = ModelServer(OPENAI, scripted([Answer([say(0)]), talker, Answer([say(2)])]), CancelMode.IGNORE)
    async with open_pair(server, default=LINK) as pair:
        following, read = await barge_in_and_fall_silent(pair)

    assert following.error is None
    assert "".join(words(2)) == following.text
    assert create_times(pair)[2] - following.asked <= PROMPT
    assert 1 == pair.network.dials
    assert read >= 5_000  # while nobody asked


@pytest.mark.parametrize("count, survives", [(400, True), (TALK, False)], ids=["within_the_drain_deadline", "beyond_it"])
@EACH_PROFILE
@pytest.mark.row("21")
async def test_row_21_the_turn_after_the_silence_is_prompt_or_one_dial_away(
    autojump_clock: object, profile: ServerProfile, count: int, *, survives: bool
) -> None:
    """A serial connection on which an abandoned response outlives the drain deadline is given up, while nobody waits for it."""
    talker = Answer([say(1, count, interval=0.01)])
    server = ModelServer(profile, scripted([Answer([say(0)]), talker, Answer([say(2)])]), CancelMode.IGNORE)
    async with open_pair(server, default=LINK) as pair:
        following, _ = await barge_in_and_fall_silent(pair)
    same = survives or profile.lanes

    assert following.error is None
    assert "".join(words(2)) == following.text
    assert create_times(pair)[2] - following.asked <= PROMPT + (0.0 if same else DIAL)
    assert (1 if same else 2) == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("21")
@pytest.mark.original("B055")
async def test_row_21_pings_are_answered_over_a_real_socket_while_nobody_asks(profile: ServerProfile) -> None:
    """More frames than any buffer of the WebSocket layer holds, then a ping: who does not read does not answer it."""
    many = 2_000
    answers = [Answer([say(0, many, interval=0.0)]), Answer([say(1, interval=0.0)])]
    brain = ModelServer(profile, scripted(answers), CancelMode.IGNORE)
    left, answered = trio.Event(), trio.Event()
    connections = 0

    async def say_all(socket: WebSocketConnection, frames: list[str]) -> None:
        for frame in frames:
            await socket.send_message(frame)

    async def talk(request: WebSocketRequest) -> None:
        nonlocal connections
        connections += 1
        socket = await request.accept()
        link = brain.connect(0.0)
        brain.receive(link, await socket.get_message(), 0.0)
        frames = [str(each.data) for each in brain.poll(0.0) if isinstance(each, Message)]
        await say_all(socket, frames[:8])
        await left.wait()
        await say_all(socket, frames[8:])
        await socket.ping()
        answered.set()
        while not (frames := [str(each.data) for each in brain.poll(1.0) if isinstance(each, Message)]):
            brain.receive(link, await socket.get_message(), 1.0)
        await say_all(socket, frames)
        with suppress(ConnectionClosed):
            await socket.get_message()  # until the client closes

    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve_websocket, talk, "127.0.0.1", 0, None)
        endpoint = Endpoint(f"ws://127.0.0.1:{server.port}/v1/responses", api_key=KEY, profile=PROFILES[profile.name])
        with trio.fail_after(LIMIT):
            async with open_session(endpoint) as session:
                abandoned = await take_turn(session, dialogue("one"), leave_after=2)
                left.set()
                await answered.wait()
                following = await take_turn(session, dialogue("two"))
                received = session.statistics().frames_received
        nursery.cancel_scope.cancel()

    assert "".join(words(0, 2)) == abandoned.text
    assert "".join(words(1)) == following.text
    assert following.error is None
    assert received > many
    assert 1 == connections
