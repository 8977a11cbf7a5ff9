"""Faults to plant into the engine: what somebody might break there by mistake, though the lifecycle decides everything rightly.

Rules of this file
* A plant changes one thing, by ``monkeypatch``, and is gone after the test. It names the promise that the programs must see broken.
* Each is a fault of the engine alone: the pure lifecycle stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
import pytest
import trio

from rejoinder.engine import drive
from rejoinder.engine.drive import Driver
from rejoinder.engine.link_task import LinkTask, Outgoing
from rejoinder.engine.meter import CreateShare
from rejoinder.engine.response import Response
from rejoinder.engine.wire import Wire, WireClosed
from rejoinder.states import effects as ordered
from rejoinder.states.codec import decode
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Outcome, OutcomeKind

__all__ = ["PLANTS", "Plant"]


@attrs.frozen
class Plant:
    """One fault."""

    name: str
    """What is wrong."""
    broken: str
    """What the judge must say, as a pattern."""
    plant: Callable[[pytest.MonkeyPatch], None]
    """Puts it in."""


def _perform(patch: pytest.MonkeyPatch, kind: type, performed: Callable[[Driver, Any], None]) -> None:
    """Perform effects of one kind otherwise."""
    patch.setattr(drive, "PERFORM", {**drive.PERFORM, kind: performed})


def _interruption_empties_the_buffer(patch: pytest.MonkeyPatch) -> None:
    right = Response.finish

    def hasty(response: Response, outcome: Outcome) -> None:
        right(response, outcome)
        if outcome.kind is OutcomeKind.INTERRUPTED:
            vars(response)["_buffer"].clear()

    patch.setattr(Response, "finish", hasty)


def _outcome_is_given_twice(patch: pytest.MonkeyPatch) -> None:
    def twice(driver: Driver, effect: ordered.Finish) -> None:
        response = driver.responses[effect.request]
        response.finish(effect.outcome)
        driver.finish(effect)

    _perform(patch, ordered.Finish, twice)


def _creates_overtake_cancels(patch: pytest.MonkeyPatch) -> None:
    def put(task: LinkTask, text: str, *, create: tuple[int, str | None] | None = None, share: CreateShare | None = None) -> None:
        outbox, out = vars(task)["_outbox"], Outgoing(text, create, share)
        if create is None:
            outbox.append(out)
        else:
            outbox.appendleft(out)
        vars(task)["_wake"].set()

    patch.setattr(LinkTask, "put", put)


def _loss_is_not_told(patch: pytest.MonkeyPatch) -> None:
    def silent(task: LinkTask) -> None:
        pass

    patch.setattr(LinkTask, "_report_lost", silent)


def _cancelled_go_on_hearing(patch: pytest.MonkeyPatch) -> None:
    """What is discarded for a caller who has left is handed to it all the same."""
    right = Driver.hear
    gone: dict[Driver, Response] = {}

    def finish(driver: Driver, effect: ordered.Finish) -> None:
        if effect.outcome.kind is OutcomeKind.CANCELLED:
            gone[driver] = driver.responses[effect.request]
        driver.finish(effect)

    def hear(driver: Driver, task: LinkTask, messages: Sequence[str | bytes]) -> None:
        right(driver, task, messages)
        if driver in gone and not driver.responses:
            for message in messages:
                gone[driver].push(decode(message), len(message))

    _perform(patch, ordered.Finish, finish)
    patch.setattr(Driver, "hear", hear)


def _closed_links_stay(patch: pytest.MonkeyPatch) -> None:
    def forget(driver: Driver, effect: ordered.Close) -> None:
        vars(driver)["_links"].pop(effect.link, None)

    _perform(patch, ordered.Close, forget)


def _links_run_outside_of_the_nursery(patch: pytest.MonkeyPatch) -> None:
    def dial(driver: Driver, effect: ordered.Dial) -> None:
        task = LinkTask(driver, effect.link)
        vars(driver)["_links"][effect.link] = task
        trio.lowlevel.spawn_system_task(task.run)

    def forget(driver: Driver, effect: ordered.Close) -> None:
        pass

    _perform(patch, ordered.Dial, dial)
    _perform(patch, ordered.Close, forget)


def _cancel_leaves_the_buffer(patch: pytest.MonkeyPatch) -> None:
    def kept(response: Response) -> None:
        pass

    patch.setattr(Response, "_discard", kept)


def _alarm_is_set_once(patch: pytest.MonkeyPatch) -> None:
    right = vars(Driver)["_set_alarm"]
    told: set[Driver] = set()

    def once(driver: Driver) -> None:
        if driver not in told:
            right(driver)
        told.add(driver)

    patch.setattr(Driver, "_set_alarm", once)


def _alarm_is_always_due(patch: pytest.MonkeyPatch) -> None:
    def due(driver: Driver) -> None:
        vars(driver)["_alarm"].deadline = trio.current_time()

    patch.setattr(Driver, "_set_alarm", due)


def _batches_lose_their_first(patch: pytest.MonkeyPatch) -> None:
    right = vars(LinkTask)["_read"]

    class Forgetful:
        def __init__(self, wire: Wire) -> None:
            self._wire = wire

        async def receive(self) -> Sequence[str | bytes]:
            frames = await self._wire.receive()
            return frames if len(frames) < 3 else [frames[0], *frames[2:]]

    async def read(task: LinkTask, wire: Wire) -> None:
        await right(task, Forgetful(wire))

    patch.setattr(LinkTask, "_read", read)


def _outcomes_are_mixed_up(patch: pytest.MonkeyPatch) -> None:
    def mixed(driver: Driver, effect: ordered.Finish) -> None:
        driver.finish(ordered.Finish(max(driver.responses, default=0), effect.outcome))

    _perform(patch, ordered.Finish, mixed)


def _deliveries_are_mixed_up(patch: pytest.MonkeyPatch) -> None:
    right = vars(Driver)["_deliver"]

    def mixed(driver: Driver, effect: ordered.Deliver, frame: StreamEvent | None, size: int) -> None:
        right(driver, ordered.Deliver(max(driver.responses, default=0)), frame, size)

    patch.setattr(Driver, "_deliver", mixed)


def _ends_raise(patch: pytest.MonkeyPatch) -> None:
    right = vars(LinkTask)["_guard"]

    async def unguarded(task: LinkTask, part: Callable[[Wire], Any], wire: Wire, scope: trio.CancelScope) -> None:
        try:
            await part(wire)
        except WireClosed as end:
            if end.code == 1001:
                raise KeyError("nobody thought of that") from end
            await right(task, _raising(end), wire, scope)

    patch.setattr(LinkTask, "_guard", unguarded)


def _raising(end: WireClosed) -> Callable[[Wire], Any]:
    async def part(wire: Wire) -> None:
        raise end

    return part


PLANTS: Final = (
    Plant("an interruption empties the buffer", "promise 10", _interruption_empties_the_buffer),
    Plant("an outcome is given twice", "promise 3", _outcome_is_given_twice),
    Plant("creates overtake cancels", "promise 6: .* was overtaken", _creates_overtake_cancels),
    Plant("a loss is not told", "promise [78]", _loss_is_not_told),
    Plant("who has left goes on hearing", "promise [123]", _cancelled_go_on_hearing),
    Plant("closed links stay", "promise [678]", _closed_links_stay),
    Plant("links run outside of the nursery", "promise 8: .* outlive", _links_run_outside_of_the_nursery),
    Plant("a cancel leaves the buffer", "promise 2", _cancel_leaves_the_buffer),
    Plant("the alarm is set once", "promise 8", _alarm_is_set_once),
    Plant("the alarm is always due", "promise 8: the program does not end", _alarm_is_always_due),
    Plant("batches lose a frame", "promise (7|10)", _batches_lose_their_first),
    Plant("outcomes are mixed up", "promise [138]", _outcomes_are_mixed_up),
    Plant("deliveries are mixed up", "promise 1", _deliveries_are_mixed_up),
    Plant("an end of a socket raises", "promise 7: the engine logged", _ends_raise),
)
"""Faults of the engine, each of which breaks a promise."""
