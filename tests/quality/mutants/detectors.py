"""The detectors that hunt, in the order in which they search.

Rule of this file: it only gathers; each detector has a module that says what it sees.
"""

from __future__ import annotations

from collections.abc import Sequence

from quality.mutants.explorer import Explorer
from quality.mutants.fuzzers import Interruptions, Programs
from quality.mutants.hunt import Detector
from quality.mutants.service import Calm, NoDelay

__all__ = ["detectors"]


def detectors(shorten: float = 0.0) -> Sequence[Detector]:
    """All of them, that with the shortest stories first; the others' stories are shortened for ``shorten`` seconds."""
    return (Explorer(), Calm(shorten), NoDelay(shorten), Programs(shorten), Interruptions(shorten))
