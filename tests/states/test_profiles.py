"""What each provider can do, as its documentation gives it."""

from typing import Final

import attrs
import pytest

from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, PROFILES, XAI, CancelPolicy, DeadlineKind, Deadlines, Policy, Profile

MINUTE: Final = 60.0


LIMITS: Final = {
    OPENAI: (True, 60 * MINUTE, 16, 32, True, CancelPolicy.LANE),
    AZURE: (False, 60 * MINUTE, 1, 0, False, CancelPolicy.HEDGE),
    XAI: (False, 25 * MINUTE, 1, 0, False, CancelPolicy.HEDGE),
    GENERIC: (False, 25 * MINUTE, 1, 0, False, CancelPolicy.HEDGE),
}
"""Lanes, seconds of age, responses in flight, lane names, whether a cancel is sent, cancel policy."""


@pytest.mark.parametrize("profile", LIMITS, ids=[profile.name for profile in LIMITS])
def test_profile(profile: Profile) -> None:
    assert LIMITS[profile] == (
        profile.lanes,
        profile.max_age,
        profile.in_flight,
        profile.names,
        profile.signal,
        profile.then,
    )
    assert profile is PROFILES[profile.name]
    assert 16 * 1024 * 1024 == profile.inbound_limit


def test_only_an_unknown_server_may_leave_its_items_unannounced() -> None:
    assert [GENERIC] == [profile for profile in PROFILES.values() if not profile.announces_items]


def test_every_time_limit_is_there_and_positive() -> None:
    limits = attrs.asdict(Deadlines())

    assert {name: seconds for name, seconds in limits.items() if seconds > 0} == limits
    # Backoff is computed, and the age of a link is its profile's.
    assert set(DeadlineKind) - {DeadlineKind.BACKOFF, DeadlineKind.AGE} == set(limits)


def test_default_time_limits() -> None:
    limits = Deadlines()

    assert (10, 30, 120, 300, 5, 20) == (
        limits.connect,
        limits.created,
        limits.first_output,
        limits.gap,
        limits.drain,
        limits.ping,
    )


def test_policies_are_values() -> None:
    assert Policy() == Policy()
    assert hash(Policy()) == hash(Policy())
    assert Policy(deadlines=Deadlines(drain=1)) != Policy()
