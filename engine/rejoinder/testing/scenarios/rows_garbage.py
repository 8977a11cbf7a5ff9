"""Rows about frames that cannot be read, and frames that nobody knows."""

from __future__ import annotations

from typing import Final

from rejoinder.states.profiles import CancelPolicy
from rejoinder.testing.scenarios.acts import Ask, Idle, Leave
from rejoinder.testing.scenarios.answers import FINE, READY, story
from rejoinder.testing.scenarios.records import Original, OriginalVerdict, Scenario, Server, sent, settings_with
from rejoinder.testing.script import ITEM_ID, Answer, Event, Pause, Raw, Step, Text
from rejoinder.testing.server_cancels import CancelMode

__all__ = ["GARBAGE_ROWS"]

PARTIAL: Final = "a0 a1 a2 a3 "
MALFORMED: Final = Raw('{"type":"response.output_text.delta","delta":"a4')
NOT_JSON: Final = f"not JSON '{MALFORMED.data!s}'"
NULL_DELTA: Final = Event(
    {"type": "response.output_text.delta", "item_id": ITEM_ID, "output_index": 0, "content_index": 0, "delta": None}
)
NULL_ITEM: Final = Event({"type": "response.output_item.added", "output_index": 1, "item": None})
UNKNOWN: Final = Event({"type": "response.hologram.delta", "delta": "x"})
NO_TYPE: Final = Event({"hello": "world"})
DAMAGED: Final = "Interrupted (unreadable frame, not safe to repeat): The server sent a frame that cannot be read."


def damaged(damage: Step) -> Answer:
    """Four words, the damage, and the rest of the answer as if nothing had happened."""
    return Answer([story("a", 4, cut=True), damage, story("a", 8, start=4)])


def row(name: str, title: str, damage: Step, shown: str, measured: str) -> Scenario:
    """One kind of damage in the middle of an answer."""
    return Scenario(
        name=name,
        title=title,
        correct="an error, what came before is kept, and the next turn hears its own words",
        original=Original(OriginalVerdict.CORRUPT, measured),
        server=Server([READY, damaged(damage), FINE]),
        acts=[Ask("Ready?", "Ready."), Ask("Tell me a story.", PARTIAL, DAMAGED), Ask("Go on.", "Fine.")],
        figures=[sent(3)],
        lanes=f"""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   item message, part, 'a4 ', 'a5 ', 'a6 ', 'a7 ', text done, part done, item done, completed resp_2
0 < {shown}
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ',
   user 'Go on.'
1 < lane-1: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
        serial=f"""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   {shown}, item message, part, 'a4 ', 'a5 ', 'a6 ', 'a7 ', text done, part done, item done, completed resp_2
1 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ', user 'Go on.'
1 < created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3
        """,
    )


GARBAGE_ROWS: Final = (
    row("12", "a frame in an answer is not JSON", MALFORMED, NOT_JSON, "turn 1 fails, turn 2 hears the rest of it, and so on"),
    row("12b", "a frame in an answer is binary, and not UTF-8", Raw(b"\xff\xfe\x00\x80"), "bytes fffe0080", "as row 12"),
    row(
        "12c",
        "a frame in an answer is a JSON array",
        Raw('[{"type":"response.completed"}]'),
        '[{"type":"response.completed"}]',
        "as row 12",
    ),
    Scenario(
        name="12e",
        title="a delta is null, and in another answer an item is",
        correct="as row 12",
        original=Original(OriginalVerdict.CORRUPT, "a text that is None, then as row 12"),
        server=Server([READY, damaged(NULL_DELTA), FINE, damaged(NULL_ITEM), READY]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", PARTIAL, DAMAGED),
            Ask("Go on.", "Fine."),
            Ask("Another one.", PARTIAL, DAMAGED),
            Ask("Ready again?", "Ready."),
        ],
        figures=[sent(3), sent(5)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   delta None, item message, part, 'a4 ', 'a5 ', 'a6 ', 'a7 ', text done, part done, item done, completed resp_2
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ',
   user 'Go on.'
1 > create lane-1 after resp_3: user 'Another one.'
1 > cancel resp_4
1 < lane-1: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3, created resp_4 after resp_3, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   item None, item message, part, 'a4 ', 'a5 ', 'a6 ', 'a7 ', text done, part done, item done, completed resp_4
2 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ',
   user 'Go on.', assistant 'Fine.', user 'Another one.', assistant 'a0 a1 a2 a3 ', user 'Ready again?'
2 < lane-1: created resp_5, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_5
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   delta None, item message, part, 'a4 ', 'a5 ', 'a6 ', 'a7 ', text done, part done, item done, completed resp_2
1 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ', user 'Go on.'
1 > create after resp_3: user 'Another one.'
1 > cancel resp_4
1 < created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3,
   created resp_4 after resp_3, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ', item None,
   item message, part, 'a4 ', 'a5 ', 'a6 ', 'a7 ', text done, part done, item done, completed resp_4
2 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ', user 'Go on.',
   assistant 'Fine.', user 'Another one.', assistant 'a0 a1 a2 a3 ', user 'Ready again?'
2 < created resp_5, in progress, item message, part, 'Ready.', text done, part done, item done, completed resp_5
        """,
    ),
    Scenario(
        name="12d",
        title="events of unknown types, and an object without a type",
        correct="they are passed on, and harm nobody",
        original=Original(OriginalVerdict.RIGHT, "ignored"),
        server=Server([READY, Answer([UNKNOWN, story("a", 4), NO_TYPE, Text("!", ["!"]), UNKNOWN]), FINE]),
        acts=[Ask("Ready?", "Ready."), Ask("Tell me a story.", f"{PARTIAL}!"), Ask("Go on.", "Fine.")],
        with_conversation=True,
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > create lane-1 after resp_2: user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, response.hologram.delta {"delta":"x"},
   item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ', text done, part done, item done, {"hello":"world"},
   item message, part, '!', text done, part done, item done, response.hologram.delta {"delta":"x"},
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="12g",
        title="a frame that is not JSON, in a response that nobody listens to any more",
        correct="it costs the connection at most",
        original=Original(OriginalVerdict.CORRUPT, "the next turn is never sent, and the one after it is killed by a late error"),
        server=Server(
            [READY, Answer([story("a", 4), Pause(0.5), MALFORMED, story("STALE")]), FINE, READY], cancel_mode=CancelMode.IGNORE
        ),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", PARTIAL, "cancelled", leaves=Leave(deltas=4)),
            Ask("Stop.", "Fine.", prompt=1.2),
            Idle(0.7),
            Ask("Ready again?", "Ready."),
        ],
        settings=settings_with(then=CancelPolicy.DRAIN),
        figures=[sent(3), sent(4)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 > create lane-2: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ',
   user 'Stop.'
0 > create lane-2 after resp_3: user 'Ready again?'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   text done, part done, item done, item message, part, 'STALE0 ', 'STALE1 ', 'STALE2 ', text done, part done,
   item done, completed resp_2
0 < lane-2: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3, created resp_4 after resp_3, in progress, item message, part, 'Ready.', text done,
   part done, item done, completed resp_4
0 < not JSON '{"type":"response.output_text.delta","delta":"a4'
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ', user 'Stop.'
0 > create after resp_3: user 'Ready again?'
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 ',
   text done, part done, item done, not JSON '{"type":"response.output_text.delta","delta":"a4', item message,
   part, 'STALE0 ', 'STALE1 ', 'STALE2 ', text done, part done, item done, completed resp_2, created resp_3,
   in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3,
   created resp_4 after resp_3, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_4
        """,
    ),
)
"""In no order that matters."""
