"""What is remembered of a request: what the caller said itself about its chain, and how far earlier attempts had come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.lifecycle import Bench
from rejoinder.states.continuation import CallerChain
from rejoinder.states.events import Overflow
from rejoinder.states.profiles import AZURE, OPENAI, Profile
from rejoinder.states.verdicts import Cause, Verdict

# -- a chain of the caller's own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [AZURE, OPENAI], ids=lambda profile: profile.name)
@pytest.mark.parametrize("field, value", [("previous_response_id", "resp_theirs"), ("conversation", "conv_theirs")])
def test_nothing_continues_a_response_that_the_caller_chained_itself(field: str, value: str, profile: Profile) -> None:
    """The server builds on more than this request's items, so their echo is not the whole conversation."""
    bench = Bench(profile)
    fields: dict[str, Any] = {field: value}
    bench.ask("a", **fields)
    bench.opened()
    bench.voices[1].previous = value if field == "previous_response_id" else None
    bench.answer(1)
    bench.reply(1)

    assert None is bench.continues(2)
    assert CallerChain() == bench.reason(2)
    assert bench.items[2] == bench.new_items(2)


def test_chain_of_the_session_begins_anew_behind_one_of_the_caller() -> None:
    bench = Bench(AZURE)
    bench.ask("a", conversation="conv_theirs")
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    bench.answer(2)
    bench.reply(2)

    assert [None, None, "resp_2"] == [bench.continues(request) for request in (1, 2, 3)]


# -- earlier attempts ----------------------------------------------------------------------------------------------------------


def verdict_of(bench: Bench, request: int) -> Verdict:
    verdict = bench.outcomes[request].verdict
    assert verdict is not None
    return verdict


def lost_before_created(bench: Bench) -> None:
    """The only socket goes away before the server said anything; a dial is under way."""
    bench.lost()
    bench.wait(1)


def lost_after_created(bench: Bench) -> None:
    """The same after the server has acknowledged the request."""
    bench.created(1)
    lost_before_created(bench)


ENDS: dict[str, Callable[[Bench], object]] = {
    "the dial is refused": lambda bench: bench.refused(403),
    "the caller leaves": lambda bench: bench.cancel(1),
    "the buffer is full": lambda bench: bench.feed(Overflow(1)),
    "nothing happens": lambda bench: bench.wait(700),
}
"""How a request can end that waits to be sent again."""


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("begin, acknowledged", [(lost_before_created, False), (lost_after_created, True)])
def test_verdict_remembers_an_earlier_attempt(
    begin: Callable[[Bench], None],
    acknowledged: bool,  # noqa: FBT001
    end: Callable[[Bench], object],
) -> None:
    """A create had gone out, and the verdict of a request that then could not be sent again said that none had."""
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    begin(bench)
    end(bench)
    verdict = verdict_of(bench, 1)

    assert (True, acknowledged, False) == (verdict.sent, verdict.acknowledged, verdict.output_begun)
    assert (Cause.LOST,) == verdict.replays
    assert "waiting" == verdict.stage


def test_verdict_of_a_second_attempt_remembers_that_the_first_was_acknowledged() -> None:
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    lost_after_created(bench)
    bench.opened()
    bench.lost()
    verdict = verdict_of(bench, 1)

    assert (True, True) == (verdict.sent, verdict.acknowledged)
    assert "awaiting_created" == verdict.stage
