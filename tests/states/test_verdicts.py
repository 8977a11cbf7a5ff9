"""The error table: each row, and what users may put before it."""

from typing import Final

import pytest

from rejoinder.states.verdicts import ERRORS, ErrorRule, Reaction, Where, react

HANDSHAKES: Final = (
    (401, Reaction.PERMANENT, "API key"),
    (403, Reaction.PERMANENT, "forbids"),
    (200, Reaction.PERMANENT, "URL"),
    (302, Reaction.PERMANENT, "URL"),
    (404, Reaction.PERMANENT, "URL"),
    (426, Reaction.PERMANENT, "URL"),
    (408, Reaction.PASSING, "busy or down"),
    (409, Reaction.PASSING, "busy or down"),
    (425, Reaction.PASSING, "busy or down"),
    (429, Reaction.PASSING, "busy or down"),
    (500, Reaction.PASSING, "busy or down"),
    (599, Reaction.PASSING, "busy or down"),
    (400, Reaction.PERMANENT, "headers"),
    (418, Reaction.PERMANENT, "headers"),
    (None, Reaction.PASSING, "address"),
    (101, Reaction.PASSING, "address"),
)
"""For the status of a handshake: the reaction, and a word of the advice."""

CREATES: Final = (
    ("previous_response_not_found", None, 400, Reaction.CACHE_MISS, "whole conversation"),
    ("websocket_connection_limit_reached", None, 400, Reaction.LINK_LIMIT, "age limit"),
    ("websocket_stream_limit_reached", None, 400, Reaction.LANE_LIMIT, "no further lanes"),
    ("insufficient_quota", None, 429, Reaction.PERMANENT, "quota"),
    ("usage_limit_reached", None, 429, Reaction.PERMANENT, "quota"),
    ("invalid_api_key", None, 401, Reaction.PERMANENT, "quota"),
    ("model_not_found", None, 404, Reaction.PERMANENT, "model"),
    ("server_error", None, None, Reaction.PASSING, "busy"),
    (None, "server_error", None, Reaction.PASSING, "busy"),
    ("server_is_overloaded", None, None, Reaction.PASSING, "busy"),
    ("rate_limit_exceeded", None, None, Reaction.PASSING, "busy"),
    ("new_code", None, 503, Reaction.PASSING, "busy"),
    (None, None, 429, Reaction.PASSING, "busy"),
    ("new_code", "invalid_request_error", 400, Reaction.PERMANENT, "Read the message"),
    (None, None, None, Reaction.PERMANENT, "Read the message"),
)
"""For code, type and status of an error that answers a create: the reaction, and words of the advice."""


@pytest.mark.parametrize("status, reaction, advice", HANDSHAKES)
def test_status_of_a_handshake_decides(status: int | None, reaction: Reaction, advice: str) -> None:
    rule = react(ERRORS, Where.HANDSHAKE, None, None, status)

    assert reaction == rule.reaction
    assert advice in rule.advice


@pytest.mark.parametrize("code, error_type, status, reaction, advice", CREATES)
def test_code_type_and_status_of_an_error_decide(
    code: str | None, error_type: str | None, status: int | None, reaction: Reaction, advice: str
) -> None:
    rule = react(ERRORS, Where.CREATE, code, error_type, status)

    assert reaction == rule.reaction
    assert advice in rule.advice


def test_every_row_is_the_first_match_of_something() -> None:
    reached = [react(ERRORS, Where.HANDSHAKE, None, None, status) for status, _, _ in HANDSHAKES]
    reached += [react(ERRORS, Where.CREATE, code, error_type, status) for code, error_type, status, _, _ in CREATES]

    assert [] == [rule for rule in ERRORS if rule not in reached]


def test_advice_is_a_sentence() -> None:
    assert [] == [rule.advice for rule in ERRORS if not rule.advice.endswith(".") or not rule.advice[0].isupper()]


@pytest.mark.parametrize("where", Where)
def test_a_row_of_the_users_wins_from_the_front(where: Where) -> None:
    mine = ErrorRule(where, ("new_code",), (), Reaction.PASSING, "Ask me.")

    assert mine is react((mine, *ERRORS), where, "new_code", None, 400)
    assert mine is react((mine, *ERRORS), where, None, "new_code", 400)
    assert mine is not react((*ERRORS, mine), where, "new_code", None, 400)
    assert mine is not react((mine, *ERRORS), where, "other_code", None, 400)


def test_a_table_that_says_nothing_falls_back_to_ours() -> None:
    mine = ErrorRule(Where.CREATE, ("new_code",), (), Reaction.PASSING, "Ask me.")

    assert Reaction.PERMANENT is react((mine,), Where.CREATE, "other_code", None, None).reaction
    assert Reaction.PERMANENT is react((), Where.HANDSHAKE, None, None, 401).reaction


def test_a_row_with_code_and_status_needs_both() -> None:
    mine = ErrorRule(Where.CREATE, ("new_code",), (range(500, 600),), Reaction.PERMANENT, "Ask me.")

    assert mine is react((mine,), Where.CREATE, "new_code", None, 500)
    assert mine is not react((mine,), Where.CREATE, "new_code", None, 400)
    assert mine is not react((mine,), Where.CREATE, "new_code", None, None)
    assert mine is not react((mine,), Where.CREATE, None, None, 500)
