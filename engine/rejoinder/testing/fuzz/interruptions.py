"""Interruptions: a conversation is broken off, perhaps several times, and the next request is timed.

Rules of this file
* The network works: frames travel at once, a dial takes as long as the interruption says. What the server answers, and how much of
  it has come when the caller leaves, is drawn.
* The clock starts with the next request, which is made at the instant of the last cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
from hypothesis import strategies as st

from rejoinder.states.effects import Send
from rejoinder.states.profiles import CancelPolicy
from rejoinder.testing.fuzz.brevity import Brief
from rejoinder.testing.fuzz.manners import MANNERS, PLAIN, Manner, answers_of
from rejoinder.testing.fuzz.setups import SETUPS, Setup, fields_of
from rejoinder.testing.input_items import user
from rejoinder.testing.pure_pair import PurePair

__all__ = ["INTERRUPTIONS", "LATE", "Interruption"]

LATE: Final = 1e-6
"""Seconds by which the sum of some floats may miss a bound."""
LONG_ENOUGH: Final = 20.0
"""Seconds after which the next request must have gone out, whatever the policy."""


@attrs.frozen(repr=False)
class Interruption(Brief):
    """What happens until the next request."""

    setup: Setup
    """Provider, policy, and what the server does with a cancel."""
    manners: Sequence[Manner]
    """The answers that are broken off, one after the other."""
    frames: int
    """How many frames of each have come when its caller leaves."""
    pause: float
    """Seconds between that and the cancel."""
    dial: float
    """Seconds that a dial takes."""

    @property
    def bound(self) -> float:
        """Seconds within which the next request must be on the wire (promise 9)."""
        policy = self.setup.policy
        # A tight provider has two slots; two abandoned responses leave no lane free, and the next request hedges.
        if not self.setup.serial and self.setup.then is CancelPolicy.LANE and not (self.setup.tight and len(self.manners) > 1):
            return 0.0
        return {
            CancelPolicy.LANE: policy.hedge_delay + self.dial,
            CancelPolicy.HEDGE: policy.hedge_delay + self.dial,
            CancelPolicy.RETIRE: self.dial,
            CancelPolicy.DRAIN: policy.deadlines.drain + self.dial,
        }[self.setup.then]

    def measure(self) -> float | None:
        """Seconds until the next request was put on the wire; None if it was not, for long enough."""
        # Links that end by themselves are left out: what would be timed is how often a dial is needed.
        pair = attrs.evolve(self.setup, limit_after=None).pair(answers_of([PLAIN, *self.manners]))
        # One turn in peace: where lanes can be proven, they are.
        _ask(pair)
        pair.flow(self.dial)
        for _ in self.manners:
            abandoned = _ask(pair)
            for link in list(pair.sockets):
                pair.client_speaks(link)
                pair.server_speaks(link, self.frames)
            pair.wait(self.pause)
            pair.cancel(abandoned)
        asked, request = pair.now, _ask(pair)
        pair.flow(LONG_ENOUGH, dial=self.dial)
        orders = (fed.at for fed in pair.diary for effect in fed.effects if isinstance(effect, Send) and effect.request == request)
        sent = next(orders, None)
        return None if sent is None else sent - asked


INTERRUPTIONS: Final = st.builds(
    Interruption,
    setup=SETUPS,
    manners=st.lists(MANNERS, min_size=1, max_size=3),
    frames=st.integers(0, 8),
    pause=st.sampled_from([0.0, 0.1, 0.3, 2.0]),
    dial=st.sampled_from([0.0, 0.1, 1.0, 3.0]),
)
"""Any interruption."""


def _ask(pair: PurePair) -> int:
    return pair.ask([user("Hi")], fields_of(len(pair.callers) + 1))
