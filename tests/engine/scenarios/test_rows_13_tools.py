"""Rows 13c to 13e of the original's measured scenarios, with real tools: after calls, only their outputs are sent."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from harness.pair import open_pair, user
from harness.tool_turns import FINE, calling, take_turn
from harness.turns import EACH_PROFILE, LINK
from rejoinder.engine import Conversation, Tools
from rejoinder.states.continuation import Full, NoPrevious, Reuse
from rejoinder.testing import ModelServer, ServerProfile, scripted


def clerk(**options: Any) -> Tools:  # noqa: ANN401 - options of Tools
    """A registry with one function that takes its time."""
    tools = Tools(**options)

    @tools.add
    async def wait(seconds: float) -> float:
        await trio.sleep(seconds)
        return seconds

    return tools


def output(call_id: str, text: str) -> dict[str, str]:
    """The output of a call, as an input item."""
    return {"type": "function_call_output", "call_id": call_id, "output": text}


@EACH_PROFILE
@pytest.mark.row("13c")
async def test_row_13c_after_a_call_only_its_output_is_sent(autojump_clock: object, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(profile, scripted([calling(("wait", '{"seconds": 1}')), FINE])), default=LINK) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), clerk())

    assert "Fine." == taken.text
    assert [Full(NoPrevious()), Reuse("resp_1", (), 2)] == [sent.decision for sent in pair.sent()]
    assert [output("a", "1.0")] == pair.creates[1]["input"]
    assert "resp_1" == pair.creates[1]["previous_response_id"]


@EACH_PROFILE
@pytest.mark.parametrize("parallel", [True, False], ids=["parallel", "sequential"])
@pytest.mark.row("13d")
@pytest.mark.original("B132", "B133")
async def test_row_13d_after_parallel_calls_only_their_outputs_are_sent_in_the_order_they_came(
    autojump_clock: object, profile: ServerProfile, *, parallel: bool
) -> None:
    calls = calling(("wait", '{"seconds": 2}'), ("wait", '{"seconds": 1}'))
    async with open_pair(ModelServer(profile, scripted([calls, FINE])), default=LINK) as pair:
        began = trio.current_time()
        taken = await take_turn(pair.session, Conversation("Go"), clerk(parallel=parallel))
        took = trio.current_time() - began

    assert "Fine." == taken.text
    assert [Full(NoPrevious()), Reuse("resp_1", (), 3)] == [sent.decision for sent in pair.sent()]
    outputs = [output("a", "2.0"), output("b", "1.0")]
    assert (outputs[::-1] if parallel else outputs) == pair.creates[1]["input"]
    assert 2 == len(pair.creates)
    assert (2 if parallel else 3) < took < (2.5 if parallel else 3.5)


@EACH_PROFILE
@pytest.mark.row("13e")
async def test_row_13e_after_text_and_a_call_only_the_output_is_sent(autojump_clock: object, profile: ServerProfile) -> None:
    answers = [calling(("wait", '{"seconds": 1}'), say="Let me see. "), FINE, FINE]
    conversation = Conversation("Go")
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        taken = await take_turn(pair.session, conversation, clerk())
        conversation.user("And now?")
        await take_turn(pair.session, conversation, clerk())

    assert "Let me see. Fine." == taken.text
    assert [output("a", "1.0")] == pair.creates[1]["input"]
    assert [user("And now?")] == pair.creates[2]["input"]
    assert "resp_2" == pair.creates[2]["previous_response_id"]
