"""Rows about what a server may do with a cancel: answer it by an error, refuse it, ignore it, or speak again when nobody waits."""

from __future__ import annotations

from typing import Final

from rejoinder.states.profiles import CancelPolicy
from rejoinder.testing.scenarios.acts import Ask, Idle, Leave
from rejoinder.testing.scenarios.answers import AT_ONCE, FINE, STORY, A, B, story
from rejoinder.testing.scenarios.records import Original, OriginalVerdict, Scenario, Server, sent, settings_with
from rejoinder.testing.script import Answer, Pause, Text
from rejoinder.testing.server_cancels import CancelMode

__all__ = ["DRAIN_ROWS"]

THREE: Final = Leave(deltas=3)
SPEAKS_LATE: Final = Answer([story("a"), Pause(1.8), story("STALE")])
"""It falls silent for longer than the drain deadline, and goes on."""
GOES_ON: Final = Answer([story("a"), Pause(0.5), story("stale", 15, interval=0.1)])
"""It takes two seconds more, whatever it is told."""
SHORT_DRAIN: Final = settings_with(deadlines={"drain": 0.8}, then=CancelPolicy.DRAIN)

DRAIN_ROWS: Final = (
    Scenario(
        name="07",
        title="a cancel is answered by an error, and by nothing else",
        correct="nobody waits for an end that does not come",
        original=Original(OriginalVerdict.WRONG, "5.00 s of silence"),
        server=Server([STORY, AT_ONCE, FINE], cancel_mode=CancelMode.ERROR, cancel_stream_goes_on=False),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", "At once."),
            Idle(1.2),
            Ask("Thank you.", "Fine."),
        ],
        settings=settings_with(deadlines={"drain": 0.8}),
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-2 after resp_2: user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done
0 < lane-2: created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
0 < error 400 unknown_event_type
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   error 400 unknown_event_type
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
1 > create after resp_2: user 'Thank you.'
1 < created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="07b",
        title="a cancel is refused, and the response goes on for 2 s",
        correct="the next turn does not wait for it",
        original=Original(OriginalVerdict.WRONG, "5.67 s of silence, the rest of the old response"),
        server=Server([GOES_ON, AT_ONCE, FINE], cancel_mode=CancelMode.ERROR),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", "At once."),
            Idle(2.4),
            Ask("Thank you.", "Fine."),
        ],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-2 after resp_2: user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, item message, part, 15 deltas 'stale0 stale1 st'...'stale13 stale14 ' (110 characters), text done,
   part done, item done, completed resp_1
0 < lane-2: created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
0 < error 400 unknown_event_type
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   error 400 unknown_event_type, item message, part,
   15 deltas 'stale0 stale1 st'...'stale13 stale14 ' (110 characters), text done, part done, item done,
   completed resp_1
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
1 > create after resp_2: user 'Thank you.'
1 < created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="07c",
        title="a cancel is ignored, and the response goes on for 2 s",
        correct="the next turn does not wait for it",
        original=Original(OriginalVerdict.WRONG, "5.68 s of silence"),
        server=Server([GOES_ON, AT_ONCE, FINE], cancel_mode=CancelMode.IGNORE),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", "At once."),
            Idle(2.4),
            Ask("Thank you.", "Fine."),
        ],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-2 after resp_2: user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, item message, part, 15 deltas 'stale0 stale1 st'...'stale13 stale14 ' (110 characters), text done,
   part done, item done, completed resp_1
0 < lane-2: created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   item message, part, 15 deltas 'stale0 stale1 st'...'stale13 stale14 ' (110 characters), text done, part done,
   item done, completed resp_1
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
1 > create after resp_2: user 'Thank you.'
1 < created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="07d",
        title="the error that answers a cancel comes after the response's end",
        correct="the new turn is unharmed",
        original=Original(OriginalVerdict.CORRUPT, "turn 2 fails, turn 3 gets turn 2's reply, and so on"),
        server=Server(
            [STORY, Answer([story("b")], created_after=0.7), FINE, AT_ONCE],
            cancel_mode=CancelMode.LATE_ERROR,
            cancel_delay=0.3,
            cancel_stream_goes_on=False,
        ),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", B),
            Ask("Thank you.", "Fine."),
            Ask("Goodbye.", "At once."),
        ],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-2 after resp_2: user 'Thank you.'
