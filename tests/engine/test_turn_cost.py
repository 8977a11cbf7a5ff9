"""A turn costs what is new in it, however long the conversation is: counted in items that are looked at, not in seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import trio.testing
from opentelemetry.sdk.trace import TracerProvider

from harness.pair import Pair, message, open_pair, user
from harness.watching import Watched, watching
from rejoinder.engine import Conversation, Observation, chat_messages
from rejoinder.engine.tracing import trace_session
from rejoinder.testing import AZURE, OPENAI, Answer, ModelServer, ServerProfile, Text

LONG: Final = 2000
MARGIN: Final = 4
"""Items at the end of a history that a turn may look at: what came last, and what comes."""


def past(length: int) -> list[dict[str, Any]]:
    return [user(f"question {number}") if number % 2 == 0 else message(f"answer {number}") for number in range(length)]


def debug(pair: Pair) -> None:
    logging.getLogger("rejoinder").setLevel(logging.DEBUG)


def spans(pair: Pair) -> None:
    trace_session(pair.session, TracerProvider().get_tracer("tests"))


def figures(pair: Pair) -> None:
    def read(_: Observation) -> None:
        assert pair.session.statistics().links == {number: str(link.phase) for number, link in pair.session.state.links.items()}
        assert "links" in repr(pair.session)

    pair.session.observe(read)


async def turn_of_conversation(profile: ServerProfile, length: int, look: Callable[[Pair], None], **options: Any) -> Watched:  # noqa: ANN401
    """What is looked at in the third turn of a conversation that began with so many items."""
    conversation = Conversation(past(length))
    async with open_pair(ModelServer(profile, keep_log=False), **options) as pair:
        look(pair)
        for number in range(2):
            conversation.user(f"turn {number}")
            await pair.ask(conversation)
        with watching() as watched:
            conversation.user("the turn that counts")
            await pair.ask(conversation)
            assert [] == list(conversation.pending_calls)
        assert 2 == pair.session.statistics().reused
    return watched


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    """Whatever a test does to the logger ends with it."""
    level = logging.getLogger("rejoinder").level
    yield
    logging.getLogger("rejoinder").setLevel(level)


@pytest.mark.parametrize("look", [figures, debug, spans], ids=lambda look: look.__name__)
@pytest.mark.parametrize("options", [{}, {"pool": {"size": 2}}], ids=["session", "pool"])
@pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=["lanes", "serial"])
async def test_a_turn_of_a_conversation_looks_at_what_is_new(
    profile: ServerProfile, options: dict[str, Any], look: Callable[[Pair], None], autojump_clock: trio.testing.MockClock
) -> None:
    short = await turn_of_conversation(profile, 20, look, **options)
    long = await turn_of_conversation(profile, LONG, look, **options)

    assert short.calls == long.calls
    assert (len(short.items), short.walked) == (len(long.items), long.walked)
    assert 0 < len(long.items) <= MARGIN
    assert long.walked < 40


async def test_other_conversations_are_told_apart_without_going_through_them(autojump_clock: trio.testing.MockClock) -> None:
    async def looked_at(length: int) -> Watched:
        talks = [Conversation([user(f"topic {number}"), *past(length)]) for number in range(10)]
        async with open_pair(ModelServer(keep_log=False)) as pair:
            for talk in talks:
                talk.user("Hi")
                await pair.ask(talk)
            with watching() as watched:
                talks[0].user("Go on")
                await pair.ask(talks[0])
            assert 1 == pair.session.statistics().reused
        return watched

    short, long = await looked_at(20), await looked_at(LONG)

    assert (short.calls, short.walked) == (long.calls, long.walked)


@pytest.mark.parametrize("options", [{}, {"pool": {"size": 2}}], ids=["session", "pool"])
async def test_a_list_of_the_callers_own_is_compared_once_and_nothing_of_it_is_copied_or_written_again(
    options: dict[str, Any], autojump_clock: trio.testing.MockClock
) -> None:
    items: list[dict[str, Any]] = [{**item, "content": [{"type": "input_text", "text": item["content"]}]} for item in past(LONG)]
    async with open_pair(ModelServer(keep_log=False), **options) as pair:
        for number in range(2):
            items.append(user(f"turn {number}"))
            items.append(message(await pair.ask(items)))
        with watching() as watched:
            items.append({"role": "user", "content": [{"type": "input_text", "text": "the turn that counts"}]})
            await pair.ask(items)
        assert 2 == pair.session.statistics().reused

    # An item and the part in it.
    assert 2 * LONG <= watched.calls["__eq__"] <= 2 * LONG + 10
    assert watched.calls["frozen"] == 1
    assert watched.calls["written"] <= MARGIN
    assert watched.calls["items"] <= 10


async def test_after_an_interruption_everything_is_sent_and_nothing_is_copied(autojump_clock: trio.testing.MockClock) -> None:
    items: list[dict[str, Any]] = past(LONG)
    slow = ModelServer(answer=lambda received: Answer([Text(received.text, interval=1.0)]), keep_log=False)
    async with open_pair(slow) as pair:
        items.append(user("before"))
        items += [message(await pair.ask(items)), user("one")]
        async with pair.session.respond(items) as response:
            await pair.deltas(response, 1)
        items.append(user("two"))
        with watching() as watched:
            await pair.ask(items)
        assert (1, 2) == (pair.session.statistics().reused, sum(pair.session.statistics().full.values()))

    assert 0 == watched.calls["frozen"]


async def test_reading_a_conversation_is_what_costs(autojump_clock: trio.testing.MockClock) -> None:
    """The watch itself: where every item is looked at, it sees that."""
    conversation = Conversation(past(LONG))
    with watching() as watched:
        assert LONG == len(chat_messages(conversation.items))

    assert LONG == len(watched.items)
    assert LONG <= watched.walked
