"""What a server does that breaks the protocol: each thing by its name, where it can be done, and where nobody could tell.

Rules of this file
* A misbehaviour looks at the truth about the connection and gives what is said, or None where it cannot be done, or where what it
  says could not be told from the right thing (those are listed in the README under what cannot be promised).
* Its words are nobody's (request 0), unless it says what is right in a wrong way.
* ``FILLERS`` break nothing; they are rare, and rationed like the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import attrs

from rejoinder.states.stream_events import StreamEvent

from . import wire_frames as wire
from .any_server import Connection, Run, Said, ServerLane, Stage
from .configuration import Configuration

__all__ = ["FILLERS", "MISBEHAVIOUR", "View"]

NOBODY: Final = 0
STRAY: Final = "item_stray"
ELSEWHERE: Final = "elsewhere"
STRANGER: Final = "stranger"
MUCH_LATER: Final = 4


class View(NamedTuple):
    """A lane and what is around it."""

    connection: Connection
    """The connection."""
    configuration: Configuration
    """What is explored."""
    name: str | None
    """The lane's name."""
    asked: bool
    """Whether a create for this lane is on its way and was not read."""
    asking: bool
    """Whether any create of this connection has had no answer at all, on its way or read."""
    owed: bool
    """Whether a cancel is on its way, or an error may still answer one."""

    @property
    def lane(self) -> ServerLane:
        """The lane."""
        return self.connection.lanes[self.name]

    @property
    def label(self) -> str | None:
        """What a frame for this lane is labelled with."""
        return self.name if self.configuration.echo else None

    @property
    def begun(self) -> Run | None:
        """The response that has begun on it."""
        run = self.lane.run
        return None if run is None or run.stage is Stage.READ else run

    @property
    def due(self) -> int | None:
        """The sequence number that is due."""
        if not self.configuration.numbered:
            return None
        run = self.begun
        return self.lane.number if run is None else run.number

    @property
    def waits(self) -> bool:
        """Whether the client waits for ``response.created`` here."""
        run = self.lane.run
        return self.asked or self.lane.unclear or (run is not None and run.stage is Stage.READ)

    def says(self, frame: StreamEvent) -> Said:
        """Say what is nobody's, and stay as it is."""
        return Said(frame, NOBODY, self.connection)

    def goes_on(self, frame: StreamEvent, run: Run, by: int) -> Said:
        """Say what is the response's own, in a wrong way; so many numbers are used up."""
        return Said(frame, run.request, self.connection.with_lane(self.name, run=attrs.evolve(run, number=run.number + by)))


Misbehaviour = Callable[[View], Said | None]


def _garbage(view: View) -> Said:
    return view.says(wire.garbage(None, None))


def _labelled_garbage(view: View) -> Said | None:
    return None if view.label is None else view.says(wire.garbage(view.label, None))


# -- words of others ---------------------------------------------------------------------------------------------------------


def _delta_of(item: str | None, view: View, number: int | None) -> Said | None:
    return view.says(wire.delta(item, view.label, number))


def _stray_delta(view: View) -> Said | None:
    lax = not view.configuration.profile.announces_items and view.begun is not None
    return None if lax else _delta_of(STRAY, view, view.due)


def _stray_delta_later(view: View) -> Said | None:
    return None if view.due is None else _delta_of(STRAY, view, view.due + MUCH_LATER)


def _stray_delta_again(view: View) -> Said | None:
    return None if not view.due else _delta_of(STRAY, view, view.due - 1)


def _stale_delta(view: View) -> Said | None:
    spoke = view.lane.spoke
    return None if spoke is None else _delta_of(wire.item_of(spoke), view, view.due)


def _anonymous_delta(view: View) -> Said | None:
    """While a response runs, words without an item that carry the due number, or none, are taken for its own."""
    if view.begun is None:
        return _delta_of(None, view, view.due)
    return None if not view.due else _delta_of(None, view, view.due - 1)


def _foreign_item(view: View) -> Said | None:
    """While a response runs, an item is new by nature: only a number that was used already tells."""
    if view.begun is None:
        return view.says(wire.item_added(STRAY, view.label, view.due))
    return None if not view.due else view.says(wire.item_added(STRAY, view.label, view.due - 1))


def _stale_item(view: View) -> Said | None:
    spoke = view.lane.spoke
    return None if spoke is None else view.says(wire.item_added(wire.item_of(spoke), view.label, view.due))


def _late_item(view: View) -> Said | None:
    """The item of a response that was cancelled before, too late: where something was abandoned, a gap before an item tells."""
    hushed = view.lane.hushed
    if hushed is None or view.begun is None or view.due is None:
        return None
    return view.says(wire.item_added(wire.item_of(hushed), view.label, view.due + MUCH_LATER))


def _same_item(view: View) -> Said | None:
    """The item of the running response, announced once more."""
    run = view.begun
    if run is None or not run.announced or view.due is None:
        return None
    return view.says(wire.item_added(wire.item_of(run.response), view.label, view.due - 1))


