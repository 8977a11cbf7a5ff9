"""The judge of the demo: which promises were kept, told from the server's log and the callers' log and from nothing else.

Rules of this file
* Pure functions over two logs. No field of the engine is read, so the engine cannot talk its way out.
* A promise that nothing has put to the test was not kept: a finding says what it was tested with, or is a violation.
* A finding's sentences are for people who have not read the code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from rejoinder.testing.outgoing import LogEntry

from .attempts import TEXT_DELTA, Attempt, read_attempts
from .caller_log import CallerEntry
from .tags import tags_in

__all__ = ["OUTCOMES", "Case", "Finding", "Terms", "judge"]

OUTCOMES: Final = frozenset({"completed", "failed", "incomplete", "interrupted", "cancelled"})
"""The outcomes that a request may have."""


@attrs.frozen
class Terms:
    """What was promised in numbers."""

    in_flight: int
    """Responses that one connection may carry at once."""
    next_within: float
    """Seconds within which the request after an interruption reaches the server."""
    policy: str = "lane"
    """The cancel policy that this follows from."""


@attrs.frozen
class Finding:
    """What became of one promise."""

    name: str
    """Its name, for programs."""
    title: str
    """Its name, for people."""
    evidence: str
    """What it was put to the test with."""
    violations: tuple[str, ...] = ()
    """What speaks against it, a sentence each; empty if it was kept."""

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return not self.violations


@attrs.frozen
class Case:
    """Everything there is to judge from."""

    attempts: Sequence[Attempt]
    """What the server received and said."""
    caller: Sequence[CallerEntry]
    """What callers saw and did."""
    terms: Terms
    """What was promised in numbers."""

    def entries(self, what: str, tag: str | None = None) -> list[CallerEntry]:
        """The callers' entries of one kind, of one request or of all."""
        return [entry for entry in self.caller if entry.what == what and tag in {None, entry.tag}]

    def pieces(self, tag: str) -> list[CallerEntry]:
        """The pieces of text that were delivered to a request."""
        return [entry for entry in self.entries("delivered", tag) if entry.kind == TEXT_DELTA]

    def of(self, tag: str) -> list[Attempt]:
        """The attempts of a request, in order."""
        return [attempt for attempt in self.attempts if attempt.tag == tag]

    @property
    def tags(self) -> list[str]:
        """Every request, in the order of asking."""
        return [entry.tag for entry in self.entries("asked")]

    @property
    def stale_pieces(self) -> int:
        """Pieces of text that the server sent for a request after its caller had cancelled."""
        cancelled = {entry.tag: entry.at for entry in self.entries("cancelled")}
        return sum(at > cancelled[attempt.tag] for attempt in self.attempts if attempt.tag in cancelled for at, _ in attempt.pieces)


def judge(server: Sequence[LogEntry], caller: Sequence[CallerEntry], terms: Terms) -> list[Finding]:
    """Judge every promise."""
    case = Case(read_attempts(server), caller, terms)
    return [promise(case) for promise in PROMISES]


def words_stay_yours(case: Case) -> Finding:
    """No word of one answer is delivered to the caller of another."""
    owners = {item: attempt.tag for attempt in case.attempts for item in attempt.item_ids}
    violations: list[str] = []
    delivered = case.entries("delivered")
    for entry in delivered:
        sources = {*tags_in(entry.text), owners.get(entry.item_id or "", entry.tag)} - {entry.tag}
        violations += [f"{entry.tag} was given words of {source}: {entry.text!r}." for source in sorted(sources)]
    texts = [entry for entry in delivered if entry.kind == TEXT_DELTA]
    if not texts:
        violations.append("Nothing was shown: no text was delivered to anybody.")
    evidence = (
        f"{len(texts)} pieces of text were delivered to {len({entry.tag for entry in texts})} requests, each piece from the answer"
        f" to its own request, while the server went on with {case.stale_pieces} pieces of answers that nobody wanted any more."
    )
    return Finding("words-stay-yours", "Your words stay yours", evidence, tuple(violations))


def cancelled_is_cancelled(case: Case) -> Finding:
    """After a cancel nothing more is delivered."""
    cancelled: set[str] = set()
    violations: list[str] = []
    for entry in case.caller:
        if entry.what == "cancelled":
            cancelled.add(entry.tag)
        elif entry.what == "delivered" and entry.tag in cancelled:
            violations.append(f"{entry.tag} was given {entry.kind} after it was cancelled.")
    if not cancelled:
        violations.append("Nothing was shown: nobody cancelled.")
    evidence = (
        f"{len(cancelled)} requests were cancelled; the server sent {case.stale_pieces} more pieces of text for them, and none"
        " was delivered."
    )
    return Finding("cancelled-is-cancelled", "Cancelled is cancelled", evidence, tuple(violations))


def one_outcome(case: Case) -> Finding:
    """Every request ends in exactly one outcome, and it is true."""
    violations: list[str] = []
    for tag in case.tags:
        outcomes = sorted({entry.kind for entry in case.entries("ended", tag)})
        if not outcomes:
            violations.append(f"{tag} was told no outcome.")
        elif len(outcomes) > 1:
            violations.append(f"{tag} was told different outcomes: {' and '.join(outcomes)}.")
        elif outcomes[0] not in OUTCOMES:
            violations.append(f"{tag} was told no outcome but {outcomes[0]!r}.")
        elif outcomes[0] == "completed" and not _is_whole(case, tag):
            violations.append(f"{tag} was told that it is completed, without having been given all that the server said.")
        elif outcomes[0] == "cancelled" and not case.entries("cancelled", tag):
            violations.append(f"{tag} was told that it is cancelled, which nobody had asked for.")
    if not case.tags:
        violations.append("Nothing was shown: nobody asked for anything.")
    told = [entry.kind for tag in case.tags for entry in case.entries("ended", tag)[:1]]
    counts = ", ".join(f"{told.count(outcome)} {outcome}" for outcome in sorted(set(told)))
    evidence = f"{len(case.tags)} requests were asked and each was told one outcome, however often it asked: {counts}."
    return Finding("one-outcome", "One outcome each", evidence, tuple(violations))


