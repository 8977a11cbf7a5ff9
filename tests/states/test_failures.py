"""Failures in words: what happened, then what to do, and never what was said."""

from __future__ import annotations

from typing import Any

import pytest

from harness import frames
from rejoinder.states.events import Lost
from rejoinder.states.failures import (
    closing_rule,
    failure_from_error,
    failure_from_response,
    lost_failure,
    overdue_failure,
    simple_failure,
)
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.profiles import Deadlines, Policy
from rejoinder.states.stream_events import ErrorEvent
from rejoinder.states.verdicts import ERRORS, Cause, ErrorRule, Failure, Reaction, Where


def error_of(**fields: Any) -> ErrorEvent:  # noqa: ANN401 - fields of an error
    frame = frames.error(**fields)
    assert isinstance(frame, ErrorEvent)
    return frame


def test_an_error_is_told_in_the_servers_words_and_with_our_advice() -> None:
    error = error_of(
        code="model_not_found",
        message="No such model",
        param="model",
        error_type="invalid_request_error",
        status=404,
        headers={"retry-after": "3"},
    )
    expected = Failure(
        Cause.REJECTED,
        "No such model. Check the model's name and that the key may use it.",
        "model_not_found",
        404,
        "model",
        "invalid_request_error",
        3.0,
    )

    assert expected == failure_from_error(Cause.REJECTED, error, Policy())


@pytest.mark.parametrize("said, told", [("Why?", "Why? "), ("Wait!", "Wait! "), (" Done. ", "Done. "), ("Done", "Done. ")])
def test_the_servers_words_become_a_sentence(said: str, told: str) -> None:
    assert failure_from_error(Cause.FAULT, error_of(message=said), Policy()).message.startswith(told)


def test_an_error_without_words_is_told_in_ours() -> None:
    failure = failure_from_error(Cause.FAULT, error_of(message=None), Policy())

    assert failure.message.startswith("The server sent an error without a message. ")


@pytest.mark.parametrize(
    "error, expected",
    [
        pytest.param(
            {"code": "server_error", "message": "It broke", "type": "x", "param": "y"},
            Failure(Cause.FAILED, "It broke. Try again later: the server is busy.", "server_error", None, "y", "x"),
            id="all is there",
        ),
        pytest.param(
            {"code": 500, "message": ["It broke"]},
            Failure(
                Cause.FAILED,
                "The response failed and the server gave no reason. Read the message: the server refused the request as it is.",
            ),
            id="of another type",
        ),
        pytest.param(
            None,
            Failure(
                Cause.FAILED,
                "The response failed and the server gave no reason. Read the message: the server refused the request as it is.",
            ),
            id="absent",
        ),
    ],
)
def test_a_failed_response_is_told_as_far_as_it_says(error: object, expected: Failure) -> None:
    assert expected == failure_from_response({"id": "resp_1", "error": error}, Policy())


def test_a_link_that_was_given_up_was_not_lost() -> None:
    assert lost_failure(None, Policy()).message.startswith("The connection had to be given up ")


@pytest.mark.parametrize(
    "detail, seen",
    [
        (Lost(1), "lost."),
        (Lost(1, 1006), "lost (close code 1006)."),
        (Lost(1, 1012, "restart"), "lost (close code 1012: restart)."),
    ],
)
def test_a_loss_tells_the_close_code_where_there_was_one(detail: object, seen: str) -> None:
    failure = lost_failure(detail, Policy())

    assert Cause.LOST is failure.cause
    assert f"The connection was {seen[:-1]}. What came so far is attached; ask again for the rest." == failure.message


def test_a_close_of_ours_tells_what_may_be_allowed() -> None:
    failure = lost_failure(Lost(1, 1009, "too long", ours=True), Policy())

    assert failure.message.startswith("The connection was lost (close code 1009: too long). Allow larger frames with Settings(")


def test_the_table_of_the_user_says_what_a_close_code_means() -> None:
    mine = ErrorRule(Where.CLOSE, (), (range(4001, 4002),), Reaction.PERMANENT, "Renew the ticket.")
    policy = Policy(errors=(mine, *ERRORS))

    assert lost_failure(Lost(1, 4001), policy).message.endswith("Renew the ticket.")
    assert mine is closing_rule(Lost(1, 4001), policy)
    assert mine is not closing_rule(Lost(1, 4002), policy)


@pytest.mark.parametrize(
    "phase, told",
    [
        (ResponsePhase.AWAITING_CREATED, ("30 s", "Deadlines(created=…)")),
        (ResponsePhase.DOUBTED, ("2 s", "Deadlines(grace=…)")),
        (ResponsePhase.ACKNOWLEDGED, ("120 s", "Deadlines(first_output=…)")),
        (ResponsePhase.STREAMING, ("1.5 s", "Deadlines(gap=…)")),
    ],
)
def test_silence_tells_how_long_it_was_and_how_to_allow_more(phase: ResponsePhase, told: tuple[str, str]) -> None:
    failure = overdue_failure(phase, Deadlines(gap=1.5))

    assert Cause.OVERDUE is failure.cause
    assert [] == [words for words in told if words not in failure.message]


def test_a_simple_failure_has_cause_and_words() -> None:
    assert Failure(Cause.CLOSED, "Closed.") == simple_failure(Cause.CLOSED, "Closed.")
