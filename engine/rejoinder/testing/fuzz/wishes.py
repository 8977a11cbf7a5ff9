"""What the callers of a program ask for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing.fuzz.setups import INBOUND_LIMIT
from rejoinder.testing.input_items import assistant, call_output, user
from rejoinder.testing.pure_records import Caller

__all__ = ["TOO_LONG", "WISHES", "Wish", "items_of", "pick"]

Thing = TypeVar("Thing")

TOO_LONG: Final = "much" * (INBOUND_LIMIT // len("much"))
"""Words that fill a message up to the inbound limit, so that it is above the limit."""


@unique
class Wish(StrEnum):
    """What is asked."""

    NEW = "new"
    """A first turn."""
    GO_ON = "go on"
    """The next turn of a conversation, however the last one ended."""
    AGAIN = "again"
    """The same once more."""
    TOO_MUCH = "too much"
    """More than the server takes."""
    WARM_UP = "warm up"
    """The session asks for itself."""


WISHES: Final = st.sampled_from([Wish.NEW, Wish.GO_ON, Wish.GO_ON, Wish.GO_ON, Wish.AGAIN, Wish.NEW, Wish.WARM_UP, Wish.TOO_MUCH])
"""Any wish; to go on is the likeliest."""


def pick(things: Sequence[Thing], index: int) -> Thing:
    """The ``index``-th of what there is, counted from the latest and round again; there must be something."""
    return things[-1 - index % len(things)]


def items_of(wish: Wish, earlier: Sequence[Caller], index: int) -> Sequence[Any]:
    """The input items of a wish, given the callers so far; ``index`` says which of them it refers to, if to any."""
    ended = [caller for caller in earlier if caller.outcomes]
    if wish is Wish.GO_ON and ended:
        return _next_turn(pick(ended, index))
    if wish is Wish.AGAIN and earlier:
        return pick(earlier, index).content.items
    return [user(TOO_LONG if wish is Wish.TOO_MUCH else "Hi")]


def _next_turn(caller: Caller) -> Sequence[Any]:
    """What the caller of an ended turn sends next: all of it, what was answered, and more."""
    outcome = caller.outcomes[0]
    answered: list[Any] = [assistant(caller.text)] if caller.text else []
    if outcome.kind is OutcomeKind.COMPLETED and outcome.response is not None:
        output: list[dict[str, Any]] = outcome.response["output"]
        calls = [item["call_id"] for item in output if item.get("type") == "function_call"]
        answered = [*(output or answered), *(call_output(call, "seen") for call in calls)]
    return [*caller.content.items, *answered, user("Go on")]
