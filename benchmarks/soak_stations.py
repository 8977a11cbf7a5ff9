"""Whom the sessions of a soak meet: stations, each a simulated server with a temper of its own and the policy of its clients.

Rule of this file: what a station answers depends on the seed and on the number of the request alone. So both processes of a soak
know what has to be said to whom, and neither has to tell the other.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import attrs

from rejoinder.states.profiles import AfterCancel, CancelPolicy, Deadlines, Policy
from rejoinder.testing import Answer, CancelMode, ModelServer, Received
from rejoinder.testing.fuzz.manners import Late, Manner, Rejection, Trouble, answer_in
from rejoinder.testing.fuzz.setups import Setup, nonces_in

__all__ = ["DEADLINES", "STATIONS", "Station", "manner_of", "words_of"]

DEADLINES: Final = Deadlines(connect=15.0, created=15.0, first_output=15.0, gap=15.0, drain=2.0, ping=10.0, queue=90.0, turn=120.0)
"""Short ones, so that each is met in a soak of minutes, and long enough for a machine with other work."""


LATE: Final = (Late.DELTA, Late.KEEPALIVE, Late.NUMBERED_ERROR)
"""What follows a terminal.

Not a new item, nor an error without label or number: when the next response has begun meanwhile, no client could tell them from the
right thing (``rejoinder.testing.fuzz.exclusions`` has them by name), and they would be violations of nobody's.
"""


@attrs.frozen
class Station:
    """One server, and how its clients are set."""

    name: str
    """Its name in the report."""
    setup: Setup
    """The provider, its reaction to cancels, and the clients' policy."""
    right: bool
    """Whether what it says is never wrong: slow, refusing and forgetful it may be all the same."""

    @property
    def policy(self) -> Policy:
        """The policy of its clients."""
        return attrs.evolve(self.setup.policy, deadlines=DEADLINES)

    def server(self, seed: int) -> ModelServer:
        """The server."""

        def answer(received: Received) -> Answer:
            (number,) = nonces_in(received.body["metadata"]["nonce"])
            return answer_in(manner_of(self, seed, number), number)

        return self.setup.server(answer)


STATIONS: Final[Sequence[Station]] = (
    Station("lanes", Setup("lanes", CancelPolicy.LANE, signal=True), right=True),
    Station("lanes, tight", Setup("lanes", CancelPolicy.LANE, tight=True, cancel_mode=CancelMode.IGNORE), right=True),
    Station("lanes, wild", Setup("lanes", CancelPolicy.HEDGE, signal=True, cancel_mode=CancelMode.ERROR), right=False),
    Station("serial, hedge", Setup("serial", CancelPolicy.HEDGE), right=True),
    Station("serial, retire", Setup("serial", CancelPolicy.RETIRE, limit_after=7), right=True),
    Station(
        "serial, wild", Setup("serial", CancelPolicy.DRAIN, signal=True, cancel_mode=CancelMode.ERROR, goes_on=False), right=False
    ),
    Station("serial and lax, wild", Setup("serial and lax", CancelPolicy.HEDGE, after_cancel=AfterCancel.REUSE), right=False),
    Station("lanes without an echo", Setup("lanes without an echo", CancelPolicy.DRAIN, signal=True), right=True),
)
"""All of them."""


def manner_of(station: Station, seed: int, number: int) -> Manner:
    """How the station answers request ``number``, each time that it comes.

    A stray error without label or number comes where no create is unanswered, as anywhere else it is a proper answer to one. Nor
    does it come where clients send cancels: it could pass for the answer to one, and the true answer would blame somebody else.
    """
    lots = random.Random(f"{seed} {station.name} {number}")  # noqa: S311 - chance that can be had again
    pieces, interval = lots.randint(1, 40), lots.choice([0.0, 0.0, 0.01, 0.05])
    manner = Manner(pieces, interval, lots.choice([0.0, 0.0, 0.05, 0.5]), call=_now_and_then(lots, 0.1))
    if _now_and_then(lots, 0.1):
        manner = attrs.evolve(manner, reject=lots.choice([Rejection.BUSY, Rejection.RATE, Rejection.BAD]))
    if station.right or _now_and_then(lots, 0.6):
        return manner
    strays = station.setup.serial and not station.setup.signal
    troubles = [each for each in Trouble if each is not Trouble.ERROR or strays]
    trouble = lots.choice(troubles)
    return attrs.evolve(
        manner,
        terminal=lots.choice(["completed", "completed", "failed", "incomplete", None]),
        trouble=trouble,
        created=lots.choice([1, 1, 1, 2] if trouble is Trouble.ERROR else [1, 1, 1, 2, 0]),
        in_progress=_now_and_then(lots, 0.8),
        empty_output=_now_and_then(lots, 0.2),
        reject=lots.choice([None, None, None, *Rejection]),
        late=tuple(lots.choices(LATE, k=lots.choice([0, 0, 1, 2]))),
    )


def words_of(station: Station, seed: int, number: int) -> str:
    """All words that the station has for request ``number``."""
    return f"<{number}> word " * manner_of(station, seed, number).pieces


def _now_and_then(lots: random.Random, share: float) -> bool:
    return lots.random() < share
