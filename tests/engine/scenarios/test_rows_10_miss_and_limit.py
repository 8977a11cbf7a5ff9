"""Rows 10 to 11b of the original's measured scenarios: the server forgot the previous response, or ends the connection.

The correct behaviour: what can be made good is made good without a word to the caller, and what cannot is one clear error.
"""

from __future__ import annotations

from typing import Any

import attrs
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
    say,
    take_turn,
    words,
)
from rejoinder.engine import ResponseFailed
from rejoinder.states.continuation import Decision, Full, LaneDirty, NewLink, Replayed, Reuse
from rejoinder.states.verdicts import Cause
from rejoinder.testing import (
    Answer,
    ErrorFrame,
    LoseConnection,
    ModelServer,
    ServerFaults,
    ServerProfile,
    Stall,
    scripted,
)
from rejoinder.testing.script import ErrorShape

REPLIES = ["".join(words(number)) for number in range(5)]
SECOND = dialogue("one", REPLIES[0], "two")
THIRD = dialogue("one", REPLIES[0], "two", REPLIES[1], "three")
LIMIT = ErrorFrame(
    code="websocket_connection_limit_reached",
    message="Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.",
)


def replies(*numbers: int) -> list[Answer]:
    """Whole answers."""
    return [Answer([say(number)]) for number in numbers]


def decisions(pair: Pair) -> list[str | Decision]:
    """The decision of each create; of a reuse, what it names."""
    return [sent.decision.response_id if isinstance(sent.decision, Reuse) else sent.decision for sent in pair.sent()]


# -- 10: previous_response_not_found -----------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.row("10")
@pytest.mark.original("B084", "B085", "C1:test_previous_response_not_found_raises")
async def test_row_10_a_cache_miss_costs_one_round_trip_and_no_error(autojump_clock: object, profile: ServerProfile) -> None:
    server = ModelServer(profile, scripted(replies(0, 1, 2)), faults=ServerFaults(forget_continuations=1))
    async with open_pair(server, default=LINK) as pair:
        turns = [await take_turn(pair.session, items) for items in (dialogue("one"), SECOND, THIRD)]
    arrived = create_times(pair)

    assert [None] * 3 == [turn.error for turn in turns]
    assert REPLIES[:3] == [turn.text for turn in turns]
    assert 1 == sum(event.type == "response.created" for event in turns[1].events)
    assert "error" not in {event.type for event in turns[1].events}
    assert [
        create_body(profile, dialogue("one")),
        create_body(profile, dialogue("two"), previous="resp_1"),
        create_body(profile, SECOND),
        create_body(profile, dialogue("three"), previous="resp_2"),  # and the conversation is incremental again
    ] == pair.creates
    assert Full(Replayed(Cause.CACHE_MISS)) == pair.sent()[2].decision
    assert arrived[1] - turns[1].asked <= PROMPT
    assert pytest.approx(2 * LATENCY) == arrived[2] - arrived[1]
    assert 1 == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("10b")
@pytest.mark.original("B087")
async def test_row_10b_a_miss_for_a_create_that_named_nothing_is_a_clear_error(
    autojump_clock: object, profile: ServerProfile
) -> None:
    nonsense = ErrorFrame(code="previous_response_not_found", message="nope", param="previous_response_id")
    answers = [*replies(0), Answer(reject=nonsense), *replies(2)]
    server = ModelServer(profile, scripted(answers), faults=ServerFaults(forget_continuations=1))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        refused = await take_turn(pair.session, SECOND)
        third_items = dialogue("one", REPLIES[0], "three")
        third = await take_turn(pair.session, third_items)
    error = refused.failed

    assert ResponseFailed is type(error)
    assert str(error).startswith("nope.")
    assert error.failure is not None
    assert ("previous_response_not_found", "previous_response_id", 400) == (
        error.failure.code,
        error.failure.param,
        error.failure.status,
    )
    assert error.verdict is not None
    assert (Cause.CACHE_MISS,) == error.verdict.replays
    assert "" == refused.text
    assert "".join(words(2)) == third.text
    assert [
        create_body(profile, dialogue("two"), previous="resp_1"),
        create_body(profile, SECOND),
        create_body(profile, third_items),
    ] == pair.creates[1:]
    assert Full(LaneDirty()) == decisions(pair)[3]
    assert create_times(pair)[3] - third.asked <= PROMPT
    assert 1 == pair.network.dials


