"""Settings are values, and their defaults are the documented ones."""

import attrs
import pytest

from rejoinder.engine import Deadlines, Policy, Settings


def test_the_defaults() -> None:
    settings = Settings()

    assert Policy() == settings.policy
    assert (16, 64) == (settings.buffer_limit / 2**20, settings.frame_limit / 2**20)
    assert (20.0, 20.0, 2.0) == (settings.ping_interval, settings.send_deadline, settings.close_deadline)
    assert (256, False, None, {}, None) == (
        settings.queue,
        settings.preconnect,
        settings.instructions,
        settings.extra,
        settings.ssl_context,
    )


def test_the_default_deadlines_are_all_there() -> None:
    deadlines = Deadlines()

    assert (10.0, 30.0, 120.0, 300.0, 5.0, 20.0, 2.0) == (
        deadlines.connect,
        deadlines.created,
        deadlines.first_output,
        deadlines.gap,
        deadlines.drain,
        deadlines.ping,
        deadlines.grace,
    )


def test_settings_do_not_change() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Settings().model = "another"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]
