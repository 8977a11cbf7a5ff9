"""The rows over HTTP: one request for each response, answered by a stream of events."""

from __future__ import annotations

from typing import Final

from rejoinder.testing.scenarios.acts import Ask, Converse, Handler, Idle, Leave
from rejoinder.testing.scenarios.answers import story
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
from rejoinder.testing.script import Answer, Call, ErrorFrame, LoseConnection, Pause, Stall, Text

__all__ = ["HTTP_ROWS"]

BROKE: Final = {"code": "server_error", "message": "It broke."}
BARE_USAGE: Final = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}


def busy(status: int) -> Answer:
    """A server that has no time."""
    return Answer(reject=ErrorFrame(code=None, status=status, type=None, message="Busy."))


HTTP_ROWS: Final = (
    Scenario(
        name="http ok",
        title="two turns",
        correct="each is answered; the whole input is sent each time",
        original=Original(OriginalVerdict.RIGHT, "fine"),
        server=Server(),
        acts=[Ask("Hello", "You said: Hello"), Ask("Again", "You said: Again")],
        figures=[sent(2)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'You', ' said:', ' Hello', text done, part done, item done,
   completed resp_1
1 > create: user 'Hello', assistant 'You said: Hello', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http usage without details",
        title="a usage without the numbers behind it",
        correct="that is a usage",
        original=Original(OriginalVerdict.WRONG, "an error in place of success"),
        server=Server([Answer([Text("Yes")], usage=BARE_USAGE)]),
        acts=[Ask("Hello", "Yes", usage="3 in, 2 out")],
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'Yes', text done, part done, item done, completed resp_1
        """,
    ),
    Scenario(
        name="http failed",
        title="a response fails",
        correct="the reason is told",
        original=Original(OriginalVerdict.WRONG, "a silent success"),
        server=Server([Answer([story("a")], terminal="failed", error=BROKE)]),
        acts=[
            Ask("Hello", "a0 a1 a2 ", "ResponseFailed (response failed, server_error, not safe to repeat): It broke."),
            Ask("Again", "You said: Again"),
        ],
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   failed resp_1 (server_error)
1 > create: user 'Hello', assistant 'a0 a1 a2 ', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http incomplete",
        title="a response is cut short",
        correct="it ends normally, with the reason",
        original=Original(OriginalVerdict.WRONG, "a silent success"),
        server=Server(
            [Answer([story("a", cut=True)], terminal="incomplete", incomplete_reason="content_filter", usage=BARE_USAGE)]
        ),
        acts=[Ask("Hello", "a0 a1 a2 ", "incomplete (content_filter)", usage="3 in, 2 out"), Ask("Again", "You said: Again")],
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', incomplete resp_1 (content_filter)
1 > create: user 'Hello', assistant 'a0 a1 a2 ', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http error event",
        title="an error in the stream",
        correct="it is told with its code, and nothing after it is taken for an answer",
        original=Original(OriginalVerdict.WRONG, "a silent success"),
        server=Server([Answer([story("a"), ErrorFrame(code="server_error", message="It broke.", shape="flat")], terminal=None)]),
        acts=[
            Ask("Hello", "a0 a1 a2 ", "ResponseFailed (fault, server_error, not safe to repeat): It broke."),
            Ask("Again", "You said: Again"),
        ],
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done,
   error server_error flat
1 > create: user 'Hello', assistant 'a0 a1 a2 ', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http half function call",
        title="a response is cut short in the middle of a call",
        correct="the call is not run",
        original=Original(OriginalVerdict.WRONG, "the function is run without arguments"),
        server=Server([Answer([Call("work", '{"seconds": 1', "half", cut=True)], terminal="incomplete")]),
        acts=[Converse("Hello", [Handler("work")], "", "incomplete (max_output_tokens)")],
        with_conversation=True,
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true; tools work(seconds)
0 < created resp_1, in progress, item function_call half work, arguments '{"seco', arguments 'nds": 1',
   incomplete resp_1 (max_output_tokens)
        """,
    ),
    Scenario(
        name="http TCP drop",
        title="the connection breaks in an answer",
        correct="an error, and no word is repeated",
        original=Original(OriginalVerdict.RIGHT, "an error, no repetition"),
        server=Server([Answer([story("a"), Pause(0.3), LoseConnection()])]),
        acts=[
            Ask(
                "Hello",
                "a0 a1 a2 ",
                "Interrupted (connection lost, not safe to repeat): The stream ended before the answer was complete.",
            ),
            Ask("Again", "You said: Again"),
        ],
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done
0 dropped
1 > create: user 'Hello', assistant 'a0 a1 a2 ', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http EOF without terminal",
        title="the body ends without a terminal event",
        correct="an error: the answer is not complete",
        original=Original(OriginalVerdict.WRONG, "a silent success"),
        server=Server([Answer([story("a")], terminal=None)]),
        acts=[
            Ask(
                "Hello",
                "a0 a1 a2 ",
                "Interrupted (connection lost, not safe to repeat): The stream ended before the answer was complete.",
            ),
            Ask("Again", "You said: Again"),
        ],
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done
1 > create: user 'Hello', assistant 'a0 a1 a2 ', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http stall",
        title="the stream falls silent",
        correct="bounded, and what came is kept",
        original=Original(OriginalVerdict.WRONG, "no bound in 12 s; 600 s by default"),
        server=Server([Answer([story("a"), Stall()])]),
        acts=[
            Ask(
                "Hello",
                "a0 a1 a2 ",
                "DeadlineExceeded (deadline, not safe to repeat): The server stopped in the middle of its answer within 0.6 s.",
                within=3.0,
            ),
            Ask("Again", "You said: Again"),
        ],
        settings=settings_with(deadlines={"gap": 0.6}),
        figures=[ended(1)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done
1 > create: user 'Hello', assistant 'a0 a1 a2 ', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http barge-in",
        title="a turn is left while it streams",
        correct="the request is closed, and the next turn goes at once",
        original=Original(OriginalVerdict.RIGHT, "closed after 13 ms"),
        server=Server([Answer([story("a"), Pause(1.0), story("never")])]),
        acts=[
            Ask("Hello", "a0 a1 a2 ", "cancelled", leaves=Leave(deltas=3)),
            Ask("Again", "You said: Again"),
            Idle(1.4),
        ],
        figures=[sent(2)],
        http="""
0 > create: user 'Hello'; stream true
0 < created resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ', text done, part done, item done
1 > create: user 'Hello', assistant 'a0 a1 a2 ', user 'Again'; stream true
1 < created resp_2, in progress, item message, part, 'You', ' said:', ' Again', text done, part done, item done,
   completed resp_2
        """,
    ),
    Scenario(
        name="http 429/500",
        title="the server is busy: 429 three times, then 500 three times",
        correct="each is asked three times, then one error",
        original=Original(OriginalVerdict.RIGHT, "3 requests, an error after 1.2 to 1.5 s"),
        server=Server([*[busy(429)] * 3, *[busy(500)] * 3]),
        acts=[
            Ask("Hello", "", "ResponseFailed (rejected, status 429, safe to repeat): Busy.", within=3.0, prompt=2.5),
            Ask("Again", "", "ResponseFailed (rejected, status 500, safe to repeat): Busy.", within=3.0, prompt=2.5),
        ],
        figures=[ended(1), Figure(FigureKind.CREATES)],
        http="""
0 > create: user 'Hello'; stream true
0 < error 429
1 > create: user 'Hello'; stream true
1 < error 429
2 > create: user 'Hello'; stream true
2 < error 429
3 > create: user 'Hello', user 'Again'; stream true
3 < error 500
4 > create: user 'Hello', user 'Again'; stream true
4 < error 500
5 > create: user 'Hello', user 'Again'; stream true
5 < error 500
        """,
    ),
)
"""In no order that matters."""
