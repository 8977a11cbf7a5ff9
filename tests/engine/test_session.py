"""What may be asked, what is sent for it, and what a session is before, between and after its requests."""

import contextlib
import decimal
import enum
import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
import trio
import trio.testing

from harness.loopback import tasks
from harness.pair import KEY, Pair, message, open_pair, user
from rejoinder.engine import (
    ConnectionFailed,
    Deadlines,
    Endpoint,
    Interrupted,
    InvalidEndpoint,
    InvalidRequest,
    InvalidSetting,
    Policy,
    Response,
    SessionClosed,
    Settings,
    open_pool,
    open_session,
)
from rejoinder.states.verdicts import Cause
from rejoinder.testing import AZURE, GENERIC, Answer, LinkPlan, ModelServer, Stall, Text, scripted


class Colour(enum.Enum):
    RED = "red"


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


def numbers() -> Iterator[dict[str, Any]]:
    yield user("one")
    yield user("two")


async def refused(pair: Pair, given: Any, **fields: Any) -> str:  # noqa: ANN401 - wrong on purpose
    """The message with which a request is refused; nothing was sent, and the session goes on."""
    before = pair.session.statistics()
    with pytest.raises(InvalidRequest) as caught:
        async with pair.session.respond(given, **fields):
            pytest.fail("It must not begin.")  # pragma: no cover
    with pytest.raises(InvalidRequest):
        await pair.session.warm_up(given, **fields)

    assert before == pair.session.statistics()
    assert [] == pair.creates
    assert "You said: Still there?" == await pair.ask("Still there?")
    return str(caught.value)


