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


DIALS: Final = (
    ("certificate_not_trusted", Reaction.PERMANENT, "authority"),
    ("proxy_authentication", Reaction.PERMANENT, "credentials"),
    ("proxy_refused", Reaction.PERMANENT, "lets its users connect"),
    ("proxy", Reaction.PASSING, "proxy runs"),
)
"""For a code of ours of a dial that failed: the reaction, and words of the advice."""

CLOSES: Final = (
    (False, None, Reaction.PASSING, "ask again"),
    (False, 1000, Reaction.PASSING, "ask again"),
    (False, 1001, Reaction.PASSING, "ask again"),
    (False, 1002, Reaction.PERMANENT, "does not take"),
    (False, 1003, Reaction.PERMANENT, "does not take"),
    (False, 1005, Reaction.PASSING, "ask again"),
    (False, 1006, Reaction.PASSING, "ask again"),
    (False, 1007, Reaction.PERMANENT, "does not take"),
    (False, 1008, Reaction.PERMANENT, "its rules"),
    (False, 1009, Reaction.PERMANENT, "Send less"),
    (False, 1010, Reaction.PERMANENT, "does not take"),
    (False, 1011, Reaction.PASSING, "ask again"),
    (False, 1012, Reaction.PASSING, "ask again"),
    (False, 1013, Reaction.PASSING, "ask again"),
    (False, 1014, Reaction.PASSING, "ask again"),
    (False, 3000, Reaction.PERMANENT, "its rules"),
    (False, 3003, Reaction.PERMANENT, "its rules"),
    (False, 4000, Reaction.PASSING, "ask again"),
    (True, 1002, Reaction.PASSING, "breaks the rules"),
    (True, 1007, Reaction.PASSING, "breaks the rules"),
    (True, 1009, Reaction.PASSING, "frame_limit"),
)
"""For a close, ours or the server's, and its code: the reaction, and words of the advice."""


def close_rule(code: int | None, *, ours: bool) -> ErrorRule:
    return react(ERRORS, Where.CLOSE, "violation" if ours else None, None, code)


@pytest.mark.parametrize("code, reaction, advice", DIALS)
def test_code_of_a_dial_decides(code: str, reaction: Reaction, advice: str) -> None:
    rule = react(ERRORS, Where.HANDSHAKE, code, None, None)

    assert reaction == rule.reaction
    assert advice in rule.advice
    assert not rule.elsewhere


@pytest.mark.parametrize("ours, code, reaction, advice", CLOSES)
def test_code_of_a_close_decides(ours: bool, code: int | None, reaction: Reaction, advice: str) -> None:  # noqa: FBT001 - a row
    rule = close_rule(code, ours=ours)

    assert reaction == rule.reaction
    assert advice in rule.advice


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
    reached += [react(ERRORS, Where.HANDSHAKE, code, None, None) for code, _, _ in DIALS]
    reached += [close_rule(code, ours=ours) for ours, code, _, _ in CLOSES]
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
