"""Steering over the wire: one response to its caller, whatever the server makes of the words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from harness.over_http import open_over_http
from harness.pair import message, open_pair, user
from rejoinder.engine import (
    CancelPolicy,
    Conversation,
    Endpoint,
    Interrupted,
    InvalidRequest,
    Policy,
    Response,
    Steered,
    Steering,
    SteerStatus,
    Usage,
    open_session,
)
from rejoinder.engine.steering import checked_words
from rejoinder.states.continuation import RequestContent
from rejoinder.states.profiles import OPENAI as PROFILE
from rejoinder.states.profiles import PROFILES
from rejoinder.testing import (
    AZURE,
    OPENAI,
    Answer,
    Call,
    CancelMode,
    LinkPlan,
    ModelServer,
    Received,
    ServerProfile,
    SteerMode,
    Text,
    scripted,
)
from rejoinder.testing.simulator import serve

LONG = Answer([Text("one two", interval=1.0), Text("three four", interval=1.0)], usage={"input_tokens": 10, "output_tokens": 1})
"""Two messages of two words, a word each second."""
SHORT = Answer([Text("Briefly.")], usage={"input_tokens": 20, "output_tokens": 2})


async def steered(response: Response, *, after: float = 0.5) -> Steering:
    """Add words after a while."""
    await trio.sleep(after)
    return response.steer("Shorter, please.")


async def test_one_response_with_the_words_of_both_and_one_outcome(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=scripted([LONG, SHORT]))) as pair, pair.session.respond("Tell me.") as response:
        steering = await steered(response)
        pieces = [piece async for piece in response.text_deltas()]
        result = await response.result()
        status = await steering.settled()

    assert ["one", " two", "Briefly."] == pieces
    assert "one twoBriefly." == result.text == response.partial.text
    assert ("completed", "resp_2", SteerStatus.APPLIED) == (result.status, response.id, status)
    assert [{"type": "response.steer", "previous_response_id": "resp_1", "input": "Shorter, please."}] == [
        frame for frame in pair.client_frames() if frame["type"] == "response.steer"
    ]
    assert 1 == len(pair.creates)
    assert [SteerStatus.ACCEPTED, SteerStatus.APPLIED] == [seen.status for seen in pair.seen if isinstance(seen, Steered)]


async def test_what_both_cost_is_added_and_the_times_are_those_of_one(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=scripted([LONG, SHORT]))) as pair, pair.session.respond("Tell me.") as response:
        await steered(response)
        result = await response.result()
        statistics = pair.session.statistics()

    (earlier,) = result.earlier
    # What the server counts of the part that it cut short, and what the script says of the successor.
    cut = earlier["usage"]
    assert Usage(20 + cut["input_tokens"], 2 + cut["output_tokens"], cut["total_tokens"]) == result.tokens
    assert result.tokens == statistics.usage
    assert (0.0, 1.0) == (response.timings.to_created, response.timings.to_first_text)
    assert ("incomplete", {"reason": "steered"}) == (earlier["status"], earlier["incomplete_details"])


async def test_a_response_that_completes_first_is_followed_as_well(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([LONG, SHORT]), steer_mode=SteerMode.COMPLETE)
    async with open_pair(server) as pair, pair.session.respond("Tell me.") as response:
        steering = await steered(response)
        text = await response.text()

    assert "one twothree fourBriefly." == text
    assert SteerStatus.APPLIED == steering.status


async def test_words_before_created_wait_for_it(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([LONG, SHORT]))
    plan = LinkPlan(handshake_delay=1.0, latency=0.1)
    async with open_pair(server, default=plan) as pair, pair.session.respond("Tell me.") as response:
        steering = response.steer([user("Shorter, please.")])
        before = steering.status
        await response.result()

    assert (SteerStatus.QUEUED, SteerStatus.APPLIED) == (before, steering.status)
    assert [1.1, 1.3] == pytest.approx([entry.at for entry in pair.log("in")])


async def test_refused_words_leave_the_response_as_it_is(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([LONG]), steer_mode=SteerMode.FAIL)
    async with open_pair(server) as pair, pair.session.respond("Tell me.") as response:
        steering = await steered(response)
        text = await response.text()

    assert "one twothree four" == text
    assert (SteerStatus.FAILED, "<Steering 1 failed>") == (steering.status, repr(steering))
    assert steering.failure is not None
    assert "steering_not_supported" == steering.failure.code


async def test_a_response_with_a_call_keeps_the_words_for_the_next_request(autojump_clock: trio.testing.MockClock) -> None:
    heard: list[str] = []

    def answer(received: Received) -> Answer:
        heard.append(received.text)
        return Answer([Call("look", "{}", "call_1", interval=1.0)]) if len(heard) == 1 else Answer([Text("Sunny.")])

    async with open_pair(ModelServer(answer=answer, steer_mode=SteerMode.COMPLETE)) as pair:
        async with pair.session.respond([user("How is it?")]) as response:
            steering = await steered(response)
            result = await response.result()
        output = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
        talk: list[dict[str, Any]] = [user("How is it?"), *(dict(call) for call in result.calls), output]
        await pair.ask(talk)

    assert SteerStatus.PENDING == steering.status == await steering.settled()
    first, second = pair.creates
    assert "previous_response_id" not in first
    assert ("resp_1", [output]) == (second["previous_response_id"], second["input"])
    # The server has put the words in front.
    assert ["How is it?", "Shorter, please."] == heard


async def test_words_that_cross_the_end_fail_and_the_next_request_continues(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer([Text("one", interval=1.0)]), SHORT]))
    async with open_pair(server, default=LinkPlan(latency=0.1)) as pair:
        async with pair.session.respond([user("Tell me.")]) as response:
            steering = await steered(response, after=1.15)
            text = await response.text()
        await pair.ask([user("Tell me."), message(text), user("More")])

    assert ("one", SteerStatus.FAILED) == (text, steering.status)
    assert "resp_1" == pair.creates[1]["previous_response_id"]


async def test_words_after_the_end_fail_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        async with pair.session.respond("Tell me.") as response:
            await response.text()
            steering = response.steer("Shorter, please.")
        late = response.steer("Still there?")

    assert [SteerStatus.FAILED, SteerStatus.FAILED] == [steering.status, late.status]
    assert 1 == len(pair.client_frames())


async def test_after_a_loss_what_became_of_the_words_is_unknown(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=scripted([LONG]))) as pair, pair.session.respond("Tell me.") as response:
        await pair.deltas(response, 1)
        steering = response.steer("Shorter, please.")
        pair.network.links[0].cut()
        with pytest.raises(Interrupted):
            await response.result()

    assert SteerStatus.UNKNOWN == await steering.settled()


@pytest.mark.parametrize("profile", [OPENAI, attrs.evolve(AZURE, steering=True)], ids=["lanes", "serial"])
async def test_a_cancel_while_steering_leaks_nothing_to_the_next(
    autojump_clock: trio.testing.MockClock, profile: ServerProfile
) -> None:
    """The successor is generated for nobody, and its words reach nobody."""
    server = ModelServer(profile, scripted([Answer([Text("warm")]), LONG, SHORT, Answer([Text("Mine.")])]), CancelMode.IGNORE)
    if profile.lanes:
        # There the next request goes out at once, on another lane.
        server.answer = scripted([Answer([Text("warm")]), LONG, Answer([Text("Mine.")]), SHORT])
    client = attrs.evolve(PROFILES[profile.name], steering=True)
    async with open_pair(server, policy=Policy(then=CancelPolicy.DRAIN), client=client) as pair:
        await pair.ask("warm")
        async with pair.session.respond("Tell me.") as response:
            steering = await steered(response)
            await trio.sleep(0.1)
        assert "Mine." == await pair.ask("And now?")
        await trio.sleep(10)
        settled = pair.session.statistics().settled

    assert (SteerStatus.UNKNOWN, "cancelled") == (steering.status, response.status)
    assert {"incomplete": 1, "completed": 1} == settled


async def test_the_next_request_is_in_full_and_says_why(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=scripted([LONG, SHORT]))) as pair:
        async with pair.session.respond("Tell me.") as response:
            await steered(response)
            text = await response.text()
        await pair.ask([user("Tell me."), message(text), user("More")])
        statistics = pair.session.statistics()

    assert {"NoPrevious": 1, "Steered": 1} == statistics.full


async def test_over_real_sockets() -> None:
    async with serve(ModelServer(answer=scripted([LONG, SHORT]))) as simulator:
        endpoint = Endpoint(simulator.url, api_key="key", profile=PROFILE)
        async with open_session(endpoint) as session, session.respond("Tell me.") as response:
            await anext(response)
            steering = response.steer("Shorter, please.")
            text = await response.text()

    assert SteerStatus.APPLIED == steering.status
    assert text.endswith("Briefly.")


async def test_a_provider_without_steering_is_not_asked(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair, pair.session.respond("Tell me.") as response:
        with pytest.raises(InvalidRequest, match="The provider 'azure' takes no steering"):
            response.steer("Shorter, please.")
        assert "You said: Tell me." == await response.text()

    assert 1 == len(pair.client_frames())


@pytest.mark.parametrize("fields", [{"conversation": "conv_1"}, {"context_management": [{"type": "compaction"}]}])
def test_what_cannot_be_steered_is_said_before_anything_is_sent(fields: dict[str, Any]) -> None:
    (name,) = fields
    with pytest.raises(InvalidRequest, match=f"A request with '{name}' cannot be steered"):
        checked_words("Stop", PROFILE, RequestContent((), fields))


@pytest.mark.parametrize(
    "words, said",
    [
        (7, "A int cannot steer"),
        (b"Stop", "A bytes cannot steer"),
        ({"role": "user", "content": "Stop"}, "A dict cannot steer"),
        ([], "The steering is empty"),
        ("", "The steering is empty. Give a string, or a list of the user's messages."),
        (["Stop"], r"input\[0\] is not a message of the user"),
        ([{"role": "assistant", "content": "Stop"}], r"input\[0\] is not a message of the user"),
        ([user("Stop"), {"type": "function_call_output", "call_id": "c", "output": "x"}], r"input\[1\] is not a message"),
        ([{"role": "user", "content": [{"type": "output_text", "text": "Stop"}]}], r"input\[0\] is not a message"),
        ([{"role": "user", "content": 7}], r"input\[0\] is not a message"),
        ([{"role": "user", "content": {1, 2}}], "cannot be written as JSON"),
        ("x" * 17_000_000, "The steering has 17000062 bytes"),
    ],
    ids=["number", "bytes", "mapping", "nothing", "no words", "strings", "assistant", "outputs", "part", "content", "set", "huge"],
)
def test_words_that_no_server_takes(words: object, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        checked_words(words, PROFILE, RequestContent(()))


@pytest.mark.parametrize(
    "words",
    ["Stop", [user("Stop")], [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Stop"}]}]],
)
def test_words_that_a_server_takes(words: Any) -> None:  # noqa: ANN401 - a string or items
    assert words == checked_words(words, PROFILE, RequestContent(()))


async def test_a_response_without_a_session_cannot_be_steered() -> None:
    response = Response(1, RequestContent(()), 100, lambda: None)

    with pytest.raises(InvalidRequest, match="cannot be steered"):
        response.steer("Stop")


async def test_a_conversation_holds_the_words_where_they_were_taken_up(autojump_clock: trio.testing.MockClock) -> None:
    conversation = Conversation("Tell me.")
    async with open_pair(ModelServer(answer=scripted([LONG, SHORT, SHORT]))) as pair:
        async with pair.session.respond(conversation) as response:
            await steered(response)
            result = await response.result()
        conversation.user("And now?")
        async with pair.session.respond(conversation) as response:
            await response.text()

    assert [(1, {"role": "user", "content": "Shorter, please."})] == list(result.steered)
    said = ["Tell me.", "one two", "Shorter, please.", "Briefly.", "And now?"]
    assert said == [_words_of(item) for item in pair.creates[-1]["input"]]
    assert ["user", "assistant", "user", "assistant", "user"] == [item["role"] for item in pair.creates[-1]["input"]]
    assert [*said, "Briefly."] == [_words_of(item) for item in conversation.items]


async def test_what_was_heard_of_a_steered_answer_leaves_the_words(autojump_clock: trio.testing.MockClock) -> None:
    conversation = Conversation("Tell me.")
    async with open_pair(ModelServer(answer=scripted([LONG, SHORT]))) as pair, pair.session.respond(conversation) as response:
        await steered(response)
        await response.result()
    conversation.heard(response, "one two")

    assert ["user", "assistant", "user"] == [item["role"] for item in conversation.items]
    assert ["Tell me.", "one two", "Shorter, please."] == [_words_of(item) for item in conversation.items]


async def test_over_http_nothing_can_be_added(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(endpoint={"profile": PROFILE}) as http, http.session.respond("Tell me.") as response:
        with pytest.raises(InvalidRequest, match="Over HTTP nothing can be added"):
            response.steer("Shorter, please.")
        text = await response.text()

    assert "You said: Tell me." == text


def _words_of(item: Mapping[str, Any]) -> str:
    content = item["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
