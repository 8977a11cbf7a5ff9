"""Rows about what models say besides text, and about responses that end without success."""

from __future__ import annotations

from typing import Final

import attrs

from rejoinder.testing.scenarios.acts import Ask, Converse, Handler
from rejoinder.testing.scenarios.answers import FINE, READY, story
from rejoinder.testing.scenarios.records import LIKE_THE_ORIGINAL, Original, OriginalVerdict, Scenario, Server, sent, size
from rejoinder.testing.script import Answer, Call, Reasoning, Refusal, Text

__all__ = ["OUTPUT_ROWS"]

EXPLODED: Final = {"code": "server_error", "message": "The model exploded"}
USAGE: Final = {"input_tokens": 11, "output_tokens": 4, "total_tokens": 15}

OUTPUT_ROWS: Final = (
    Scenario(
        name="13",
        title="a model that reasons",
        correct="the chain is used",
        original=Original(OriginalVerdict.WASTEFUL, "never used again: full input every turn"),
        server=Server([Answer([Reasoning("I wonder.", encrypted="sealed"), Text("Because.")]), FINE]),
        acts=[Ask("Why?", "Because."), Ask("Really?", "Fine.")],
        settings=attrs.evolve(LIKE_THE_ORIGINAL, model="gpt-5"),
        with_conversation=True,
        figures=[size(2)],
        lanes="""
0 > create lane-1: user 'Why?'; include ["reasoning.encrypted_content"]; model "gpt-5"
0 > create lane-1 after resp_1: user 'Really?'; include ["reasoning.encrypted_content"]; model "gpt-5"
0 < lane-1: created resp_1, in progress, item reasoning, summary part, summary, summary, summary done,
   summary part done, item done, item message, part, 'Because.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="13b",
        title="the model refuses",
        correct="the caller is told",
        original=Original(OriginalVerdict.WRONG, "an empty turn without an error; then full input"),
        server=Server([Answer([Refusal("I cannot.")]), FINE]),
        acts=[Ask("Do it.", "", "ResponseRefused: The model declined: I cannot."), Ask("Why not?", "Fine.")],
        with_conversation=True,
        figures=[size(2)],
        lanes="""
0 > create lane-1: user 'Do it.'
0 > create lane-1 after resp_1: user 'Why not?'
0 < lane-1: created resp_1, in progress, item message, part, refusal 'I', refusal ' cannot.', refusal done,
   part done, item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="13c",
        title="one call",
        correct="only its output is sent",
        original=Original(OriginalVerdict.RIGHT, "continued, 1 item"),
        server=Server([Answer([Call("look_up", '{"name": "x"}', "call_a")]), FINE]),
        acts=[
            Converse("Go", [Handler("look_up")], "Fine.", told=["started call_a", "finished call_a"], ran=["look_up x"]),
        ],
        with_conversation=True,
        figures=[sent(1)],
        lanes=r"""
0 > create lane-1: user 'Go'; tools look_up(name times)
0 > create lane-1 after resp_1: output call_a "{\"found\":\"x\"}"; tools look_up(name times)
0 < lane-1: created resp_1, in progress, item function_call call_a look_up, arguments '{"name',
   arguments '": "x"}', arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress,
   item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="13d",
        title="two calls at once",
        correct="only their outputs are sent, in the order in which they came",
        original=Original(OriginalVerdict.WASTEFUL, "full input after every such batch"),
        server=Server([Answer([Call("work", '{"seconds": 0.5}', "call_a"), Call("work", '{"seconds": 0.1}', "call_b")]), FINE]),
        acts=[
            Converse(
                "Go",
                [Handler("work")],
                "Fine.",
                told=["started call_a call_b", "finished call_b", "finished call_a"],
                ran=["work 0.1 ended", "work 0.5 ended"],
            ),
        ],
        with_conversation=True,
        figures=[sent(1)],
        lanes="""
0 > create lane-1: user 'Go'; tools work(seconds)
0 > create lane-1 after resp_1: output call_b "worked for 0.1 s", output call_a "worked for 0.5 s";
   tools work(seconds)
0 < lane-1: created resp_1, in progress, item function_call call_a work, arguments '{"second',
   arguments 's": 0.5}', arguments done, item done, item function_call call_b work, arguments '{"second',
   arguments 's": 0.1}', arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress,
   item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="13e",
        title="text and a call",
        correct="only the output is sent",
        original=Original(OriginalVerdict.RIGHT, "continued, 1 item"),
        server=Server([Answer([Text("Let me see. "), Call("look_up", '{"name": "x"}', "call_a")]), FINE]),
        acts=[
            Converse(
                "Go", [Handler("look_up")], "Let me see. Fine.", told=["started call_a", "finished call_a"], ran=["look_up x"]
            ),
        ],
        with_conversation=True,
        figures=[sent(1)],
        lanes=r"""
0 > create lane-1: user 'Go'; tools look_up(name times)
0 > create lane-1 after resp_1: output call_a "{\"found\":\"x\"}"; tools look_up(name times)
0 < lane-1: created resp_1, in progress, item message, part, 'Let', ' me', ' see. ', text done, part done,
   item done, item function_call call_a look_up, arguments '{"name', arguments '": "x"}', arguments done,
   item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'Fine.',
   text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="14",
        title="a response fails",
        correct="the reason is told, and the id that the server may have dropped is not named again",
        original=Original(OriginalVerdict.WASTEFUL, "a text without the reason; the next turn names the dropped id"),
        server=Server([READY, Answer([story("a")], terminal="failed", error=EXPLODED), FINE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask(
                "Tell me a story.",
                "a0 a1 a2 ",
                "ResponseFailed (response failed, server_error, not safe to repeat): The model exploded.",
            ),
            Ask("Go on.", "Fine."),
        ],
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ',
   user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ',
   text done, part done, item done, failed resp_2 (server_error), created resp_3, in progress, item message,
   part, 'Fine.', text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="14b",
        title="a response is cut short by its token limit",
        correct="it ends normally, with the reason",
        original=Original(OriginalVerdict.WRONG, "an error without reason and usage"),
        server=Server([READY, Answer([story("a", cut=True)], terminal="incomplete", usage=USAGE), FINE]),
        acts=[
            Ask("Ready?", "Ready."),
            Ask("Tell me a story.", "a0 a1 a2 ", "incomplete (max_output_tokens)", usage="11 in, 4 out"),
            Ask("Go on.", "Fine."),
        ],
        figures=[sent(3)],
        lanes="""
0 > create lane-1: user 'Ready?'
0 > create lane-1 after resp_1: user 'Tell me a story.'
0 > create lane-1: user 'Ready?', assistant 'Ready.', user 'Tell me a story.', assistant 'a0 a1 a2 ',
   user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'Ready.', text done, part done, item done,
   completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'a0 ', 'a1 ', 'a2 ',
   incomplete resp_2 (max_output_tokens), created resp_3, in progress, item message, part, 'Fine.', text done,
   part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="14c",
        title="a response is cut short in the middle of a call",
        correct="the call is not run",
        original=Original(OriginalVerdict.WRONG, "the function is run without arguments"),
        server=Server(
            [
                Answer(
                    [Call("look_up", '{"name": "x"}', "whole"), Call("work", '{"seconds": 1', "half", cut=True)],
                    terminal="incomplete",
                ),
                FINE,
            ]
        ),
        acts=[
            Converse(
                "Go",
                [Handler("look_up"), Handler("work")],
                "Fine.",
                told=["started whole", "finished whole"],
                ran=["look_up x"],
            ),
        ],
        with_conversation=True,
        figures=[sent(1)],
        lanes=r"""
0 > create lane-1: user 'Go'; tools look_up(name times) work(seconds)
0 > create lane-1: user 'Go', call whole look_up {"name": "x"}, output whole "{\"found\":\"x\"}";
   tools look_up(name times) work(seconds)
0 < lane-1: created resp_1, in progress, item function_call whole look_up, arguments '{"name',
   arguments '": "x"}', arguments done, item done, item function_call half work, arguments '{"seco',
   arguments 'nds": 1', incomplete resp_1 (max_output_tokens), created resp_2, in progress, item message, part,
   'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
)
"""In no order that matters."""
