"""Hypothesis strategies for plots.

Rule of this file: servers are slow, silent, unwell and unkind here, but no frame is one that the wire could not tell from the right
one: what such frames do is judged where the instant of each frame is known (``program.py``).
"""

from __future__ import annotations

import math
from typing import Final, TypeVar

from hypothesis import strategies as st

from rejoinder.testing.fuzz.engine_plots import (
    Ask,
    Closing,
    Cut,
    End,
    Exit,
    Freeze,
    Interrupt,
    Leaving,
    Moment,
    Plot,
    Say,
    Settle,
    Step,
    Stray,
    Wait,
    WarmUp,
    Way,
)
from rejoinder.testing.fuzz.manners import PLAIN, Late, Manner, Rejection, Trouble
from rejoinder.testing.fuzz.setups import SETUPS, Setup
from rejoinder.testing.fuzz.wishes import Wish
from rejoinder.testing.memory_network import LinkPlan

__all__ = ["PLOTS", "plots"]

Thing = TypeVar("Thing")

INDEX: Final = st.integers(0, 3)
DELAYS: Final = st.sampled_from([0.0, 0.0, 0.0, 0.2, 1.0, 7.0])

SLOW: Final = st.builds(
    Manner,
    pieces=st.integers(1, 4),
    interval=st.sampled_from([0.0, 0.2, 2.0]),
    created_after=DELAYS,
    in_progress=st.booleans(),
    call=st.booleans(),
)
RIGHT: Final = st.builds(
    Manner,
    pieces=st.integers(0, 3),
    interval=st.sampled_from([0.0, 0.2]),
    created_after=DELAYS,
    terminal=st.sampled_from(["completed", "failed", "incomplete", None]),
    trouble=st.sampled_from([Trouble.NONE, Trouble.FAULT, Trouble.FAULT_ALONE, Trouble.STALL]),
    empty_output=st.booleans(),
    reject=st.one_of(st.none(), st.sampled_from(Rejection)),
)
WRONG: Final = st.builds(
    Manner,
    interval=st.sampled_from([0.0, 0.2]),
    created_after=DELAYS,
    trouble=st.sampled_from([Trouble.NONE, Trouble.GARBAGE]),
    created=st.sampled_from([1, 2, 0]),
    late=st.sampled_from([(), (Late.KEEPALIVE,)]),
)
MANNERS: Final = st.one_of(st.just(PLAIN), SLOW, RIGHT)
"""How a right server answers: well, slowly, badly, not at all."""
UNRULY_MANNERS: Final = st.one_of(MANNERS, WRONG)
"""The same, and how no right server answers."""

LEAVING: Final = st.one_of(
    st.builds(Leaving, st.just(Moment.TAKEN), st.integers(0, 8), st.sampled_from(Exit)),
    st.builds(Leaving, st.just(Moment.COME), st.integers(1, 8), st.sampled_from(Exit)),
    st.builds(Leaving, st.just(Moment.SECONDS), st.sampled_from([0.0, 0.1, 0.2, 0.4, 2.0, 7.0]), st.sampled_from(Exit)),
)


def _often(*strategies: st.SearchStrategy[Thing]) -> st.SearchStrategy[Thing]:
    """One of them; one that is named twice, twice as often (``one_of`` would take it for one)."""
    return st.sampled_from(range(len(strategies))).flatmap(strategies.__getitem__)


def _asks(manners: st.SearchStrategy[Manner]) -> st.SearchStrategy[Ask]:
    return st.builds(
        Ask,
        wish=st.sampled_from([Wish.NEW, Wish.NEW, Wish.GO_ON, Wish.GO_ON, Wish.GO_ON, Wish.AGAIN, Wish.TOO_MUCH]),
        index=INDEX,
        manner=manners,
        way=st.sampled_from([Way.HANDLE, Way.HANDLE, Way.HANDLE, Way.WHOLE, Way.WALK]),
        events=st.integers(0, 8),
        pace=st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0]),
        leaving=st.one_of(st.none(), LEAVING),
    )


WAITS: Final = st.one_of(
    st.builds(Settle),
    st.builds(Wait, st.sampled_from([0.0, 0.0, 0.1, 0.3, 1.0, 2.0, 5.0, 7.0, 31.0, 120.0])),
)
NETWORK: Final = st.one_of(st.builds(Cut, INDEX), st.builds(Freeze, INDEX))
ENDS: Final = st.builds(End, st.sampled_from(Closing))


def _steps(manners: st.SearchStrategy[Manner], strays: st.SearchStrategy[Stray]) -> st.SearchStrategy[Step]:
    asks = _asks(manners)
    others = st.one_of(
        st.builds(Interrupt, INDEX, st.sampled_from(Exit)), NETWORK, st.builds(Say, strays, INDEX), st.builds(WarmUp), ENDS
    )
    return _often(asks, asks, WAITS, WAITS, others)


PLANS: Final = st.one_of(
    st.just(LinkPlan()),
    st.builds(LinkPlan, latency=st.sampled_from([0.0, 0.05, 0.5]), handshake_delay=st.sampled_from([0.0, 0.1, 3.0, math.inf])),
    st.builds(LinkPlan, unreachable=st.booleans(), handshake_delay=st.sampled_from([0.0, 0.1])),
    st.builds(
        LinkPlan,
        refuse_status=st.sampled_from([401, 503, 429]),
        refuse_headers=st.sampled_from([{}, {"retry-after": "2"}, {"retry-after": "20"}]),
    ),
    st.builds(LinkPlan, cut_after_sent=st.integers(1, 3), latency=st.sampled_from([0.0, 0.05])),
    st.builds(LinkPlan, cut_after_received=st.integers(1, 12)),
    st.builds(LinkPlan, freeze_after_received=st.integers(1, 12)),
)
"""How one dial goes, and what becomes of its link."""

RIGHT_STEPS: Final = _steps(MANNERS, st.sampled_from([Stray.KEEPALIVE, Stray.CLOSE]))
UNRULY_STEPS: Final = _steps(UNRULY_MANNERS, st.sampled_from(Stray))


def plots(setups: st.SearchStrategy[Setup] = SETUPS, *, most_steps: int = 10) -> st.SearchStrategy[Plot]:
    """Plots in some setups, of at most ``most_steps`` steps; three of four have a server that says nothing wrong."""

    def of(steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Plot]:
        return st.builds(
            Plot,
            setup=setups,
            steps=st.lists(steps, min_size=1, max_size=most_steps).map(tuple),
            plans=st.lists(PLANS, max_size=3).map(tuple),
            latency=st.sampled_from([0.0, 0.0, 0.02]),
            buffer_limit=st.sampled_from([16 * 1024 * 1024, 16 * 1024 * 1024, 2000]),
            preconnect=st.booleans(),
            schedule=st.integers(0, 7),
        )

    right = of(RIGHT_STEPS)
    return _often(right, right, right, of(UNRULY_STEPS))


PLOTS: Final = plots()
"""Any plot."""