@pytest.mark.parametrize(
    "value, path",
    [
        pytest.param(b"bytes", "input[1].content", id="bytes"),
        pytest.param({1, 2}, "input[1].content", id="set"),
        pytest.param(object(), "input[1].content", id="object"),
        pytest.param(decimal.Decimal(1), "input[1].content", id="decimal"),
        pytest.param(Colour.RED, "input[1].content", id="enum"),
        pytest.param(float("nan"), "input[1].content", id="nan"),
        pytest.param(float("inf"), "input[1].content", id="infinity"),
        pytest.param(10**5000, "input[1].content", id="long integer"),
        pytest.param([{"image": b"bytes"}], "input[1].content[0].image", id="bytes deep inside"),
        pytest.param({"a b": {1}}, "input[1].content['a b']", id="an odd key"),
        pytest.param({7: "seven"}, "input[1].content", id="a key that is a number"),
        pytest.param(CIRCLE, "input[1].content[0]", id="circle"),
        pytest.param(numbers(), "input[1].content", id="generator"),
    ],
)
async def test_input_that_is_no_json(value: object, path: str, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        said = await refused(pair, [user("one"), {"role": "user", "content": value}])

    assert said.startswith(f"The request cannot be written as JSON: {path}")
    assert "turn anything else (bytes, images, models) into these first." in said
    assert "seven" not in said


async def test_a_field_that_is_no_json_is_named(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        said = await refused(pair, "Hi", tools=[{"type": "function", "name": "weather", "handler": print}])

    assert said.startswith("The request cannot be written as JSON: tools[0].handler is of type builtins.builtin_function_or_method")


@pytest.mark.parametrize(
    "given, name",
    [
        (None, "NoneType"),
        (7, "int"),
        (b"Hi", "bytes"),
        (user("Hi"), "dict"),
        (MappingProxyType(user("Hi")), "mappingproxy"),
        (3.5, "float"),
    ],
)
async def test_input_of_another_type(given: object, name: str, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        said = await refused(pair, given)

    advice = "Give a string, a conversation, or a list of input items such as {'role': 'user', 'content': 'Hello'}."
    assert f"The input is a {name}. {advice}" == said


@pytest.mark.parametrize("item, name", [("Hi", "str"), (7, "int"), (None, "NoneType"), ([user("Hi")], "list")])
async def test_an_item_of_another_type(item: object, name: str, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        said = await refused(pair, [user("one"), item])

    assert f"input[1] is a {name}. Each input item is a mapping such as {{'role': 'user', 'content': 'Hello'}}." == said


@pytest.mark.parametrize("field", ["stream", "stream_id", "type", "generate"])
@pytest.mark.parametrize("value", [True, False])
async def test_a_field_that_is_not_the_callers(field: str, value: bool, autojump_clock: trio.testing.MockClock) -> None:  # noqa: FBT001
    async with open_pair(ModelServer()) as pair:
        said = await refused(pair, "Hi", **{field: value})

    assert f"The field {field!r} cannot be set for a request. Leave it out: the session sets what is needed." == said


@pytest.mark.parametrize("value", [True, False])
async def test_a_background_response_has_a_method_of_its_own(value: bool, autojump_clock: trio.testing.MockClock) -> None:  # noqa: FBT001
    async with open_pair(ModelServer()) as pair:
        said = await refused(pair, "Hi", background=value)

    assert said.startswith("The field 'background' cannot be set here")
    assert said.endswith("Use session.start_background().")


async def test_a_field_that_is_not_the_callers_in_the_settings(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(), settings=Settings(extra={"input": "Hi"})) as pair:
        with pytest.raises(InvalidRequest, match="'input'"):
            async with pair.session.respond("Hi"):
                pytest.fail("It must not begin.")  # pragma: no cover


async def test_a_string_is_a_message_of_the_user(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        await pair.ask("Hi")

    assert [
        {
            "type": "response.create",
            "model": "gpt-4.1",
            "store": False,
            "input": [{"type": "message", "role": "user", "content": "Hi"}],
        }
    ] == pair.creates


async def test_settings_and_fields_make_the_create(autojump_clock: trio.testing.MockClock) -> None:
    settings = Settings(model="gpt-x", instructions="Be brief.", temperature=0.5, top_p=0.9)
    async with open_pair(ModelServer(), settings=settings) as pair:
        await pair.ask([user("Hi")], temperature=1, top_p=None, metadata={"k": "v"})

    assert [
        {
            "type": "response.create",
            "stream_id": "lane-1",
            "model": "gpt-x",
            "instructions": "Be brief.",
            "temperature": 1,
            "store": False,
            "metadata": {"k": "v"},
            "input": [user("Hi")],
        }
    ] == pair.creates


async def test_what_is_given_is_copied(autojump_clock: trio.testing.MockClock) -> None:
    item = user("before")
    items: list[Mapping[str, Any]] = [item]
    metadata = {"k": "before"}
    async with (
        open_pair(ModelServer(), default=LinkPlan(handshake_delay=1.0)) as pair,
        pair.session.respond(items, metadata=metadata) as response,
    ):
        item["content"] = metadata["k"] = "after"
        items.clear()
        await response.text()

    assert [([user("before")], {"k": "before"})] == [(create["input"], create["metadata"]) for create in pair.creates]


@pytest.mark.parametrize("given", [(user("one"), user("two")), numbers(), {1: user("one"), 2: user("two")}.values()])
async def test_any_iterable_of_items_will_do(given: Any, autojump_clock: trio.testing.MockClock) -> None:  # noqa: ANN401
    async with open_pair(ModelServer()) as pair:
        await pair.ask(given)

    assert [[user("one"), user("two")]] == [create["input"] for create in pair.creates]


async def test_a_chain_of_the_callers_own_is_sent_as_it_is(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        await pair.ask([user("one")])
        await pair.ask([user("two")], previous_response_id="resp_1")

    assert ["resp_1"] == [create["previous_response_id"] for create in pair.creates[1:]]
    assert [user("two")] == pair.creates[1]["input"]
    assert "Full(reason=CallerChain())" == repr(pair.sent()[1].decision)


async def test_only_new_items_are_sent_again(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        talk = [user("one")]
        talk += [message(await pair.ask(talk)), user("two")]
        await pair.ask(talk)

    assert [user("two")] == pair.creates[1]["input"]
    assert "resp_1" == pair.creates[1]["previous_response_id"]


async def test_several_at_once_on_lanes(autojump_clock: trio.testing.MockClock) -> None:
    said: dict[str, str] = {}

    async def ask(word: str) -> None:
        said[word] = await pair.ask(word)

    words = ["one", "two", "three", "four"]
    async with open_pair(ModelServer(answer=lambda received: Answer([Text(f"<{received.text}>", interval=1.0)]))) as pair:
        await pair.ask("zero")
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:
            for word in words:
                nursery.start_soon(ask, word)

    assert {word: f"<{word}>" for word in words} == said
    assert 1.0 == trio.current_time() - begun
    assert ["lane-2", "lane-3", "lane-4", "lane-5"] == sorted(create["stream_id"] for create in pair.creates[1:])


async def test_several_at_once_one_after_the_other(autojump_clock: trio.testing.MockClock) -> None:
    said: list[str] = []

    async def listen(response: Response) -> None:
        said.append(await response.text())

    async with (
        open_pair(ModelServer(GENERIC, lambda received: Answer([Text(received.text, interval=1.0)]))) as pair,
        pair.session.respond("one") as first,
        pair.session.respond("two") as second,
        pair.session.respond("three") as third,
        trio.open_nursery() as nursery,
    ):
        for response in (third, second, first):
            nursery.start_soon(listen, response)

    assert ["one", "two", "three"] == said
    assert [0.0, 1.0, 2.0] == pair.times("response.create")[:1] + pair.times("response.created")[1:]


async def test_a_closed_session_takes_no_request(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        assert "You said: Hi" == await pair.ask("Hi")

    with pytest.raises(SessionClosed, match=r"^The session is closed\. Open another with open_session"):
        async with pair.session.respond("Hi"):
            pytest.fail("It must not begin.")  # pragma: no cover
    with pytest.raises(SessionClosed):
        await pair.session.warm_up("Hi")
    assert 1 == len(pair.creates)


@pytest.mark.original("B051", "C8:test_disconnect_prevents_reconnection")
async def test_leaving_ends_what_still_runs(autojump_clock: trio.testing.MockClock) -> None:
    ends: list[Interrupted] = []

    async def listen(response: Response) -> None:
        with pytest.raises(Interrupted) as caught:
            await response.text()
        ends.append(caught.value)

    async with trio.open_nursery() as nursery, contextlib.AsyncExitStack() as outer:
        async with open_pair(ModelServer(answer=scripted([Answer([Text("one two", interval=1.0)]), Answer([Stall()])]))) as pair:
            begun = await outer.enter_async_context(pair.session.respond("Hi"))
            assert "one" == await pair.deltas(begun, 1)
            waiting = await outer.enter_async_context(pair.session.respond("Ho"))
            nursery.start_soon(listen, begun)
            nursery.start_soon(listen, waiting)
            await trio.testing.wait_all_tasks_blocked()
        left = trio.current_time()

    assert 1.0 == left
    assert {"resp_1": "one", "resp_2": ""} == {end.partial.id: end.partial.text for end in ends}
    assert {"The session was closed before the answer was complete. Keep it open until then."} == {str(end) for end in ends}
    assert [Cause.CLOSED] * 2 == [end.failure.cause for end in ends if end.failure is not None]


@pytest.mark.original("B053")
async def test_closing_twice_does_no_harm(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        assert "You said: Hi" == await pair.ask("Hi")
        pair.session.close()
        pair.session.close()

    assert ["left"] == [entry.data for entry in pair.log("note")][1:]


@pytest.mark.original("B050", "B056")
async def test_nothing_is_dialled_before_it_is_needed(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        await trio.sleep(10)
        before = pair.network.dials
        await pair.ask("Hi")

    assert (0, 1) == (before, pair.network.dials)


@pytest.mark.original("B050")
async def test_preconnect_dials_at_once(autojump_clock: trio.testing.MockClock) -> None:
    plan = LinkPlan(handshake_delay=0.5)
    async with open_pair(ModelServer(), settings=Settings(preconnect=True), default=plan) as pair:
        await trio.sleep(1.0)
        links = dict(pair.session.statistics().links)
        begun = trio.current_time()
        await pair.ask("Hi")

    assert {1: "open"} == links
    assert begun == trio.current_time()
    assert 1 == pair.network.dials


@pytest.mark.original("B052")
@pytest.mark.original("B003")
async def test_preconnect_that_fails_is_tried_again_when_needed(autojump_clock: trio.testing.MockClock) -> None:
    settings = Settings(preconnect=True, policy=Policy(dial_attempts=1))
    async with open_pair(ModelServer(), settings=settings, plans=[LinkPlan(unreachable=True)]) as pair:
        await trio.sleep(60)
        links = dict(pair.session.statistics().links)
        assert "You said: Hi" == await pair.ask("Hi")

    assert {1: "failed"} == links
    assert 2 == pair.network.dials


@pytest.mark.original("B061")
async def test_a_request_joins_the_dial_under_way(autojump_clock: trio.testing.MockClock) -> None:
    settings = Settings(preconnect=True)
    async with open_pair(ModelServer(), settings=settings, default=LinkPlan(handshake_delay=2.0)) as pair:
        await trio.sleep(1.5)
        assert "You said: Hi" == await pair.ask("Hi")

    assert 2.0 == trio.current_time()
    assert 1 == pair.network.dials


async def test_a_dial_that_hangs_is_given_up_at_the_connect_deadline(autojump_clock: trio.testing.MockClock) -> None:
    policy = Policy(deadlines=Deadlines(connect=3.0))
    async with open_pair(ModelServer(), policy=policy, plans=[LinkPlan(handshake_delay=math.inf)]) as pair:
        with pytest.raises(ConnectionFailed, match=r" within 3 s\. Check the server's address") as caught:
            await pair.ask("Hi")
        given_up = trio.current_time()
        assert "You said: Again" == await pair.ask("Again")

    assert 3.0 == given_up == trio.current_time()
    assert caught.value.verdict is not None
    assert (False, True) == (caught.value.verdict.sent, caught.value.verdict.replay_safe)


async def test_the_repr_shows_phases_and_nothing_else(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, scripted([Answer([Stall()])]))) as pair:
        before = repr(pair.session)
        async with pair.session.respond("Hi") as response:
            await anext(response)
            during = repr(pair.session)

    assert "<rejoinder.engine.Session azure links [] requests []>" == before
    assert "<rejoinder.engine.Session azure links [1:open] requests [1:sent]>" == during


async def test_no_task_outlives_the_session(autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    async with open_pair(ModelServer()) as pair:
        async with pair.session.respond("Hi") as response:
            await anext(response)
        during = tasks()

    assert before < during
    assert before == tasks()


async def test_what_a_session_opened_is_closed_with_it(autojump_clock: trio.testing.MockClock) -> None:
    with trio.fail_after(60):
        async with open_pair(ModelServer()) as pair:
            await pair.ask("Hi")

    assert 1 == len(pair.network.links)
    assert all(link.ended is not None for link in pair.network.links)


# -- what a session is opened with -------------------------------------------------------------------------------------------

ADDRESS = "wss://localhost/?key=secret"


@pytest.mark.parametrize("opener", [open_session, open_pool])
@pytest.mark.parametrize(
    "given, error, said",
    [
        (
            (ADDRESS,),
            InvalidEndpoint,
            r"The endpoint is a str\. Give an Endpoint, as Endpoint\('wss://…'\) makes one of an address",
        ),
        ((Settings(),), InvalidEndpoint, r"The endpoint is a Settings\. .* by name, as settings=Settings\(…\)\.$"),
        ((7, {"model": "gpt-x"}), InvalidEndpoint, r"The endpoint is 7 \(int\)\. Give an Endpoint"),
        ((Endpoint(ADDRESS, KEY), {"model": "gpt-x"}), InvalidSetting, r"The settings are a dict\. .*Settings\.from_mapping makes"),
        (
            (Endpoint(ADDRESS, KEY), Policy()),
            InvalidSetting,
            r"The settings are a Policy\. Give Settings, as Settings\(model='…'\)",
        ),
    ],
    ids=["address", "settings", "number", "mapping", "policy"],
)
async def test_what_no_session_can_be_opened_with(opener: Any, given: Any, error: type[Exception], said: str) -> None:  # noqa: ANN401
    with pytest.raises(error, match=f"^{said}") as caught:
        async with opener(*given):
            pytest.fail("It must not open.")  # pragma: no cover

    assert "secret" not in str(caught.value)


async def test_a_mapping_is_no_update_and_changes_nothing(autojump_clock: trio.testing.MockClock) -> None:
    update: Any = {"temperature": 1}
    async with open_pair(ModelServer()) as pair:
        before = pair.session.settings
        with pytest.raises(InvalidSetting, match=r"^The update is a dict\. Give the fields by name, as temperature=0\.2"):
            pair.session.update_settings(update)

        assert before is pair.session.settings
