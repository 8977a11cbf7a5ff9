"""The configurations that are explored, each whole.

Rules of this package
* Each is one class of trouble in the smallest world that shows it: most faults show in the second answer, leaks often in the third.
* ``QUICK`` is what every change runs through; ``DEEP`` has more of each.
"""

from __future__ import annotations

from typing import Final

import attrs

from .deeper import MORE
from .lanes import LANES_CONFIGURATIONS
from .serial import SERIAL_CONFIGURATIONS
from .steering import STEERING_CONFIGURATIONS
from .streams import STREAMS_CONFIGURATIONS

__all__ = ["DEEP", "LONGEST", "QUICK"]

QUICK: Final = (*SERIAL_CONFIGURATIONS, *LANES_CONFIGURATIONS, *STEERING_CONFIGURATIONS, *STREAMS_CONFIGURATIONS)
"""What every change runs through."""

DEEP: Final = tuple(attrs.evolve(configuration, **MORE[configuration.name]) for configuration in QUICK)
"""The same with more of something each."""

LONGEST: Final = (
    "serial-third-answer",
    "serial-doubt",
    "lanes-quarantine",
    "steering-misbehaviour",
    "lanes-given-up",
    "lanes-doubt",
    "steering-failures",
    "serial-hedge",
    "lanes-and-few-sockets",
    "serial-drain",
    "steering-misbehaviour-left",
    "serial-retire",
    "lanes-misbehaviour",
    "few-sockets",
    "serial-doubt-for-good",
    "never-again",
    "lanes-and-more-callers",
    "idle",
    "at-the-limit",
    "lanes",
)
"""Those that take longest, the longest first: where several are explored side by side, these are begun first."""
