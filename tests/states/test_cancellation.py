"""What a cancel policy comes to on one link."""

import pytest

from rejoinder.states.cancellation import effective_policy, signals
from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, XAI, CancelPolicy, Policy, Profile


@pytest.mark.parametrize(
    "profile, proven, expected",
    [
        (OPENAI, True, CancelPolicy.LANE),
        (OPENAI, False, CancelPolicy.HEDGE),
        (AZURE, False, CancelPolicy.HEDGE),
        (XAI, False, CancelPolicy.HEDGE),
        (GENERIC, False, CancelPolicy.HEDGE),
    ],
)
def test_the_profile_decides_where_the_user_does_not(profile: Profile, proven: bool, expected: CancelPolicy) -> None:  # noqa: FBT001
    assert expected == effective_policy(profile, Policy(), proven=proven)


@pytest.mark.parametrize("wanted", [policy for policy in CancelPolicy if policy is not CancelPolicy.LANE])
@pytest.mark.parametrize("profile", [OPENAI, AZURE])
def test_the_user_decides_before_the_profile(profile: Profile, wanted: CancelPolicy) -> None:
    assert wanted == effective_policy(profile, Policy(then=wanted), proven=profile.lanes)


def test_a_lane_of_its_own_needs_a_link_that_has_proven_to_multiplex() -> None:
    policy = Policy(then=CancelPolicy.LANE)

    assert CancelPolicy.LANE is effective_policy(OPENAI, policy, proven=True)
    assert CancelPolicy.HEDGE is effective_policy(OPENAI, policy, proven=False)
    assert CancelPolicy.HEDGE is effective_policy(AZURE, policy, proven=True)


def test_the_server_is_told_where_profile_or_user_say_so() -> None:
    assert signals(OPENAI, Policy(), refused=False)
    assert not signals(AZURE, Policy(), refused=False)
    assert signals(AZURE, Policy(signal=True), refused=False)
    assert not signals(OPENAI, Policy(signal=False), refused=False)


def test_a_link_that_refused_a_cancel_is_not_told_again() -> None:
    assert not signals(OPENAI, Policy(signal=True), refused=True)
