"""The tree of errors, and which of them an outcome is."""

import pytest

from rejoinder.engine import (
    ConnectionFailed,
    ConsumerTooSlow,
    DeadlineExceeded,
    Interrupted,
    InvalidEndpoint,
    InvalidRequest,
    RecordingFailed,
    RejoinderError,
    ResponseCancelled,
    ResponseError,
    ResponseFailed,
    ResponseRefused,
    Result,
    SessionClosed,
)
from rejoinder.engine.errors import error_for
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind, Verdict

NOTHING = Result(None, "interrupted", [], None)
VERDICT = Verdict(stage="waiting", sent=False, acknowledged=False, output_begun=False, replay_safe=True)


@pytest.mark.parametrize(
    "error, base",
    [
        (InvalidEndpoint, ValueError),
        (InvalidRequest, TypeError),
        (SessionClosed, RejoinderError),
        (RecordingFailed, RejoinderError),
        (ResponseFailed, ResponseError),
        (ResponseRefused, ResponseFailed),
        (ResponseCancelled, ResponseError),
        (Interrupted, ResponseError),
        (ConnectionFailed, Interrupted),
        (DeadlineExceeded, Interrupted),
        (ConsumerTooSlow, Interrupted),
    ],
)
def test_what_catches_what(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, base)
    assert issubclass(error, RejoinderError)


@pytest.mark.parametrize(
    "cause, error",
    [
        (Cause.DIAL, ConnectionFailed),
        (Cause.OVERDUE, DeadlineExceeded),
        (Cause.QUEUE, DeadlineExceeded),
        (Cause.TURN, DeadlineExceeded),
        (Cause.OVERFLOW, ConsumerTooSlow),
        (Cause.LOST, Interrupted),
        (Cause.DOUBT, Interrupted),
        (Cause.FOREIGN, Interrupted),
        (Cause.DAMAGED, Interrupted),
        (Cause.LIMIT, Interrupted),
        (Cause.CLOSED, Interrupted),
    ],
)
def test_an_interruption_by_its_cause(cause: Cause, error: type[Interrupted]) -> None:
    failure = Failure(cause, "It stopped. Start again.")
    raised = error_for(Outcome(OutcomeKind.INTERRUPTED, failure, VERDICT), NOTHING)

    assert raised is not None
    assert type(raised) is error
    assert "It stopped. Start again." == str(raised)
    assert (failure, VERDICT, NOTHING) == (raised.failure, raised.verdict, raised.partial)


def test_a_failure_by_the_server() -> None:
    raised = error_for(Outcome(OutcomeKind.FAILED, Failure(Cause.FAILED, "No. Ask less.", code="server_error"), VERDICT), NOTHING)

    assert type(raised) is ResponseFailed
    assert raised.failure is not None
    assert "server_error" == raised.failure.code


def test_a_cancelled_response_has_no_failure() -> None:
    raised = error_for(Outcome(OutcomeKind.CANCELLED, None, VERDICT), NOTHING)

    assert type(raised) is ResponseCancelled
    assert raised.failure is None
    assert "The response was cancelled by its caller." == str(raised)


@pytest.mark.parametrize("kind", [OutcomeKind.COMPLETED, OutcomeKind.INCOMPLETE])
def test_a_normal_end_is_no_error(kind: OutcomeKind) -> None:
    assert error_for(Outcome(kind), NOTHING) is None


def test_a_refusal_says_what_the_model_said() -> None:
    raised = ResponseRefused(Outcome(OutcomeKind.COMPLETED), NOTHING, "I would rather not.")

    assert "I would rather not." == raised.refusal
    assert "The model declined: I would rather not." == str(raised)
