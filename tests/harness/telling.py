"""Short tales of a session, for stories, pictures and traces: what was fed, and what the session that runs answered."""

from __future__ import annotations

import json
from collections.abc import Iterable

from harness.frames import completed, created, delta, frame, item_added, item_done, message
from rejoinder.states.codec import decode
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Cancel, Create, Event, Expired, Lost, Opened, Received
from rejoinder.states.profiles import AZURE, OPENAI, CancelPolicy, Policy, Profile
from rejoinder.states.session import Session
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.trace import Fed

__all__ = ["HOSTILE", "asks", "hostile_frame", "interrupted", "lost_early", "tell", "turned"]

HOSTILE = "a;b\nend\r#quot; %%{init}%% style:#x; classDef a:#b; <br/> $x$ \x1b[2J \u202e \u00e9 \ud800 -->>"
"""A name that no terminal should obey and no picture should read as syntax."""


def asks(request: int, *texts: str) -> Create:
    """A caller asks with so many messages."""
    return Create(request, RequestContent([{"role": "user", "content": text} for text in texts or ("Hi",)], {"model": "m"}))


def tell(profile: Profile, policy: Policy, steps: Iterable[tuple[float, Event]]) -> list[Fed]:
    """Feed a new session."""
    session = Session(profile, policy)
    return [Fed(at, event, tuple(session.feed(event, at))) for at, event in steps]


def interrupted() -> list[Fed]:
    """On a serial link: a caller leaves in the middle, the server goes on, and the drain deadline passes; the next one waits."""
    frames = [
        created(),
        frame("response.in_progress", response={"id": "resp_1"}, sequence_number=1),
        item_added(sequence=2),
        *(delta(f"{number}", sequence=number) for number in (3, 4, 5)),
    ]
    return tell(
        AZURE,
        Policy(then=CancelPolicy.DRAIN),
        [
            (0.0, asks(1)),
            (0.1, Opened(1)),
            *((0.5, Received(1, each)) for each in frames),
            (1.0, Cancel(1)),
            (1.0, Cancel(1)),
            (1.5, Received(1, delta("6", sequence=6))),
            (2.0, asks(2)),
            (6.0, Expired()),
        ],
    )


def lost_early() -> list[Fed]:
    """With lanes: the link is lost before any output; it is dialled again, the create goes out again, and completes."""
    answer = message("Hello", "item_1")
    return tell(
        OPENAI,
        Policy(),
        [
            (10.0, asks(1)),
            (10.1, Opened(1)),
            (10.3, Received(1, created(lane="lane-1"))),
            (12.3, Lost(1, 1006, "went away")),
            (12.8, Expired()),
            (12.9, Opened(1)),
            (13.0, Received(1, created("resp_2", lane="lane-1"))),
            (13.0, Received(1, item_added(lane="lane-1"))),
            (13.1, Received(1, item_done(answer, lane="lane-1", sequence=2))),
            (13.2, Received(1, completed("resp_2", output=[answer], lane="lane-1", sequence=3))),
        ],
    )


def turned() -> list[Fed]:
    """Two turns on one lane, the second of which sends only what is new."""
    answer = message("Hello", "item_1")
    second = RequestContent(
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Go on"}]
    )
    return tell(
        AZURE,
        Policy(),
        [
            (0.0, asks(1, "Hi")),
            (0.0, Opened(1)),
            (0.0, Received(1, created())),
            (0.0, Received(1, item_added())),
            (0.0, Received(1, completed(output=[answer], sequence=2))),
            (0.0, Create(2, second)),
        ],
    )


def hostile_frame() -> StreamEvent:
    """A frame whose every name is ``HOSTILE``."""
    return decode(json.dumps({"type": HOSTILE, "stream_id": HOSTILE, "response_id": HOSTILE, "item_id": HOSTILE}))
