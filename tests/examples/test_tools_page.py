"""docs/tools.md: its code is one program, and it does what the page says; its tables are those that run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
import trio

from harness.pair import open_pair
from harness.tool_turns import FINE, calling, messages_of, outputs_of
from rejoinder.diagrams.tables import draw_table
from rejoinder.engine import Conversation
from rejoinder.engine.call_texts import cancelled, failed, invalid, timed_out, unknown
from rejoinder.engine.echo import text_of
from rejoinder.states.chart import Chart
from rejoinder.states.tool_call import TOOL_CALL_CHART
from rejoinder.states.turn import TURN_CHART
from rejoinder.testing import Answer, ModelServer, Pause, Text, scripted

PAGE: Final = (Path(__file__).parents[2] / "docs" / "tools.md").read_text("utf-8")
CODE: Final = "\n\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
NAME: Final = "tools_page"


@pytest.fixture
def page() -> Iterator[ModuleType]:
    """The code of the page, imported as one module."""
    module = ModuleType(NAME)
    sys.modules[NAME] = module
    exec(compile(CODE, "docs/tools.md", "exec"), module.__dict__)  # noqa: S102 - our own page
    yield module
    del sys.modules[NAME]


def server(*answers: Answer) -> ModelServer:
    """A server that says these, in order."""
    return ModelServer(answer=scripted(answers))


async def test_the_functions_are_offered_and_run(autojump_clock: object, page: ModuleType) -> None:
    calls = calling(
        ("weather", '{"city": "Oslo", "days": 8}'),
        ("count_rows", '{"table": "birds"}'),
        ("search_shop", '{"words": "hat"}'),
        ("other", "{}"),
        ("weather", '{"city": "Oslo"}'),
    )
    async with open_pair(server(calls, FINE)) as pair:
        said = await page.ask(pair.session, Conversation("Go"))
    outputs = outputs_of(pair.creates[1])
    offered = {tool.get("name", tool["type"]): tool for tool in pair.creates[0]["tools"]}

    assert "Fine." == said
    assert ["weather", "count_rows", "show_picture", "search_shop", "run_sql", "research", "web_search"] == list(offered)
    assert "Celsius or Fahrenheit." == offered["weather"]["parameters"]["properties"]["unit"]["description"]
    assert "days: Input should be less than or equal to 7" in outputs["a"]
    assert ("2", '{"asked":{"words":"hat"}}') == (outputs["b"], outputs["c"])
    assert ("other is not available today", '{"low":3.5,"high":9.0}') == (outputs["d"], outputs["e"])


async def test_the_events_are_those_of_the_page(autojump_clock: object, page: ModuleType) -> None:
    async with open_pair(server(calling(("count_rows", '{"table": "birds"}'), say="Hm. "), FINE)) as pair:
        seen = await page.watch(pair.session, Conversation("Go"))

    assert "Hm. <count_rows><count_rows: 0>Fine." == "".join(seen)


async def test_an_interruption_ends_the_turn(autojump_clock: object, page: ModuleType) -> None:
    interruption = trio.Event()
    conversation = Conversation("Go")
    answers = [Answer([Text("one two three", interval=1)]), Answer([Text("one two")])]
    async with open_pair(server(*answers)) as pair, trio.open_nursery() as nursery:

        async def interrupt() -> None:
            await trio.sleep(1.5)
            interruption.set()

        nursery.start_soon(interrupt)
        first = await page.ask_until(pair.session, conversation, interruption)
        second = await page.ask_until(pair.session, conversation, trio.Event())

    assert ("one", "one two") == (first, second)
    assert ["one", "one two"] == [text_of([item]) for item in conversation.items[1:]]


async def test_an_interruption_before_anything_was_asked_leaves_nothing(autojump_clock: object, page: ModuleType) -> None:
    interruption = trio.Event()
    interruption.set()
    conversation = Conversation("Go")
    async with open_pair(server(Answer([Text("one two", interval=1)]))) as pair:
        said = await page.ask_until(pair.session, conversation, interruption)

    assert ("", 1) == (said, len(conversation))


async def test_the_talk_goes_on_while_the_research_does(autojump_clock: object, page: ModuleType) -> None:
    answers = [calling(("research", '{"topic": "owls"}')), Answer([Text("On it."), Pause(1)]), Answer([Text("Owls!")])]
    async with open_pair(server(*answers)) as pair:
        said = await page.talk(pair.session, Conversation("Go"))

    assert ["On it.", "Owls!"] == said
    assert "all about owls" in messages_of(pair.creates[-1])[-1]


def test_what_the_model_is_told_is_what_the_page_says() -> None:
    told = [unknown("x"), failed("x"), timed_out("x", 30), cancelled("x"), invalid("x", "…").partition("…")[0]]

    assert [] == [text for text in told if text not in PAGE]


@pytest.mark.parametrize("chart", [TOOL_CALL_CHART, TURN_CHART], ids=lambda chart: chart.table.name)
def test_the_tables_are_those_that_run(chart: Chart) -> None:
    name = chart.table.name
    (shown,) = re.findall(rf"<!-- machine:{name} -->\n(.*?)<!-- /machine:{name} -->", PAGE, re.DOTALL)

    assert _rows(draw_table(chart)) == _rows(shown)


def _rows(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("|")]
