"""Holding the conversations and judging them, one row after the other.

Rules of this file:

* Every conversation has a bounded time, and none brings down the run: what the server does wrong is a finding.
* Three things end a run: no connection can be opened; a plain request is refused, which says more about the model's
  name or the key than about the protocol; or it meets nothing but silence, which would cost the same time in each row.
* A conversation that several rows judge is held once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import final

import attrs
import trio

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.settings import Settings
from rejoinder.engine.wire import Connector, HandshakeFailed, WireClosed
from rejoinder.engine.wire_choice import open_chosen_wire
from rejoinder.testing.conform import conversations
from rejoinder.testing.conform.judging import Settled, error_in_words, not_applicable, undecided
from rejoinder.testing.conform.records import Conversation, End, Finding, Need, Row, Transcript, Verdict
from rejoinder.testing.conform.talk import Talk

__all__ = ["PlainRequestRefused", "Report", "Result", "Target", "examine"]


class PlainRequestRefused(Exception):
    """The server answered a plain request by an error: there is nothing to examine. The text is what the server said."""


@attrs.frozen
class Target:
    """The server under examination, and how long to wait for it."""

    endpoint: Endpoint
    """Where it is; its profile says what it has."""
    model: str = "gpt-4.1"
    """The model that requests name."""
    timeout: float = 30.0
    """Seconds for each conversation."""
    connector: Connector = open_chosen_wire
    """Opens wires: by default those of the library that `settings.wire` names."""
    settings: Settings = attrs.field(factory=Settings)
    """Limits of the wires, `close_deadline` among them."""

    def has(self, need: Need) -> bool:
        """Whether its profile has it. Whether a model calls functions is not in a profile."""
        if need is Need.LANES:
            return self.endpoint.profile.lanes
        return need is not Need.ANNOUNCED_ITEMS or self.endpoint.profile.announces_items


@attrs.frozen
class Result:
    """A row, and what became of it."""

    row: Row
    """The row."""
    finding: Finding
    """The judgement."""
    transcript: Transcript | None = None
    """What it was judged by; None where nothing was said."""


@final
@attrs.define(eq=False)
class Report:
    """What the examination came to."""

    results: list[Result] = attrs.field(factory=list[Result])
    """Every row that was asked for, in order."""
    stopped: str = ""
    """Why the run ended early; empty if it did not."""
    seconds: float = 0.0
    """How long it took."""

    @property
    def succeeded(self) -> bool:
        """Whether the run came to its end and no promise is broken."""
        return not self.stopped and not self.of(Verdict.BROKEN)

    def of(self, verdict: Verdict) -> list[Result]:
        """The rows with this verdict."""
        return [result for result in self.results if result.finding.verdict is verdict]


async def examine(target: Target, rows: Sequence[Row], begins: Callable[[Row], object] | None = None) -> Report:
    """Hold the conversations of these rows and judge them; `begins` is told of each row beforehand.

    Raises `HandshakeFailed` if the first connection cannot be opened, and `PlainRequestRefused`.
    """
    report = Report()
    began = trio.current_time()
    held: dict[Conversation, Transcript] = {}
    held[conversations.plain] = first = await _hold(target, conversations.plain)
    if first.exchanges and first.exchanges[0].end is End.REFUSED:
        raise PlainRequestRefused(error_in_words(first.exchanges[0].error))
    if first.timed_out and not first.received():
        report.stopped = f"The server did not answer a plain request within {target.timeout:g} s."
    for row in rows:
        if begins is not None:
            begins(row)
        try:
            report.results.append(await _examine_row(target, row, held, stopped=report.stopped))
        except HandshakeFailed as failed:
            report.stopped = failed.message
            report.results.append(Result(row, _not_tried(report.stopped)))
    report.seconds = trio.current_time() - began
    return report


async def _examine_row(target: Target, row: Row, held: dict[Conversation, Transcript], *, stopped: str) -> Result:
    missing = sorted(need.value for need in row.needs if not target.has(need))
    if missing:
        return Result(row, not_applicable(f"the profile {target.endpoint.profile.name} has no {', '.join(missing)}"))
    if row.conversation not in held:
        if stopped:
            return Result(row, _not_tried(stopped))
        held[row.conversation] = await _hold(target, row.conversation)
    transcript = held[row.conversation]
    try:
        finding = row.judge(transcript)
    except Settled as settled:
        finding = settled.finding
    return Result(row, finding, transcript)


async def _hold(target: Target, conversation: Conversation) -> Transcript:
    transcript = Transcript(target.timeout, close_deadline=target.settings.close_deadline)
    talk = Talk(target.connector, target.endpoint, target.settings, target.model, transcript)
    with trio.move_on_after(target.timeout) as scope:
        # The end of a connection is in the transcript.
        with suppress(WireClosed):
            await conversation(talk)
    transcript.timed_out = scope.cancelled_caught
    if scope.cancelled_caught and talk.dialling:
        host, port = target.endpoint.host, target.endpoint.port
        raise HandshakeFailed(f"{host} port {port} did not open a connection within {target.timeout:g} s.")
    return transcript


def _not_tried(stopped: str) -> Finding:
    return undecided(f"not tried: {stopped}")
