"""All faults that were planted by hand: the root causes first, those of the fuzz tests last.

Rule of this file: it only gathers. A fault of the fuzz tests is hunted like any other, by every detector.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fuzz.plants import DELAYS, PLANTS, Plant
from quality.mutants.mutant import Kind, Mutant
from quality.mutants.planted_beyond import PLANTED_BEYOND
from quality.mutants.planted_orders import PLANTED_ORDERS
from quality.mutants.planted_words import PLANTED_WORDS
from quality.mutants.root_causes import ROOT_CAUSES

__all__ = ["PLANTED", "ROOT_CAUSES"]


SHOWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "a terminal for nobody calls the lane clean": ("serial-responses-of-others",),
        "items do not matter": ("serial-words-of-others",),
    }
)
"""Faults of the fuzz tests that the explorer sees at once where a server misbehaves."""


def _of_plant(plant: Plant) -> Mutant:
    rows = SHOWN.get(plant.name, ())
    return Mutant(f"fuzz: {plant.name}", Kind.PLANTED, plant.plant, plant.broken, setups=plant.setups, rows=rows)


PLANTED: Final = (*ROOT_CAUSES, *PLANTED_WORDS, *PLANTED_ORDERS, *PLANTED_BEYOND, *map(_of_plant, (*PLANTS, *DELAYS)))
"""Every one of them."""
