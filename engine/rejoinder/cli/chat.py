"""``rejoinder chat``: talk to a model from a terminal.

Rule: here the command line becomes an endpoint and settings; the talking is done in ``chat_talk.py``.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from .choices import ProfileName, WireChoice

if TYPE_CHECKING:
    from rejoinder.engine import Endpoint, Settings

    from .chat_talk import Chat

__all__ = ["chat"]

KEY_VARIABLE = "OPENAI_API_KEY"
SIMULATED_PAUSE = 0.05
"""Seconds before each word of the simulated server: slow enough to be interrupted."""


def chat(
    *,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model, or on Azure the deployment.")] = "gpt-4.1",
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="The endpoint, wss://...", show_default="OpenAI's")
    ] = None,
    profile: Annotated[
        ProfileName | None, typer.Option(help="What the provider can do.", show_default="what the address suggests")
    ] = None,
    instructions: Annotated[str | None, typer.Option(metavar="TEXT", help="What the model is to know about its task.")] = None,
    simulator: Annotated[
        bool, typer.Option("--simulator", help="Talk to a simulated server on this machine, without a key.")
    ] = False,
    wire: Annotated[WireChoice, typer.Option(help="The library that carries the frames.")] = WireChoice.AUTO,
    proxy: Annotated[str | None, typer.Option(metavar="URL", help="A proxy on the way: http://... or socks5://...")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was sent, and why no less.")] = False,
) -> None:
    """Talk to a model. The key is read from OPENAI_API_KEY.

    Ctrl-C interrupts the answer, and at the prompt it leaves, as Ctrl-D does. Just ask the next question: it does not wait for an
    answer that you have interrupted.
    """
    from rejoinder.engine import Endpoint, Settings
    from rejoinder.states.profiles import PROFILES

    from .chat_talk import Chat, stdin_reader
    from .refusals import CannotDo
    from .running import run

    # A program that was started without any input has no such stream at all.
    stdin = sys.stdin or io.StringIO()
    interactive = stdin.isatty()
    talk = Chat(stdin_reader(stdin), sys.stdout, sys.stderr, interactive=interactive, verbose=verbose)

    async def command() -> int:
        settings = Settings(model=model, instructions=instructions, preconnect=interactive, wire=wire.value, proxy=proxy)
        if simulator:
            if base_url is not None:
                raise CannotDo("--simulator brings its own server, so --base-url has no meaning. Leave one of them out.", 2)
            return await _talk_to_simulator(talk, settings, (profile or ProfileName.OPENAI).value)
        if not os.environ.get(KEY_VARIABLE, "").strip():
            raise CannotDo(f"There is no API key in {KEY_VARIABLE}. Set it, or try without one: rejoinder chat --simulator", 2)
        endpoint = Endpoint() if base_url is None else Endpoint(base_url)
        if profile is not None:
            endpoint = attrs.evolve(endpoint, profile=PROFILES[profile.value])
        return await _talk_to(talk, endpoint, settings)

    run(command)


async def _talk_to(talk: Chat, endpoint: Endpoint, settings: Settings) -> int:
    from rejoinder.engine import open_session

    async with open_session(endpoint, settings) as session:
        return await talk.hold(session)


async def _talk_to_simulator(talk: Chat, settings: Settings, profile: str) -> int:
    from rejoinder.engine import Endpoint
    from rejoinder.states.profiles import PROFILES
    from rejoinder.testing import SERVER_PROFILES, ServerSetup, with_faults
    from rejoinder.testing.simulator import serve

    setup = with_faults(ServerSetup(SERVER_PROFILES[profile]), [f"trickle:{SIMULATED_PAUSE}"])
    async with serve(setup.build(keep_log=False)) as simulator:
        talk.remark("This is a simulated server on your own machine: it repeats what you say.")
        return await _talk_to(talk, Endpoint(simulator.url, "the-simulator-asks-for-none", PROFILES[profile]), settings)
