"""Rows 14 to 14c of the original's measured scenarios: responses that end, and not with success.

The correct behaviour: the reason is told with its code, usage is kept, an id that the server may have dropped is not named again,
and half a function call is never taken for a whole one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from harness.pair import open_pair
from harness.turns import (
    EACH_PROFILE,
    LINK,
    PROMPT,
    create_body,
    create_times,
    dialogue,
    say,
    take_turn,
    words,
)
from rejoinder.engine import Interrupted, ResponseFailed
from rejoinder.states.continuation import Full, LaneDirty
from rejoinder.states.verdicts import Cause
from rejoinder.testing import (
    Answer,
    Call,
    LoseConnection,
    ModelServer,
    ServerProfile,
    scripted,
)
from rejoinder.testing.script import Terminal

FIRST = "".join(words(0))
SECOND = dialogue("one", FIRST, "two")
PARTIAL = "".join(words(1, 4))
THIRD = dialogue("one", FIRST, "two", PARTIAL, "three")
EXPLODED = {"code": "server_error", "message": "The model exploded"}


# -- 14: response.failed ------------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.row("14")
@pytest.mark.original("B094", "C1:test_response_failed_pushes_error")
@pytest.mark.original("B075")
async def test_row_14_a_failed_response_says_why_and_its_parent_is_not_named_again(
    autojump_clock: object, profile: ServerProfile
) -> None:
    answers = [Answer([say(0)]), Answer([say(1, 4)], terminal="failed", error=EXPLODED), Answer([say(2)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        exploded = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, THIRD)
    error = exploded.failed

    assert ResponseFailed is type(error)
    assert str(error).startswith("The model exploded.")
    assert error.failure is not None
    assert (Cause.FAILED, "server_error") == (error.failure.cause, error.failure.code)
    assert ("resp_2", "failed", PARTIAL) == (error.partial.id, error.partial.status, error.partial.text)
    assert exploded.response.usage is not None
    assert ["response.failed"] == [event.type for event in exploded.events][-1:]
    assert "".join(words(2)) == following.text
    assert following.error is None
    assert [
        create_body(profile, dialogue("one")),
        create_body(profile, dialogue("two"), previous="resp_1"),
        create_body(profile, THIRD),  # one create, and not a wasted round trip before it
    ] == pair.creates
    assert Full(LaneDirty()) == pair.sent()[2].decision
    assert create_times(pair)[2] - following.asked <= PROMPT
    assert 1 == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("14")
async def test_row_14_a_failed_response_is_never_sent_again_by_itself(autojump_clock: object, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(profile, scripted([Answer(terminal="failed", error=EXPLODED)])), default=LINK) as pair:
        exploded = await take_turn(pair.session, "one")

    assert ResponseFailed is type(exploded.error)
    assert 1 == len(pair.creates)


# -- 14b: response.incomplete -------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
@pytest.mark.row("14b")
@pytest.mark.original("B094", "C1:test_response_incomplete_pushes_error")
async def test_row_14b_an_incomplete_response_ends_normally_with_reason_text_and_usage(
    autojump_clock: object, profile: ServerProfile, reason: str
) -> None:
    usage = {"input_tokens": 11, "output_tokens": 4, "total_tokens": 15}
    cut_short = Answer([say(1, 4, cut=True)], terminal="incomplete", incomplete_reason=reason, usage=usage)
    async with open_pair(ModelServer(profile, scripted([Answer([say(0)]), cut_short, Answer([say(2)])])), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        turn = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, THIRD)
        async with pair.session.respond("four") as response:
            result = await response.result()

    assert turn.error is None
    assert ("incomplete", reason, usage) == (turn.response.status, turn.response.incomplete_reason, turn.response.usage)
    assert (PARTIAL, PARTIAL) == (turn.text, turn.response.partial.text)
    assert "".join(words(2)) == following.text
    assert create_body(profile, THIRD) == pair.creates[2]
    assert Full(LaneDirty()) == pair.sent()[2].decision
    assert create_times(pair)[2] - following.asked <= PROMPT
    assert ("completed", None) == (result.status, result.incomplete_reason)


@EACH_PROFILE
@pytest.mark.row("14b")
async def test_row_14b_result_returns_what_is_there_and_why_there_is_no_more(
    autojump_clock: object, profile: ServerProfile
) -> None:
    cut_short = Answer([say(1, 4, cut=True)], terminal="incomplete")
    async with (
        open_pair(ModelServer(profile, scripted([cut_short])), default=LINK) as pair,
        pair.session.respond("one") as response,
    ):
        result = await response.result()

    assert ("incomplete", "max_output_tokens", PARTIAL) == (result.status, result.incomplete_reason, result.text)
    assert result.usage is not None


# -- 14c: half a function call -------------------------------------------------------------------------------------------------

HALF = Call("transfer_money", '{"amount": 10000, "to": "acc', call_id="call_half", pieces=4, interval=0.02, cut=True)
WHOLE = Call("look_up", '{"name": "x"}', call_id="call_whole", interval=0.02)


def finished(calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """The calls that may be run."""
    return [str(call["call_id"]) for call in calls if call.get("status") == "completed"]


def known(calls: Sequence[Mapping[str, Any]]) -> set[str]:
    """All calls that are told of."""
    return {str(call["call_id"]) for call in calls}


@EACH_PROFILE
@pytest.mark.parametrize("output", [None, ()], ids=["with_output", "output_left_empty"])
@pytest.mark.row("14c")
@pytest.mark.original("B100")
async def test_row_14c_half_a_call_of_an_incomplete_response_is_not_a_call_to_run(
    autojump_clock: object, profile: ServerProfile, output: tuple[()] | None
) -> None:
    cut_short = Answer([WHOLE, HALF], terminal="incomplete", output=output)
    async with (
        open_pair(ModelServer(profile, scripted([cut_short])), default=LINK) as pair,
        pair.session.respond("one") as response,
    ):
        result = await response.result()

    assert ("incomplete", "max_output_tokens") == (result.status, result.incomplete_reason)
    assert ["call_whole"] == finished(result.calls)
    assert {"call_whole", "call_half"} == known(result.calls)


@EACH_PROFILE
@pytest.mark.parametrize("terminal", ["failed", None])
@pytest.mark.row("14c")
async def test_row_14c_half_a_call_of_a_response_that_failed_or_was_lost_is_not_a_call_to_run(
    autojump_clock: object, profile: ServerProfile, terminal: Terminal | None
) -> None:
    lost = [LoseConnection()] if terminal is None else []
    broken = Answer([WHOLE, HALF, *lost], terminal=terminal)
    async with open_pair(ModelServer(profile, scripted([broken])), default=LINK) as pair:
        turn = await take_turn(pair.session, "one")
    error = turn.failed

    assert (Interrupted if terminal is None else ResponseFailed) is type(error)
    assert ["call_whole"] == finished(error.partial.calls)
    assert {"call_whole", "call_half"} == known(error.partial.calls)
    assert 1 == len(pair.creates)
