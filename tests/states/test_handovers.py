"""Requests that this transport cannot serve, and that another takes over: which, why, and never more than once."""

from __future__ import annotations

import pytest

from harness.lifecycle import Bench
from rejoinder.states.continuation import RequestContent
from rejoinder.states.effects import Dial, Finish, HandOver, Send, SendSteer
from rejoinder.states.events import Create, DialFailed, Unsendable
from rejoinder.states.phases import RequestPhase
from rejoinder.states.profiles import AZURE, HTTP, Fallback, Policy
from rejoinder.states.verdicts import Cause, ErrorRule, OutcomeKind, Reaction, Where

EACH = Policy(fallback=Fallback.EACH, dial_attempts=1)
STICKY = Policy(fallback=Fallback.STICKY, dial_attempts=1)


def asked(policy: Policy, **fields: bool) -> Bench:
    bench = Bench(AZURE, policy)
    bench.ask("Hi", **fields)
    return bench


@pytest.mark.parametrize("status", [426, 404, 400, 200, 301, 429, 500, 503])
def test_a_refused_upgrade_hands_the_request_over(status: int) -> None:
    bench = asked(EACH)
    bench.refused(status)

    assert [HandOver(1, Cause.DIAL)] == bench.all(HandOver)
    assert [] == bench.all(Finish)
    assert RequestPhase.ENDED == bench.request(1)
    assert "HandedOver" in bench.notes


@pytest.mark.parametrize("status", [401, 403, None])
def test_a_wrong_key_or_a_network_that_is_down_would_be_no_better_over_http(status: int | None) -> None:
    bench = asked(EACH)
    bench.refused(status)

    assert [] == bench.all(HandOver)
    assert OutcomeKind.INTERRUPTED == bench.outcomes[1].kind


def test_without_the_policy_it_fails_and_says_why() -> None:
    bench = asked(Policy())
    bench.refused(426)

    assert [] == bench.all(HandOver)
    assert 426 == getattr(bench.outcomes[1].failure, "status", None)


def test_a_refusal_that_may_pass_is_first_tried_again() -> None:
    bench = asked(Policy(fallback=Fallback.EACH, dial_attempts=2))
    bench.refused(503)
    assert [] == bench.all(HandOver)

    bench.wait(1)
    bench.refused(503)
    assert [HandOver(1, Cause.DIAL)] == bench.all(HandOver)


def test_a_row_of_the_users_own_decides_otherwise() -> None:
    rule = ErrorRule(Where.HANDSHAKE, (), (range(426, 427),), Reaction.PERMANENT, "Do not.")
    bench = asked(Policy(fallback=Fallback.EACH, errors=(rule,)))
    bench.refused(426)

    assert [] == bench.all(HandOver)


def test_a_request_that_is_too_large_goes_over_http_and_its_link_stays() -> None:
    bench = asked(EACH)
    bench.opened()
    bench.feed(Unsendable(1, 1, None, 99))
    bench.ask("small")

    assert [HandOver(1, Cause.UNSENDABLE)] == bench.all(HandOver)
    assert 2 == bench.last(Send).request


def test_a_request_that_is_too_large_whose_caller_has_left_goes_nowhere() -> None:
    bench = asked(EACH)
    bench.opened()
    bench.cancel(1)
    bench.feed(Unsendable(1, 1, None, 99))

    assert [] == bench.all(HandOver)


def test_words_do_not_follow_it() -> None:
    bench = asked(EACH)
    before = bench.steer(1)
    bench.opened()
    held = bench.steer(1)
    bench.feed(Unsendable(1, 1, None, 99))
    after = bench.steer(1)

    assert [["failed"]] * 3 == [bench.said_of(steer) for steer in (before, held, after)]
    assert [] == bench.all(SendSteer)
    assert [HandOver(1, Cause.UNSENDABLE)] == bench.all(HandOver)


def test_it_takes_its_parent_along_for_nobody() -> None:
    """A create that was too large leaves the continuation as it was."""
    bench = asked(EACH)
    bench.opened()
    bench.answer(1)
    second = bench.reply(1)
    bench.feed(Unsendable(1, second, None, 99))
    third = bench.reply(1, "shorter")

    assert "resp_1" == bench.continues(third)


def test_warm_ups_are_not_handed_over() -> None:
    bench = Bench(AZURE, STICKY)
    bench.ask("warm", warm_up=True)
    bench.ask("Hi")
    bench.refused(426)
    bench.ask("warm", warm_up=True)

    assert [HandOver(2, Cause.DIAL)] == bench.all(HandOver)
    assert OutcomeKind.INTERRUPTED == bench.outcomes[1].kind
    assert RequestPhase.WAITING == bench.request(3)


def test_the_next_request_tries_the_socket_again() -> None:
    bench = asked(EACH)
    bench.refused(426)
    bench.ask("again")

    assert 2 == len(bench.all(Dial))
    bench.opened()
    assert 2 == bench.last(Send).request


def test_where_it_sticks_the_next_request_dials_no_more() -> None:
    bench = asked(STICKY)
    bench.refused(426)
    bench.ask("again")

    assert 1 == len(bench.all(Dial))
    assert [HandOver(1, Cause.DIAL), HandOver(2, Cause.DIAL)] == bench.all(HandOver)
    twin = bench.session.copy()
    assert twin.elsewhere


def test_one_that_is_too_large_never_makes_it_stick() -> None:
    bench = asked(STICKY)
    bench.opened()
    bench.feed(Unsendable(1, 1, None, 99))
    bench.ask("small")

    assert 2 == bench.last(Send).request


def test_what_was_sent_again_before_counts_on_the_other_side() -> None:
    bench = asked(EACH)
    bench.opened()
    bench.lost()
    bench.wait(1)
    bench.feed(DialFailed(bench.last(Dial).link, "It failed.", 426))
    handed = bench.last(HandOver)
    assert (Cause.LOST,) == handed.replays

    other = Bench(HTTP)
    other.delivered[1] = []
    other.feed(Create(1, RequestContent(()), replays=handed.replays))
    other.opened()
    assert (Cause.LOST,) == other.session.requests[1].replays


def test_another_link_that_serves_keeps_the_request() -> None:
    bench = asked(EACH)
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.ask("next")
    bench.wait(0.25)
    bench.refused(426)

    assert [] == bench.all(HandOver)
    assert RequestPhase.WAITING == bench.request(2)
