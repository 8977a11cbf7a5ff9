"""Settings are values; their defaults are the documented ones, and what cannot be is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

import rejoinder.engine
from rejoinder.engine import NOT_GIVEN, Deadlines, InvalidSetting, Policy, ProviderItem, Reasoning, Settings, SettingsUpdate
from rejoinder.engine.settings import REQUEST_FIELDS

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.mark.original("B001")
def test_the_public_names() -> None:
    assert {"open_session", "Session", "Settings", "Endpoint", "Conversation"} <= set(rejoinder.engine.__all__)
    assert {name for name in rejoinder.engine.__all__ if hasattr(rejoinder.engine, name)} == set(rejoinder.engine.__all__)


@pytest.mark.original("C8:close-timeout defaults")
def test_the_defaults() -> None:
    settings = Settings()

    assert Policy() == settings.policy
    assert (16, 64) == (settings.buffer_limit / 2**20, settings.frame_limit / 2**20)
    assert (20.0, 20.0, 2.0) == (settings.ping_interval, settings.send_deadline, settings.close_deadline)
    assert (256, False, {}, None) == (settings.queue, settings.preconnect, settings.extra, settings.ssl_context)


@pytest.mark.original("B008")
def test_the_defaults_of_requests() -> None:
    given = {name: getattr(Settings(), name) for name in REQUEST_FIELDS if getattr(Settings(), name) is not None}

    assert {"model": "gpt-4.1", "store": False} == given == Settings().request_fields()


@pytest.mark.original("B054")
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


@pytest.mark.original("B002")
def test_settings_are_given_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        Settings("gpt-x")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def test_what_is_said_and_who_says_it_is_not_in_the_repr() -> None:
    settings = Settings(
        instructions="secret",
        tools=[WEATHER],
        metadata={"k": "secret"},
        user="secret",
        prompt={"id": "secret"},
        extra={"x": "secret"},
    )

    assert "secret" not in repr(settings)
    assert "secret" not in repr(SettingsUpdate(instructions="secret", user="secret", extra={"x": "secret"}))


@pytest.mark.original("B014")
@pytest.mark.parametrize(
    "fields, said",
    [
        ({"temperature": 3}, "Settings(temperature=…) is 3 (int). Give a number from 0 to 2; None leaves it out."),
        ({"model": None}, "Settings(model=…) is None. Give the name of a model."),
        ({"model": ""}, "Settings(model=…) is an empty str. Give a string that is not empty; None leaves it out."),
        ({"tools": "weather"}, "Settings(tools=…) is a str. Give a list of tools; None leaves it out."),
        ({"tools": [{"type": "function"}]}, "Settings: tools[0] has no name. Write a tool as"),
        ({"tool_choice": "weather"}, "Settings: tool_choice is 'weather'. Give one of auto, none, required"),
        ({"extra": 7}, "Settings(extra=…) is a int. Give a mapping of field names to values."),
        ({"policy": Deadlines(created=1)}, "Settings(policy=…) is a Deadlines. Give a Policy, such as Policy(deadlines="),
        ({"policy": "x"}, "Settings(policy=…) is a str. Give a Policy"),
        ({"policy": None}, "Settings(policy=…) is None. Give a Policy"),
        ({"ssl_context": "x"}, "Settings(ssl_context=…) is a str. Give an ssl.SSLContext, or None for the system's"),
        ({"preconnect": "no"}, "Settings(preconnect=…) is a str. Give True or False."),
        ({"compression": []}, "Settings(compression=…) is a list. Give True or False."),
        ({"compression": 1}, "Settings(compression=…) is 1 (int). Give True or False."),
        ({"wire": ["auto"]}, "Settings(wire=…) is ['auto']. Give one of 'auto', "),
        ({"queue": 2.5}, "Settings(queue=…) is 2.5. Give a whole number above 0."),
        ({"send_deadline": "1"}, "Settings(send_deadline=…) is a str. Give a number above 0."),
        ({"proxy": b"http://me:secret@localhost"}, "Settings(proxy=…) is a bytes. Give an address such as http://host:port"),
        ({"extra": {"top_p": 7}}, "Settings.extra(top_p=…) is 7 (int). Give a number from 0 to 1; None leaves it out."),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Settings(**fields)

    assert str(caught.value).startswith(said)


@pytest.mark.original("B016")
def test_every_setting_can_be_read_and_none_is_not_sent() -> None:
    settings = Settings(store=None)

    assert [] == [name for name in REQUEST_FIELDS if getattr(settings, name) is NOT_GIVEN]
    assert {"model": "gpt-4.1"} == settings.request_fields()


def test_tools_are_read_once_and_kept_flat() -> None:
    tools: list[Mapping[str, Any]] = [WEATHER]
    settings = Settings(tools=tools)
    tools.clear()

    assert ({"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": None},) == settings.tools
    assert Settings(tools=[]).tools is None
    assert Settings(tools=[ProviderItem("gemini", {})]).tools is None


def test_extra_is_read_once() -> None:
    extra = {"x": 1}
    settings = Settings(extra=extra)
    extra["x"] = 2

    assert {"x": 1} == settings.extra


@pytest.mark.original("B015")
def test_the_fields_of_requests_are_what_is_set_and_extra() -> None:
    settings = Settings(temperature=0.5, reasoning=Reasoning("low"), extra={"temperature": 1.5, "x": 1, "y": None})

    assert {
        "model": "gpt-4.1",
        "temperature": 1.5,
        "reasoning": Reasoning("low"),
        "store": False,
        "x": 1,
    } == settings.request_fields()


# -- updates -----------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B009", "B011")
def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    settings = Settings(temperature=0.5, top_p=0.5, instructions="Be brief.")
    updated = settings.updated(SettingsUpdate(temperature=None, instructions="Be long."), top_p=NOT_GIVEN, max_output_tokens=100)

    assert Settings(top_p=0.5, instructions="Be long.", max_output_tokens=100) == updated
    assert Settings(temperature=0.5, top_p=0.5, instructions="Be brief.") == settings
    assert settings == settings.updated() == settings.updated(SettingsUpdate())


@pytest.mark.original("B012")
def test_what_has_changed_is_told_with_what_it_was() -> None:
    settings = Settings(temperature=0.5, top_p=0.5, extra={"x": 1})
    updated = settings.updated(temperature=0.5, top_p=None, model="gpt-x", extra={"x": 2})

    assert {"top_p": 0.5, "model": "gpt-4.1", "extra": {"x": 1}} == updated.changed_from(settings)
    assert {} == settings.updated(temperature=0.5, extra={"x": 1}).changed_from(settings)


@pytest.mark.original("B012")
def test_extra_is_merged_key_by_key_and_keys_can_be_deleted() -> None:
    settings = Settings(extra={"a": 1, "b": 2})

    assert {"a": 1, "b": 3, "c": 4} == settings.updated(extra={"b": 3, "c": 4}).extra
    assert {"b": 2} == settings.updated(extra={"a": None}).extra


def test_an_update_that_cannot_be_changes_nothing() -> None:
    settings = Settings()

    with pytest.raises(InvalidSetting, match="top_p"):
        settings.updated(SettingsUpdate(temperature=1), top_p=2)
    with pytest.raises(TypeError, match="policy"):
        settings.updated(policy=Policy())
    assert Settings() == settings


@pytest.mark.parametrize("update", [{"temperature": 1}, Settings(), "gpt-x"], ids=["mapping", "settings", "string"])
def test_what_is_no_update_is_refused(update: Any) -> None:  # noqa: ANN401 - anything
    with pytest.raises(InvalidSetting, match=rf"^The update is a {type(update).__name__}\. Give the fields by name, as temp"):
        Settings().updated(update)


# -- from a mapping ----------------------------------------------------------------------------------------------------------


@pytest.mark.original("B013")
def test_settings_from_a_mapping() -> None:
    given = {"model": "gpt-x", "max_tokens": 100, "system_instruction": "Be brief.", "ping_interval": 5.0, "new_field": 1}

    assert Settings(
        model="gpt-x", max_output_tokens=100, instructions="Be brief.", ping_interval=5.0, extra={"new_field": 1}
    ) == Settings.from_mapping(given)
