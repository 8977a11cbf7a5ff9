"""When a one-shot call is tried again: the rules of the official clients, asked of the same table as for responses."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness import frames
from rejoinder.states.profiles import Policy, ReplayPolicy
from rejoinder.states.retries import retry_pause
from rejoinder.states.stream_events import ErrorEvent


def error(status: int, headers: Mapping[str, str] | None = None, code: str | None = None) -> ErrorEvent:
    frame = frames.error(code, status=status, headers=dict(headers or {}))
    assert isinstance(frame, ErrorEvent)
    return frame


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_what_passes_is_tried_twice_more(status: int) -> None:
    assert [0.5, 1.0, None] == [retry_pause(Policy(), error(status), attempts, 1.0) for attempts in (1, 2, 3)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_does_not_pass_is_not(status: int) -> None:
    assert retry_pause(Policy(), error(status), 1, 1.0) is None


def test_a_server_that_was_not_reached_is_tried_twice_more() -> None:
    assert [0.375, 0.75, None] == [retry_pause(Policy(), None, attempts, 0.0) for attempts in (1, 2, 3)]


@pytest.mark.parametrize(
    "status, headers, expected",
    [
        (429, {"retry-after": "7"}, 7.0),
        (429, {"retry-after": "7", "retry-after-ms": "120"}, 0.12),
        (429, {"retry-after": "61"}, None),
        (429, {"x-should-retry": "false"}, None),
        (400, {"x-should-retry": "true"}, 0.5),
        (400, {"x-should-retry": "true", "retry-after": "2"}, 2.0),
    ],
)
def test_what_the_server_says_about_it(status: int, headers: dict[str, str], expected: float | None) -> None:
    assert expected == retry_pause(Policy(), error(status, headers), 1, 1.0)


def test_a_quota_that_is_used_up_does_not_pass() -> None:
    assert retry_pause(Policy(), error(429, code="insufficient_quota"), 1, 1.0) is None


def test_a_policy_that_never_sends_again() -> None:
    assert retry_pause(Policy(replay=ReplayPolicy.NEVER), None, 1, 1.0) is None


def test_pauses_are_bounded() -> None:
    assert 2.0 == retry_pause(Policy(retry_pause=10, backoff_limit=2), None, 2, 1.0)
