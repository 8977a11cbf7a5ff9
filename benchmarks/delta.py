"""The machine's share of a delta: what ``feed`` costs beside one ``json.loads`` of the same text.

The contenders take turns within each round, so that whatever else the machine does hits them alike; the ratio is the median of the
rounds' ratios. Each round asserts that every delta was delivered.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from functools import partial
from time import process_time

import attrs

from rejoinder.states.codec import decode
from rejoinder.states.continuation import RequestContent
from rejoinder.states.effects import Deliver, Send
from rejoinder.states.events import Create, Opened, Received
from rejoinder.states.profiles import AZURE, OPENAI, Profile
from rejoinder.states.session import Session

DELTAS = 5_000


@attrs.frozen
class Figure:
    """One line of the table; times in microseconds for one delta."""

    name: str
    """What was measured."""
    median: float
    """The median of the rounds."""
    low: float
    """The quickest round."""
    high: float
    """The slowest round."""
    ratio: float
    """The median ratio to ``json.loads`` in the same round."""


def delta_texts(lane: str | None) -> list[str]:
    """Deltas as the API sends them (recorded shape), on a lane or on none."""
    label = {} if lane is None else {"stream_id": lane}
    return [
        json.dumps(
            {
                "type": "response.output_text.delta",
                "content_index": 0,
                "delta": f" word{number % 97}",
                "item_id": "msg_03e9d52dbd37942c006a46404c9a688199ac9dfa9daf518c72",
                "logprobs": [],
                "obfuscation": "pQ7xw2Lk",
                "output_index": 0,
                "sequence_number": number + 2,
                **label,
            }
        )
        for number in range(DELTAS)
    ]


def streaming_session(profile: Profile) -> tuple[Session, str | None]:
    """A session with one response past its first item, and the lane it is on."""
    session = Session(profile)
    session.feed(Create(1, RequestContent(({"role": "user", "content": "Hello"},))), 0.0)
    effects = session.feed(Opened(1), 0.0)
    lane = next(effect.lane for effect in effects if isinstance(effect, Send))
    label = {} if lane is None else {"stream_id": lane}
    item = {"id": "msg_03e9d52dbd37942c006a46404c9a688199ac9dfa9daf518c72", "type": "message"}
    for frame in (
        {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1"}, **label},
        {"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": item, **label},
    ):
        session.feed(Received(1, decode(json.dumps(frame))), 0.0)
    return session, lane


def measure_delta(repetitions: int) -> list[Figure]:
    """Times of ``json.loads``, ``decode`` and ``feed`` for one delta, with and without lanes."""
    times: dict[str, list[float]] = {}
    for _ in range(repetitions):
        for profile in (AZURE, OPENAI):
            session, lane = streaming_session(profile)
            kind = "lanes" if profile.lanes else "serial"
            texts = delta_texts(lane)
            frames = [decode(text) for text in texts]
            events = [Received(1, frame) for frame in frames]
            runs: tuple[tuple[str, Callable[[], object]], ...] = (
                (f"json.loads ({kind})", partial(_each, json.loads, texts)),
                (f"decode ({kind})", partial(_each, decode, texts)),
                (f"feed ({kind})", partial(_feed, session, events)),
            )
            for name, run in runs:
                begun = process_time()
                run()
                times.setdefault(name, []).append((process_time() - begun) / DELTAS * 1e6)
    return [_figure(name, measured, times) for name, measured in times.items()]


def _each(function: Callable[[str], object], texts: list[str]) -> None:
    for text in texts:
        function(text)


def _feed(session: Session, events: list[Received]) -> None:
    delivered = 0
    feed = session.feed
    for number, event in enumerate(events):
        effects = feed(event, float(number))
        delivered += bool(effects) and type(effects[0]) is Deliver
    if delivered != len(events):
        message = f"{len(events) - delivered} of {len(events)} deltas were not delivered: the measurement is void"
        raise RuntimeError(message)


def _figure(name: str, measured: list[float], times: dict[str, list[float]]) -> Figure:
    base = times[f"json.loads ({name.split('(')[1]}"]
    ratio = statistics.median(mine / theirs for mine, theirs in zip(measured, base, strict=True))
    return Figure(name, statistics.median(measured), min(measured), max(measured), ratio)