0 > create lane-2 after resp_3: user 'Goodbye.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, incomplete resp_1 (cancelled)
0 < lane-2: created resp_2, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', text done, part done,
   item done, completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_3, created resp_4 after resp_3, in progress, item message,
   part, 'At once.', text done, part done, item done, completed resp_4
0 < error 400 unknown_event_type
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create after resp_2: user 'Thank you.'
0 > create after resp_3: user 'Goodbye.'
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   incomplete resp_1 (cancelled), error 400 unknown_event_type, created resp_2, in progress, item message, part,
   'b0 ', 'b1 ', 'b2 ', text done, part done, item done, completed resp_2, created resp_3 after resp_2,
   in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3,
   created resp_4 after resp_3, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_4
        """,
    ),
    Scenario(
        name="08",
        title="the drain deadline passes, and the server speaks later",
        correct="nobody hears stale words",
        original=Original(OriginalVerdict.CORRUPT, "5.00 s of silence, then turn 2 hears the old response, and turn 3 turn 2's"),
        server=Server([SPEAKS_LATE, Answer([story("b", interval=0.8)]), FINE], cancel_mode=CancelMode.IGNORE),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", B, prompt=1.4),
            Ask("Thank you.", "Fine."),
        ],
        settings=SHORT_DRAIN,
        figures=[sent(2), sent(3)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-2 after resp_2: user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, item message, part, 'STALE0 ', 'STALE1 ', 'STALE2 ', text done, part done, item done,
   completed resp_1
0 < lane-2: created resp_2, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', text done, part done,
   item done, completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_3
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
1 > create after resp_2: user 'Thank you.'
1 < created resp_2, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="08b",
        title="an abandoned response trickles on",
        correct="the drain deadline holds in all, not for each frame",
        original=Original(OriginalVerdict.WRONG, "the drain takes 15.0 s"),
        server=Server([Answer([story("a"), story("STALE", 5, interval=0.8)]), FINE], cancel_mode=CancelMode.IGNORE),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", "Fine.", prompt=2.8),
            Idle(4.5),
        ],
        settings=settings_with(deadlines={"drain": 2.0}, then=CancelPolicy.DRAIN),
        figures=[sent(2)],
        bound=10.0,
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, item message, part, 'STALE0 ', 'STALE1 ', 'STALE2 ', 'STALE3 ', 'STALE4 ', text done, part done,
   item done, completed resp_1
0 < lane-2: created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_2
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   item message, part, 'STALE0 ', 'STALE1 '
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
1 < created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="25",
        title="row 08, followed over four turns",
        correct="client and server know the same conversation",
        original=Original(OriginalVerdict.CORRUPT, "the cancelled response is continued; the server never sees user message 2"),
        server=Server(
            [SPEAKS_LATE, Answer([story("b", interval=0.8)]), FINE, Answer([Text("Goodbye.")])], cancel_mode=CancelMode.IGNORE
        ),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", B, prompt=1.4),
            Ask("Thank you.", "Fine."),
            Ask("Goodbye?", "Goodbye."),
        ],
        settings=SHORT_DRAIN,
        figures=[sent(2), sent(4)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-2 after resp_2: user 'Thank you.'
0 > create lane-2 after resp_3: user 'Goodbye?'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, item message, part, 'STALE0 ', 'STALE1 ', 'STALE2 ', text done, part done, item done,
   completed resp_1
0 < lane-2: created resp_2, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', text done, part done,
   item done, completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_3, created resp_4 after resp_3, in progress, item message,
   part, 'Goodbye.', text done, part done, item done, completed resp_4
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
1 > create after resp_2: user 'Thank you.'
1 > create after resp_3: user 'Goodbye?'
1 < created resp_2, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3, created resp_4 after resp_3, in progress, item message, part,
   'Goodbye.', text done, part done, item done, completed resp_4
        """,
    ),
)
"""In no order that matters."""
