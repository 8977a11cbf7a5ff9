"""What a caller does when it is cancelled: a story for every public call of the engine that can wait.

Rules of this file
* A story returns what its caller heard; an undisturbed one hears ``heard``, a cancelled one a part of it at most.
* A story with a conversation leaves it on the stage, where it must be fit to be sent whatever happened.
* A new public call needs a story here; ``test_cancelled_anywhere`` says which has none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import trio

from harness.stages import WORDS, Stage
from rejoinder.engine import BackgroundResponse, Conversation, Tools, Turn, open_pool, open_session
from rejoinder.states.content_events import OutputTextDelta

__all__ = ["OUT_OF_BAND", "STORIES", "Heard", "Story"]

STORED: Final = "a stored answer"


@attrs.define(eq=False)
class Heard:
    """What a caller heard before it ended, or was cancelled."""

    text: str = ""


@attrs.frozen
class Story:
    """What a caller does."""

    take: Callable[[Stage, Heard], Awaitable[None]]
    """Do it."""
    heard: str = WORDS
    """What is heard if nobody disturbs."""
    over_http: bool = True
    """Whether it can be told where responses travel over HTTP."""
    lanes_only: bool = False
    """Whether it needs a server that takes words in the middle."""
    goes_on: bool = False
    """Whether what it asked for goes on without its caller."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.take.__name__.replace("_", " ")


# -- responses ---------------------------------------------------------------------------------------------------------------


async def iterate(stage: Stage, heard: Heard) -> None:
    async with stage.session.respond("turn") as response:
        async for event in response:
            if isinstance(event, OutputTextDelta):
                heard.text += event.delta


async def iterate_pieces(stage: Stage, heard: Heard) -> None:
    async with stage.session.respond("turn") as response:
        async for piece in response.text_deltas():
            heard.text += piece


async def ask_for_the_text(stage: Stage, heard: Heard) -> None:
    async with stage.session.respond("turn") as response:
        heard.text = await response.text()


async def ask_for_the_result(stage: Stage, heard: Heard) -> None:
    async with stage.session.respond("turn") as response:
        heard.text = (await response.result()).text


async def leave_early(stage: Stage, heard: Heard) -> None:
    async with stage.session.respond("turn") as response:
        heard.text = await anext(response.text_deltas())


async def several_at_once(stage: Stage, heard: Heard) -> None:
    async def other() -> None:
        assert "to other" == await stage.ask("other")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        heard.text = await stage.ask("turn")


async def a_conversation(stage: Stage, heard: Heard) -> None:
    stage.conversation = Conversation("turn")
    async with stage.session.respond(stage.conversation) as response:
        heard.text = await response.text()


async def warm_up(stage: Stage, heard: Heard) -> None:
    result = await stage.session.warm_up("turn")
    heard.text = result.status


async def steer(stage: Stage, heard: Heard) -> None:
    async with stage.session.respond("long") as response:
        await anext(response.text_deltas())
        steering = response.steer("Shorter.")
        await steering.settled()
        heard.text = (await response.text()).removeprefix("never for anybody else " * 4)


# -- turns with tools --------------------------------------------------------------------------------------------------------


def tools(*, in_the_background: bool = False) -> Tools:
    """Two functions; the second may outlive its turn."""
    registered = Tools()

    async def look() -> str:
        await trio.sleep(0.02)
        return "seen"

    async def watch() -> str:
        await trio.sleep(0.05)
        return "watched"

    registered.add(look, description="Looks.")
    registered.add(watch, description="Watches.", cancel_on_interruption=not in_the_background)
    return registered


async def converse(stage: Stage, heard: Heard, listen: Callable[[Turn, Heard], Awaitable[None]]) -> None:
    stage.conversation = Conversation("tools")
    async with stage.session.converse(stage.conversation, tools=tools()) as turn:
        await listen(turn, heard)


async def converse_and_iterate(stage: Stage, heard: Heard) -> None:
    async def listen(turn: Turn, heard: Heard) -> None:
        async for event in turn:
            if isinstance(event, OutputTextDelta):
                heard.text += event.delta

    await converse(stage, heard, listen)


