"""Rows about errors that a server sends: in place of an answer, or in one."""

from __future__ import annotations

from typing import Final

from rejoinder.testing.scenarios.acts import Ask
from rejoinder.testing.scenarios.answers import FINE, READY, story
from rejoinder.testing.scenarios.records import Original, OriginalVerdict, Scenario, Server, ended, sent
from rejoinder.testing.script import Answer, ErrorFrame, ErrorShape, Raw

__all__ = ["ERROR_ROWS"]


def refusal(shape: ErrorShape) -> Answer:
    """An error in place of an answer."""
    return Answer(reject=ErrorFrame(code="invalid_prompt", message="The prompt is no good", param="input", shape=shape))


def limited(seconds: str) -> Answer:
    """A rate limit."""
    return Answer(
        reject=ErrorFrame(
            code="rate_limit_exceeded",
            message="Rate limit reached",
            status=429,
            type="rate_limit_error",
            headers={"retry-after": seconds},
        )
    )


FAULT: Final = ErrorFrame(code="boom", message="It broke", status=None, shape="wrapped_in_sequence")
BARE: Final = Raw('{"type":"error","error":"something went wrong"}')

ERROR_ROWS: Final = (
    Scenario(
        name="17",
        title="an error in place of an answer",
        correct="code and words are told, and the next turn does not name what the server evicted",
        original=Original(OriginalVerdict.WASTEFUL, "the message only; the next turn wastes a round trip"),
        server=Server([READY, refusal("wrapped"), FINE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Go.", "", "ResponseFailed (rejected, invalid_prompt, status 400, safe to repeat): The prompt is no good."),
            Ask("Go on.", "Fine."),
        ],
        figures=[ended(2), sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Go.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.', user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, error 400 invalid_prompt, created resp_3, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="17b",
        title="the same in the flat shape",
        correct="code and words are told",
        original=Original(OriginalVerdict.WRONG, "an unknown error"),
        server=Server([READY, refusal("flat"), FINE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Go.", "", "ResponseFailed (rejected, invalid_prompt, safe to repeat): The prompt is no good."),
            Ask("Go on.", "Fine."),
        ],
        figures=[ended(2), sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Go.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.', user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, error invalid_prompt flat, created resp_3, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="17c",
        title="an error after three deltas; then silence, or the rest of the answer",
        correct="what came is kept, and the next turn hears its own words",
        original=Original(OriginalVerdict.RIGHT, "yes, if the server says nothing more"),
        server=Server(
            [
                READY,
                Answer([story("a", cut=True), FAULT], terminal=None),
                FINE,
                Answer([story("b", cut=True), FAULT, story("b", 6, start=3)]),
                READY,
            ]
        ),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", "a0 a1 a2 ", "ResponseFailed (fault, boom, not safe to repeat): It broke.", within=1.5),
            Ask("Go on.", "Fine."),
            Ask("Another one.", "b0 b1 b2 b3 b4 b5 ", "ResponseFailed (fault, boom, not safe to repeat): It broke."),
            Ask("Ready again?", "Ready."),
        ],
        figures=[ended(2), sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > create lane-2: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ',
   user 'Go on.'
0 > create lane-2 after resp_3: user 'Another one.'
0 > create lane-2: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ',
   user 'Go on.', assistant 'Fine.', user 'Another one.', assistant 'b0 b1 b2 b3 b4 b5 ', user 'Ready again?'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ',
   error boom in sequence
0 < lane-2: created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3, created resp_4 after resp_3, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ',
   error boom in sequence, item message, part, 'b3 ', 'b4 ', 'b5 ', text done, part done, item done,
   completed resp_4, created resp_5, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_5
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ',
   error boom in sequence
1 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Go on.'
1 > create after resp_3: user 'Another one.'
1 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Go on.',
   assistant 'Fine.', user 'Another one.', assistant 'b0 b1 b2 b3 b4 b5 ', user 'Ready again?'
1 < created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3,
   created resp_4 after resp_3, in progress, item message, part, 'b0 ', 'b1 ', 'b2 ', error boom in sequence,
   item message, part, 'b3 ', 'b4 ', 'b5 ', text done, part done, item done, completed resp_4, created resp_5,
   in progress, item message, part, 'Ready.', text done, part done, item done, completed resp_5
        """,
    ),
    Scenario(
        name="18",
        title="a rate limit: one that passes, and one that stays",
        correct="the first is not noticed; the second is classified, with code, status and retry-after",
        original=Original(OriginalVerdict.WASTEFUL, "the message only: no code, no status, no retry-after"),
        server=Server([limited("0.4"), READY, limited("0.4"), limited("9"), FINE]),
        acts=[
            Ask("Ready?", "Ready.", prompt=1.4),
            Ask(
                "Go.",
                "",
                "ResponseFailed (rejected, rate_limit_exceeded, status 429, retry after 9 s, safe to repeat): Rate limit reached.",
                within=1.4,
                prompt=1.4,
            ),
            Ask("Go on.", "Fine."),
        ],
        figures=[sent(1), ended(2)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_2: user 'Go.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Go.', user 'Go on.'
0 < lane-1: error 429 rate_limit_exceeded, created resp_2, in progress, item message, part, 'Ready.', text done,
   part done, item done, completed resp_2, error 429 rate_limit_exceeded, error 429 rate_limit_exceeded,
   created resp_5, in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_5
        """,
    ),
    Scenario(
        name="18b",
        title="an error that is a bare string",
        correct="it is told, and the next turn hears its own words",
        original=Original(OriginalVerdict.CORRUPT, "the text of an exception; the next turn hears this one's reply"),
        server=Server([READY, Answer([story("a", cut=True), BARE, story("a", 6, start=3)]), FINE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", "a0 a1 a2 a3 a4 a5 ", "ResponseFailed (fault, not safe to repeat): something went wrong."),
            Ask("Go on.", "Fine."),
        ],
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 a4 a5 ',
   user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ',
   item message, part, 'a3 ', 'a4 ', 'a5 ', text done, part done, item done, completed resp_2, created resp_3,
   in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_3
0 < error 'something went wrong'
        """,
        serial="""
0 > create: user 'Ready?'
0 > create after resp_1: user 'Tell me a story.'
0 > create: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 a3 a4 a5 ',
   user 'Go on.'
0 < created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ',
   error 'something went wrong', item message, part, 'a3 ', 'a4 ', 'a5 ', text done, part done, item done,
   completed resp_2, created resp_3, in progress, item message, part, 'Fine.', text done, part done, item done,
   completed resp_3
        """,
    ),
)
"""In no order that matters."""
