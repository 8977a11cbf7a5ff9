"""An update says what changes, and is refused when it is made if it cannot be applied."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from rejoinder.engine import NOT_GIVEN, InvalidSetting, Settings, SettingsUpdate
from rejoinder.engine.settings import REQUEST_FIELDS
from rejoinder.engine.settings_update import renamed


@pytest.mark.original("B011")
def test_it_names_every_field_of_requests_and_gives_none() -> None:
    fields = attrs.fields(SettingsUpdate)

    assert {*REQUEST_FIELDS, "extra"} == {field.name for field in fields}
    assert {NOT_GIVEN} == {field.default for field in fields}
    assert {} == SettingsUpdate().given_fields()


@pytest.mark.original("B011", "B015")
def test_none_is_given_and_not_given_is_not() -> None:
    assert {"temperature": None, "top_p": 0.5} == SettingsUpdate(temperature=None, top_p=0.5, user=NOT_GIVEN).given_fields()
    assert not NOT_GIVEN
    assert "NOT_GIVEN" == repr(NOT_GIVEN)


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"temperature": True}, "SettingsUpdate(temperature=…) is True (bool). Give a number from 0 to 2"),
        ({"model": None}, "SettingsUpdate(model=…) is None. Give the name of a model, or leave it out."),
        ({"extra": None}, "SettingsUpdate(extra=…) is a NoneType. Give a mapping"),
        ({"extra": {"store": "no"}}, "SettingsUpdate.extra(store=…) is a str. Give True or False"),
        ({"tools": [7]}, "SettingsUpdate: tools[0] is a int. Write a tool as"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        SettingsUpdate(**fields)

    assert str(caught.value).startswith(said)


@pytest.mark.original("B013")
def test_an_update_from_a_mapping() -> None:
    given = {"max_completion_tokens": 100, "temperature": None, "x": 1, "extra": {"y": 2}}

    assert SettingsUpdate(max_output_tokens=100, temperature=None, extra={"x": 1, "y": 2}) == SettingsUpdate.from_mapping(given)
    # What is not a field of requests is none of the session's either, and goes where anything new goes.
    assert {"extra": {"ping_interval": 5}} == SettingsUpdate.from_mapping({"ping_interval": 5}).given_fields()


@pytest.mark.parametrize(
    "given, said",
    [
        ([("model", "gpt-x")], "The settings are a list. Give a mapping"),
        (
            {"max_tokens": 1, "max_output_tokens": 2},
            "The settings name max_output_tokens twice, once as max_output_tokens. Give it once.",
        ),
        ({"x": 1, "extra": 7}, "the settings(extra=…) is a int. Give a mapping"),
    ],
)
def test_a_mapping_that_cannot_be(given: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidSetting) as caught:
        SettingsUpdate.from_mapping(given)

    assert str(caught.value).startswith(said)


def test_names_that_are_known_and_names_that_are_not() -> None:
    assert {"model": "m"} == renamed({"model": "m"}, ["model"])
    assert {"model": "m", "extra": {"y": 2}} == renamed({"model": "m", "y": 2}, [field.name for field in attrs.fields(Settings)])
