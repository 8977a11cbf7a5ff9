"""The measurement of a delta in the pure lifecycle."""

from __future__ import annotations

import benchmarks.delta
import pytest
from benchmarks.delta import measure_delta, streaming_session

from rejoinder.states.events import Cancel
from rejoinder.states.profiles import Profile
from rejoinder.states.session import Session


def test_each_part_is_measured_with_and_without_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks.delta, "DELTAS", 50)

    figures = {figure.name: figure for figure in measure_delta(2)}

    assert {f"{part} ({kind})" for part in ("json.loads", "decode", "feed") for kind in ("lanes", "serial")} == set(figures)
    assert 1.0 == figures["json.loads (lanes)"].ratio
    assert all(0 < figure.low <= figure.median <= figure.high for figure in figures.values())


def abandoned(profile: Profile) -> tuple[Session, str | None]:
    """A session whose caller has left."""
    session, lane = streaming_session(profile)
    session.feed(Cancel(1), 0.0)
    return session, lane


def test_a_delta_that_is_not_delivered_voids_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks.delta, "DELTAS", 50)
    monkeypatch.setattr(benchmarks.delta, "streaming_session", abandoned)

    with pytest.raises(RuntimeError, match="void"):
        measure_delta(1)
