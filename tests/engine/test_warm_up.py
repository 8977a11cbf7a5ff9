"""A warm-up lets the server read ahead, and the first turn sends only what is new."""

import pytest
import trio
import trio.testing

from harness.pair import open_pair, user
from rejoinder.engine import ConnectionFailed, Interrupted, Policy, ResponseFailed, SessionClosed, Settings
from rejoinder.testing import AZURE, LinkPlan, ModelServer, ServerProfile
from rejoinder.testing.server_profiles import OPENAI

PREFIX = [{"role": "system", "content": "You are a parrot."}, user("First, listen.")]
TOOLS = [{"type": "function", "name": "look", "parameters": {"type": "object"}}]


async def test_the_frame_of_a_warm_up(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), settings=Settings(instructions="Be brief.")) as pair:
        result = await pair.session.warm_up(PREFIX, tools=TOOLS)

    assert [
        {
            "type": "response.create",
            "generate": False,
            "model": "gpt-4.1",
            "store": False,
            "instructions": "Be brief.",
            "tools": TOOLS,
            "input": PREFIX,
        }
    ] == pair.creates
    assert ("resp_1", "completed", []) == (result.id, result.status, result.output)


async def test_a_warm_up_without_input_is_for_instructions_and_tools(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        await pair.session.warm_up(tools=TOOLS)
        assert "You said: Hi" == await pair.ask("Hi", tools=TOOLS)

    assert [[], [{"type": "message", "role": "user", "content": "Hi"}]] == [create["input"] for create in pair.creates]
    assert [None, "resp_1"] == [create.get("previous_response_id") for create in pair.creates]


@pytest.mark.parametrize("profile", [AZURE, OPENAI], ids=lambda profile: str(profile.name))
async def test_the_first_turn_names_it_and_sends_what_is_new(
    profile: ServerProfile, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_pair(ModelServer(profile)) as pair:
        await pair.session.warm_up(PREFIX)
        assert "You said: Polly?" == await pair.ask([*PREFIX, user("Polly?")])
        statistics = pair.session.statistics()

    warm_up, turn = pair.creates
    assert (False, "resp_1") == (warm_up["generate"], turn["previous_response_id"])
    assert [user("Polly?")] == turn["input"]
    assert "generate" not in turn
    assert (2, 1, 2) == (statistics.creates, statistics.reused, statistics.items_saved)


async def test_a_warm_up_that_is_refused_raises(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, known_models=frozenset({"gpt-4.1"}))) as pair:
        with pytest.raises(ResponseFailed, match="gpt-99"):
            await pair.session.warm_up(PREFIX, model="gpt-99")
        assert "You said: Hi" == await pair.ask("Hi")


async def test_a_warm_up_that_cannot_dial_raises(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), plans=[LinkPlan(refuse_status=401)]) as pair:
        with pytest.raises(ConnectionFailed, match="401"):
            await pair.session.warm_up(PREFIX)
        await pair.session.warm_up(PREFIX)

    assert 1 == len(pair.creates)


async def test_a_warm_up_that_is_lost_raises_and_is_not_sent_again(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), plans=[LinkPlan(latency=0.1, cut_after_received=1)]) as pair:
        with pytest.raises(Interrupted, match="The connection was lost"):
            await pair.session.warm_up(PREFIX)
        assert "You said: Hi" == await pair.ask([*PREFIX, user("Hi")])

    assert [True, False] == ["generate" in create for create in pair.creates]
    assert [*PREFIX, user("Hi")] == pair.creates[1]["input"]


async def test_a_warm_up_whose_caller_leaves_goes_on(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), default=LinkPlan(latency=0.5), policy=Policy(signal=True)) as pair:
        with trio.move_on_after(0.1) as scope:
            await pair.session.warm_up(PREFIX)
        assert "You said: Polly?" == await pair.ask([*PREFIX, user("Polly?")])

    assert scope.cancelled_caught
    assert [] == pair.cancels
    assert ["resp_1"] == [create["previous_response_id"] for create in pair.creates[1:]]
    assert [user("Polly?")] == pair.creates[1]["input"]


async def test_a_session_that_closes_ends_it(autojump_clock: trio.testing.MockClock) -> None:
    ends: list[str] = []

    async def warm_up() -> None:
        with pytest.raises(Interrupted, match="The session was closed"):
            await pair.session.warm_up(PREFIX)
        with pytest.raises(SessionClosed):
            await pair.session.warm_up(PREFIX)
        ends.append("told")

    async with trio.open_nursery() as nursery, open_pair(ModelServer(AZURE), default=LinkPlan(latency=0.5)) as pair:
        nursery.start_soon(warm_up)
        await trio.testing.wait_all_tasks_blocked()

    assert ["told"] == ends
    assert 0.0 == trio.current_time()
