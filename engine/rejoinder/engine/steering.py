"""Steering: what a caller holds after it has added words to its running response.

``steering = response.steer("Shorter, please.")`` returns at once. The server finishes what it is at, may end the response, and
begins a successor that takes the words into account; to the caller it is one response with one outcome, whose text is that of both.
Which models take steering is the server's affair (OpenAI steering guide: the GPT-6 family); where one does not, the steering fails
and nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, final

import trio

from rejoinder.states.codec import encode_steer
from rejoinder.states.continuation import RequestContent
from rejoinder.states.json_values import NotSerialisable, frozen_copy
from rejoinder.states.profiles import Profile
from rejoinder.states.verdicts import Failure, SteerStatus

from .errors import InvalidRequest
from .given import type_of

__all__ = ["SteerStatus", "Steering", "Words", "checked_words"]

FINAL: Final = frozenset({SteerStatus.APPLIED, SteerStatus.PENDING, SteerStatus.FAILED, SteerStatus.UNKNOWN})
PARTS: Final = frozenset({"input_text", "input_image", "input_file"})
"""Types of parts that a steering may have (steering guide)."""

Words = str | Sequence[Mapping[str, Any]]
"""What may be added: a string, or messages of the user."""


@final
class Steering:
    """Words that were added to a running response; from ``Response.steer``."""

    def __init__(self, number: int, words: Words) -> None:
        self.number: Final = number
        """Its number in this session."""
        self.words: Final = words
        """What was said, as it is sent."""
        self.status = SteerStatus.QUEUED
        """What became of it so far."""
        self.failure: Failure | None = None
        """Why it was not taken; None unless it failed."""
        self._settled = trio.Event()

    def __repr__(self) -> str:
        return f"<Steering {self.number} {self.status}>"

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """What was said, as items of a conversation."""
        return [{"role": "user", "content": self.words}] if isinstance(self.words, str) else self.words

    @property
    def is_settled(self) -> bool:
        """Whether the last word about it has been said."""
        return self._settled.is_set()

    async def settled(self) -> SteerStatus:
        """Wait for the last word about it: ``applied``, ``pending``, ``failed`` or ``unknown``. Never raises.

        ``pending`` means that the server keeps the words for the next request, which has to bring the outputs of the calls that it
        waits for. The next request of this conversation does so by itself.
        """
        await self._settled.wait()
        return self.status

    def told(self, status: SteerStatus, failure: Failure | None) -> None:
        """For the engine: the news, in order."""
        self.status, self.failure = status, failure
        if status in FINAL:
            self._settled.set()


def checked_words(words: object, profile: Profile, content: RequestContent) -> Words:
    """A private copy of what is to be added; raises ``InvalidRequest`` if this server can take it in no case."""
    if profile.streams:
        raise InvalidRequest("Over HTTP nothing can be added to a response. Cancel, and send the words with the next request.")
    if not profile.steering:
        raise InvalidRequest(f"The provider {profile.name!r} takes no steering. Cancel, and send the words with the next request.")
    for name in ("conversation", "context_management"):
        if content.fields.get(name) is not None:
            raise InvalidRequest(
                f"A request with {name!r} cannot be steered. Leave it out, or send the words with the next request."
            )
    copy = words if isinstance(words, str) else _messages(words)
    if not copy:
        raise InvalidRequest("The steering is empty. Give a string, or a list of the user's messages.")
    size = len(encode_steer("", copy).encode())
    if size > profile.inbound_limit:
        raise InvalidRequest(f"The steering has {size} bytes and the server takes {profile.inbound_limit}. Say it in fewer words.")
    return copy


def _messages(words: object) -> Words:
    if isinstance(words, Mapping | bytes) or not hasattr(words, "__iter__"):
        kind = type(cast("Any", words)).__name__
        raise InvalidRequest(f"A {kind} cannot steer a response. Give a string, or a list of the user's messages.")
    try:
        items = cast("list[object]", frozen_copy(list(cast("Sequence[object]", words)), "input"))
    except NotSerialisable as error:
        raise InvalidRequest(f"The steering cannot be written as JSON: {error}") from error
    for index, item in enumerate(items):
        if not _is_users_message(item):
            raise InvalidRequest(
                f"input[{index}] is not a message of the user. A steering takes messages such as {{'role': 'user', 'content':"
                " 'Stop'}, with parts input_text, input_image and input_file; give tool outputs with the next request."
            )
    return cast("Words", items)


def _is_users_message(item: object) -> bool:
    if not isinstance(item, Mapping):
        return False
    message = cast("Mapping[str, Any]", item)
    if message.get("type", "message") != "message" or message.get("role") != "user":
        return False
    content = message.get("content")
    if isinstance(content, str):
        return True
    parts = cast("list[object]", content) if isinstance(content, list) else [None]
    return all(isinstance(part, Mapping) and type_of(cast("Mapping[str, Any]", part)) in PARTS for part in parts)
