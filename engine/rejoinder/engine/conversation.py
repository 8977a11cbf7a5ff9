"""A conversation that grows as responses finish: what is said once is kept once, and sent once.

``session.respond(conversation)`` takes the items as they are at that moment. When the response has completed, or is incomplete,
what it said is appended before its caller is told of the end. The echo is the server's own, so the next request continues it.

Rules of this file
* Items are frozen; whoever wants another history forks with ``copy()``, which costs nothing.
* What a response says stands where its request ended, also if something was added meanwhile: the order is that of the talk.
* One response at a time: the next turn needs what this one says.
* Pure: no I/O and no waiting. A conversation belongs to no session and may outlive them all.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import attrs

from rejoinder.states.frozen_json import FrozenObject, freeze_object
from rejoinder.states.item_history import ItemHistory

from .chat_messages import chat_messages
from .context import OPENAI_RESPONSES, Message, ProviderItem, input_items, message_list, tool_output_text
from .echo import CALLS, echo_of, heard_of, text_of
from .errors import InvalidRequest
from .flat_tools import flat_choice, flat_tools
from .given import fields_of, type_of
from .response import Response
from .result import Result

__all__ = ["Conversation"]

Content = str | Sequence[Mapping[str, Any]]
"""What a message says: a string, or parts."""

ENDED_WELL = frozenset({"completed", "incomplete"})


@attrs.define(eq=False)
class _Answer:
    """Where in the items the output of one response stands, or will."""

    start: int
    """Where the request ended."""
    order: int
    """A number that rises from answer to answer: of those at one place, which stands first."""
    length: int = 0
    """Items that it put there."""
    output: Sequence[Mapping[str, Any]] = ()
    """The items themselves."""


@final
class Conversation:
    """What was said so far, as Responses input items: ``async with session.respond(conversation) as response``.

    Add what the user says, ask, and add what tools answered; what the model says is appended by itself.
    """

    def __init__(
        self,
        messages: str | Iterable[Message] = (),
        *,
        instructions: str | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
    ) -> None:
        """Begin with ``messages``: a string (what the user says), or messages in the universal chat form and Responses items.

        ``instructions``, ``tools`` and ``tool_choice`` are sent with each request of this conversation; they override the session's
        settings, and fields given to ``respond`` override them. Raises ``InvalidRequest`` for what cannot be sent.
        """
        self._items = ItemHistory()
        self._pending: dict[str, FrozenObject] = {}
        self._added: set[str] = set()
        self._answers: weakref.WeakKeyDictionary[Response, _Answer] = weakref.WeakKeyDictionary()
        self._running: Response | None = None
        self._order = 0
        """The order of the latest answer."""
        self._left_out: list[ProviderItem] = []
        self._begins_with_system = False
        self.instructions = instructions
        self.tools = tools
        self.tool_choice = tool_choice
        if isinstance(messages, str):
            self.user(messages)
        else:
            self._add(messages, "messages")

    def __repr__(self) -> str:
        return f"<Conversation of {len(self._items)} items{', a response is running' if self._running is not None else ''}>"

    def __len__(self) -> int:
        return len(self._items)

    # -- what it holds -----------------------------------------------------------------------------------------------------

    @property
    def items(self) -> ItemHistory:
        """The input items as they are now. A value: it does not grow with the conversation, and nothing in it can be changed."""
        return self._items

    @property
    def messages(self) -> list[Message]:
        """The conversation in the universal chat form, for other providers: copies, made anew each time."""
        return chat_messages(self._items)

    @property
    def pending_calls(self) -> Sequence[FrozenObject]:
        """The function calls and custom tool calls that have no output yet, in order; the next request needs one for each."""
        return tuple(self._pending.values())

    @property
    def left_out(self) -> Sequence[ProviderItem]:
        """What was added for another provider, and is not sent to this one."""
        return tuple(self._left_out)

    @property
    def is_running(self) -> bool:
        """Whether a response to this conversation is running."""
        return self._running is not None

    @property
    def begins_with_system(self) -> bool:
        """Whether its first message was given with the role ``system``, which does the work of instructions."""
        return self._begins_with_system

    @property
    def instructions(self) -> str | None:
        """Sent with each request; may be set at any time, and then holds from the next request on."""
        return self._instructions

    @instructions.setter
    def instructions(self, instructions: str | None) -> None:
        if instructions is not None and not isinstance(instructions, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidRequest(f"instructions is a {type(instructions).__name__}. Give a string, or None for none.")
        self._instructions = instructions

    @property
    def tools(self) -> Sequence[Mapping[str, Any]] | None:
        """The tools of each request, in the API's flat form; None for none. May be set at any time."""
        return self._tools

    @tools.setter
    def tools(self, tools: Sequence[Mapping[str, Any]] | None) -> None:
        self._tools = flat_tools(tools)

    @property
    def tool_choice(self) -> str | Mapping[str, Any] | None:
        """Which tools the model may or must call: ``auto``, ``none``, ``required``, or one by name. May be set at any time."""
        return self._tool_choice

    @tool_choice.setter
    def tool_choice(self, tool_choice: str | Mapping[str, Any] | None) -> None:
        self._tool_choice = flat_choice(tool_choice)

    # -- growing -----------------------------------------------------------------------------------------------------------

    def add(self, *messages: Message) -> None:
        """Add messages in the universal chat form, Responses items, and ``ProviderItem``.

        All or none: raises ``InvalidRequest`` with the place of the first that cannot be sent.
        """
        self._add(messages, "messages")

    def user(self, content: Content) -> None:
        """Add what the user says: a string, or parts as ``image_part`` makes them."""
        self.add({"role": "user", "content": content})

    def developer(self, content: Content) -> None:
        """Add what the developer says to the model, between the turns."""
        self.add({"role": "developer", "content": content})

    def assistant(self, content: Content) -> None:
        """Add what the assistant said without being asked, as a greeting."""
        self.add({"role": "assistant", "content": content})

    def add_tool_output(self, call_id: str, output: object) -> None:
        """Add what a tool answered to a pending call: a string as it is, anything else as JSON, ``None`` and ``[]`` included.

        Raises ``InvalidRequest`` if JSON cannot carry it, or if no call of this id is pending: servers refuse an output without its
        call, or a second one. What a tool learns later goes into a developer message.
        """
        call = self._pending.get(call_id)
        if call is None:
            waiting = ", ".join(self._pending) or "none"
            raise InvalidRequest(
                f"No call {call_id!r} waits for an output; pending: {waiting}. Add each output once, after the response with the"
                " call has ended."
            )
        kind = f"{call['type']}_output"
        text = tool_output_text(output, f"the output of {call_id!r}")
        self._append([freeze_object({"type": kind, "call_id": call_id, "output": text})])

    def add_result(self, result: Result | Response) -> None:
        """Append what a response said, as ``respond(conversation)`` does by itself: for a response that was asked otherwise.

        Appending one that is there already changes nothing. Raises ``InvalidRequest`` if it did not end as completed or incomplete,
        or if it begins the conversation anew (a compaction) while a response is running.
        """
        partial = result.partial if isinstance(result, Response) else result
        if partial.status not in ENDED_WELL:
            raise InvalidRequest(
                f"The response is {partial.status}, so what it said is not whole. Add what the user heard of it as a message:"
                " conversation.assistant(text)."
            )
        if partial.id is None or partial.id not in self._added:
            if self._running is not None and any(item.get("type") == "compaction" for item in partial.output):
                raise InvalidRequest(
                    "A response to this conversation is running, and the items it was asked with would be replaced by a compaction."
                    " Wait for its end, or cancel it, before adding that."
                )
            answer = self._answer_at(len(self._items))
            if isinstance(result, Response):
                self._answers[result] = answer
            self._put(answer, partial)

    def heard(self, response: Response, text: str) -> None:
        """Say how much of an interrupted answer the user heard: the conversation then holds ``text`` in place of its messages.

        For a response of ``respond(conversation)`` that was cancelled, of which nothing is kept otherwise, and for one that had
        completed before the user had heard it all. Its calls stay. An empty ``text`` leaves no message. The next request is sent in
        full, because what the server remembers is not what was heard. Raises ``InvalidRequest`` for a response that still runs, or
        was not asked with this conversation.
        """
        answer = self._answers.get(response)
        if answer is None or response is self._running:
            state = (
                "still runs; cancel it first"
                if answer is not None
                else "was not asked with this conversation; add a message instead"
            )
            raise InvalidRequest(f"The response {state}. heard() tells of an answer that has ended.")
        if text == text_of(answer.output):
            return
        items = [freeze_object(item) for item in heard_of(answer.output, text)]
        later = self._items[answer.start + answer.length :]
        self._items = self._items.first(answer.start).grown(items).grown(later)
        self._settle(answer, items)
        self._count_calls()

    def restart(self, messages: Iterable[Message]) -> None:
        """Begin anew with ``messages`` in place of all items, as with the window that a compaction endpoint returned.

        Raises ``InvalidRequest`` for what cannot be sent, or while a response is running; nothing has changed then.
        """
        if self._running is not None:
            raise InvalidRequest("A response to this conversation is running. Wait for its end, or cancel it, before restarting.")
        given = message_list(messages, "messages")
        items = input_items(given, "messages")
        self._answers.clear()
        self._added.clear()
        self._left_out.clear()
        self._pending.clear()
        self._items = ItemHistory()
        self._begins_with_system = False
        self._note_given(given, items)
        self._append(items)

    def copy(self) -> Conversation:
        """Fork: a conversation with the same items, which goes on by itself. Costs nothing until both have grown."""
        twin = Conversation()
        twin._items = self._items
        twin._pending = dict(self._pending)
        twin._added = set(self._added)
        twin._left_out = list(self._left_out)
        twin._begins_with_system = self._begins_with_system
        twin._instructions, twin._tools, twin._tool_choice = self._instructions, self._tools, self._tool_choice
        return twin

    # -- for the engine ----------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the create that this conversation sets."""
        given = {"instructions": self._instructions, "tools": self._tools, "tool_choice": self._tool_choice}
        return {name: value for name, value in given.items() if value is not None}

    def check_free(self) -> None:
        """Raise ``InvalidRequest`` if a response is running: what it says would be missing from the next request."""
        if self._running is not None:
            raise InvalidRequest(
                "A response to this conversation is running. Wait for its end, or cancel it; or ask beside it: conversation.copy()."
            )

    def begin(self, response: Response) -> None:
        """A response to the items of its content is about to be asked for."""
        asked = response.content.items
        # What was sent in place of an empty conversation is not part of it.
        self._answers[response] = self._answer_at(len(asked) if isinstance(asked, ItemHistory) else 0)
        self._running = response

    def end(self, response: Response) -> None:
        """The response has ended; append what it said, if it ended well."""
        self._running = None
        partial = response.partial
        answer = self._answers[response]
        if partial.status in ENDED_WELL:
            self._put(answer, partial)

    # -- inside ------------------------------------------------------------------------------------------------------------

    def _add(self, messages: Iterable[Message], where: str) -> None:
        custom = [call_id for call_id, call in self._pending.items() if call["type"] == "custom_tool_call"]
        given = message_list(messages, where)
        items = input_items(given, where, custom_calls=custom)
        self._note_given(given, items)
        self._append(items)

    def _note_given(self, given: Sequence[object], items: Sequence[FrozenObject]) -> None:
        """What the items do not tell of the messages that they were made of, before they are there."""
        self._left_out += [each for each in given if isinstance(each, ProviderItem) and each.provider != OPENAI_RESPONSES]
        if items and not self._items:
            self._begins_with_system = (fields_of(given[0]) or {}).get("role") == "system"

    def _append(self, items: Iterable[FrozenObject]) -> None:
        new = list(items)
        self._items = self._items.grown(new)
        self._note_calls(new)

    def _put(self, answer: _Answer, partial: Result) -> None:
        """Put the output of a response where its request ended."""
        output = [freeze_object(item) for item in echo_of(partial)]
        later = self._items[answer.start :]
        restart = max((place for place, item in enumerate(output) if item.get("type") == "compaction"), default=None)
        if restart is None:
            self._items = self._items.first(answer.start).grown(output).grown(later)
            self._settle(answer, output)
            self._note_calls([*output, *later])
        else:
            # The item stands for all that was said before it: the input begins anew there.
            output = output[restart:]
            self._items = ItemHistory(output).grown(later)
            for response in [response for response, other in self._answers.items() if other is not answer]:
                del self._answers[response]
            answer.start = 0
            self._settle(answer, output)
            self._count_calls()
        if partial.id is not None:
            self._added.add(partial.id)

    def _answer_at(self, start: int) -> _Answer:
        self._order += 1
        return _Answer(start, self._order)

    def _settle(self, answer: _Answer, output: Sequence[FrozenObject]) -> None:
        """The output of ``answer`` is in its place now: what later ones have has moved."""
        shift = len(output) - answer.length
        if answer.order < self._order:
            for other in self._answers.values():
                if other.order > answer.order:
                    other.start += shift
        answer.length, answer.output = len(output), output

    def _count_calls(self) -> None:
        self._pending.clear()
        self._note_calls(self._items)

    def _note_calls(self, items: Iterable[FrozenObject]) -> None:
        for item in items:
            call_id = item.get("call_id")
            if type_of(item) in CALLS and isinstance(call_id, str):
                self._pending[call_id] = item
            elif str(item.get("type", "")).endswith("_output"):
                self._pending.pop(str(call_id), None)
