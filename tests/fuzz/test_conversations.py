"""A conversation against a model so simple that it cannot be wrong.

The model is a list in which every answer has its place from the moment it is asked for.

The program speaks, asks, lets answers end in every way, tells what was heard of any of them, and forks; after each step the
conversation holds what the list holds, and what was read earlier has not changed.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rejoinder.engine import Conversation, Response
from rejoinder.states.continuation import Continuation, RequestContent, Reuse, decide
from rejoinder.states.item_history import ItemHistory
from rejoinder.states.verdicts import Outcome, OutcomeKind

WELL: Final = (OutcomeKind.COMPLETED, OutcomeKind.INCOMPLETE)
WORDS: Final = "one two three "


@attrs.define(eq=False)
class Place:
    """Something that was said, or an answer that is not there yet."""

    text: str | None
    answer: Response | None = None


def text_of(item: Any) -> str:  # noqa: ANN401 - an input item
    content = item["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


class Talking(RuleBasedStateMachine):
    """One conversation and its model; a fork replaces it now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.conversation = Conversation()
        self.places: list[Place] = []
        self.responses: list[Response] = []
        self.read: list[tuple[ItemHistory, list[str]]] = []
        self.asked = 0

    @initialize(opening=st.sampled_from(["", "Hi"]))
    def begin(self, opening: str) -> None:
        if opening:
            self.speak(opening)

    @property
    def running(self) -> Response | None:
        return next((response for response in self.responses if response.outcome is None), None)

    @rule(text=st.sampled_from(["Hi", "Go on", "Stop"]))
    def speak(self, text: str) -> None:
        self.conversation.user(text)
        self.places.append(Place(text))

    @precondition(lambda self: self.running is None and len(self.conversation) > 0)
    @rule()
    def ask(self) -> None:
        self.asked += 1
        conversation = self.conversation
        content = RequestContent(conversation.items)
        # Nothing here takes time, and no trio runs.
        response = Response(self.asked, content, 100, lambda: None, at_end=conversation.end, clock=lambda: 0.0)
        conversation.begin(response)
        self.responses.append(response)
        self.places.append(Place(None, response))

    @precondition(lambda self: self.running is not None)
    @rule(kind=st.sampled_from(sorted(OutcomeKind)))
    def end(self, kind: OutcomeKind) -> None:
        response = self.running
        assert response is not None
        text = f"{WORDS}{response.number}\n"
        message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
        output = [message] if kind in WELL else []
        before = list(response.content.items)
        response.finish(Outcome(kind, None, response={"id": f"resp_{response.number}", "output": output}))
        if kind in WELL:
            self.place_of(response).text = text
        items = list(self.conversation.items)
        untouched = items[: len(before)] == before and f"{WORDS}{response.number}" in str(items[len(before) : len(before) + 1])
        if kind is OutcomeKind.COMPLETED and untouched:
            # Nothing before it was rewritten or put in meanwhile: what is said next is all that is sent.
            self.speak("And then?")
            decision = decide(Continuation("resp", response.content.items, output), RequestContent(self.conversation.items))
            assert isinstance(decision, Reuse), decision
            assert all(item["role"] == "user" for item in decision.items)

    @precondition(lambda self: any(response.outcome is not None for response in self.responses))
    @rule(data=st.data(), words=st.integers(0, 3))
    def hear(self, data: st.DataObject, words: int) -> None:
        response = data.draw(st.sampled_from([each for each in self.responses if each.outcome is not None]), "response")
        heard = " ".join(WORDS.split()[:words])
        self.conversation.heard(response, heard)
        self.place_of(response).text = heard or None

    @precondition(lambda self: self.running is None)
    @rule()
    def fork(self) -> None:
        left, self.conversation = self.conversation, self.conversation.copy()
        self.read.append((left.items, [text_of(item) for item in left.items]))
        left.user("Elsewhere")
        # The answers of before belong to the one that was left.
        self.responses.clear()

    @invariant()
    def it_holds_what_the_model_holds(self) -> None:
        held = [text_of(item) for item in self.conversation.items]

        assert [place.text for place in self.places if place.text is not None] == held
        self.read.append((self.conversation.items, held))

    @invariant()
    def what_was_read_has_not_changed(self) -> None:
        for items, texts in self.read:
            assert texts == [text_of(item) for item in items]

    @invariant()
    def lineage_is_true(self) -> None:
        now = self.conversation.items
        for earlier, texts in self.read:
            if now.grew_from(earlier):
                assert texts == [text_of(item) for item in now[: len(earlier)]]

    def place_of(self, response: Response) -> Place:
        return next(place for place in self.places if place.answer is response)


TestTalking = Talking.TestCase
