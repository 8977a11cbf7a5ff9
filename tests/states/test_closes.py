"""What the close code of a connection means for what ran on it: the create that is to blame, and everybody else."""

from __future__ import annotations

import pytest

from harness.lifecycle import Bench
from rejoinder.states.effects import Note, Send
from rejoinder.states.events import DialFailed, Lost
from rejoinder.states.profiles import AZURE, OPENAI, Policy
from rejoinder.states.verdicts import ERRORS, Cause, ErrorRule, OutcomeKind, Reaction, Where

TAKES_IT_NOT = (1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003)
PASSES = (None, 1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 3001, 4000, 4999)


def asked() -> Bench:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    return bench


@pytest.mark.parametrize("code", TAKES_IT_NOT)
def test_a_create_that_the_server_will_not_take_is_not_sent_again(code: int) -> None:
    bench = asked()
    bench.lost(code=code, reason="no")
    outcome = bench.outcomes[1]

    assert outcome.failure is not None
    assert outcome.verdict is not None
    assert (OutcomeKind.INTERRUPTED, Cause.LOST) == (outcome.kind, outcome.failure.cause)
    assert outcome.failure.message.startswith(f"The connection was lost (close code {code}: no). ")
    assert (True, False, True) == (outcome.verdict.sent, outcome.verdict.acknowledged, outcome.verdict.replay_safe)
    assert 1 == len(bench.all(Send))


@pytest.mark.parametrize("code", PASSES)
def test_a_create_that_a_close_crossed_is_sent_again(code: int | None) -> None:
    bench = asked()
    bench.lost(code=code)
    bench.wait(0.5)
    bench.opened()

    assert {} == bench.outcomes
    assert [1, 1] == [send.request for send in bench.all(Send)]


@pytest.mark.parametrize("code", TAKES_IT_NOT)
def test_a_response_that_was_acknowledged_is_not_to_blame(code: int) -> None:
    bench = asked()
    bench.created(1)
    bench.lost(code=code)
    bench.wait(0)
    bench.opened()

    assert {} == bench.outcomes
    assert [1, 1] == [send.request for send in bench.all(Send)]


def test_who_shares_the_connection_with_the_one_to_blame_goes_on() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.ask()
    bench.lost(code=1009)
    bench.wait(0)
    bench.opened()

    assert [2] == list(bench.outcomes)
    assert [1, 2, 1] == [send.request for send in bench.all(Send)]


def test_the_table_of_the_user_comes_first() -> None:
    mine = ErrorRule(Where.CLOSE, (), (range(4001, 4002),), Reaction.PERMANENT, "Renew the ticket.")
    bench = Bench(AZURE, Policy(errors=(mine, *ERRORS)))
    bench.ask()
    bench.opened()
    bench.lost(code=4001)

    assert "The connection was lost (close code 4001). Renew the ticket." in str(bench.outcomes[1].failure)


@pytest.mark.parametrize("code", [1002, 1007, 1009])
def test_a_violation_is_counted_and_blames_no_request(code: int) -> None:
    bench = asked()
    bench.feed(Lost(1, code, ours=True))
    bench.wait(0.5)
    bench.opened()

    assert {} == bench.outcomes
    assert [1, 1] == [send.request for send in bench.all(Send)]
    assert ("WireViolation", f"this side closed, with code {code}") in [(note.name, note.detail) for note in bench.all(Note)]
    assert 1 == bench.session.counts["WireViolation"]


@pytest.mark.parametrize("code, attempts", [("proxy_refused", 1), ("proxy_authentication", 1), ("proxy", 3), (None, 3)])
def test_a_dial_that_failed_before_the_server_is_judged_by_its_code(code: str | None, attempts: int) -> None:
    bench = Bench(AZURE)
    bench.ask()
    made = 0
    while not bench.outcomes:
        made += 1
        bench.feed(DialFailed(1, "It failed.", code=code))
        bench.wait(1.0)
    failure = bench.outcomes[1].failure

    assert attempts == made
    assert failure is not None
    assert (Cause.DIAL, code, None) == (failure.cause, failure.code, failure.status)