def _is_whole(case: Case, tag: str) -> bool:
    heard = "".join(entry.text for entry in case.pieces(tag))
    told = {entry.text for entry in case.entries("ended", tag)}
    return any(attempt.completed and {attempt.text} == {heard, *told} for attempt in case.of(tag))


def no_stale_memory(case: Case) -> Finding:
    """``previous_response_id`` names only the latest response of its lane, completed on the same connection."""
    violations: list[str] = []
    continuing = [attempt for attempt in case.attempts if attempt.previous is not None]
    for attempt in continuing:
        before = [other for other in case.attempts if other.connection == attempt.connection and other.place < attempt.place]
        named = next((other for other in before if other.response_id == attempt.previous), None)
        if named is None:
            violations.append(f"{attempt.tag} continues {attempt.previous}, which its connection has never seen.")
        elif not named.completed or named.runs_at(attempt.place):
            violations.append(f"{attempt.tag} continues {attempt.previous}, which had not completed.")
        elif named.lane != attempt.lane or named is not [other for other in before if other.lane == named.lane][-1]:
            violations.append(f"{attempt.tag} continues {attempt.previous}, which is not the latest of its lane.")
    if not continuing:
        violations.append("Nothing was shown: no request continued another.")
    evidence = (
        f"{len(continuing)} of {len(case.attempts)} creates continued a response, always the latest of its lane and completed on"
        " the same connection."
    )
    return Finding("no-stale-memory", "No stale memory", evidence, tuple(violations))


def no_word_twice(case: Case) -> Finding:
    """Nothing is sent again once its output has begun, nor twice for the same cause; nobody hears a word twice."""
    violations: list[str] = []
    causes: list[str] = []
    for tag in dict.fromkeys(case.tags):
        attempts = case.of(tag)
        earlier = attempts[:-1]
        given = {entry.item_id for entry in case.entries("delivered", tag)}
        if any(given & attempt.item_ids for attempt in earlier):
            violations.append(f"{tag} was sent again although output of it had been delivered.")
        why = [attempt.end or "nothing that the server said" for attempt in earlier]
        if len(why) > len(set(why)):
            violations.append(f"{tag} was sent again twice for the same cause: {', '.join(why)}.")
        causes += why
        own = "".join(entry.text for entry in case.pieces(tag) if tags_in(entry.text) == [tag])
        if not any(attempt.text.startswith(own) for attempt in attempts):
            violations.append(f"{tag} was given words twice, or not in the order of the server's answer.")
    if not causes:
        violations.append("Nothing was shown: nothing was sent again.")
    evidence = f"{len(causes)} requests were sent again ({', '.join(causes)}), all before any output of them was delivered."
    return Finding("no-word-twice", "No word twice", evidence, tuple(violations))


def within_limits(case: Case) -> Finding:
    """One connection never carries more at once than the server takes, and a lane never more than one."""
    violations: list[str] = []
    most = 0
    for attempt in case.attempts:
        beside = [other for other in case.attempts if other.connection == attempt.connection and other.runs_at(attempt.place)]
        most = max(most, len(beside) + 1)
        if len(beside) >= case.terms.in_flight:
            violations.append(f"{attempt.tag} was sent while {', '.join(other.tag for other in beside)} ran on its connection.")
        elif any(other.lane == attempt.lane for other in beside):
            violations.append(f"{attempt.tag} was sent on a lane that was not free.")
    if not case.attempts:
        violations.append("Nothing was shown: nothing was sent.")
    evidence = f"at most {most} at once on one connection, where the server takes {case.terms.in_flight}."
    return Finding("within-limits", "Never more than the server takes", evidence, tuple(violations))


def next_at_once(case: Case) -> Finding:
    """The request after an interruption reaches the server within the time that the cancel policy promises."""
    violations: list[str] = []
    waits: list[float] = []
    for number, entry in enumerate(case.caller):
        following = [later for later in case.caller[number:] if later.what == "asked"]
        if entry.what != "cancelled" or not following:
            continue
        asked = following[0]
        attempts = case.of(asked.tag)
        if not attempts:
            violations.append(f"{asked.tag}, asked after {entry.tag} was interrupted, never reached the server.")
            continue
        waits.append(max(attempts[0].at - asked.at, 0.0))
        if waits[-1] > case.terms.next_within:
            violations.append(f"{asked.tag} took {_seconds(waits[-1])} to reach the server after {entry.tag} was interrupted.")
    if not waits and not violations:
        violations.append("Nothing was shown: nothing was asked after an interruption.")
    evidence = (
        f"the request after an interruption reached the server after {' and '.join(_seconds(wait) for wait in waits)}; with the"
        f" policy {case.terms.policy!r} it may take {_seconds(case.terms.next_within)}."
    )
    return Finding("next-at-once", "An interruption delays nobody", evidence, tuple(violations))


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


PROMISES: Final[Sequence[Callable[[Case], Finding]]] = (
    words_stay_yours,
    cancelled_is_cancelled,
    one_outcome,
    no_stale_memory,
    no_word_twice,
    within_limits,
    next_at_once,
)
"""Every promise, in the order in which it is reported."""
