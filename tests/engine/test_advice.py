"""Warnings are said once, to the log, and quote nothing that was said."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from trio.testing import MockClock

from harness.pair import open_pair
from rejoinder.engine import Conversation, Reasoning, Settings
from rejoinder.engine.advice import Advice
from rejoinder.testing import ModelServer

SECRET = "the words of the prompt"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def opened_by(role: str) -> Conversation:
    return Conversation([{"role": role, "content": SECRET}, {"role": "user", "content": "Hi"}])


@pytest.mark.original(
    "B038", "C3:test_system_message_with_system_instruction_triggers_warning", "C3:test_conflict_warning_fires_only_once"
)
async def test_a_system_message_beside_instructions_is_warned_of_once(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = opened_by("system")
    async with open_pair(ModelServer(), settings=Settings(instructions=SECRET)) as pair:
        await pair.ask(conversation)
        conversation.user("Go on")
        await pair.ask(conversation)

        assert ["developer", "user"] == [item["role"] for item in pair.creates[0]["input"]]
        assert SECRET == pair.creates[0]["instructions"]
    (warning,) = warnings(caplog)
    assert "instructions" in warning
    assert SECRET not in warning


@pytest.mark.original(
    "B038",
    "C3:test_system_message_without_system_instruction_no_warning",
    "C3:test_developer_message_with_system_instruction_no_warning",
    "C3:test_non_initial_system_message_no_warning",
)
@pytest.mark.parametrize(
    "given, fields",
    [
        pytest.param(opened_by("system"), {}, id="no instructions"),
        pytest.param(opened_by("developer"), {"instructions": SECRET}, id="developer"),
        pytest.param(
            Conversation([{"role": "user", "content": "Hi"}, {"role": "system", "content": SECRET}]),
            {"instructions": SECRET},
            id="later",
        ),
        pytest.param("Hi", {"instructions": SECRET}, id="string"),
    ],
)
def test_nothing_else_is_warned_of(given: Any, fields: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:  # noqa: ANN401
    Advice().about(given, fields)

    assert [] == warnings(caplog)


@pytest.mark.original("C2:test_warns_on_known_non_reasoning_model", "C2:test_warns_once_per_model")
async def test_reasoning_with_a_model_that_does_not_is_warned_of_once_for_each(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_pair(ModelServer(), settings=Settings(reasoning=Reasoning("low"))) as pair:
        for model in ("gpt-4.1", "gpt-4.1", "gpt-4o"):
            await pair.ask("Hi", model=model)

    assert ["gpt-4.1", "gpt-4o"] == [warning.split("the model ")[1].split()[0] for warning in warnings(caplog)]


@pytest.mark.original("C2:test_no_warning_on_reasoning_capable_model", "C2:test_no_warning_on_unrecognized_model")
@pytest.mark.parametrize(
    "fields",
    [
        {"model": "gpt-5", "reasoning": {"effort": "low"}},
        {"model": "my-deployment", "reasoning": {"effort": "low"}},
        {"model": "gpt-4.1", "reasoning": {"effort": "none"}},
        {"model": "gpt-4.1"},
    ],
)
def test_other_reasoning_is_not_warned_of(fields: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    Advice().about("Hi", fields)

    assert [] == warnings(caplog)


@pytest.mark.original("B010", "B048")
async def test_nothing_that_is_said_is_logged(autojump_clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    conversation = opened_by("user")
    async with open_pair(ModelServer(), settings=Settings(instructions=SECRET)) as pair:
        await pair.ask(conversation)

        assert SECRET in str(pair.creates)
    assert SECRET not in caplog.text
