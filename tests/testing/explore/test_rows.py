"""The rows of a feed: what moved in order, what stayed by name, and a delta."""

from __future__ import annotations

from rejoinder.states.effects import Close, Deliver, Effect, Moved
from rejoinder.testing.explore import ROWS
from rejoinder.testing.explore.rows import rows_of


def test_moves_come_in_order_and_what_stayed_comes_behind() -> None:
    effects: list[Effect] = [Moved("link", "connecting", "Opened", "open", 1), Close(1), Moved("link", "open", "Lost", "closed", 1)]

    assert ["link connecting Opened", "link open Lost", "a", "b"] == rows_of(["b", "a"], effects)


def test_lone_delivery_is_the_row_of_a_delta() -> None:
    assert ["response streaming Content"] == rows_of([], [Deliver(1)])
    assert "response streaming Content" in ROWS


def test_delivery_that_was_counted_is_what_was_counted() -> None:
    assert ["response acknowledged Other"] == rows_of(["response acknowledged Other"], [Deliver(1)])


def test_feed_that_did_nothing_took_no_row() -> None:
    assert [] == rows_of([], [])
