"""Service as the fuzzers judge it: where nothing goes wrong, nothing may be kept from anybody, and nobody has to wait.

Rules of this file
* The promises say what must not happen, and a session that did nothing would keep most of them. These detectors ask right servers
  on networks that work, so that whatever is late, lost or out of place is the session's doing.
* As in ``fuzzers.py``: what is drawn follows from the seed, the clock says when to stop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, final

import attrs
from hypothesis import given, seed
from hypothesis import strategies as st
from hypothesis.reporting import with_reporter

from quality.mutants.fuzzers import ENDLESS, SEED, Clock, line_of, said, silent
from quality.mutants.hunt import OutOfTime, Story
from quality.mutants.mutant import Mutant
from rejoinder.states.effects import Deliver, Finish, Note, Send
from rejoinder.states.events import Received
from rejoinder.states.profiles import AfterCancel, CancelPolicy
from rejoinder.states.stream_events import ErrorEvent
from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing.fuzz.manners import PLAIN, Manner, Rejection, Trouble, answers_of
from rejoinder.testing.fuzz.setups import Setup, fields_of
from rejoinder.testing.input_items import user
from rejoinder.testing.pure_pair import PurePair

__all__ = ["Calm", "NoDelay"]

PROVIDERS: Final = ("serial", "lanes", "lanes without an echo", "serial and lax")
PROMPT: Final = st.builds(
    Setup,
    provider=st.sampled_from(PROVIDERS),
    then=st.sampled_from(CancelPolicy),
    after_cancel=st.sampled_from(AfterCancel),
)
"""Clients that do not signal their cancels: where an answer to one is owed, an error is a reason to wait."""
ANSWERS: Final = st.builds(
    Manner, pieces=st.integers(0, 2), reject=st.one_of(st.none(), st.sampled_from([Rejection.BUSY, Rejection.RATE, Rejection.BAD]))
)
"""Answers, or refusals, that take no time."""
CALM: Final = st.builds(Setup, provider=st.sampled_from(PROVIDERS), after_cancel=st.sampled_from(AfterCancel))
"""Providers that meet no cancel."""
RIGHT: Final = st.builds(
    Manner,
    pieces=st.integers(0, 2),
    terminal=st.sampled_from(["completed", "completed", "failed", "incomplete"]),
    trouble=st.sampled_from([Trouble.NONE, Trouble.NONE, Trouble.FAULT]),
    call=st.booleans(),
    in_progress=st.booleans(),
    empty_output=st.booleans(),
    reject=st.sampled_from([None, None, Rejection.BUSY, Rejection.RATE, Rejection.BAD]),
)
"""All that a right server may answer."""
UNLABELLED: Final = frozenset({Rejection.RATE, Rejection.BAD})
"""Refusals that name no lane."""
KINDS: Final[Mapping[str, OutcomeKind]] = MappingProxyType(
    {
        "response.completed": OutcomeKind.COMPLETED,
        "response.failed": OutcomeKind.FAILED,
        "response.incomplete": OutcomeKind.INCOMPLETE,
    }
)
"""What each terminal is to its caller."""
HEALED: Final = 30.0
"""Seconds in which a request that was refused for now has gone out again, and was answered."""


@final
@attrs.frozen
class NoDelay:
    """Conversations that are broken off where nothing takes time: the wire is quiet at once, so the next request goes at once."""

    shorten: float = 0.0
    """Seconds for which a story is shortened."""
    name: str = "no delay"

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        """Break conversations off until somebody has to wait, or the budget is spent."""
        del mutant
        clock = Clock(budget_seconds, self.shorten)

        @seed(SEED)
        @ENDLESS
        @given(setup=PROMPT, answers=st.lists(ANSWERS, min_size=1, max_size=3), frames=st.integers(0, 8))
        def at_once(setup: Setup, answers: list[Manner], frames: int) -> None:
            clock.check()
            pair = setup.pair(answers_of([PLAIN, *answers]))
            try:
                _break_off(pair, len(answers), frames)
            except Exception as failure:
                clock.report(Story(said(failure), 2 * len(answers) + 2, tuple(map(line_of, pair.diary))))
                raise

        with contextlib.suppress(Exception, OutOfTime), with_reporter(silent):
            at_once()
        return clock.best


def _break_off(pair: PurePair, times: int, frames: int) -> None:
    """Ask in peace once, break off so many turns after some frames each, and ask once more."""
    pair.ask([user("Hi")], fields_of(1))
    pair.flow(0.0)
    for _ in range(times):
        abandoned = pair.ask([user("Hi")], fields_of(len(pair.callers) + 1))
        for link in list(pair.sockets):
            pair.client_speaks(link)
            pair.server_speaks(link, frames)
        pair.cancel(abandoned)
        pair.flow(0.0)
    request = pair.ask([user("Hi")], fields_of(len(pair.callers) + 1))
    pair.flow(0.0)
    sent = any(isinstance(effect, Send) and effect.request == request for fed in pair.diary for effect in fed.effects)
    assert sent, "promise 9: the wire is quiet, and the next request has to wait"


@final
@attrs.frozen
class Calm:
    """Conversations in which nobody leaves and nothing is lost: every frame reaches its caller, every end is told as it is."""

    shorten: float = 0.0
    """Seconds for which a story is shortened."""
    name: str = "calm"

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        """Converse until something is kept from somebody, or the budget is spent."""
        del mutant
        clock = Clock(budget_seconds, self.shorten)

        @seed(SEED)
        @ENDLESS
        @given(setup=CALM, answers=st.lists(RIGHT, min_size=1, max_size=3), together=st.booleans())
        def served(setup: Setup, answers: list[Manner], together: bool) -> None:  # noqa: FBT001 - drawn
            clock.check()
            # A refusal that names no lane can be told among several creates by nobody.
            told = [attrs.evolve(answer, reject=None) if together and answer.reject in UNLABELLED else answer for answer in answers]
            pair = setup.pair(answers_of(told))
            try:
                for number in range(len(answers)):
                    pair.ask([user("Hi")], fields_of(number + 1))
                    if not together:
                        pair.flow(HEALED)
                pair.flow(HEALED)
                _served_well(pair)
            except Exception as failure:
                clock.report(Story(said(failure), 2 * len(answers), tuple(map(line_of, pair.diary))))
                raise

        with contextlib.suppress(Exception, OutOfTime), with_reporter(silent):
            served()
        return clock.best


def _served_well(pair: PurePair) -> None:
    """A right server was heard to the end: whole answers, true outcomes, nothing out of place."""
    for fed in pair.diary:
        notes = {effect.name for effect in fed.effects if isinstance(effect, Note)} - {"Replay"}
        assert not notes, f"promise 7: {notes} where nothing was out of place"
        if isinstance(fed.event, Received):
            frame = fed.event.frame
            refused = isinstance(frame, ErrorEvent) and not frame.sequence_number
            delivered = sum(isinstance(effect, Deliver) for effect in fed.effects)
            assert delivered == (0 if refused else 1), f"service: {frame} was delivered {delivered} times"
            if frame.type in KINDS:
                outcomes = [effect.outcome.kind for effect in fed.effects if isinstance(effect, Finish)]
                assert outcomes == [KINDS[frame.type]], f"service: {frame} led to {outcomes}"
    waiting = [number for number, caller in pair.callers.items() if len(caller.outcomes) != 1]
    assert not waiting, f"promise 3: requests {waiting} have no outcome"
