"""Rows about connections that go away, were away, cannot be had or reach their limit, and caches that forget."""

from __future__ import annotations

from typing import Final

from rejoinder.testing.scenarios.acts import Ask, Idle
from rejoinder.testing.scenarios.answers import FINE, READY, story
from rejoinder.testing.scenarios.records import Figure, FigureKind, Original, OriginalVerdict, Scenario, Server, ended, sent
from rejoinder.testing.script import Answer, ErrorFrame, Interruption, LoseConnection, Pause
from rejoinder.testing.server_faults import ServerFaults

__all__ = ["LOSS_ROWS"]

HEAD: Final = 4
"""Frames of an answer before its first delta."""
LOST: Final = "Interrupted (connection lost, not safe to repeat): The connection was lost."
NOPE: Final = ErrorFrame(code="previous_response_not_found", message="nope", param="previous_response_id")


def lost_after(name: str, frames: int) -> Answer:
    """A story whose connection breaks after so many of its frames."""
    # A reset takes with it what the client has not read yet: so the frames before it are given time to arrive.
    return Answer([story(name, 8)], interruptions=(Interruption(frames, Pause(0.3)), Interruption(frames, LoseConnection())))


LOSS_ROWS: Final = (
    Scenario(
        name="09",
        title="the connection breaks after four deltas",
        correct="no word is repeated, and the caller keeps what came",
        original=Original(OriginalVerdict.CORRUPT, "the beginning is spoken twice"),
        server=Server([READY, lost_after("a", HEAD + 4), FINE]),
        acts=[Ask("Ready?", "Ready."), Ask("Tell me a story.", "a0 a1 a2 a3 ", LOST), Ask("Go on.", "Fine.")],
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', 'a3 '
0 dropped
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 ',
   user 'Go on.'
1 < lane-1: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
    ),
    Scenario(
        name="09b",
        title="the connection breaks twice",
        correct="before output: one retry, then one clear error; after output: one clear error",
        original=Original(OriginalVerdict.CORRUPT, "two partial texts, an error with an empty message, a dial in vain"),
        server=Server([READY, lost_after("a", 2), lost_after("a", 2), lost_after("b", HEAD + 4), FINE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", "", "Interrupted (connection lost, safe to repeat): The connection was lost."),
            Ask("Another one.", "b0 b1 b2 b3 ", LOST),
            Ask("Go on.", "Fine."),
        ],
        figures=[ended(2), Figure(FigureKind.CONNECTIONS)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress
0 dropped
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.'
1 < lane-1: created resp_3, in progress
1 dropped
2 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', user 'Another one.'
2 < lane-1: created resp_4, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', 'b3 '
2 dropped
3 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', user 'Another one.',
   assistant 'b0 b1 b2 b3 ', user 'Go on.'
3 < lane-1: created resp_5, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_5
        """,
    ),
    Scenario(
        name="09c",
        title="the server closed the idle connection",
        correct="the next turn dials at once",
        original=Original(OriginalVerdict.RIGHT, "4 ms"),
        server=Server([Answer(READY.steps, late=[LoseConnection(1001)]), FINE]),
        acts=[Ask("Ready?", "Ready."), Idle(0.3), Ask("Go.", "Fine.")],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1
0 closed 1001
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.'
1 < lane-1: created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="09d",
        title="the server answers every handshake with 503",
        correct="a few quick attempts and one error",
        original=Original(OriginalVerdict.WRONG, "12.3 s, 3 attempts, 5 errors, the last wait for nothing"),
        server=Server([READY], faults=ServerFaults(refuse_status=503, refuse_count=3)),
        acts=[
            Ask(
                "Hello?",
                "",
                "ConnectionFailed (connection failed, status 503, safe to repeat): 127.0.0.1 refused the connection with HTTP"
                " status 503.",
                within=1.5,
            ),
            Ask("Ready?", "Ready."),
        ],
        figures=[ended(1), Figure(FigureKind.HANDSHAKES)],
        lanes="""
- refused 503
- refused 503
- refused 503
0 > create lane-1: user 'Hello?', user 'Ready?'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1
        """,
    ),
    Scenario(
        name="09e",
        title="the key is refused with 401",
        correct="no second attempt, one error at once",
        original=Original(OriginalVerdict.WRONG, "12.0 s a turn, 6 errors, again on each turn"),
        server=Server(faults=ServerFaults(refuse_status=401)),
        acts=[
            Ask(
                words,
                "",
                "ConnectionFailed (connection failed, status 401, safe to repeat): 127.0.0.1 refused the connection with HTTP"
                " status 401.",
                within=0.75,
            )
            for words in ("Hello?", "Are you there?")
        ],
        figures=[ended(1), Figure(FigureKind.HANDSHAKES)],
        lanes="""
- refused 401
- refused 401
        """,
    ),
    Scenario(
        name="10",
        title="the server has forgotten the previous response",
        correct="everything is sent, on the same connection, unnoticed",
        original=Original(OriginalVerdict.RIGHT, "one more round trip, 1 ms"),
        server=Server([READY, FINE, READY], faults=ServerFaults(forget_continuations=1)),
        acts=[Ask("Ready?", "Ready."), Ask("Go.", "Fine."), Ask("Ready again?", "Ready.")],
        figures=[sent(2), Figure(FigureKind.CREATES)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Go.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.'
0 > create lane-1 after resp_2: user 'Ready again?'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, error 400 previous_response_not_found, created resp_2, in progress, item message, part,
   'Fine.', text done, part done, item done, completed resp_2, created resp_3 after resp_2, in progress,
   item message, part, 'Ready.', text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="10b",
        title="and says so again when it gets everything",
        correct="one clear error, and the next turn is fine",
        original=Original(OriginalVerdict.RIGHT, "one error; the third turn fine"),
        server=Server([READY, Answer(reject=NOPE), FINE], faults=ServerFaults(forget_continuations=1)),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Go.", "", "ResponseFailed (rejected, previous_response_not_found, status 400, safe to repeat): nope."),
            Ask("Go on.", "Fine."),
        ],
        figures=[ended(2)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Go.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.', user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, error 400 previous_response_not_found, error 400 previous_response_not_found,
   created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="11",
        title="the connection has reached its age limit",
        correct="another one is dialled, and everything is sent there, unnoticed",
        original=Original(OriginalVerdict.RIGHT, "7 ms"),
        server=Server([READY, FINE], faults=ServerFaults(age_limit_after_creates=1)),
        acts=[Ask("Ready?", "Ready."), Ask("Go.", "Fine.")],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Go.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1
0 < error 400 websocket_connection_limit_reached
0 closed 1001
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.'
1 < lane-1: created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_2
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Go.'
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, error 400 websocket_connection_limit_reached
0 closed 1001
1 > create: user 'Ready?', assistant 'Ready.', user 'Go.'
1 < created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="11b",
        title="the same, told in the flat shape of an error",
        correct="it is recognised",
        original=Original(OriginalVerdict.WRONG, "an unknown error; the turn is lost, the dead socket kept"),
        server=Server([READY, FINE], faults=ServerFaults(age_limit_after_creates=1), error_shape="flat"),
        acts=[Ask("Ready?", "Ready."), Ask("Go.", "Fine.")],
        figures=[sent(2)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Go.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1
0 < error websocket_connection_limit_reached flat
0 closed 1001
1 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.'
1 < lane-1: created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_2
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Go.'
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, error websocket_connection_limit_reached flat
0 closed 1001
1 > create: user 'Ready?', assistant 'Ready.', user 'Go.'
1 < created resp_2, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
)
"""In no order that matters."""
