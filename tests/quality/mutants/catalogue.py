# ruff: noqa: RUF001 - phase times event, as the names of mutants have it
"""All mutants there are, by name, and the few that are hunted on every run.

Rule of this file: it only gathers; what a mutant is, the other modules say.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from quality.mutants.mechanical import mechanical
from quality.mutants.mutant import Mutant
from quality.mutants.planted import PLANTED, ROOT_CAUSES

__all__ = ["CHOSEN", "catalogue"]

CHOSEN: Final = (
    *(cause.name for cause in ROOT_CAUSES),
    "the response id is not compared",
    "the echo of the previous response is not compared",
    "an incomplete response is continued",
    "what was taken back is taken for clean",
    "a response that nobody asked for is passed over",
    "one response more in flight than allowed",
    "a request is sent again for the same cause",
    "a caller that reads too slowly stays attached",
    "link closed×Needed: drops Dial",
    "link connecting×Drop: removed",
    "link connecting×Expired: drops Close",
    "link open×HedgeDue: drops Dial",
    "link open×Lost: stays open",
    "link open: ping deadline instead of age",
    "link proving×ExpiredWanted: drops Close",
    "link connecting×DialFailed: rule skipped",
    "response idle×StrayContent: goes to quarantined",
    "response streaming×ContentRepeated: drops Note",
    "response awaiting_created×Cancel: drops Withdraw",
    "response awaiting_created×Unsendable: rule skipped",
    "response awaiting_created×GarbageReplayable: stays awaiting_created",
    "response acknowledged×Content: drops Deliver",
    "response acknowledged×Completed: stays acknowledged",
    "response acknowledged×Cancel: drops SendCancel",
    "classify error (replayable): removed",
    "response failing×Failed: rule skipped",
    "response failing×Failed: drops Deliver",
    "link open×Stale: drops Ping",
    "response draining×Keepalive: goes to idle",
    "response cancel_pending×Keepalive: count instead of ignore",
    "response draining×Expired: stays draining",
    "response draining×RepeatCreated: ignore instead of count",
    "response failing×Incomplete: drops Deliver",
    "request waiting×GaveUp: drops Finish",
    "request sent×SessionClosed: drops Finish",
    "request sent×Cancel: goes to waiting",
    "classify content (unannounced): removed",
    "classify terminal (same and incomplete): Completed instead of Incomplete",
    "classify created (differs): removed",
    "classify item_added (not begun): Content instead of StrayContent",
)
"""The mutants that are hunted on every run: of every kind, each found with time to spare."""


@cache
def catalogue() -> Mapping[str, Mutant]:
    """All mutants by name: those planted by hand first, then those made by rote."""
    return MappingProxyType({mutant.name: mutant for mutant in (*PLANTED, *mechanical())})
