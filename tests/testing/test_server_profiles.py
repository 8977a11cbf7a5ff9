"""The profiles say what the documents say."""

from rejoinder.testing import AZURE, GENERIC, OPENAI, SERVER_PROFILES, XAI


def test_profiles_are_found_by_name() -> None:
    assert {"openai": OPENAI, "azure": AZURE, "xai": XAI, "generic": GENERIC} == SERVER_PROFILES


def test_only_openai_has_lanes() -> None:
    assert [OPENAI] == [profile for profile in SERVER_PROFILES.values() if profile.lanes]


def test_age_limits_are_the_documented_ones() -> None:
    minutes = {name: (profile.max_age or 0) / 60 for name, profile in SERVER_PROFILES.items()}

    assert {"openai": 60, "azure": 60, "xai": 25, "generic": 60} == minutes


def test_limits_are_the_documented_ones() -> None:
    assert (16, 32, 16_777_216) == (OPENAI.max_in_flight, OPENAI.max_lane_names, OPENAI.inbound_limit)


def test_xai_and_azure_leave_out_the_type_of_errors() -> None:
    assert ["azure", "xai"] == [name for name, profile in SERVER_PROFILES.items() if not profile.error_type]
