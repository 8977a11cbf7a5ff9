"""The server is told: which cancels go out, judged from the diary (promise 12).

Rules of this file
* A cancel names a response that has begun on this link and has not ended, once, where signalling is on and the link has refused none.
* Who leaves a response that has an id has it cancelled in the same breath, unless its socket is closed instead.
"""

from __future__ import annotations

from typing import Final, final

import attrs

from rejoinder.states.effects import Close, Note, SendCancel
from rejoinder.states.events import Lost, Opened, Received
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.trace import Fed
from rejoinder.testing.fuzz.broken_promise import BrokenPromise

__all__ = ["Signals"]


@final
@attrs.define(eq=False)
class Signals:
    """What is known of the cancels of one program."""

    wanted: Final[bool]
    """Whether cancels are to be sent at all."""
    begun: dict[int, set[str]] = attrs.field(factory=dict[int, set[str]])
    """For each open link, the responses that have begun there and not ended."""
    sent: set[tuple[int, str]] = attrs.field(factory=set[tuple[int, str]])
    """The cancels that went out: link and response."""
    refusing: set[int] = attrs.field(factory=set[int])
    """The links that have refused one, as the client has said itself."""

    def follow(self, fed: Fed) -> None:
        """Take in one line of the diary; raises ``BrokenPromise`` for a cancel that should not be."""
        event = fed.event
        if isinstance(event, Opened):
            self.begun[event.link] = set()
            self.refusing.discard(event.link)
        elif isinstance(event, Lost):
            self.begun.pop(event.link, None)
        elif isinstance(event, Received) and event.frame.response_id is not None and event.link in self.begun:
            if event.frame.kind is FrameKind.CREATED:
                self.begun[event.link].add(event.frame.response_id)
            elif event.frame.kind is FrameKind.TERMINAL:
                self.begun[event.link].discard(event.frame.response_id)
        for effect in fed.effects:
            if isinstance(effect, SendCancel):
                self._sent(effect)
            elif isinstance(effect, Close):
                self.begun.pop(effect.link, None)
            elif isinstance(effect, Note) and effect.name == "CancelRefused" and effect.link is not None:
                self.refusing.add(effect.link)

    def _sent(self, effect: SendCancel) -> None:
        link, response = effect.link, effect.response_id
        if not self.wanted:
            raise BrokenPromise(12, f"{effect}, and signalling is off")
        if link in self.refusing:
            raise BrokenPromise(12, f"{effect} on a link that has refused one")
        if (link, response) in self.sent:
            raise BrokenPromise(12, f"{effect} for the second time")
        if response not in self.begun.get(link, ()):
            raise BrokenPromise(12, f"{effect} for a response that does not run")
        self.sent.add((link, response))

    def expect(self, link: int, response: str, fed: Fed) -> None:
        """Somebody leaves a response that has begun: raises ``BrokenPromise`` if the server is not told."""
        if not self.wanted or link in self.refusing or response not in self.begun.get(link, ()):
            return
        told = any(
            (isinstance(effect, SendCancel) and effect.response_id == response)
            or (isinstance(effect, Close) and effect.link == link)
            for effect in fed.effects
        )
        if not told and (link, response) not in self.sent:
            raise BrokenPromise(12, f"the caller of {response} has left, and no cancel was sent")
