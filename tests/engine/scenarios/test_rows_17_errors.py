"""Rows 17 to 18b of the original's measured scenarios: the server sends an error, instead of an answer or in one.

The correct behaviour: the code and the server's words reach the caller, what may pass is tried again after the pause that
the server asked for, what came before the error is kept, and the next turn hears its own words.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.pair import open_pair
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
from rejoinder.states.continuation import Evicted, Full, LaneDirty, NewLink, Replayed
from rejoinder.states.verdicts import Cause
from rejoinder.testing import (
    Answer,
    ErrorFrame,
    ModelServer,
    Raw,
    ServerProfile,
    Step,
    scripted,
)
from rejoinder.testing.script import ErrorShape

FIRST = "".join(words(0))
SECOND = dialogue("one", FIRST, "two")
PARTIAL = "".join(words(1, 3))
THIRD = dialogue("one", FIRST, "two", PARTIAL, "three")
GRACE = 2.0
RETRY_PAUSE = 0.5

LABELS = pytest.mark.parametrize("labelled", [True, False], ids=["labelled", "unlabelled"])
SHAPES = pytest.mark.parametrize("shape", ["wrapped", "flat", "wrapped_in_sequence"])


def instead_of_created(error: Step) -> Answer:
    """No response at all, only an error."""
    return Answer([error], created=0, in_progress=False, terminal=None)


# -- 17, 17b: instead of an answer -------------------------------------------------------------------------------------------


@EACH_PROFILE
@LABELS
@pytest.mark.parametrize(
    "shape",
    [
        pytest.param("wrapped", marks=pytest.mark.row("17")),
        pytest.param("flat", marks=pytest.mark.row("17b")),
        pytest.param("wrapped_in_sequence", marks=pytest.mark.row("17")),
    ],
)
@pytest.mark.original("B095", "C1:test_generic_error_pushes_error")
async def test_row_17_an_error_instead_of_an_answer_keeps_its_code_and_its_words(
    autojump_clock: object, profile: ServerProfile, shape: ErrorShape, *, labelled: bool
) -> None:
    refusal = ErrorFrame(code="invalid_prompt", message="The prompt is no good", param="input", shape=shape, labelled=labelled)
    server = ModelServer(profile, scripted([Answer([say(0)]), Answer(reject=refusal), Answer([say(2)])]))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        refused = await take_turn(pair.session, SECOND)
        third = dialogue("one", FIRST, "three")
        following = await take_turn(pair.session, third)
    error = refused.failed

    assert ResponseFailed is type(error)
    assert str(error).startswith("The prompt is no good.")
    assert error.failure is not None
    assert (Cause.REJECTED, "invalid_prompt", "input") == (error.failure.cause, error.failure.code, error.failure.param)
    assert (400 if shape == "wrapped" else None) == error.failure.status
    assert error.verdict is not None
    assert (True, False, ()) == (error.verdict.sent, error.verdict.acknowledged, error.verdict.replays)
    assert pytest.approx(2 * LATENCY) == refused.waited
    assert "".join(words(2)) == following.text
    # The server has evicted resp_1: naming it once more would waste a round trip.
    assert [create_body(profile, dialogue("two"), previous="resp_1"), create_body(profile, third)] == pair.creates[1:]
    assert Full(Evicted()) == pair.sent()[2].decision
    assert create_times(pair)[2] - following.asked <= PROMPT
    assert 1 == pair.network.dials


BUSY = ErrorFrame(code="server_error", message="The server had an error", status=500, type="server_error")


@EACH_PROFILE
@pytest.mark.row("17")
async def test_row_17_a_server_error_that_passes_is_not_noticed(autojump_clock: object, profile: ServerProfile) -> None:
    server = ModelServer(profile, scripted([Answer([say(0)]), Answer(reject=BUSY), Answer([say(1)])]))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        turn = await take_turn(pair.session, SECOND)
    arrived = create_times(pair)

    assert turn.error is None
    assert "".join(words(1)) == turn.text
    assert create_body(profile, SECOND) == pair.creates[2]
    assert Full(Replayed(Cause.REJECTED)) == pair.sent()[2].decision
    assert pytest.approx(RETRY_PAUSE + 2 * LATENCY) == arrived[2] - arrived[1]


@EACH_PROFILE
@pytest.mark.row("17")
async def test_row_17_a_server_error_that_stays_is_one_clear_error_after_two_creates(
    autojump_clock: object, profile: ServerProfile
) -> None:
    server = ModelServer(profile, scripted([Answer(reject=BUSY), Answer(reject=BUSY), Answer([say(1)])]))
    async with open_pair(server, default=LINK) as pair:
        turn = await take_turn(pair.session, "one")
        following = await take_turn(pair.session, "two")
    error = turn.failed

    assert ResponseFailed is type(error)
    assert error.failure is not None
    assert ("server_error", 500) == (error.failure.code, error.failure.status)
    assert error.verdict is not None
    assert ((Cause.REJECTED,), True) == (error.verdict.replays, error.verdict.replay_safe)
    assert pytest.approx(DIAL + RETRY_PAUSE + 4 * LATENCY) == turn.waited
    assert "".join(words(1)) == following.text
    assert 3 == len(pair.creates)


# -- 17c: after three deltas -----------------------------------------------------------------------------------------------------


def erring_answer(error: Step, then: str) -> Answer:
    """Three words and an error; then nothing, or a failure, or the rest as if nothing had happened."""
    steps: list[Step] = [say(1, 3, cut=True), error]
    if then == "nothing":
        return Answer(steps, terminal=None)
    if then == "failed":
        return Answer(steps, terminal="failed", error={"code": "server_error", "message": "It failed"})
    return Answer([*steps, say(1, 8, start=3)])


@EACH_PROFILE
@LABELS
@SHAPES
@pytest.mark.parametrize("then", ["nothing", "failed", "rest"])
@pytest.mark.row("17c")
@pytest.mark.original("B096")
async def test_row_17c_an_error_after_three_deltas_keeps_them_and_leaves_the_next_turn_clean(
    autojump_clock: object, profile: ServerProfile, shape: ErrorShape, then: str, *, labelled: bool
) -> None:
    fault = ErrorFrame(code="boom", message="It broke", status=None, shape=shape, labelled=labelled)
    server = ModelServer(profile, scripted([Answer([say(0)]), erring_answer(fault, then), Answer([say(2)])]))
    async with open_pair(server, default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        broken = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, THIRD)
    error = broken.failed
    whole = "".join(words(1)) if then == "rest" else PARTIAL
    told = next(entry.at for entry in pair.log("out") if entry.type == "error")
    new_link = then == "nothing" and not profile.lanes

    assert ResponseFailed is type(error)
    assert str(error).startswith("It broke.")
    assert error.failure is not None
    assert (Cause.FAULT, "boom") == (error.failure.cause, error.failure.code)
    assert (whole, whole) == (broken.text, error.partial.text)
    assert broken.ended - told <= GRACE + LATENCY + 1e-6
    assert "".join(words(2)) == following.text
    assert following.error is None
    assert create_times(pair)[2] - following.asked <= PROMPT + (DIAL if new_link else 0.0)
    assert create_body(profile, THIRD, lane=2 if then == "nothing" else 1) == pair.creates[2]
    assert Full(NewLink() if new_link else LaneDirty()) == pair.sent()[2].decision
    assert 3 == len(pair.creates)


# -- 18: rate limits ---------------------------------------------------------------------------------------------------------------


def limited(retry_after: str | None, *, outside: bool = False, shape: ErrorShape = "wrapped") -> Answer:
    """A rate limit, with the header or without."""
    headers: Mapping[str, str] | None = None if retry_after is None else {"retry-after": retry_after}
    return Answer(
        reject=ErrorFrame(
            code="rate_limit_exceeded",
            message="Rate limit reached",
            status=429,
            type="rate_limit_error",
            headers=headers,
            headers_outside=outside,
            shape=shape,
        )
    )


@EACH_PROFILE
@SHAPES
@pytest.mark.parametrize("outside", [True, False], ids=["headers_outside", "headers_inside"])
@pytest.mark.parametrize("retry_after, pause", [("7", 7.0), ("0.25", 0.25), (None, RETRY_PAUSE)])
@pytest.mark.row("18")
async def test_row_18_a_rate_limit_that_passes_costs_the_pause_that_the_server_asked_for(
    autojump_clock: object, profile: ServerProfile, shape: ErrorShape, retry_after: str | None, pause: float, *, outside: bool
) -> None:
    answers = [limited(retry_after, outside=outside, shape=shape), Answer([say(1)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        turn = await take_turn(pair.session, "one")
    arrived = create_times(pair)

    assert turn.error is None
    assert "".join(words(1)) == turn.text
    assert pytest.approx(pause + 2 * LATENCY) == arrived[1] - arrived[0]
    assert 2 == len(arrived)


@EACH_PROFILE
@pytest.mark.row("18")
async def test_row_18_a_rate_limit_that_stays_is_classified_and_retryable(autojump_clock: object, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(profile, scripted([limited("7"), limited("9"), Answer([say(1)])])), default=LINK) as pair:
        turn = await take_turn(pair.session, "one")
        following = await take_turn(pair.session, "two")
    error = turn.failed

    assert ResponseFailed is type(error)
    assert str(error).startswith("Rate limit reached.")
    assert error.failure is not None
    assert ("rate_limit_exceeded", 429, "rate_limit_error", 9.0) == (
        error.failure.code,
        error.failure.status,
        error.failure.error_type,
        error.failure.retry_after,
    )
    assert error.verdict is not None
    assert (True, 9.0, (Cause.REJECTED,)) == (
        error.verdict.replay_safe,
        error.verdict.retry_after,
        error.verdict.replays,
    )
    assert pytest.approx(DIAL + 7.0 + 4 * LATENCY) == turn.waited
    assert "".join(words(1)) == following.text
    assert 1 == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("18")
async def test_row_18_a_pause_longer_than_anybody_waits_is_told_at_once(autojump_clock: object, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(profile, scripted([limited("3600")])), default=LINK) as pair:
        turn = await take_turn(pair.session, "one")
    error = turn.failed

    assert error.verdict is not None
    assert (3600.0, True) == (error.verdict.retry_after, error.verdict.replay_safe)
    assert pytest.approx(DIAL + 2 * LATENCY) == turn.waited
    assert 1 == len(pair.creates)


# -- 18b: the error is a string --------------------------------------------------------------------------------------------------

BARE = Raw('{"type":"error","error":"something went wrong"}')


@EACH_PROFILE
@pytest.mark.row("18b")
async def test_row_18b_an_error_that_is_a_string_is_reported_and_the_next_turn_is_clean(
    autojump_clock: object, profile: ServerProfile
) -> None:
    answers = [Answer([say(0)]), instead_of_created(BARE), Answer([say(2)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        refused = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, dialogue("one", FIRST, "three"))

    assert ResponseFailed is type(refused.error)
    assert str(refused.failed).startswith("something went wrong.")
    assert pytest.approx(2 * LATENCY) == refused.waited
    assert "".join(words(2)) == following.text
    assert create_times(pair)[2] - following.asked <= PROMPT
    assert 1 == pair.network.dials


@EACH_PROFILE
@pytest.mark.parametrize("then", ["nothing", "failed", "rest"])
@pytest.mark.row("18b")
async def test_row_18b_an_error_that_is_a_string_after_three_deltas_keeps_them(
    autojump_clock: object, profile: ServerProfile, then: str
) -> None:
    answers = [Answer([say(0)]), erring_answer(BARE, then), Answer([say(2)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        broken = await take_turn(pair.session, SECOND)
        following = await take_turn(pair.session, THIRD)

    assert ResponseFailed is type(broken.error)
    assert str(broken.failed).startswith("something went wrong.")
    assert broken.text.startswith(PARTIAL)
    assert broken.waited <= 1.0 + GRACE
    assert "".join(words(2)) == following.text
    assert create_times(pair)[2] - following.asked <= DIAL + PROMPT
