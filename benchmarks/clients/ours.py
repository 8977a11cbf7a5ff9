"""Rejoinder as it is meant to be used: a session, a ``Conversation``, and typed events in the caller's hands."""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final, final

from rejoinder.engine import Conversation, Endpoint, Session, Settings, open_pool, open_session
from rejoinder.engine.wire_choice import WireName
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.profiles import AZURE, OPENAI, CancelPolicy, Policy, Profile

from .serving import serve_rounds
from .trio_client import TrioClient

Opener = Callable[[Endpoint, Settings], AbstractAsyncContextManager[Session]]
"""How a session is opened."""
PROFILES: Final[dict[str, tuple[Profile, Policy, Opener, str]]] = {
    "lanes": (OPENAI, Policy(), open_session, "a provider with lanes"),
    "serial": (AZURE, Policy(), open_session, "a provider that answers one response at a time"),
    "retire": (AZURE, Policy(then=CancelPolicy.RETIRE), open_session, "such a provider, with then='retire'"),
    "spare": (AZURE, Policy(), partial(open_pool, size=2, spares=1), "such a provider, in a pool of two links, one of them spare"),
}
"""The providers that are measured, and how a session with each is opened."""


class ConversationTalk:
    """A talk whose history is a ``Conversation``."""

    def __init__(self, session: Session, history: Sequence[dict[str, Any]]) -> None:
        self._session = session
        self._conversation = Conversation(history)

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Ask, and hear the answer to the end."""
        self._conversation.user(text)
        async with self._session.respond(self._conversation) as response:
            async for event in response:
                if type(event) is OutputTextDelta:
                    hear(event.delta)

    async def interrupt(self, text: str, after: int) -> float:
        """Leave the block in the middle of the answer."""
        self._conversation.user(text)
        async with self._session.respond(self._conversation) as response:
            async for event in response:
                after -= type(event) is OutputTextDelta
                if not after:
                    break
            return time.monotonic()


class ListTalk:
    """A talk whose history is a list of dicts that is the caller's own."""

    def __init__(self, session: Session, history: Sequence[dict[str, Any]]) -> None:
        self._session = session
        self._items: list[dict[str, Any]] = [*history]

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Ask, hear the answer to the end, and keep it."""
        self._items.append({"role": "user", "content": text})
        async with self._session.respond(self._items) as response:
            async for event in response:
                if type(event) is OutputTextDelta:
                    hear(event.delta)
            self._items.append({"role": "assistant", "content": await response.text()})

    async def interrupt(self, text: str, after: int) -> float:
        """Not measured of this contender."""
        raise NotImplementedError


@final
class Rejoinder(TrioClient):
    """The contender."""

    packages = ("rejoinder", "trio", "trio-websocket", "websockets")

    def __init__(self, wire: WireName = "auto", profile: str = "lanes", history: str = "conversation") -> None:
        self._profile, policy, self._open, provider = PROFILES[profile]
        authority = os.environ.get("SSL_CERT_FILE")
        context = None if authority is None else ssl.create_default_context(cafile=authority)
        self._settings = Settings(policy=policy, preconnect=True, ssl_context=context, wire=wire)
        self._talk = ConversationTalk if history == "conversation" else ListTalk
        self.name = f"rejoinder, wire={wire!r}"
        kind = "a Conversation" if history == "conversation" else "the caller's own list"
        self.settings = f"{provider}; the history is {kind}; everything else as it comes"

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[ConversationTalk | ListTalk]]:
        """Open so many sessions, or one for all."""
        endpoint = Endpoint(url, api_key="key", profile=self._profile)
        async with AsyncExitStack() as stack:
            sessions = [
                await stack.enter_async_context(self._open(endpoint, self._settings)) for _ in range(1 if shared else count)
            ]
            yield [self._talk(sessions[0 if shared else number], history) for number in range(count)]


if __name__ == "__main__":
    serve_rounds(Rejoinder(**json.loads(sys.argv[1])))
