"""Rows 15 to 15c and 26 of the original's measured scenarios: what changes between turns is on the wire, and the chain is kept.

Rule: what counts is what reached the server; an update that was made is never lost and never early.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from trio.testing import MockClock

from harness.pair import open_pair, user
from rejoinder.engine import Conversation, InvalidSetting, Settings
from rejoinder.states.continuation import Reuse
from rejoinder.testing import AZURE, GENERIC, OPENAI, Answer, ModelServer, ServerProfile, Text, scripted

EACH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE, GENERIC], ids=lambda profile: profile.name)
TOOLS: Final = [{"type": "function", "name": "weather", "parameters": {"type": "object"}}]
CHANGES: Final = [
    pytest.param({"instructions": "Be long."}, marks=pytest.mark.row("15"), id="15"),
    pytest.param({"tools": TOOLS}, marks=pytest.mark.row("15b"), id="15b"),
    pytest.param({"model": "gpt-x"}, marks=[pytest.mark.row("15c"), pytest.mark.original("B018")], id="15c"),
    pytest.param({"temperature": 0.2}, id="temperature"),
]


@pytest.mark.original("B017", "B074")
@EACH
@pytest.mark.parametrize("change", CHANGES)
async def test_row_15_new_values_are_sent_and_the_chain_is_kept(
    profile: ServerProfile, change: dict[str, Any], autojump_clock: MockClock
) -> None:
    conversation = Conversation("Hi")
    async with open_pair(ModelServer(profile), settings=Settings(instructions="Be brief.")) as pair:
        await pair.ask(conversation)
        pair.session.update_settings(**change)
        conversation.user("Go on")
        await pair.ask(conversation)

        first, second = pair.creates
        assert Reuse("resp_1", (), 2) == pair.sent()[1].decision
        assert [user("Go on")] == second["input"]
        for name, value in change.items():
            assert (True, value) == (first.get(name) != value, second[name])


@pytest.mark.row("26")
@pytest.mark.original("B113")
@pytest.mark.original("B017", "B019", "B113")
@EACH
async def test_row_26_an_update_survives_the_interruption_and_the_turn_does_not(
    profile: ServerProfile, autojump_clock: MockClock
) -> None:
    conversation = Conversation("Count")
    slow = Answer([Text("one two three four", interval=0.1)])
    async with open_pair(ModelServer(profile, scripted([slow]))) as pair:
        async with pair.session.respond(conversation) as response:
            heard = await pair.deltas(response, 1)
            changed = pair.session.update_settings(temperature=0.2, instructions="Be brief.")
        conversation.user("Stop")
        answer = await pair.ask(conversation)

        assert ("one", "You said: Stop") == (heard, answer)
        assert "cancelled" == response.status
        assert {"temperature": None, "instructions": None} == changed
        assert [(None, None), (0.2, "Be brief.")] == [
            (create.get("temperature"), create.get("instructions")) for create in pair.creates
        ]


@pytest.mark.row("26")
@pytest.mark.original("B113")
@pytest.mark.original("B019")
async def test_row_26_an_update_does_not_touch_a_request_that_waits(autojump_clock: MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        async with pair.session.respond("Hi") as response:
            pair.session.update_settings(temperature=0.2)
            await response.text()
        await pair.ask("Again")

        assert [None, 0.2] == [create.get("temperature") for create in pair.creates]


@pytest.mark.original("B020")
async def test_instructions_are_what_was_set_and_nothing_is_put_beside_them(autojump_clock: MockClock) -> None:
    async with open_pair(ModelServer(), settings=Settings(instructions="Be brief.", tools=TOOLS)) as pair:
        await pair.ask("Hi")
        pair.session.update_settings(instructions="Be long.")
        await pair.ask("Hi")
        pair.session.update_settings(instructions=None)
        await pair.ask("Hi")

        assert ["Be brief.", "Be long.", None] == [create.get("instructions") for create in pair.creates]


async def test_an_update_that_cannot_be_changes_nothing(autojump_clock: MockClock) -> None:
    async with open_pair(ModelServer(), settings=Settings(temperature=0.5)) as pair:
        with pytest.raises(InvalidSetting, match="top_p"):
            pair.session.update_settings(temperature=0.2, top_p=7)

        assert 0.5 == pair.session.settings.temperature


@pytest.mark.original("B012")
async def test_what_is_equal_has_not_changed(autojump_clock: MockClock) -> None:
    async with open_pair(ModelServer(), settings=Settings(temperature=0.5, extra={"x": 1})) as pair:
        assert {} == pair.session.update_settings(temperature=0.5, extra={"x": 1})
        assert {"extra": {"x": 1}} == pair.session.update_settings(extra={"x": None, "y": 2})
        assert {"y": 2} == pair.session.settings.extra
