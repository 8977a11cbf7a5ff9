"""Rows about callers that leave while a response streams, while an earlier one drains, or when it has ended."""

from __future__ import annotations

from typing import Final

from rejoinder.states.profiles import AfterCancel
from rejoinder.testing.scenarios.acts import Ask, Becomes, Converse, Handler, Idle, Leave
from rejoinder.testing.scenarios.answers import AT_ONCE, FINE, READY, STORY, A, B, story
from rejoinder.testing.scenarios.records import Original, OriginalVerdict, Scenario, Server, sent, settings_with
from rejoinder.testing.script import Answer, Call
from rejoinder.testing.server_cancels import CancelMode

__all__ = ["CANCEL_ROWS"]

THREE: Final = Leave(deltas=3)


CANCEL_ROWS: Final = (
    Scenario(
        name="03",
        title="a turn is left while it streams",
        correct="the next one goes at once",
        original=Original(OriginalVerdict.RIGHT, "2 ms"),
        server=Server([STORY, AT_ONCE]),
        acts=[Ask("Tell me a story.", A, "cancelled", leaves=THREE), Idle(0.05), Ask("Stop.", "At once.")],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, incomplete resp_1 (cancelled)
0 < lane-2: created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   incomplete resp_1 (cancelled), created resp_2, in progress, item message, part, 'At once.', text done,
   part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="03b",
        title="the server takes 1.5 s to stop",
        correct="the next turn does not wait for it",
        original=Original(OriginalVerdict.WRONG, "1.50 s of silence"),
        server=Server([STORY, AT_ONCE, FINE], cancel_delay=1.5),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", "At once."),
            Idle(1.7),
            Ask("Thank you.", "Fine."),
        ],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-2 after resp_2: user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, incomplete resp_1 (cancelled)
0 < lane-2: created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   incomplete resp_1 (cancelled)
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
1 > create after resp_2: user 'Thank you.'
1 < created resp_2, in progress, item message, part, 'At once.', text done, part done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="04",
        title="a turn is left while a tool runs",
        correct="the tool is stopped, nothing is cancelled on the wire, the next turn goes at once",
        original=Original(OriginalVerdict.RIGHT, "2 ms"),
        server=Server([Answer([Call("work", '{"seconds": 60}', "call_a")]), FINE], cancel_mode=CancelMode.ERROR),
        acts=[
            Converse(
                "What is on Tuesday?",
                [Handler("work")],
                ends="cancelled",
                told=["started call_a", "cancelled call_a"],
                ran=["work 60 was stopped"],
                leaves=Leave(event="rejoinder.calls.started", lingers=0.3),
            ),
            Converse("Never mind.", [Handler("work")], "Fine."),
        ],
        with_conversation=True,
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'What is on Tuesday?'; tools work(seconds)
0 > create lane-1 after resp_1: output call_a "Cancelled: function 'work' was stopped before it finished.",
   user 'Never mind.'; tools work(seconds)
0 < lane-1: created resp_1, in progress, item function_call call_a work, arguments '{"secon',
   arguments 'ds": 60}', arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress,
   item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="04b",
        title="a turn is left while its calls are being started, and the response has ended meanwhile",
        correct="nothing is cancelled on the wire, the next turn goes at once",
        original=Original(OriginalVerdict.WRONG, "a finished response is cancelled; 5.00 s of silence"),
        server=Server([Answer([Call("look_up", '{"name": "x"}', "call_a")]), FINE], cancel_mode=CancelMode.ERROR),
        acts=[
            Ask("What is on Tuesday?", ends="completed", leaves=Leave(event="response.output_item.done", lingers=0.5)),
            Ask("Never mind.", "Fine."),
        ],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'What is on Tuesday?'
0 > create lane-2: user 'What is on Tuesday?', user 'Never mind.'
0 < lane-1: created resp_1, in progress, item function_call call_a look_up, arguments '{"name',
   arguments '": "x"}', arguments done, item done, completed resp_1
0 < lane-2: created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_2
        """,
        serial="""
0 > create: user 'What is on Tuesday?'
0 > create: user 'What is on Tuesday?', user 'Never mind.'
0 < created resp_1, in progress, item function_call call_a look_up, arguments '{"name', arguments '": "x"}',
   arguments done, item done, completed resp_1, created resp_2, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="04c",
        title="a turn is left after its end, while somebody reports it",
        correct="nothing is cancelled on the wire, the next turn goes at once",
        original=Original(OriginalVerdict.WRONG, "a finished response is cancelled; 5.90 s of silence"),
        server=Server([READY, FINE], cancel_mode=CancelMode.ERROR),
        acts=[Ask("Ready?", "Ready.", leaves=Leave(event="end", lingers=0.5)), Ask("Go.", "Fine.")],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Go.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="06",
        title="a turn is left while the one before it drains",
        correct="the next one goes at once, at the latest when the old response ends",
        original=Original(OriginalVerdict.RIGHT, "0.64 s, the server's own time"),
        server=Server(
            to={
                "Tell me a story.": STORY,
                "Stop.": Answer([story("never")], created_after=0.5),
                "Now!": FINE,
            },
            cancel_delay=0.9,
        ),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Ask("Stop.", ends="cancelled", leaves=Leave(lingers=0.25)),
            Ask("Now!", "Fine."),
            Idle(1.5),
        ],
        settings=settings_with(hedge_delay=0.5),
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-3: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.', user 'Now!'
0 > cancel resp_2
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, incomplete resp_1 (cancelled)
0 < lane-2: created resp_2, in progress, item message, part, 'never0 ', 'never1 ', 'never2 ', text done,
   part done, item done, completed resp_2
