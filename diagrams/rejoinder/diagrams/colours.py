"""The colours of the pictures: one for each role that a phase can play.

Rules of this file
* A fill and its text are always given together, because a page in dark mode changes whichever is left out. Their contrast is
  at least 4.5 to 1 (WCAG 2.2, 1.4.3).
* The same fill stands on a white page and on a nearly black one, with at least 3 to 1 against each (WCAG 2.2, 1.4.11).
* A colour says nothing that the text of the picture does not say too.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

import attrs

from rejoinder.states.edges import Table
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase

__all__ = ["COLOURS", "PAGES", "ROLES", "Colours", "Role", "contrast", "role_of"]

CHANNEL_STARTS: Final = (1, 3, 5)
LINEAR_BELOW: Final = 0.04045


@unique
class Role(StrEnum):
    """What a phase is for, whichever machine it belongs to."""

    RESTING = "resting"
    """Nothing is owed: the machine may stay here for ever."""
    WAITING = "waiting"
    """Somebody else has to act next."""
    LIVE = "live"
    """It does what it is for."""
    CLEANING = "cleaning"
    """What is left has to come to an end."""
    LOST = "lost"
    """It cannot be used as it is."""


@attrs.frozen
class Colours:
    """How a role looks."""

    name: str
    """The fill in a word, for the legend."""
    fill: str
    """The box, as ``#rrggbb``."""
    text: str
    """What is written in it, as ``#rrggbb``."""


COLOURS: Final[Mapping[Role, Colours]] = MappingProxyType(
    {
        Role.RESTING: Colours("grey", "#6e7781", "#ffffff"),
        Role.WAITING: Colours("blue", "#0969da", "#ffffff"),
        Role.LIVE: Colours("green", "#1a7f37", "#ffffff"),
        Role.CLEANING: Colours("brown", "#9a6700", "#ffffff"),
        Role.LOST: Colours("red", "#cf222e", "#ffffff"),
    }
)
"""The colours of each role."""

PAGES: Final = MappingProxyType({"light": "#ffffff", "dark": "#0d1117"})
"""What the pictures stand on: the pages of GitHub in its two modes."""

ROLES: Final[Mapping[tuple[str, str], Role]] = MappingProxyType(
    {
        ("link", LinkPhase.CLOSED): Role.RESTING,
        ("link", LinkPhase.CONNECTING): Role.WAITING,
        ("link", LinkPhase.OPEN): Role.LIVE,
        ("link", LinkPhase.PROVING): Role.WAITING,
        ("link", LinkPhase.RETIRING): Role.CLEANING,
        ("link", LinkPhase.RECONNECTING): Role.WAITING,
        ("link", LinkPhase.FAILED): Role.LOST,
        ("response", ResponsePhase.IDLE): Role.RESTING,
        ("response", ResponsePhase.AWAITING_CREATED): Role.WAITING,
        ("response", ResponsePhase.DOUBTED): Role.WAITING,
        ("response", ResponsePhase.ACKNOWLEDGED): Role.LIVE,
        ("response", ResponsePhase.STREAMING): Role.LIVE,
        ("response", ResponsePhase.FAILING): Role.CLEANING,
        ("response", ResponsePhase.CANCEL_PENDING): Role.CLEANING,
        ("response", ResponsePhase.DRAINING): Role.CLEANING,
        ("response", ResponsePhase.AWAITING_SUCCESSOR): Role.WAITING,
        ("response", ResponsePhase.SUCCESSOR_PENDING): Role.CLEANING,
        ("response", ResponsePhase.QUARANTINED): Role.LOST,
        ("request", RequestPhase.WAITING): Role.WAITING,
        ("request", RequestPhase.PAUSED): Role.WAITING,
        ("request", RequestPhase.SENT): Role.LIVE,
        ("request", RequestPhase.ENDED): Role.RESTING,
    }
)
"""The role of each phase, by machine and phase."""


def role_of(table: Table, phase: str) -> Role:
    """The role of ``phase``. One that ``ROLES`` does not know rests if its table says so, and is live otherwise."""
    return ROLES.get((table.name, phase), Role.RESTING if phase in table.resting else Role.LIVE)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours given as ``#rrggbb``: from 1, alike, to 21, black on white (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in CHANNEL_STARTS)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= LINEAR_BELOW else float(((channel + 0.055) / 1.055) ** 2.4)
