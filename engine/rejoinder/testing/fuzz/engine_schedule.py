"""The order in which trio runs what could run at once, pinned.

trio shuffles the tasks of each turn. Its plug-in for Hypothesis (the entry point ``trio`` of the group ``hypothesis``, loaded with
Hypothesis itself) sorts them first, so that the order depends on one random number generator only, which Hypothesis seeds for each
example. A plot that is run by itself, outside of Hypothesis, needs the same: here that generator is seeded with a number of the
plot's, which also makes the order a thing that is drawn, printed and shrunk.

The generator has no public name. Where trio has no such generator any more, Hypothesis' own seeding is what remains.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

__all__ = ["scheduled"]


@contextmanager
def scheduled(seed: int) -> Generator[None]:
    """Let lots be drawn by ``seed`` within the block: trio's, and those of the module ``random``. Afterwards all is as before."""
    with ExitStack() as stack:
        trios: Any = getattr(importlib.import_module("trio._core._run"), "_r", None)
        for lots in (random, trios):
            if lots is not None:
                stack.callback(lots.setstate, lots.getstate())
                lots.seed(seed)
        yield