async def converse_in_pieces(stage: Stage, heard: Heard) -> None:
    async def listen(turn: Turn, heard: Heard) -> None:
        async for piece in turn.text_deltas():
            heard.text += piece

    await converse(stage, heard, listen)


async def converse_for_the_text(stage: Stage, heard: Heard) -> None:
    async def listen(turn: Turn, heard: Heard) -> None:
        heard.text = await turn.text()

    await converse(stage, heard, listen)


async def converse_for_the_result(stage: Stage, heard: Heard) -> None:
    async def listen(turn: Turn, heard: Heard) -> None:
        heard.text = (await turn.result()).text

    await converse(stage, heard, listen)


async def wait_for_a_background_call(stage: Stage, heard: Heard) -> None:
    conversation = stage.conversation = Conversation("tools")
    async with stage.session.converse(conversation, tools=tools(in_the_background=True)) as turn:
        await turn.text()
    await stage.session.background_calls.wait(conversation)
    heard.text = WORDS


# -- sessions and recordings -------------------------------------------------------------------------------------------------


async def a_session_of_its_own(stage: Stage, heard: Heard) -> None:
    async with stage.open(open_session) as session, session.respond("turn") as response:
        heard.text = await response.text()


async def a_pool_of_its_own(stage: Stage, heard: Heard) -> None:
    async with stage.open(open_pool) as session, session.respond("turn") as first, session.respond("turn") as second:
        assert WORDS == await second.text()
        heard.text = await first.text()


async def record(stage: Stage, heard: Heard) -> None:
    async with stage.session.record(stage.folder / "trace.jsonl") as recording:
        heard.text = await stage.ask("turn")
        await recording.aclose()


# -- over HTTP, beside the links ---------------------------------------------------------------------------------------------


async def infer(stage: Stage, heard: Heard) -> None:
    heard.text = (await stage.session.infer("turn")).text


async def count_tokens(stage: Stage, heard: Heard) -> None:
    heard.text = "some" if await stage.session.count_input_tokens("turn") else "none"


async def compact(stage: Stage, heard: Heard) -> None:
    heard.text = str((await stage.session.compact("turn"))[-1]["type"])


async def background(stage: Stage) -> BackgroundResponse:
    return await stage.session.start_background("turn")


async def background_and_iterate(stage: Stage, heard: Heard) -> None:
    async for event in await background(stage):
        if isinstance(event, OutputTextDelta):
            heard.text += event.delta


async def background_for_the_result(stage: Stage, heard: Heard) -> None:
    heard.text = (await (await background(stage)).result()).text


async def background_and_come_back(stage: Stage, heard: Heard) -> None:
    begun = await background(stage)
    begun.close()
    heard.text = (await stage.session.background_response(begun.id).result()).text


async def background_and_stop(stage: Stage, heard: Heard) -> None:
    begun = await background(stage)
    heard.text = (await begun.cancel()).status


async def background_and_look(stage: Stage, heard: Heard) -> None:
    begun = await background(stage)
    await begun.result()
    heard.text = (await begun.retrieve()).text
    await begun.delete()


STORIES: Final = (
    Story(iterate),
    Story(iterate_pieces),
    Story(ask_for_the_text),
    Story(ask_for_the_result),
    Story(leave_early, heard="its"),
    Story(several_at_once),
    Story(a_conversation),
    Story(warm_up, heard="completed", over_http=False, goes_on=True),
    Story(steer, over_http=False, lanes_only=True),
    Story(converse_and_iterate),
    Story(converse_in_pieces),
    Story(converse_for_the_text),
    Story(converse_for_the_result),
    Story(wait_for_a_background_call),
    Story(a_session_of_its_own),
    Story(a_pool_of_its_own),
    Story(record),
)
"""What can be told over any wire, in memory too."""

OUT_OF_BAND: Final = (
    Story(infer),
    Story(count_tokens, heard="some"),
    Story(compact, heard="compaction"),
    Story(background_and_iterate),
    Story(background_for_the_result),
    Story(background_and_come_back),
    Story(background_and_stop, heard="cancelled"),
    Story(background_and_look),
)
"""What is HTTP whatever the transport, so it needs a socket."""
