"""How a turn ended, in words."""

from __future__ import annotations

import pytest

from rejoinder.engine import Interrupted, ResponseCancelled, ResponseFailed, ResponseRefused, Result
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind, Verdict
from rejoinder.testing.scenarios.ends import end_of_error

NOTHING = Result(None, "failed", (), None)


def failed(failure: Failure, *, replay_safe: bool = False) -> Outcome:
    verdict = Verdict("idle", sent=True, acknowledged=False, output_begun=False, replay_safe=replay_safe)
    return Outcome(OutcomeKind.FAILED, failure, verdict)


@pytest.mark.parametrize(
    "error, words",
    [
        (
            Interrupted(failed(Failure(Cause.LOST, "The connection was lost (close code 1006). Ask again.")), NOTHING),
            "Interrupted (connection lost, not safe to repeat): The connection was lost.",
        ),
        (
            ResponseFailed(
                failed(
                    Failure(Cause.REJECTED, "Slow down. Try later.", code="rate_limit", status=429, retry_after=9.0),
                    replay_safe=True,
                ),
                NOTHING,
            ),
            "ResponseFailed (rejected, rate_limit, status 429, retry after 9 s, safe to repeat): Slow down.",
        ),
        (
            ResponseRefused(Outcome(OutcomeKind.COMPLETED), NOTHING, "no"),
            "ResponseRefused: The model declined: no",
        ),
        (
            ResponseCancelled(Outcome(OutcomeKind.CANCELLED), NOTHING),
            "ResponseCancelled: The response was cancelled by its caller.",
        ),
        (KeyError("error"), "KeyError: 'error'"),
    ],
    ids=["lost", "limited", "refused", "cancelled", "not ours"],
)
def test_an_error_is_told_by_everything_that_its_caller_sees(error: Exception, words: str) -> None:
    assert words == end_of_error(error)
