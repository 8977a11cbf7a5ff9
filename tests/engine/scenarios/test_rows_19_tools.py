"""Rows 19 to 19e of the original's measured scenarios, 04 and 14c with real tools, and 24: what becomes of a call.

The correct behaviour: a handler runs with arguments that fit or not at all, every call is answered, the model is asked again, and
an interruption stops what belongs to the turn and nothing else.
"""

from __future__ import annotations

import logging
import math
from typing import Any, Final

import pytest
import trio

from harness.pair import open_pair, user
from harness.tool_turns import FINE, call_events, calling, messages_of, outputs_of, take_turn
from harness.turns import EACH_PROFILE, LINK, PROMPT, create_times
from rejoinder.engine import CallFailed, CallFinished, CallRefused, CallTimedOut, Conversation, Tools
from rejoinder.states.continuation import Reuse
from rejoinder.testing import Answer, Call, LoseConnection, ModelServer, Pause, ServerProfile, Text, scripted
from rejoinder.testing.script import Terminal

SECRET: Final = "the password is swordfish"


class Clerk:
    """Handlers, and what they were called with."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - options of Tools
        self.tools = Tools(**options)
        self.called: list[object] = []
        self.cancelled: list[object] = []
        self.tools.add(self.look_up)
        self.tools.add(self.work)

    async def look_up(self, name: str, times: int = 1) -> dict[str, object]:
        """Look something up."""
        await trio.lowlevel.checkpoint()
        self.called.append((name, times))
        return {"found": name}

    async def work(self, seconds: float) -> str:
        """Work for a while."""
        self.called.append(seconds)
        try:
            await trio.sleep(seconds)
        except trio.Cancelled:
            self.cancelled.append(seconds)
            raise
        return f"worked for {seconds:g} s"


# -- 19: arguments ------------------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.original("B101")
@pytest.mark.parametrize(
    "arguments, reason",
    [
        pytest.param("{broken", "they are not JSON", marks=pytest.mark.row("19"), id="broken"),
        pytest.param("", "they are not JSON", marks=pytest.mark.row("19"), id="empty"),
        pytest.param("[1, 2]", "they are not a JSON object", marks=pytest.mark.row("19'"), id="a list"),
        pytest.param("null", "they are not a JSON object", marks=pytest.mark.row("19'"), id="null"),
        pytest.param('"str"', "they are not a JSON object", marks=pytest.mark.row("19'"), id="a string"),
        pytest.param("{}", "name: Missing required argument", marks=pytest.mark.row("19"), id="one is missing"),
        pytest.param('{"name": "x", "times": "often"}', "times: Input should be a valid integer", id="another type"),
        pytest.param('{"name": "x", "colour": 1}', "colour: Unexpected argument", id="one too many"),
    ],
)
async def test_row_19_arguments_that_do_not_fit_run_nothing_and_the_model_is_told(
    autojump_clock: object, profile: ServerProfile, arguments: str, reason: str
) -> None:
    clerk = Clerk()
    server = ModelServer(profile, scripted([calling(("look_up", arguments)), calling(("look_up", '{"name": "x"}', "b")), FINE]))
    async with open_pair(server, default=LINK) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), clerk.tools)
    output = outputs_of(pair.creates[1])["a"]

    assert [("x", 1)] == clerk.called  # only the second call, whose arguments fit
    assert "Fine." == taken.text
    assert output.startswith("Error: function 'look_up' was not run, because its arguments do not fit: ")
    assert reason in output
    assert ["started a", "refused a", "started b", "finished b"] == taken.told
    assert [output] == [event.reason for event in taken.events if isinstance(event, CallRefused)]


@EACH_PROFILE
@pytest.mark.row("19b")
@pytest.mark.original(
    "B130", "C8:test_missing_function_call_emits_terminal_result", "C8:test_missing_function_call_allows_user_mute_cleanup"
)
async def test_row_19b_an_unknown_function_is_answered(
    autojump_clock: object, profile: ServerProfile, caplog: pytest.LogCaptureFixture
) -> None:
    server = ModelServer(profile, scripted([calling(("nothing", "{}")), FINE]))
    async with open_pair(server, default=LINK) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), Clerk().tools)

    assert {"a": "Error: function 'nothing' is not registered."} == outputs_of(pair.creates[1])
    assert ["started a", "refused a"] == taken.told
    assert "Fine." == taken.text
    assert "the model called the function 'nothing', which is not registered" in caplog.messages


# -- 19c: a handler raises ------------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("parallel", [True, False], ids=["parallel", "sequential"])
@pytest.mark.row("19c")
@pytest.mark.original(
    "B137", "C8:a raising handler settles", "C8:error still reported", "C8:exception text kept out of the context"
)
async def test_row_19c_a_raising_handler_settles_and_its_text_stays_here(
    autojump_clock: object, profile: ServerProfile, caplog: pytest.LogCaptureFixture, *, parallel: bool
) -> None:
    clerk = Clerk(parallel=parallel)

    @clerk.tools.add
    async def explode() -> None:
        await trio.lowlevel.checkpoint()
        raise RuntimeError(SECRET)

    server = ModelServer(profile, scripted([calling(("explode", "{}"), ("work", '{"seconds": 1}')), FINE]))
    async with open_pair(server, default=LINK) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), clerk.tools)
    (failed,) = [event for event in taken.events if isinstance(event, CallFailed)]

    assert {"a": "Error: function 'explode' failed.", "b": "worked for 1 s"} == outputs_of(pair.creates[1])
    assert SECRET not in str([entry.data for entry in pair.server.log])
    assert RuntimeError is type(failed.error)
    assert SECRET not in repr(failed)
    assert [(logging.ERROR, "the tool 'explode' failed")] == [
        (record.levelno, record.getMessage()) for record in caplog.records if record.name == "rejoinder"
    ]
    assert "Fine." == taken.text


# -- 19d: a time limit ------------------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("parallel", [True, False], ids=["parallel", "sequential"])
@pytest.mark.row("19d")
@pytest.mark.original(
    "B136",
    "B132",
    "C8:time-out cancels the handler before its side effect",
    "C8:notifies the application",
    "C8:asks for inference",
    "C8:the sequential runner survives time-outs and raising handlers",
)
async def test_row_19d_a_time_out_cancels_the_handler_and_tells_the_model(
    autojump_clock: object, profile: ServerProfile, *, parallel: bool
) -> None:
    clerk = Clerk(timeout=0.3, parallel=parallel)
    server = ModelServer(profile, scripted([calling(("work", '{"seconds": 3}'), ("look_up", '{"name": "x"}')), FINE]))
    async with open_pair(server, default=LINK) as pair:
        began = trio.current_time()
        taken = await take_turn(pair.session, Conversation("Go"), clerk.tools)
        took = trio.current_time() - began
    (expired,) = [event for event in taken.events if isinstance(event, CallTimedOut)]

    assert [3.0] == clerk.cancelled
    assert {
        "a": "Error: function 'work' did not finish within 0.3 seconds and was stopped.",
        "b": '{"found":"x"}',
    } == outputs_of(pair.creates[1])
    assert 0.3 == expired.seconds
    assert "Fine." == taken.text
    assert took < 1


@pytest.mark.row("19d")
@pytest.mark.original("B136", "C8:per-tool beats global", "C8:no time-out = runs on")
async def test_row_19d_the_limit_of_a_tool_goes_before_that_of_the_registry(autojump_clock: object) -> None:
    tools = Tools(timeout=1)

    async def sleep(seconds: float) -> str:
        await trio.sleep(seconds)
        return "slept"

    tools.add(sleep, name="short", timeout=0.5)
    tools.add(sleep, name="long", timeout=10)
    tools.add(sleep, name="endless", timeout=math.inf)
    tools.add(sleep, name="plain")
    calls = [("short", '{"seconds": 0.8}'), ("long", '{"seconds": 9}'), ("endless", '{"seconds": 99}'), ("plain", '{"seconds": 2}')]
    async with open_pair(ModelServer(answer=scripted([calling(*calls), FINE]))) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), tools)

    assert ["started a b c d", "timed_out a", "timed_out d", "finished b", "finished c"] == taken.told


# -- 19e: falsy results -----------------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.parametrize("result, output", [({}, "{}"), ([], "[]"), (0, "0"), ("", ""), (None, "null"), (False, "false")], ids=repr)
@pytest.mark.row("19e")
@pytest.mark.original("B138")
async def test_row_19e_a_falsy_result_is_a_result(
    autojump_clock: object, profile: ServerProfile, result: object, output: str
) -> None:
    tools = Tools()

    @tools.add
    async def nothing() -> Any:  # noqa: ANN401 - any result
        await trio.lowlevel.checkpoint()
        return result

    async with open_pair(ModelServer(profile, scripted([calling(("nothing", "{}")), FINE])), default=LINK) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), tools)

    assert {"a": output} == outputs_of(pair.creates[1])
    assert [result] == [event.output for event in taken.events if isinstance(event, CallFinished)]
    assert "Fine." == taken.text


# -- 14c: half a call -------------------------------------------------------------------------------------------------------------

HALF: Final = Call("work", '{"seconds": 1', call_id="half", pieces=4, interval=0.02, cut=True)
WHOLE: Final = Call("look_up", '{"name": "x"}', call_id="whole", interval=0.02)


@EACH_PROFILE
@pytest.mark.row("14c")
@pytest.mark.original("B100", "C6:test_terminal_error_still_runs_completed_function_calls")
async def test_row_14c_of_an_incomplete_response_only_whole_calls_are_run(autojump_clock: object, profile: ServerProfile) -> None:
    clerk = Clerk()
    server = ModelServer(profile, scripted([Answer([WHOLE, HALF], terminal="incomplete"), FINE]))
    async with open_pair(server, default=LINK) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), clerk.tools)

    assert [("x", 1)] == clerk.called
    assert ["started whole", "finished whole"] == taken.told
    assert {"whole": '{"found":"x"}'} == outputs_of(pair.creates[1])
    assert "half" not in str(pair.creates[1])
    assert "Fine." == taken.text


@EACH_PROFILE
@pytest.mark.row("14c")
@pytest.mark.original("B100")
async def test_row_14c_half_a_call_alone_runs_nothing_and_ends_the_turn(autojump_clock: object, profile: ServerProfile) -> None:
    clerk = Clerk()
    conversation = Conversation("Go")
    async with open_pair(ModelServer(profile, scripted([Answer([HALF], terminal="incomplete"), FINE])), default=LINK) as pair:
        taken = await take_turn(pair.session, conversation, clerk.tools)
        result = await taken.turn.result()

    assert [] == clerk.called
    assert [] == taken.told
    assert ("incomplete", "max_output_tokens") == (result.status, result.incomplete_reason)
    assert [user("Go")] == conversation.items
    assert 1 == len(pair.creates)


@EACH_PROFILE
@pytest.mark.parametrize("terminal", ["failed", None])
@pytest.mark.row("14c")
@pytest.mark.original("B100", "C6:test_terminal_error_does_not_run_announced_function_call")
async def test_row_14c_no_call_of_a_response_that_failed_is_run(
    autojump_clock: object, profile: ServerProfile, terminal: Terminal | None
) -> None:
    clerk = Clerk()
    conversation = Conversation("Go")
    lost = [LoseConnection()] if terminal is None else []
    server = ModelServer(profile, scripted([Answer([WHOLE, HALF, *lost], terminal=terminal), FINE]))
    async with open_pair(server, default=LINK) as pair:
        taken = await take_turn(pair.session, conversation, clerk.tools)

    assert taken.error is not None
    assert [] == clerk.called
    assert [user("Go")] == conversation.items  # so the same turn can be asked again, and nothing is done twice


# -- 04: an interruption while a tool runs ------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.row("04")
@pytest.mark.original("B139", "B102")
async def test_row_04_an_interruption_cancels_the_tool_and_the_next_turn_goes_at_once(
    autojump_clock: object, profile: ServerProfile
) -> None:
    clerk = Clerk()
    conversation = Conversation("Go")
    server = ModelServer(profile, scripted([calling(("work", '{"seconds": 60}')), FINE]))
    async with open_pair(server, default=LINK) as pair:
        with trio.move_on_after(5):
            await take_turn(pair.session, conversation, clerk.tools)
        conversation.user("Never mind.")
        asked = trio.current_time()
        taken = await take_turn(pair.session, conversation, clerk.tools)
        decisions = [sent.decision for sent in pair.sent()]

    assert [60.0] == clerk.cancelled
    assert ["started a", "cancelled a"] == call_events(pair)
    assert "Fine." == taken.text
    assert create_times(pair)[1] - asked <= PROMPT
    assert {"a": "Cancelled: function 'work' was stopped before it finished."} == outputs_of(pair.creates[1])
    assert user("Never mind.") == pair.creates[1]["input"][-1]
    assert isinstance(decisions[1], Reuse)
    assert [] == pair.cancels
    assert 1 == pair.network.dials


# -- 24: a tool that goes on --------------------------------------------------------------------------------------------------


@EACH_PROFILE
@pytest.mark.row("24")
@pytest.mark.original("B140", "B142")
async def test_row_24_the_conversation_goes_on_while_a_background_tool_runs(autojump_clock: object, profile: ServerProfile) -> None:
    tools = Tools()

    @tools.add(cancel_on_interruption=False)
    async def research(topic: str) -> dict[str, str]:
        await trio.sleep(30)
        return {"about": topic}

    conversation = Conversation("Find out about owls")
    answers = [
        calling(("research", '{"topic": "owls"}')),
        Answer([Text("I am on it.")]),
        Answer([Text("Let me tell you a long story"), Pause(20)]),
        Answer([Text("Hello again.")]),
        Answer([Text("Owls it is.")]),
    ]
    async with open_pair(ModelServer(profile, scripted(answers)), default=LINK) as pair:
        first = await take_turn(pair.session, conversation, tools)
        conversation.user("Tell me a story")
        with trio.move_on_after(5):  # the user interrupts the story; the research goes on
            await take_turn(pair.session, conversation, tools)
        running = [call.name for call in pair.session.background_calls.running(conversation)]
        conversation.user("Hello?")
        second = await take_turn(pair.session, conversation, tools)
        with trio.fail_after(60):
            await pair.session.background_calls.wait(conversation)
        third = await take_turn(pair.session, conversation, tools)
        left = pair.session.background_calls.running(conversation)

    assert "I am on it." == first.text
    assert outputs_of(pair.creates[1])["a"].startswith('{"status": "running", "call_id": "a"} ')
    assert ["research"] == running
    assert "Hello again." == second.text
    assert [] == messages_of(pair.creates[3])
    assert ['The call a of function \'research\' has ended. What it returned, as JSON: "{\\"about\\":\\"owls\\"}"'] == messages_of(
        pair.creates[4]
    )
    assert "Owls it is." == third.text
    assert ["started a", "finished a"] == call_events(pair)
    assert [] == left
