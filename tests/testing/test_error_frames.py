"""Errors come in three shapes, and each has exactly its own keys."""

import attrs

from rejoinder.testing import ErrorFrame
from rejoinder.testing.error_frames import render_error

FRAME = ErrorFrame(code="c", message="m", status=429, type="t", param="p")
INNER = {"type": "t", "code": "c", "message": "m", "param": "p"}


def test_wrapped_has_status_and_lane() -> None:
    expected = {"type": "error", "status": 429, "error": INNER, "stream_id": "a"}

    assert expected == render_error(FRAME, 5, "a")


def test_wrapped_in_sequence_has_a_number_and_no_status() -> None:
    frame = attrs.evolve(FRAME, shape="wrapped_in_sequence")

    assert {"type": "error", "sequence_number": 5, "error": INNER} == render_error(frame, 5, None)


def test_flat_has_everything_at_the_top() -> None:
    frame = attrs.evolve(FRAME, shape="flat", headers={"retry-after": "2"})
    expected = {"type": "error", "code": "c", "message": "m", "param": "p", "sequence_number": 5}

    assert expected | {"headers": {"retry-after": "2"}} == render_error(frame, 5, None)
    assert expected == render_error(attrs.evolve(frame, headers=None), 5, None)


def test_type_and_status_can_be_missing() -> None:
    frame = attrs.evolve(FRAME, type=None, status=None)
    inner = {"code": "c", "message": "m", "param": "p"}

    assert {"type": "error", "error": inner} == render_error(frame, 0, None)


def test_headers_go_inside_or_outside() -> None:
    frame = attrs.evolve(FRAME, headers={"retry-after": "2"})

    assert render_error(frame, 0, None)["error"]["headers"] == {"retry-after": "2"}
    assert render_error(attrs.evolve(frame, headers_outside=True), 0, None)["headers"] == {"retry-after": "2"}


def test_an_unlabelled_error_hides_its_lane() -> None:
    assert "stream_id" not in render_error(attrs.evolve(FRAME, labelled=False), 0, "a")