def _stray_unknown(view: View) -> Said | None:
    if view.begun is None:
        return view.says(wire.plain("response.brand_new", view.label, view.due, None))
    return None if not view.due else view.says(wire.plain("response.brand_new", view.label, view.due - 1, None))


def _stray_unknown_later(view: View) -> Said | None:
    return None if view.due is None else view.says(wire.plain("response.brand_new", view.label, view.due + MUCH_LATER, None))


def _stale_unknown(view: View) -> Said | None:
    spoke = view.lane.spoke
    return None if spoke is None else view.says(wire.plain("response.brand_new", view.label, view.due, wire.item_of(spoke)))


def _stray_unknown_item(view: View) -> Said | None:
    if view.due is None and not view.configuration.profile.announces_items:
        return None
    number = None if view.due is None else view.due + MUCH_LATER
    return view.says(wire.plain("response.brand_new", view.label, number, STRAY))


def _foreign_progress(view: View) -> Said:
    return view.says(wire.progress(STRANGER, view.label, view.due))


# -- beginnings and ends of others -------------------------------------------------------------------------------------------


def _created_again(view: View) -> Said | None:
    run = view.begun
    return None if run is None else view.goes_on(wire.created(run.response, view.label, view.due, run.named), run, 1)


def _stranger_begins(view: View) -> Said | None:
    """Where a ``created`` is awaited, only an echo that differs tells a stranger's."""
    if view.lane.stranger is not None:
        return None
    echo = ELSEWHERE if view.waits else None
    frame = wire.created(STRANGER, view.label, 0 if view.configuration.numbered else None, echo)
    return Said(frame, NOBODY, view.connection.with_lane(view.name, stranger=STRANGER, echoed=view.label is not None))


def _stranger_ends(view: View) -> Said | None:
    if view.lane.stranger is None:
        return None
    frame = wire.terminal("completed", STRANGER, view.label, view.due, 1)
    return Said(frame, NOBODY, view.connection.with_lane(view.name, stranger=None))


def _foreign_terminal(view: View) -> Said | None:
    return None if view.lane.stranger is not None else view.says(wire.terminal("completed", STRANGER, view.label, view.due, 1))


def _stale_terminal(view: View) -> Said | None:
    ended = view.lane.ended
    return None if ended is None else view.says(wire.terminal("completed", ended, view.label, view.due, 1))


# -- gaps and repetitions ----------------------------------------------------------------------------------------------------


def _item_after_gap(view: View) -> Said | None:
    run = view.begun
    if run is None or run.stage is not Stage.BEGUN or view.due is None:
        return None
    frame = wire.item_added(wire.item_of(run.response), view.label, view.due + 1)
    following = attrs.evolve(run, stage=Stage.TALKING, announced=True, number=run.number + 2)
    return Said(frame, run.request, view.connection.with_lane(view.name, run=following))


def _delta_after_gap(view: View) -> Said | None:
    run = view.begun
    if run is None or not run.announced or view.due is None:
        return None
    return view.goes_on(wire.delta(wire.item_of(run.response), view.label, view.due + 1), run, 2)


def _delta_again(view: View) -> Said | None:
    run = view.begun
    if run is None or not run.announced or view.due is None:
        return None
    return view.goes_on(wire.delta(wire.item_of(run.response), view.label, view.due - 1), run, 0)


def _terminal_after_gap(view: View) -> Said | None:
    run = view.begun
    if run is None or view.due is None:
        return None
    frame = wire.terminal("completed", run.response, view.label, view.due + 1, run.words if run.announced else None)
    after = view.connection.with_lane(view.name, run=None, latest=run.response, completed=run.response, ended=run.response)
    return Said(frame, run.request, after)


def _ends_otherwise(view: View) -> Said | None:
    """After a fault was reported: cut short, where it should fail."""
    run = view.begun
    if run is None or run.stage is not Stage.FAILING:
        return None
    frame = wire.terminal("incomplete", run.response, view.label, view.due, run.words if run.announced else None)
    return Said(frame, run.request, view.connection.with_lane(view.name, run=None, ended=run.response))


# -- before its time ---------------------------------------------------------------------------------------------------------


def _terminal_too_early(view: View) -> Said | None:
    run = view.lane.run
    return (
        None
        if run is None or run.stage is not Stage.READ
        else view.says(wire.terminal("failed", run.response, view.label, 0, None))
    )


def _item_too_early(view: View) -> Said | None:
    run = view.lane.run
    if run is None or run.stage is not Stage.READ:
        return None
    return view.says(wire.item_added(wire.item_of(run.response), view.label, 0))


# -- errors ------------------------------------------------------------------------------------------------------------------


