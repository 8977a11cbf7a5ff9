"""What each provider can do, as its documentation gives it."""

import math
from collections.abc import Callable
from typing import Any, Final

import attrs
import pytest

from rejoinder.states.profiles import (
    AZURE,
    GENERIC,
    OPENAI,
    PROFILES,
    XAI,
    AfterCancel,
    CancelPolicy,
    ContinuationPolicy,
    DeadlineKind,
    Deadlines,
    Fallback,
    Policy,
    Profile,
    ReplayPolicy,
)
from rejoinder.states.refusals import InvalidSetting
from rejoinder.states.verdicts import ERRORS

MINUTE: Final = 60.0
NOTHING: Any = None
WRONG: Any = {}


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
    # Backoff is computed, the age of a link is its profile's, a pause is what the server asks for, a tool's limit is its own.
    others = {DeadlineKind.BACKOFF, DeadlineKind.AGE, DeadlineKind.PAUSE, DeadlineKind.TOOL}
    assert set(DeadlineKind) - others == set(limits)


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


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: Deadlines(created=math.nan), r"Deadlines\(created=…\) is nan\. Give a finite number above 0\."),
        (lambda: Deadlines(gap=0), "Give a finite number above 0"),
        (lambda: Deadlines(turn=math.inf), "finite"),
        (lambda: Deadlines(connect=NOTHING), r"Deadlines\(connect=…\) is None\. Give a number above 0\."),
        (lambda: Deadlines(drain=True), "is True"),
        (lambda: Policy(successor_pause=0), "successor_pause"),
        (lambda: Policy(dial_attempts=0), "of at least 1"),
        (lambda: Policy(hedge_delay=-1), "of at least 0"),
        (lambda: Policy(sockets=WRONG), r"Policy\(sockets=…\) is a dict\. Give a whole number of at least 1\."),
        (
            lambda: Policy(deadlines=WRONG),
            r"Policy\(deadlines=…\) is a dict\. Give Deadlines, such as Deadlines\(created=10\.0\)\.",
        ),
        (lambda: Policy(signal=WRONG), r"Policy\(signal=…\) is a dict\. Give True or False, or None"),
        (lambda: Policy(reuse=NOTHING), r"Policy\(reuse=…\) is None\. Give True or False\."),
        (lambda: Policy(errors=WRONG), r"Policy\(errors=…\) is no table of errors\. Give a tuple of ErrorRule"),
        (lambda: Policy(errors=(WRONG,)), r"Policy\(errors=…\) is no table of errors\."),
        (lambda: Policy(then="stop"), r"Policy\(then=…\) is 'stop'\. Give 'lane' or 'hedge' or 'drain' or 'retire'\."),
        (lambda: Policy(after_cancel=WRONG), r"Policy\(after_cancel=…\) is \{\}\. Give 'full' or 'reuse'\."),
        (lambda: Policy(replay="often"), r"Policy\(replay=…\) is 'often'\. Give 'uncommitted' or 'never'\."),
        (lambda: Policy(continuation="no"), r"Policy\(continuation=…\) is 'no'\. Give 'link' or 'stored'\."),
        (lambda: Policy(fallback="now"), r"Policy\(fallback=…\) is 'now'\. Give 'never' or 'each' or 'sticky'\."),
    ],
)
def test_what_cannot_be_is_refused_by_name(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        make()


def test_a_choice_may_be_given_by_its_name() -> None:
    policy = Policy(then="drain", after_cancel="reuse", replay="never", continuation="stored", fallback="each")

    # What reads them asks whether they are these, not whether they equal them.
    assert CancelPolicy.DRAIN is policy.then
    assert AfterCancel.REUSE is policy.after_cancel
    assert ReplayPolicy.NEVER is policy.replay
    assert ContinuationPolicy.STORED is policy.continuation
    assert Fallback.EACH is policy.fallback


def test_a_list_of_rows_is_a_table_of_errors() -> None:
    assert Policy() == Policy(errors=[*ERRORS])


def test_an_idle_link_may_be_trusted_for_ever() -> None:
    assert math.inf == Policy(prove_after=math.inf).prove_after
