"""Rows 16 and 16b of the original's measured scenarios: two conversations over one session, and several turns at once.

The correct behaviour: with lanes both conversations stay incremental; a serial server holds one response only, so there each turn
goes in full and says why. Turns submitted together are sent in the order of submission, and each gets its own words.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
import trio

from harness.pair import Pair, open_pair
from harness.turns import (
    DIAL,
    EACH_PROFILE,
    LATENCY,
    LINK,
    PROMPT,
    create_body,
    create_times,
    dialogue,
    take_turn,
)
from rejoinder.states.continuation import Full, NoPrevious, PrefixChanged, Reuse
from rejoinder.testing import (
    AZURE,
    GENERIC,
    OPENAI,
    Answer,
    ModelServer,
    Received,
    ServerProfile,
    Text,
)

SERIAL = pytest.mark.parametrize("profile", [AZURE, GENERIC], ids=lambda profile: profile.name)
ROUNDS = 3


def slow_echo(received: Received) -> Answer:
    """An answer that says who asked, and takes some time."""
    text = f"Re: {received.text}. "
    return Answer([Text(text * 3, [text] * 3, interval=0.1)])


# -- 16: two conversations in turn ----------------------------------------------------------------------------------------------


async def converse(pair: Pair) -> dict[str, list[str]]:
    """Two conversations, a turn of each in turn; what each user said and heard."""
    talks: dict[str, list[str]] = {"A": [], "B": []}
    for number in range(ROUNDS):
        for name, said in talks.items():
            said.append(f"{name}{number}")
            turn = await take_turn(pair.session, dialogue(*said))
            assert create_times(pair)[-1] - turn.asked <= PROMPT + (DIAL if len(pair.creates) == 1 else 0.0)
            said.append(turn.text)
    return talks


@EACH_PROFILE
@pytest.mark.row("16")
async def test_row_16_each_conversation_hears_its_own_answers(autojump_clock: object, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(profile, slow_echo), default=LINK) as pair:
        talks = await converse(pair)

    assert {
        name: [text for number in range(ROUNDS) for text in (f"{name}{number}", f"Re: {name}{number}. " * 3)] for name in ("A", "B")
    } == talks
    assert 1 == pair.network.dials


@pytest.mark.row("16")
async def test_row_16_with_lanes_both_conversations_are_incremental(autojump_clock: object) -> None:
    async with open_pair(ModelServer(OPENAI, slow_echo), default=LINK) as pair:
        await converse(pair)

    assert [
        create_body(OPENAI, dialogue("A0"), lane=1),
        create_body(OPENAI, dialogue("B0"), lane=2),
        create_body(OPENAI, dialogue("A1"), lane=1, previous="resp_1"),
        create_body(OPENAI, dialogue("B1"), lane=2, previous="resp_2"),
        create_body(OPENAI, dialogue("A2"), lane=1, previous="resp_3"),
        create_body(OPENAI, dialogue("B2"), lane=2, previous="resp_4"),
    ] == pair.creates
    assert [Full(NoPrevious()), Full(PrefixChanged(0))] == [sent.decision for sent in pair.sent()[:2]]
    assert [Reuse] * 4 == [type(sent.decision) for sent in pair.sent()[2:]]


@SERIAL
@pytest.mark.row("16")
async def test_row_16_on_a_serial_link_each_turn_goes_in_full_and_says_why(autojump_clock: object, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(profile, slow_echo), default=LINK) as pair:
        talks = await converse(pair)

    assert [
        create_body(profile, dialogue(*talks[name][: 2 * number + 1])) for number in range(ROUNDS) for name in ("A", "B")
    ] == pair.creates
    assert [Full(NoPrevious()), *[Full(PrefixChanged(0))] * 5] == [sent.decision for sent in pair.sent()]


# -- 16b: turns submitted together -----------------------------------------------------------------------------------------------


async def ask_together(pair: Pair, count: int) -> list[str]:
    """Submit ``count`` turns in one instant, in order; what each heard."""
    async with AsyncExitStack() as stack:
        responses = [await stack.enter_async_context(pair.session.respond(f"turn {number}")) for number in range(count)]
        return [await response.text() for response in responses]


def heard(count: int, start: int = 0) -> list[str]:
    """What they must hear."""
    return [f"Re: turn {number}. " * 3 for number in range(start, count)]


def asked(pair: Pair) -> list[str]:
    """What the user said in each create, in the order in which creates reached the server."""
    return [str(create["input"][-1]["content"]) for create in pair.creates]


@EACH_PROFILE
@pytest.mark.row("16b")
@pytest.mark.original("B083")
async def test_row_16b_turns_submitted_together_are_sent_in_order_and_none_is_lost(
    autojump_clock: object, profile: ServerProfile
) -> None:
    async with open_pair(ModelServer(profile, slow_echo), default=LINK) as pair:
        texts = await ask_together(pair, 4)

    assert heard(4) == texts
    assert [f"turn {number}" for number in range(4)] == asked(pair)
    assert 1 == pair.network.dials


@SERIAL
@pytest.mark.row("16b")
async def test_row_16b_on_a_serial_link_each_waits_for_the_end_of_the_one_before(
    autojump_clock: object, profile: ServerProfile
) -> None:
    async with open_pair(ModelServer(profile, slow_echo), default=LINK) as pair:
        await ask_together(pair, 3)
    arrived, ended = create_times(pair), pair.times("response.completed")

    assert [pytest.approx(2 * LATENCY)] * 2 == [arrived[number + 1] - ended[number] for number in range(2)]


@pytest.mark.row("16b")
async def test_row_16b_with_lanes_they_run_side_by_side_once_the_link_has_proved_itself(autojump_clock: object) -> None:
    async with open_pair(ModelServer(OPENAI, slow_echo), default=LINK) as pair:
        started = trio.current_time()
        await ask_together(pair, 3)
        again = trio.current_time()
        await ask_together(pair, 3)
    arrived = create_times(pair)

    # The first alone, until its created has echoed the lane's name; the others then at once, and later all at once.
    assert [pytest.approx(DIAL + LATENCY), *[pytest.approx(DIAL + 3 * LATENCY)] * 2] == [at - started for at in arrived[:3]]
    assert [pytest.approx(LATENCY)] * 3 == [at - again for at in arrived[3:]]
    assert ["lane-1", "lane-2", "lane-3"] == [create["stream_id"] for create in pair.creates[:3]]


@pytest.mark.row("16b")
async def test_row_16b_no_more_than_sixteen_are_in_flight_and_the_rest_wait_in_order(autojump_clock: object) -> None:
    async with open_pair(ModelServer(OPENAI, slow_echo), default=LINK) as pair:
        texts = await ask_together(pair, 20)
    ends = pair.times("response.completed")

    assert heard(20) == texts
    assert [f"turn {number}" for number in range(20)] == asked(pair)
    assert 16 == max(
        sum(at <= arrived for at in create_times(pair)) - sum(end < arrived for end in ends) for arrived in create_times(pair)
    )
    assert 1 == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("16b")
async def test_row_16b_a_turn_that_leaves_the_queue_is_never_sent(autojump_clock: object, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(profile, slow_echo), default=LINK) as pair, AsyncExitStack() as stack:
        first, left, last = [await stack.enter_async_context(pair.session.respond(f"turn {number}")) for number in range(3)]
        left.cancel()
        texts = [await first.text(), await last.text()]

    assert [*heard(1), *heard(3, start=2)] == texts
    assert ["turn 0", "turn 2"] == asked(pair)
    assert [] == pair.cancels
