"""Rows about large frames, slow callers, servers that say nothing, and servers that talk to nobody."""

from __future__ import annotations

from typing import Final

import attrs

from rejoinder.testing.scenarios.acts import Ask, Idle, Leave
from rejoinder.testing.scenarios.answers import FINE, READY, A, pieces, story
from rejoinder.testing.scenarios.records import (
    Figure,
    FigureKind,
    Original,
    OriginalVerdict,
    Scenario,
    Server,
    ended,
    sent,
    settings_with,
)
from rejoinder.testing.scenarios.traffic import shortened
from rejoinder.testing.script import Answer, Stall, Text
from rejoinder.testing.server_cancels import CancelMode

__all__ = ["SILENCE_ROWS"]

SILENCE: Final = Answer([Stall()], created=0, in_progress=False)
MANY: Final = 300


def long_text(size: int) -> str:
    """A text of so many characters, no part of which repeats another."""
    return "".join(f"{number:07d} " for number in range(size // 8))


def large(name: str, size_in_bytes: int, title: str, original: Original) -> Scenario:
    """A `completed` a little larger than a size."""
    text = long_text(size_in_bytes)
    return Scenario(
        name=name,
        title=title,
        correct="a frame like any other",
        original=original,
        server=Server([Answer([Text(text, 4)]), FINE]),
        acts=[Ask("Tell me everything.", text), Ask("Go on.", "Fine.")],
        figures=[ended(1), sent(2)],
        bound=10.0,
        lanes=f"""
0 > create lane-1: user 'Tell me everything.'
0 > create lane-1 after resp_1: user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 4 deltas {shortened(text)}, text done,
   part done, item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_2
        """,
    )


SILENCE_ROWS: Final = (
    large("20", 900_000, "a `completed` of 0.9 MB", Original(OriginalVerdict.RIGHT, "fine")),
    large(
        "20b",
        1_200_000,
        "a `completed` of 1.2 MB",
        Original(OriginalVerdict.CORRUPT, "closed with 1009; everything is generated and spoken twice, then an empty error"),
    ),
    Scenario(
        name="20c",
        title="a caller that takes 5 ms for each of 300 deltas",
        correct="no word is lost",
        original=Original(OriginalVerdict.RIGHT, "no loss"),
        server=Server([Answer([story("a", MANY)]), FINE]),
        acts=[Ask("Tell me a story.", "".join(pieces("a", MANY)), pace=0.005), Ask("Go on.", "Fine.")],
        figures=[ended(1), sent(2)],
        bound=12.0,
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > create lane-1 after resp_1: user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part,
   300 deltas 'a0 a1 a2 a3 a4 a'...' a297 a298 a299 ' (1390 characters), text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="20d",
        title="the server never answers",
        correct="asked once more, and bounded",
        original=Original(OriginalVerdict.WRONG, "hangs; there is no bound"),
        server=Server([SILENCE, SILENCE, FINE]),
        acts=[
            Ask(
                "Hello?",
                "",
                "DeadlineExceeded (deadline, safe to repeat): The server did not acknowledge the request within 0.6 s.",
                prompt=1.4,
                within=2.0,
            ),
            Ask("Go on.", "Fine."),
        ],
        settings=settings_with(deadlines={"created": 0.6}),
        figures=[ended(1), sent(2)],
        lanes="""
0 > create lane-1: user 'Hello?'
1 > create lane-1: user 'Hello?'
2 > create lane-1: user 'Hello?', user 'Go on.'
2 < lane-1: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
        serial="""
0 > create: user 'Hello?'
1 > create: user 'Hello?'
2 > create: user 'Hello?', user 'Go on.'
2 < created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="20e",
        title="the server falls silent after six deltas",
        correct="bounded, and what came is kept",
        original=Original(OriginalVerdict.WRONG, "hangs; there is no bound"),
        server=Server([READY, Answer([story("a", 6, cut=True), Stall()]), FINE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask(
                "Tell me a story.",
                "".join(pieces("a", 6)),
                "DeadlineExceeded (deadline, not safe to repeat): The server stopped in the middle of its answer within 0.6 s.",
                within=1.5,
            ),
            Ask("Go on.", "Fine."),
        ],
        settings=settings_with(deadlines={"gap": 0.6}),
        figures=[ended(2), sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 > create lane-2: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 a4 a5 ',
   user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   'a4 ', 'a5 ', incomplete resp_2 (cancelled)
0 < lane-2: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   'a4 ', 'a5 '
1 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 a4 a5 ',
   user 'Go on.'
1 < created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="21",
        title="a turn is left, nobody asks for anything, and the server sends on",
        correct="the connection is read, pings are answered, and the next turn finds it alive",
        original=Original(OriginalVerdict.WRONG, "nobody reads; the connection dies at 49.7 s, the chain with it"),
        server=Server([READY, Answer([story("a", 200, interval=0.01)]), FINE], cancel_mode=CancelMode.IGNORE),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", A, "cancelled", leaves=Leave(deltas=3)),
            Idle(4.0),
            Ask("Thank you.", "Fine."),
        ],
        settings=attrs.evolve(settings_with(deadlines={"ping": 1.0, "drain": 5.0}), queue=16, ping_interval=0.3),
        figures=[sent(3), Figure(FigureKind.CONNECTIONS)],
        bound=9.0,
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 > create lane-2: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ',
   user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   200 deltas 'a0 a1 a2 a3 a4 a'...' a197 a198 a199 ' (890 characters), text done, part done, item done,
   completed resp_2
0 < lane-2: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Thank you.'
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   200 deltas 'a0 a1 a2 a3 a4 a'...' a197 a198 a199 ' (890 characters), text done, part done, item done,
   completed resp_2, created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
    ),
)
"""In no order that matters."""