def _about_what_runs(view: View, frame: StreamEvent) -> Said:
    """While a response runs and nothing else is unanswered, an error is about it: nothing says otherwise."""
    runs = [run for run in view.connection.runs if run.stage is not Stage.READ]
    if frame.stream_id is not None:
        runs = [] if view.begun is None else [view.begun]
    return Said(frame, runs[0].request if len(runs) == 1 else NOBODY, view.connection)


def _error_for_nobody(view: View) -> Said | None:
    """An error is a proper answer to a create, and pays for a cancel: then nobody can tell that it was for nobody."""
    return None if view.asking or view.owed else _about_what_runs(view, wire.error("server_error", None, status=500))


def _labelled_error(view: View) -> Said | None:
    if view.label is None or view.waits or view.owed:
        return None
    return _about_what_runs(view, wire.error("server_error", view.label, status=500))


def _numbered_error(view: View) -> Said | None:
    if view.due is None:
        return None
    # Nothing has number 0 but what begins a response.
    run, frame = view.begun, wire.error("server_error", view.label, number=view.due or 1)
    return _about_what_runs(view, frame) if run is None else view.goes_on(frame, run, 1)


def _miss_for_nobody(view: View) -> Said | None:
    if view.asking or view.owed:
        return None
    return _about_what_runs(view, wire.error("previous_response_not_found", view.label, status=400, param="previous_response_id"))


def _limit_without_end(view: View) -> Said:
    return view.says(wire.error("websocket_connection_limit_reached", None, status=400))


# -- labels ------------------------------------------------------------------------------------------------------------------


def _unlabelled_delta(view: View) -> Said | None:
    run = view.begun
    if view.label is None or run is None or not run.announced:
        return None
    return view.says(wire.delta(wire.item_of(run.response), None, view.due))


def _unknown_lane(view: View) -> Said | None:
    return None if view.label is None else view.says(wire.created(STRANGER, "lane-99", 0, None))


# -- what breaks nothing -----------------------------------------------------------------------------------------------------


def _keepalive(view: View) -> Said | None:
    run = view.begun
    frame = wire.plain("keepalive", view.label, view.due if run is not None else None, None)
    return view.says(frame) if run is None else view.goes_on(frame, run, 1)


def _words_without_an_item(view: View) -> Said | None:
    """Words of its own that name no item: the number is all that ties them to the response."""
    run = view.begun
    if run is None or not run.announced:
        return None
    return view.goes_on(wire.delta(None, view.label, view.due), run, 1)


def _progress_again(view: View) -> Said | None:
    run = view.begun
    return None if run is None else view.goes_on(wire.progress(run.response, view.label, view.due), run, 1)


def _unknown(view: View) -> Said | None:
    run = view.begun
    return None if run is None else view.goes_on(wire.plain("response.brand_new", view.label, view.due, None), run, 1)


def _unknown_of_unknown_item(view: View) -> Said | None:
    run = view.begun
    return None if run is None else view.goes_on(wire.plain("response.brand_new", view.label, view.due, STRAY), run, 1)


FILLERS: Final[Mapping[str, Misbehaviour]] = MappingProxyType(
    {
        "keepalive": _keepalive,
        "unknown": _unknown,
        "unknown of an unknown item": _unknown_of_unknown_item,
        "words without an item": _words_without_an_item,
        "progress again": _progress_again,
    }
)
"""Rare, and right."""

MISBEHAVIOUR: Final[Mapping[str, Misbehaviour]] = MappingProxyType(
    {
        **FILLERS,
        "garbage": _garbage,
        "labelled garbage": _labelled_garbage,
        "stray delta": _stray_delta,
        "stray delta later": _stray_delta_later,
        "stray delta again": _stray_delta_again,
        "stale delta": _stale_delta,
        "anonymous delta": _anonymous_delta,
        "foreign item": _foreign_item,
        "stale item": _stale_item,
        "late item": _late_item,
        "same item": _same_item,
        "stray unknown": _stray_unknown,
        "stray unknown later": _stray_unknown_later,
        "stale unknown": _stale_unknown,
        "stray unknown item": _stray_unknown_item,
        "foreign progress": _foreign_progress,
        "created again": _created_again,
        "stranger begins": _stranger_begins,
        "stranger ends": _stranger_ends,
        "foreign terminal": _foreign_terminal,
        "stale terminal": _stale_terminal,
        "item after a gap": _item_after_gap,
        "delta after a gap": _delta_after_gap,
        "delta again": _delta_again,
        "terminal after a gap": _terminal_after_gap,
        "ends otherwise": _ends_otherwise,
        "terminal too early": _terminal_too_early,
        "item too early": _item_too_early,
        "error for nobody": _error_for_nobody,
        "labelled error": _labelled_error,
        "numbered error": _numbered_error,
        "miss for nobody": _miss_for_nobody,
        "limit without end": _limit_without_end,
        "unlabelled delta": _unlabelled_delta,
        "unknown lane": _unknown_lane,
    }
)
"""Everything, by name."""
