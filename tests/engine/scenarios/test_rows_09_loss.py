"""Rows 09 to 09e of the original's measured scenarios: the connection goes away, was away, or cannot be had.

The correct behaviour: no word is ever repeated, one clear error for each request that failed, no wait that helps nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import attrs
import pytest
import trio

from harness.pair import Pair, open_pair
from harness.socket_pair import open_socket_pair
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
from rejoinder.engine import ConnectionFailed, Interrupted, Settings
from rejoinder.states import session as lifecycle
from rejoinder.states.continuation import Full, NewLink, NoPrevious, Replayed
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.response_rules import RESPONSE_RULES
from rejoinder.states.triggers import ResponseEvent
from rejoinder.states.verdicts import Cause
from rejoinder.testing import (
    Answer,
    Interruption,
    LinkPlan,
    LoseConnection,
    ModelServer,
    ServerFaults,
    ServerProfile,
    Text,
    scripted,
)

HEAD = 4
"""Frames of an answer before its first delta: created, in_progress, item added, part added."""
FIRST = "".join(words(0))
PARTIAL = "".join(words(1, 4))


def lost_after(frames: int, number: int) -> Answer:
    """An answer whose connection drops, without a close frame, after so many of its frames."""
    return Answer([say(number)], interruptions=(Interruption(frames, LoseConnection()),))


# -- 09: a drop after output began -------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Dropped:
    """What was seen of three turns, the second of which lost its connection after four deltas."""

    pair: Pair
    turns: Sequence[Turn]

    def violations(self) -> list[str]:
        """What must not have happened."""
        found: list[str] = []
        if self.turns[1].text != PARTIAL:
            found.append("the caller heard something else than what came before the drop")
        if len(self.pair.creates) != 3:
            found.append("a request was sent again after its output had begun")
        return found


async def drop_after_four_deltas(profile: ServerProfile) -> Dropped:
    """Turn 1 completes; turn 2 loses its connection after four deltas; turn 3 follows at once."""
    server = ModelServer(profile, scripted([Answer([say(0)]), lost_after(HEAD + 4, 1), Answer([say(2)])]))
    async with open_pair(server, default=LINK) as pair:
        turns = [
            await take_turn(pair.session, dialogue("one")),
            await take_turn(pair.session, dialogue("one", FIRST, "two")),
            await take_turn(pair.session, dialogue("one", FIRST, "two", PARTIAL, "three")),
        ]
        return Dropped(pair, turns)


@EACH_PROFILE
@pytest.mark.row("09")
@pytest.mark.original("B086")
async def test_row_09_a_drop_after_output_repeats_no_word(autojump_clock: object, profile: ServerProfile) -> None:
    seen = await drop_after_four_deltas(profile)
    _, dropped, following = seen.turns
    error = dropped.failed

    assert [] == seen.violations()
    assert Interrupted is type(error)
    assert "The connection was lost" in str(error)
    assert PARTIAL == error.partial.text
    assert error.verdict is not None
    assert (True, True, False) == (error.verdict.acknowledged, error.verdict.output_begun, error.verdict.replay_safe)
    assert "".join(words(2)) == following.text
    assert following.error is None
    assert [
        create_body(profile, dialogue("one")),
        create_body(profile, dialogue("two"), previous="resp_1"),
        create_body(profile, dialogue("one", FIRST, "two", PARTIAL, "three")),
    ] == seen.pair.creates
    assert Full(NewLink()) == seen.pair.sent()[2].decision


@EACH_PROFILE
@pytest.mark.row("09")
async def test_row_09_the_turn_after_a_drop_waits_for_one_dial(autojump_clock: object, profile: ServerProfile) -> None:
    seen = await drop_after_four_deltas(profile)
    waited = create_times(seen.pair)[2] - seen.turns[2].asked

    assert DIAL <= waited <= DIAL + PROMPT
    assert 2 == seen.pair.network.dials


@EACH_PROFILE
@pytest.mark.row("09")
async def test_row_09_a_replay_after_output_began_would_be_noticed(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch, profile: ServerProfile
) -> None:
    """The original sends the request again although its caller has heard the beginning: planted in our table."""
    replayed = (ResponsePhase.IDLE, RESPONSE_RULES["lost_replayed"])
    streaming = {**lifecycle.RESPONSE_ROWS[ResponsePhase.STREAMING], ResponseEvent.LOST: replayed}
    rows = {**lifecycle.RESPONSE_ROWS, ResponsePhase.STREAMING: streaming}
    monkeypatch.setattr(lifecycle, "RESPONSE_ROWS", MappingProxyType(rows))

    seen = await drop_after_four_deltas(profile)

    assert PARTIAL + "".join(words(2)) == seen.turns[1].text
    assert [
        "the caller heard something else than what came before the drop",
        "a request was sent again after its output had begun",
    ] == seen.violations()


# -- 09b: two drops ----------------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("frames", [0, 2], ids=["before_created", "before_output"])
@pytest.mark.row("09b")
@pytest.mark.original("B064", "B087", "C8:test_quick_failures_emit_error")
async def test_row_09b_two_drops_before_output_are_one_clear_error(
    autojump_clock: object, profile: ServerProfile, frames: int
) -> None:
    answers = [Answer([say(0)]), lost_after(frames, 1), lost_after(frames, 1), Answer([say(2)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        second = dialogue("one", FIRST, "two")
        dropped = await take_turn(pair.session, second)
        dials = pair.network.dials
        third = await take_turn(pair.session, dialogue("three"))
    error = dropped.failed

    assert Interrupted is type(error)
    assert "The connection was lost" in str(error)
    assert ("", False) == (dropped.text, bool(error.partial.output))
    assert error.verdict is not None
    assert ((Cause.LOST,), True) == (error.verdict.replays, error.verdict.replay_safe)
    assert [
        create_body(profile, dialogue("two"), previous="resp_1"),
        create_body(profile, second),
    ] == pair.creates[1:3]
    assert [Full(Replayed(Cause.LOST)), Full(NewLink())] == [sent.decision for sent in pair.sent()[2:]]
    assert 2 == dials  # no third connection for a request that has ended
    assert dropped.waited <= DIAL + 6 * LATENCY
    assert "".join(words(2)) == third.text


@EACH_PROFILE
@pytest.mark.row("09b")
async def test_row_09b_a_first_request_dropped_twice_waits_for_the_pause_between_dials(
    autojump_clock: object, profile: ServerProfile
) -> None:
    answers = [lost_after(0, 0), lost_after(0, 0), Answer([say(1)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        dropped = await take_turn(pair.session, "one")
        following = await take_turn(pair.session, "two")

    assert Interrupted is type(dropped.failed)
    assert 2 * DIAL + 0.5 <= dropped.waited <= 2 * DIAL + 0.5 + 4 * LATENCY
    assert "".join(words(1)) == following.text
    assert [Full(NoPrevious()), Full(Replayed(Cause.LOST)), Full(NoPrevious())] == [sent.decision for sent in pair.sent()]


@EACH_PROFILE
@pytest.mark.row("09b")
async def test_row_09b_two_drops_after_output_are_two_partial_answers_kept_apart(
    autojump_clock: object, profile: ServerProfile
) -> None:
    answers = [lost_after(HEAD + 4, 0), lost_after(HEAD + 2, 1), Answer([say(2)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        turns = [await take_turn(pair.session, text) for text in ("one", "two", "three")]

    assert ["".join(words(0, 4)), "".join(words(1, 2)), "".join(words(2))] == [turn.text for turn in turns]
    assert [Interrupted, Interrupted, type(None)] == [type(turn.error) for turn in turns]
    assert 3 == len(pair.creates) == pair.network.dials


# -- 09c: the idle socket was closed ------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("code", [None, 1000, 1001, 1011])
@pytest.mark.row("09c")
@pytest.mark.original(
    "B056",
    "B065",
    "C8:test_connection_closed_ok_exits_cleanly",
    "C8:test_graceful_server_close_triggers_reconnect",
    "C1:test_reconnect_clears_state_and_reconnects",
    "C1:test_disconnect_clears_previous_response_state",
)
async def test_row_09c_an_idle_socket_that_was_closed_costs_one_dial(
    autojump_clock: object, profile: ServerProfile, code: int | None
) -> None:
    answers = [Answer([say(0)], late=[Text(""), LoseConnection(code)]), Answer([say(1)])]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        await trio.sleep(10.0)
        known = dict(pair.session.statistics().links)
        second = dialogue("one", FIRST, "two")
        following = await take_turn(pair.session, second)

    assert {} == known  # the reader saw it while nobody asked
    assert create_times(pair)[1] - following.asked <= DIAL + PROMPT
    assert following.error is None
    assert "".join(words(1)) == following.text
    assert create_body(profile, second) == pair.creates[1]
    assert Full(NewLink()) == pair.sent()[1].decision
    assert 2 == len(pair.creates) == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("09c")
async def test_row_09c_an_idle_socket_that_died_in_silence_is_found_out_by_a_ping(
    autojump_clock: object, profile: ServerProfile
) -> None:
    async with open_pair(ModelServer(profile, scripted([Answer([say(0)]), Answer([say(1)])])), default=LINK) as pair:
        await take_turn(pair.session, dialogue("one"))
        pair.network.links[0].freeze()
        await trio.sleep(35.0)
        following = await take_turn(pair.session, dialogue("one", FIRST, "two"))

    assert create_times(pair)[1] - following.asked <= 20.0 + DIAL + PROMPT  # the ping deadline
    assert "".join(words(1)) == following.text
    assert 2 == len(pair.creates) == pair.network.dials


@EACH_PROFILE
@pytest.mark.row("09c")
async def test_row_09c_over_a_real_socket(profile: ServerProfile) -> None:
    answers = [Answer([say(0, interval=0.0)], late=[LoseConnection(1001)]), Answer([say(1, interval=0.0)])]
    async with open_socket_pair(ModelServer(profile, scripted(answers))) as there:
        first = await take_turn(there.session, dialogue("one"))
        await there.moved("link", "closed")
        following = await take_turn(there.session, dialogue("one", FIRST, "two"))

    assert [FIRST, "".join(words(1))] == [first.text, following.text]
    assert 2 == len(there.simulator.upgrades)
    assert [
        create_body(profile, dialogue("one")),
        create_body(profile, dialogue("one", FIRST, "two")),
    ] == there.server.creates()


# -- 09d, 09e: no connection to be had ----------------------------------------------------------------------------------------

UNAVAILABLE = LinkPlan(refuse_status=503, handshake_delay=DIAL)
UNREACHABLE = LinkPlan(unreachable=True, handshake_delay=DIAL)


@EACH_PROFILE
@pytest.mark.parametrize("plan", [UNAVAILABLE, UNREACHABLE], ids=["503", "unreachable"])
@pytest.mark.row("09d")
@pytest.mark.original(
    "B058",
    "B059",
    "C1:test_ensure_connected_raises_on_failure",
    "C8:test_reconnect_exhausted_emits_non_fatal_error",
    "C8:exhausted when connect does not raise",
)
async def test_row_09d_a_server_that_is_down_costs_three_dials_and_one_exception(
    autojump_clock: object, profile: ServerProfile, plan: LinkPlan
) -> None:
    async with open_pair(ModelServer(profile), plans=[plan] * 3, default=LINK) as pair:
        turn = await take_turn(pair.session, "one")
        dials = pair.network.dials
        following = await take_turn(pair.session, "two")
    error = turn.failed

    assert turn.waited <= 3.0
    assert 3 == dials
    assert ConnectionFailed is type(error)
    assert error.failure is not None
    assert (Cause.DIAL, plan.refuse_status) == (error.failure.cause, error.failure.status)
    assert error.verdict is not None
    assert (False, True) == (error.verdict.sent, error.verdict.replay_safe)
    assert "You said: two" == following.text
    assert create_times(pair)[0] - following.asked <= DIAL + PROMPT
    assert 1 == len(pair.creates)


@EACH_PROFILE
@pytest.mark.row("09d")
@pytest.mark.original("B061")
async def test_row_09d_everybody_who_waits_gets_one_exception_from_the_same_dials(
    autojump_clock: object, profile: ServerProfile
) -> None:
    turns: list[Turn] = []
    async with open_pair(ModelServer(profile), plans=[UNAVAILABLE] * 3, default=LINK) as pair:

        async def ask(text: str) -> None:
            turns.append(await take_turn(pair.session, text))

        async with trio.open_nursery() as nursery:
            for text in ("one", "two", "three"):
                nursery.start_soon(ask, text)

    assert [ConnectionFailed] * 3 == [type(turn.error) for turn in turns]
    assert max(turn.waited for turn in turns) <= 3.0
    assert 3 == pair.network.dials
    assert [] == pair.creates


@EACH_PROFILE
@pytest.mark.row("09d")
@pytest.mark.original("C8:test_reconnect_succeeds_on_later_attempt", "B052")
async def test_row_09d_a_server_that_comes_back_between_two_dials_is_never_noticed(
    autojump_clock: object, profile: ServerProfile
) -> None:
    async with open_pair(ModelServer(profile), plans=[UNAVAILABLE] * 2, default=LINK) as pair:
        turn = await take_turn(pair.session, "one")

    assert turn.error is None
    assert "You said: one" == turn.text
    assert 1 == len(pair.creates)


@EACH_PROFILE
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.row("09e")
@pytest.mark.original("B060")
async def test_row_09e_a_refused_key_is_one_dial_and_no_retry(autojump_clock: object, profile: ServerProfile, status: int) -> None:
    server = ModelServer(profile, faults=ServerFaults(refuse_status=status))
    async with open_pair(server, default=LINK) as pair:
        turns: list[Turn] = []
        dials: list[int] = []
        for text in ("one", "two"):
            turns.append(await take_turn(pair.session, text))
            await trio.sleep(60.0)
            dials.append(pair.network.dials)

    assert [1, 2] == dials  # each turn asks the server once, and nothing does in between
    assert [pytest.approx(DIAL)] * 2 == [turn.waited for turn in turns]
    assert [ConnectionFailed] * 2 == [type(turn.error) for turn in turns]
    assert [status] * 2 == [turn.failed.failure.status for turn in turns if turn.failed.failure is not None]
    assert "key" in str(turns[0].failed)
    assert [] == pair.creates


@EACH_PROFILE
@pytest.mark.row("09e")
async def test_row_09e_a_key_refused_at_start_is_one_dial_and_no_retry(autojump_clock: object, profile: ServerProfile) -> None:
    server = ModelServer(profile, faults=ServerFaults(refuse_status=401))
    async with open_pair(server, default=LINK, settings=Settings(preconnect=True)) as pair:
        await trio.sleep(60.0)
        dials = pair.network.dials
        turn = await take_turn(pair.session, "one")

    assert 1 == dials
    assert 2 == pair.network.dials
    assert ConnectionFailed is type(turn.error)
    assert pytest.approx(DIAL) == turn.waited
