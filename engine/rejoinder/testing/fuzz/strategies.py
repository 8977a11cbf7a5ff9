"""Hypothesis strategies for everything that fuzzes a client of the Responses API, in one place.

* ``json_values()``: any JSON value. ``frames()``: any frame, text or bytes. ``events()``: an event with all that its type needs.
* ``responses(legal)``: whole response streams, ``Legality.LEGAL``, ``RARE`` or ``ILLEGAL``; play them with ``Stream.frames``, or
  give them to a ``ModelServer`` with ``answering``.
* ``programs()``: programs as data, to run on any ``Program`` (``Plan.run``). ``setups()``: providers and policies; ``manners()``:
  how a server answers one create.

What is legal or rare, the pure session takes without a note; what is illegal, it names. The tests of this kit prove it.
"""

from __future__ import annotations

from hypothesis import strategies as st

from rejoinder.testing.fuzz.json_strategies import events, frames, json_values
from rejoinder.testing.fuzz.manners import MANNERS, Manner
from rejoinder.testing.fuzz.plans import Plan, PlanStep, programs
from rejoinder.testing.fuzz.setups import SETUPS, Setup
from rejoinder.testing.fuzz.stream_strategies import ILLEGAL, RARE, responses
from rejoinder.testing.fuzz.streams import Legality, Stream, answering

__all__ = [
    "ILLEGAL",
    "RARE",
    "Legality",
    "Plan",
    "PlanStep",
    "Stream",
    "answering",
    "events",
    "frames",
    "json_values",
    "manners",
    "programs",
    "responses",
    "setups",
]


def manners() -> st.SearchStrategy[Manner]:
    """Any way to answer one create: well, badly, slowly, not at all."""
    return MANNERS


def setups() -> st.SearchStrategy[Setup]:
    """Any provider, policy and reaction to cancels."""
    return SETUPS
