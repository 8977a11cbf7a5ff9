"""Cancels that should not be, and those that are missing, are seen in the diary."""

from __future__ import annotations

import pytest

from harness import frames
from rejoinder.states.effects import Close, Effect, Note, SendCancel
from rejoinder.states.events import Cancel, Event, Lost, Opened, Received
from rejoinder.states.trace import Fed
from rejoinder.testing.fuzz import BrokenPromise
from rejoinder.testing.fuzz.signals import Signals

BEGUN = (Opened(1), Received(1, frames.created("resp_1")))


def followed(*events: Event, wanted: bool = True) -> Signals:
    signals = Signals(wanted)
    for event in events:
        signals.follow(line(event))
    return signals


def line(event: Event, *effects: Effect) -> Fed:
    return Fed(0.0, event, effects)


def test_cancel_of_what_runs_is_right_once() -> None:
    signals = followed(*BEGUN)
    signals.follow(line(Cancel(1), SendCancel(1, "resp_1")))

    with pytest.raises(BrokenPromise, match=r"promise 12: .* for the second time"):
        signals.follow(line(Cancel(1), SendCancel(1, "resp_1")))


def test_cancel_where_signalling_is_off_is_seen() -> None:
    with pytest.raises(BrokenPromise, match="signalling is off"):
        followed(*BEGUN, wanted=False).follow(line(Cancel(1), SendCancel(1, "resp_1")))


def test_cancel_on_a_link_that_has_refused_one_is_seen_until_it_is_opened_anew() -> None:
    signals = followed(*BEGUN)
    signals.follow(line(Received(1, frames.error()), Note("CancelRefused", 1)))
    with pytest.raises(BrokenPromise, match="has refused one"):
        signals.follow(line(Cancel(1), SendCancel(1, "resp_1")))
    for event in (Lost(1), *BEGUN):
        signals.follow(line(event))
    signals.follow(line(Cancel(1), SendCancel(1, "resp_1")))

    assert {(1, "resp_1")} == signals.sent


@pytest.mark.parametrize(
    "events",
    [(Opened(1),), (*BEGUN, Received(1, frames.completed("resp_1"))), (*BEGUN, Lost(1))],
    ids=["never begun", "ended", "lost"],
)
def test_cancel_of_what_does_not_run_is_seen(events: tuple[Event, ...]) -> None:
    with pytest.raises(BrokenPromise, match="does not run"):
        followed(*events).follow(line(Cancel(1), SendCancel(1, "resp_1")))


def test_who_leaves_without_a_cancel_is_seen() -> None:
    with pytest.raises(BrokenPromise, match="the caller of resp_1 has left, and no cancel was sent"):
        followed(*BEGUN).expect(1, "resp_1", line(Cancel(1), SendCancel(1, "resp_2"), Close(2)))


@pytest.mark.parametrize("effect", [SendCancel(1, "resp_1"), Close(1)], ids=["a cancel", "its socket is closed"])
def test_server_is_told_by_a_cancel_or_by_the_end_of_the_socket(effect: Effect) -> None:
    signals = followed(*BEGUN)
    signals.expect(1, "resp_1", line(Cancel(1), effect))

    signals.follow(line(Cancel(1), effect))
    signals.expect(1, "resp_1", line(Cancel(1)))


@pytest.mark.parametrize("wanted", [True, False])
def test_nothing_is_expected_where_nothing_runs_or_nobody_is_to_be_told(*, wanted: bool) -> None:
    events = (*BEGUN, Received(1, frames.completed("resp_1"))) if wanted else BEGUN
    signals = followed(*events, wanted=wanted)
    signals.expect(1, "resp_1", line(Cancel(1)))

    assert set() == signals.sent
