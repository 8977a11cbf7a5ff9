"""What a model server does with a `response.cancel`.

Rules of this file: every choice here is an assumption, and says so. No vendor documents this event for the Responses
WebSocket and no recording has it; clients send it all the same. So each plausible answer is a mode: a client must live
with all of them.
"""

import enum
from typing import Final

import attrs

from rejoinder.testing.cues import Cue, Ending, stop
from rejoinder.testing.script import Answer, ErrorFrame, Terminal
from rejoinder.testing.server_connection import Connection, Notice, Running

CANCEL_ERROR: Final = ErrorFrame(
    code="unknown_event_type", message="The event type 'response.cancel' is not supported.", labelled=False
)
"""The error that answers a cancel in the error modes, unless set otherwise."""


class CancelMode(enum.Enum):
    """What the server does with a `response.cancel`."""

    HONOUR = "honour"
    """The response stops `delay` seconds later with `terminal` and what was said so far."""
    IGNORE = "ignore"
    """Nothing happens; the response runs to its natural end."""
    ERROR = "error"
    """An error without any label follows after `delay` seconds. The response goes on if `stream_goes_on`, else it falls
    silent at once without a terminal."""
    LATE_ERROR = "late_error"
    """An error without any label follows `delay` seconds after the terminal of the response. The response runs to its
    natural end if `stream_goes_on`, else it stops at once with `terminal`."""


@attrs.frozen
class CancelBehaviour:
    """One way to react to a `response.cancel`."""

    mode: CancelMode
    """Which of the four."""
    delay: float
    """Seconds until the reaction; `CancelMode` says which."""
    terminal: Terminal
    """The terminal of a response that is stopped."""
    stream_goes_on: bool
    """Whether a response whose cancel is answered by an error goes on."""
    error: ErrorFrame
    """That error."""


def react(behaviour: CancelBehaviour, link: Connection, response_id: object, now: float) -> None:
    """Change what the connection will send, now that a cancel for `response_id` has arrived.

    A cancel for a response that has ended or never was is answered in the error modes and else ignored.
    """
    mode, running = behaviour.mode, link.busy_with(response_id)
    answer = Notice(now + behaviour.delay, behaviour.error)
    if running is None:
        if mode in {CancelMode.ERROR, CancelMode.LATE_ERROR}:
            link.notices.append(answer)
    elif mode is CancelMode.HONOUR:
        _stop(running, behaviour, now + behaviour.delay)
    elif mode is CancelMode.ERROR:
        link.notices.append(answer)
        if not behaviour.stream_goes_on:
            silence = Cue(now - running.started, None, Ending.CUT_SHORT)
            running.cues = (*running.cues[: running.position], silence)
    elif mode is CancelMode.LATE_ERROR:
        running.late_error = True
        if not behaviour.stream_goes_on:
            _stop(running, behaviour, now)


def _stop(running: Running, behaviour: CancelBehaviour, at: float) -> None:
    left = [cue for cue in running.cues[running.position :] if running.started + cue.offset <= at]
    if any(cue.ends for cue in left):
        return  # it ends by itself before the cancel takes effect
    said = (*running.cues[: running.position], *left)
    answer = Answer(
        terminal=behaviour.terminal,
        incomplete_reason="cancelled",
        error={"code": "response_cancelled", "message": "The response was cancelled."},
    )
    running.cues = (*said, stop(running.response, said, answer, at - running.started, at))
