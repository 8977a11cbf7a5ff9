"""The names on the command line are those that the rest of the project knows."""

from rejoinder.cli.choices import CancelModeName, CancelPolicyName, ProfileName
from rejoinder.engine import CancelPolicy
from rejoinder.states.profiles import PROFILES
from rejoinder.testing import SERVER_PROFILES, CancelMode


def test_profiles_are_the_ones_there_are() -> None:
    assert list(PROFILES) == [name.value for name in ProfileName]
    assert list(SERVER_PROFILES) == [name.value for name in ProfileName]


def test_cancel_policies_are_the_ones_there_are() -> None:
    assert {policy.value for policy in CancelPolicy} == {name.value for name in CancelPolicyName}


def test_cancel_modes_are_the_ones_there_are() -> None:
    assert [mode.value for mode in CancelMode] == [name.value.replace("-", "_") for name in CancelModeName]
