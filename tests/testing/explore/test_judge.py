# ruff: noqa: RUF001 - phase times event, as the names of mutants have it
"""What the judge is there to see, it sees: each duty is neglected once, by one row that is not what it was."""

from __future__ import annotations

from typing import Final

import pytest

from quality.mutants.catalogue import catalogue
from rejoinder.testing.explore import QUICK, explore_configuration, promise_of

KNOWN: Final = {configuration.name: configuration for configuration in QUICK}

NEGLECTED: Final = (
    # nothing is lost silently: no account, no name, a wrong name, a name for what is right, half of an answer
    ("response streaming×ContentRepeated: drops Note", "serial-holes", 11),
    ("response awaiting_created×StrayContent: drops Note", "serial-unnumbered", 11),
    ("classify other (not begun): StrayContent instead of Other", "serial-unnumbered", 11),
    ("link open×AgeNear: drops Note", "one-socket", 14),
    ("response draining×Expired: drops Note", "serial-hedge", 14),
    # the server is told, and what is unsent costs nothing
    ("response acknowledged×Cancel: drops SendCancel", "serial-drain", 12),
    ("response cancel_pending×Created: drops SendCancel", "serial-drain", 12),
    ("response awaiting_created×Cancel: drops Withdraw", "serial-drain", 13),
    # sockets are accounted for
    ("link closed×Needed: drops Dial", "serial-hedge", 14),
    ("link retiring×Vacant: drops Close", "serial-hedge", 14),
    ("link open×Stale: drops Ping", "idle", 14),
    ("request waiting×Cancel: drops Finish", "serial-hedge", 3),
    # each wait has its instant
    ("response awaiting_created: grace deadline instead of created", "serial-hedge", 15),
    ("request sent: pause deadline instead of turn", "serial-hedge", 15),
    ("link connecting×DialFailed: rule skipped", "serial-loss", 15),
    # outcomes tell the truth
    ("a caller that reads too slowly stays attached", "callers", 16),
    ("classify terminal (same and incomplete): Completed instead of Incomplete", "serial-failures", 16),
    ("response draining×Failed: drops Settled", "serial-failures", 16),
    # words have one last status, and what is stored is what the conversation goes on from
    ("words are forgotten with their request", "steering", 18),
    ("response streaming×SteerAnswered: drops Steered", "steering", 18),
    ("response streaming×Steer: drops SendSteer", "steering", 18),
    ("the oldest of what was stored is continued", "serial-stored", 4),
    # no avoidable wait
    ("response quarantined×Completed: stays quarantined", "lanes-given-up", 17),
    ("response quarantined×SteerAccepted: rule skipped", "steering-lanes", 17),
    ("response draining×SteerAccepted: rule skipped", "steering-left-unsaid", 9),
    ("classify error (replayable): removed", "serial-rejections", 17),
    ("link connecting×DialFailed: goes to failed", "serial-loss", 17),
)
"""A fault, where it shows soon, and the promise that it breaks."""


@pytest.mark.parametrize("fault, configuration, promise", NEGLECTED, ids=str)
def test_neglected_duty_is_seen(fault: str, configuration: str, promise: int) -> None:
    with catalogue()[fault].apply():
        report = explore_configuration(KNOWN[configuration])

    assert report.broken is not None
    assert promise == promise_of(report.broken), report.broken