0 < lane-3: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   incomplete resp_1 (cancelled)
1 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.', user 'Now!'
1 < created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="06b",
        title="a cancel crosses the end of its response, and an error that names nothing answers it",
        correct="no turn is harmed",
        original=Original(OriginalVerdict.CORRUPT, "the error kills the next turn, whose answer stays on the socket"),
        server=Server(
            to={
                "Tell me a story.": STORY,
                "Stop.": Answer([story("never")], created_after=0.5),
                "Now!": Answer([story("b")], created_after=0.8),
                "Thank you.": FINE,
            }
        ),
        acts=[
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Idle(0.2),
            Becomes(CancelMode.ERROR, 0.3),
            Ask("Stop.", ends="cancelled", leaves=Leave(lingers=0.35)),
            Ask("Now!", B),
            Ask("Thank you.", "Fine."),
        ],
        settings=settings_with(hedge_delay=0.6),
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Tell me a story.'
0 > cancel resp_1
0 > create lane-2: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > create lane-3: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.', user 'Now!'
0 > cancel resp_2
0 > create lane-3 after resp_3: user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, incomplete resp_1 (cancelled)
0 < lane-2: created resp_2, in progress, item message, part, 'never0 ', 'never1 ', 'never2 ', text done,
   part done, item done, completed resp_2
0 < lane-3: created resp_3, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', text done, part done,
   item done, completed resp_3, created resp_4 after resp_3, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_4
0 < error 400 unknown_event_type
        """,
        serial="""
0 > create: user 'Tell me a story.'
0 > cancel resp_1
0 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 > cancel resp_2
0 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.', user 'Now!'
0 > create after resp_3: user 'Thank you.'
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   incomplete resp_1 (cancelled), created resp_2, in progress, item message, part, 'never0 ', 'never1 ',
   'never2 ', text done, part done, item done, completed resp_2, error 400 unknown_event_type, created resp_3,
   in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', text done, part done, item done, completed resp_3,
   created resp_4 after resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_4
        """,
    ),
    Scenario(
        name="23",
        title="a turn after one that was left",
        correct="where the policy says so, it continues the last response that finished",
        original=Original(OriginalVerdict.RIGHT, "the response of turn 1, 3 items"),
        server=Server([READY, STORY, FINE], keeps_parent=True),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", A, "cancelled", leaves=THREE),
            Idle(0.2),
            Ask("Stop.", "Fine."),
        ],
        settings=settings_with(after_cancel=AfterCancel.REUSE),
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > cancel resp_2
0 > create lane-1 after resp_1: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ',
   text done, part done, item done, incomplete resp_2 (cancelled), created resp_3 after resp_1, in progress,
   item message, part, 'Fine.', text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="26",
        title="a turn is left while a settings update is on its way",
        correct="the turn is cancelled, and the update is kept",
        original=Original(OriginalVerdict.WRONG, "the turn is not cancelled: all 40 deltas are spoken; 1.76 s of silence"),
        server=Server([STORY, FINE]),
        acts=[
            Ask("Count.", A, "cancelled", leaves=THREE, changes={"temperature": 0.2, "instructions": "Be brief."}),
            Ask("Stop.", "Fine."),
        ],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Count.'
0 > cancel resp_1
0 > create lane-2: user 'Count.', assistant 'a0 a1 a2 ', user 'Stop.'; instructions "Be brief."; temperature 0.2
0 < lane-1: created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done,
   item done, incomplete resp_1 (cancelled)
0 < lane-2: created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_2
        """,
        serial="""
0 > create: user 'Count.'
0 > cancel resp_1
0 > create: user 'Count.', assistant 'a0 a1 a2 ', user 'Stop.'; instructions "Be brief."; temperature 0.2
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   incomplete resp_1 (cancelled), created resp_2, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_2
        """,
    ),
)
"""In no order that matters."""
