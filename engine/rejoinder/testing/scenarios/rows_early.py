"""Rows about callers that leave before there is anything to hear: before `response.created`, before the create, while dialling."""

from __future__ import annotations

from typing import Final

from rejoinder.testing.scenarios.acts import Ask, Begin, Idle, Leave
from rejoinder.testing.scenarios.answers import AT_ONCE, FINE, READY, A, story
from rejoinder.testing.scenarios.records import Figure, FigureKind, Original, OriginalVerdict, Scenario, Server, ended, sent
from rejoinder.testing.script import Answer, LoseConnection, Pause
from rejoinder.testing.server_cancels import CancelMode

__all__ = ["EARLY_ROWS"]

LATE: Final = Answer([Pause(2.0), story("never")], created_after=1.6)
"""A response that is begun late and would go on for long."""
EARLY: Final = Leave(lingers=0.4)
"""The create has reached the server, and nothing has come back."""

EARLY_ROWS: Final = (
    Scenario(
        name="02",
        title="the first turn is left before `created`",
        correct="the cancel goes out as soon as the id is known, and the next turn does not wait for it",
        original=Original(OriginalVerdict.RIGHT, "303 ms, the time until `created`"),
        server=Server([LATE, AT_ONCE]),
        acts=[Ask("Tell me a story.", ends="cancelled", leaves=EARLY), Ask("Stop.", "At once."), Idle(1.7)],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 < lane-1: created resp_1, in progress, incomplete resp_1 (cancelled)
1 > create lane-1: user 'Tell me a story.', user 'Stop.'
1 < lane-1: created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, incomplete resp_1 (cancelled)
1 > create: user 'Tell me a story.', user 'Stop.'
1 < created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="02b",
        title="a later turn is left before `created`",
        correct="the cancel names the new response, and the next turn does not wait",
        original=Original(OriginalVerdict.WRONG, "the finished response is cancelled; 4.16 s of silence"),
        server=Server([READY, LATE, AT_ONCE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", ends="cancelled", leaves=EARLY),
            Ask("Stop.", "At once."),
            Idle(1.7),
        ],
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > create lane-2: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', user 'Stop.'
0 > cancel resp_2
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, incomplete resp_2 (cancelled)
0 < lane-2: created resp_3, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_3
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, incomplete resp_2 (cancelled)
1 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', user 'Stop.'
1 < created resp_3, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_3
        """,
    ),
    Scenario(
        name="02c",
        title="the same, and the user stays silent",
        correct="the server is told to stop, and the session closes at once",
        original=Original(OriginalVerdict.WRONG, "the wrong id; the server runs on; stop takes 10.0 s"),
        server=Server([READY, LATE]),
        acts=[Ask("Ready?", "Ready."), Ask("Tell me a story.", ends="cancelled", leaves=EARLY), Idle(1.8)],
        figures=[Figure(FigureKind.STOP)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, incomplete resp_2 (cancelled)
        """,
    ),
    Scenario(
        name="02d",
        title="the first turn is left before `created`, and the user stays silent",
        correct="the server is told to stop",
        original=Original(OriginalVerdict.WRONG, "no cancel at all; the whole answer is billed"),
        server=Server([LATE]),
        acts=[Ask("Tell me a story.", ends="cancelled", leaves=EARLY), Idle(1.8)],
        figures=[Figure(FigureKind.STOP)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 < lane-1: created resp_1, in progress, incomplete resp_1 (cancelled)
        """,
    ),
    Scenario(
        name="05",
        title="a turn is left before anything is sent",
        correct="nothing is sent, and the next turn goes at once",
        original=Original(OriginalVerdict.WRONG, "5.41 s of silence"),
        server=Server([READY, FINE], cancel_mode=CancelMode.ERROR),
        acts=[Ask("Ready?", "Ready."), Ask("Never alone.", ends="cancelled", leaves=Leave()), Ask("Go.", "Fine.")],
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Never alone.', user 'Go.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="05b",
        title="a turn is left while the connection is being opened again",
        correct="the dial that is under way serves the next turn",
        original=Original(OriginalVerdict.WASTEFUL, "the dial is dropped and begun anew: 1.01 s in place of 0.55"),
        server=Server(
            [Answer(READY.steps, late=[LoseConnection(1001)]), FINE], cancel_mode=CancelMode.ERROR, handshakes=(0.0, 2.0)
        ),
        acts=[
            Ask("Ready?", "Ready."),
            Idle(0.3),
            Ask("Hello?", ends="cancelled", leaves=Leave(lingers=1.2)),
            Ask("Are you there?", "Fine.", prompt=1.6),
        ],
        figures=[sent(3), Figure(FigureKind.CONNECTIONS)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1
0 closed 1001
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Hello?', user 'Are you there?'
1 < lane-1: created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="22",
        title="the session is closed while a response streams",
        correct="at once, and the caller is told",
        original=Original(OriginalVerdict.RIGHT, "prompt"),
        server=Server([Answer([story("a"), Pause(3.0), story("never")])]),
        acts=[
            Begin(
                Ask(
                    "Tell me a story.",
                    A,
                    "Interrupted (session closed, not safe to repeat): The session was closed before the answer was complete.",
                ),
                deltas=3,
            ),
            Idle(0.2),
        ],
        figures=[Figure(FigureKind.STOP), ended(1)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done
        """,
    ),
)
"""In no order that matters."""
