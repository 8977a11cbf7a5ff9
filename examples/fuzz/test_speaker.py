"""A handler of your own, fuzzed: ``Speaker`` is the code under test, ``SpeakerProgram`` points Rejoinder's programs at it."""

from collections import defaultdict
from collections.abc import Sequence

import pytest

from rejoinder.states import Session
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.effects import Deliver, Effect, Finish
from rejoinder.states.events import Event, Received
from rejoinder.testing.fuzz import LifecycleProgram


class Speaker:
    """Says an answer as it comes. The latest piece may end in half a word, so it is held back until more comes."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said = defaultdict[int, str](str)
        self.held = defaultdict[int, str](str)

    def feed(self, event: Event, now: float) -> Sequence[Effect]:
        """Let something happen, and say what there is to say."""
        effects = self.session.feed(event, now)
        for effect in effects:
            if isinstance(effect, Deliver | Finish):
                self.said[effect.request] += self.held.pop(effect.request, "")
            if isinstance(effect, Deliver) and isinstance(event, Received) and isinstance(event.frame, OutputTextDelta):
                self.held[effect.request] = event.frame.delta
        return effects


@pytest.mark.rejoinder_fuzz(examples=300, steps=30)
class SpeakerProgram(LifecycleProgram):
    """Anything that can happen to a ``Speaker``."""

    def make_handler(self, session: Session) -> Speaker:
        """Return the handler under test."""
        return Speaker(session)

    def transcript(self, handler: Speaker, request: int) -> str:
        """Return the words that it has of a request."""
        return handler.said[request] + handler.held[request]


TestSpeaker = SpeakerProgram.TestCase