# -- 11: the connection has reached its limit --------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("shape", ["wrapped", "flat", "wrapped_in_sequence"])
@pytest.mark.row("11")
@pytest.mark.row("11b")
@pytest.mark.original("B085", "B095", "C1:test_connection_limit_reached_raises")
async def test_row_11_a_connection_at_its_limit_is_replaced_at_once_whatever_the_shape_of_the_error(
    autojump_clock: object, profile: ServerProfile, shape: ErrorShape
) -> None:
    limited = attrs.evolve(profile, error_shape=shape)
    server = ModelServer(limited, scripted(replies(0, 1, 2)), faults=ServerFaults(age_limit_after_creates=1))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        limited_turn = await take_turn(pair.session, SECOND)
    arrived = create_times(pair)

    assert limited_turn.error is None
    assert REPLIES[1] == limited_turn.text
    assert ["response.created"] == [event.type for event in limited_turn.events][:1]
    assert [
        create_body(profile, dialogue("one")),
        create_body(profile, dialogue("two"), previous="resp_1"),
        create_body(profile, SECOND),
    ] == pair.creates
    assert [2, 1] == [len(pair.client_frames(connection)) for connection in (0, 1)]
    assert Full(Replayed(Cause.LIMIT)) == decisions(pair)[2]
    # The error's way back, one handshake, the create's way there: no pause before the dial.
    assert pytest.approx(LATENCY + DIAL + LATENCY) == arrived[2] - arrived[1]


@EACH_PROFILE
@pytest.mark.parametrize("shape", ["wrapped", "flat"])
@pytest.mark.parametrize("then", [LoseConnection(1001), LoseConnection(None), Stall()], ids=["closed", "dropped", "left_open"])
@pytest.mark.row("11b")
async def test_row_11b_the_socket_that_reached_its_limit_is_not_used_again(
    autojump_clock: object, profile: ServerProfile, shape: ErrorShape, then: LoseConnection | Stall
) -> None:
    told = attrs.evolve(LIMIT, shape=shape)
    limited = Answer([told, then], created=0, in_progress=False)
    server = ModelServer(profile, scripted([*replies(0), limited, *replies(1, 2)]))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        turns = [await take_turn(pair.session, items) for items in (SECOND, THIRD)]
        await trio.sleep(10.0)
        links = dict(pair.session.statistics().links)

    assert [None, None] == [turn.error for turn in turns]
    assert REPLIES[1:3] == [turn.text for turn in turns]
    assert [2, 2] == [sum(frame["type"] == "response.create" for frame in pair.client_frames(number)) for number in (0, 1)]
    assert create_body(profile, dialogue("three"), previous=created_ids(pair)[-2]) == pair.creates[3]
    assert {2: "open"} == links


@EACH_PROFILE
@pytest.mark.row("11")
async def test_row_11_a_limit_told_to_an_idle_connection_costs_one_dial(autojump_clock: object, profile: ServerProfile) -> None:
    server = ModelServer(attrs.evolve(profile, max_age=100.0), scripted(replies(0, 1)))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        await trio.sleep(110.0)
        following = await take_turn(pair.session, SECOND)

    assert following.error is None
    assert REPLIES[1] == following.text
    assert create_times(pair)[1] - following.asked <= DIAL + PROMPT
    assert [create_body(profile, SECOND)] == pair.creates[1:]
    assert Full(NewLink()) == decisions(pair)[1]


def created_ids(pair: Pair) -> list[str]:
    """The ids of all responses that began, in order."""
    frames: list[dict[str, Any]] = [frame for frame in pair.server_frames() if isinstance(frame, dict)]
    return [frame["response"]["id"] for frame in frames if frame.get("type") == "response.created"]
