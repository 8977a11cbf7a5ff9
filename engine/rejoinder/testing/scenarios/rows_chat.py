"""Rows about conversations that nobody disturbs: what is new is sent, and nothing else."""

from __future__ import annotations

from typing import Final

from rejoinder.testing.scenarios.acts import Ask, Change, Together
from rejoinder.testing.scenarios.records import Kind, Original, OriginalVerdict, Scenario, Server, ended, sent, size
from rejoinder.testing.script import Answer, Text

__all__ = ["CHAT_ROWS"]

TOOL: Final = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}}

CHAT_ROWS: Final = (
    Scenario(
        name="01",
        title="three turns",
        correct="from turn 2 on only the new message is sent",
        original=Original(OriginalVerdict.RIGHT, "1 item, 145 bytes, 2 ms"),
        server=Server([Answer([Text("Good morning.")]), Answer([Text("It is Tuesday.")]), Answer([Text("Goodbye.")])]),
        acts=[
            Ask("Good morning!", "Good morning."),
            Ask("Which day is it?", "It is Tuesday."),
            Ask("Thank you.", "Goodbye."),
        ],
        figures=[sent(2), size(2)],
        lanes="""
0 > create lane-1: user 'Good morning!'
0 > create lane-1 after resp_1: user 'Which day is it?'
0 > create lane-1 after resp_2: user 'Thank you.'
0 < lane-1: created resp_1, in progress, item message, part, 'Good', ' morning.', text done, part done,
   item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'It', ' is',
   ' Tuesday.', text done, part done, item done, completed resp_2, created resp_3 after resp_2, in progress,
   item message, part, 'Goodbye.', text done, part done, item done, completed resp_3
        """,
    ),
    Scenario(
        name="01L",
        title="50, 500 and 5,000 items of history",
        correct="a turn costs what is new in it, whatever came before",
        original=Original(OriginalVerdict.WASTEFUL, "145 bytes each, but 0.28, 2.5 and 28.5 ms of CPU a turn"),
        server=Server(),
        acts=[
            Ask("Fifty?", "You said: Fifty?", talk="A", history=49),
            Ask("On with A", "You said: On with A", talk="A"),
            Ask("Five hundred?", "You said: Five hundred?", talk="B", history=499),
            Ask("On with B", "You said: On with B", talk="B"),
            Ask("Five thousand?", "You said: Five thousand?", talk="C", history=4999),
            Ask("On with C", "You said: On with C", talk="C"),
        ],
        figures=[size(2), size(4), size(6), sent(6)],
        lanes="""
0 > create lane-1: user 'Line 0.', assistant 'Line 1.', ... 46 more, user 'Line 48.', user 'Fifty?'
0 > create lane-1 after resp_1: user 'On with A'
0 > create lane-2: user 'Line 0.', assistant 'Line 1.', ... 496 more, user 'Line 498.', user 'Five hundred?'
0 > create lane-2 after resp_3: user 'On with B'
0 > create lane-3: user 'Line 0.', assistant 'Line 1.', ... 4996 more, user 'Line 4998.', user 'Five thousand?'
0 > create lane-3 after resp_5: user 'On with C'
0 < lane-1: created resp_1, in progress, item message, part, 'You', ' said:', ' Fifty?', text done, part done,
   item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'You', ' said:',
   ' On', ' with', ' A', text done, part done, item done, completed resp_2
0 < lane-2: created resp_3, in progress, item message, part, 'You', ' said:', ' Five', ' hundred?', text done,
   part done, item done, completed resp_3, created resp_4 after resp_3, in progress, item message, part, 'You',
   ' said:', ' On', ' with', ' B', text done, part done, item done, completed resp_4
0 < lane-3: created resp_5, in progress, item message, part, 'You', ' said:', ' Five', ' thousand?', text done,
   part done, item done, completed resp_5, created resp_6 after resp_5, in progress, item message, part, 'You',
   ' said:', ' On', ' with', ' C', text done, part done, item done, completed resp_6
        """,
        serial="""
0 > create: user 'Line 0.', assistant 'Line 1.', ... 46 more, user 'Line 48.', user 'Fifty?'
0 > create after resp_1: user 'On with A'
0 > create: user 'Line 0.', assistant 'Line 1.', ... 496 more, user 'Line 498.', user 'Five hundred?'
0 > create after resp_3: user 'On with B'
0 > create: user 'Line 0.', assistant 'Line 1.', ... 4996 more, user 'Line 4998.', user 'Five thousand?'
0 > create after resp_5: user 'On with C'
0 < created resp_1, in progress, item message, part, 'You', ' said:', ' Fifty?', text done, part done,
   item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'You', ' said:',
   ' On', ' with', ' A', text done, part done, item done, completed resp_2, created resp_3, in progress,
   item message, part, 'You', ' said:', ' Five', ' hundred?', text done, part done, item done, completed resp_3,
   created resp_4 after resp_3, in progress, item message, part, 'You', ' said:', ' On', ' with', ' B',
   text done, part done, item done, completed resp_4, created resp_5, in progress, item message, part, 'You',
   ' said:', ' Five', ' thousand?', text done, part done, item done, completed resp_5,
   created resp_6 after resp_5, in progress, item message, part, 'You', ' said:', ' On', ' with', ' C',
   text done, part done, item done, completed resp_6
        """,
    ),
    Scenario(
        name="01w",
        title="a reply ends in white space",
        correct="it is continued all the same",
        original=Original(OriginalVerdict.WASTEFUL, "full input after every such turn"),
        server=Server([Answer([Text("One, two. \n", pieces=["One,", " two", ". \n"])]), Answer([Text("Three.")])]),
        acts=[Ask("Count.", "One, two. \n"), Ask("Go on.", "Three.")],
        figures=[size(2)],
        lanes=r"""
0 > create lane-1: user 'Count.'
0 > create lane-1 after resp_1: user 'Go on.'
0 < lane-1: created resp_1, in progress, item message, part, 'One,', ' two', '. \n', text done, part done,
   item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'Three.',
   text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="15",
        title="instructions, tools (15b) and model (15c) change between turns",
        correct="the new values are sent, and the chain is kept",
        original=Original(OriginalVerdict.RIGHT, "yes"),
        server=Server(),
        acts=[
            Ask("One", "You said: One"),
            Change({"instructions": "Be long."}),
            Ask("Two", "You said: Two"),
            Change({"tools": [TOOL]}),
            Ask("Three", "You said: Three"),
            Change({"model": "gpt-x"}),
            Ask("Four", "You said: Four"),
        ],
        figures=[size(4)],
        lanes="""
0 > create lane-1: user 'One'
0 > create lane-1 after resp_1: user 'Two'; instructions "Be long."
0 > create lane-1 after resp_2: user 'Three'; instructions "Be long."; tools weather(place)
0 > create lane-1 after resp_3: user 'Four'; instructions "Be long."; model "gpt-x"; tools weather(place)
0 < lane-1: created resp_1, in progress, item message, part, 'You', ' said:', ' One', text done, part done,
   item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part, 'You', ' said:',
   ' Two', text done, part done, item done, completed resp_2, created resp_3 after resp_2, in progress,
   item message, part, 'You', ' said:', ' Three', text done, part done, item done, completed resp_3,
   created resp_4 after resp_3, in progress, item message, part, 'You', ' said:', ' Four', text done, part done,
   item done, completed resp_4
        """,
    ),
    Scenario(
        name="16",
        title="two conversations take turns",
        correct="both are continued",
        original=Original(OriginalVerdict.WASTEFUL, "full input on all four turns"),
        server=Server(),
        acts=[
            Ask("A, one", "You said: A, one", talk="A"),
            Ask("B, one", "You said: B, one", talk="B"),
            Ask("A, two", "You said: A, two", talk="A"),
            Ask("B, two", "You said: B, two", talk="B"),
        ],
        figures=[size(3), size(4)],
        lanes="""
0 > create lane-1: user 'A, one'
0 > create lane-2: user 'B, one'
0 > create lane-1 after resp_1: user 'A, two'
0 > create lane-2 after resp_2: user 'B, two'
0 < lane-1: created resp_1, in progress, item message, part, 'You', ' said:', ' A,', ' one', text done,
   part done, item done, completed resp_1, created resp_3 after resp_1, in progress, item message, part, 'You',
   ' said:', ' A,', ' two', text done, part done, item done, completed resp_3
0 < lane-2: created resp_2, in progress, item message, part, 'You', ' said:', ' B,', ' one', text done,
   part done, item done, completed resp_2, created resp_4 after resp_2, in progress, item message, part, 'You',
   ' said:', ' B,', ' two', text done, part done, item done, completed resp_4
        """,
        without={Kind.SERIAL: "a serial server remembers one response of a connection, so neither of two can be continued in turn"},
    ),
    Scenario(
        name="16b",
        title="three turns are asked for in one instant",
        correct="they are sent in order, and each hears its own words",
        original=Original(OriginalVerdict.RIGHT, "in order, no loss"),
        server=Server(to={word: Answer([Text(f"{word}!", interval=0.1)]) for word in ("One", "Two", "Three")}),
        acts=[
            Together(
                [
                    Ask("One", "One!", talk="A", within=1.5),
                    Ask("Two", "Two!", talk="B", prompt=1.5),
                    Ask("Three", "Three!", talk="C", prompt=1.5),
                ]
            )
        ],
        figures=[ended(3)],
        lanes="""
0 > create lane-1: user 'One'
0 > create lane-2: user 'Two'
0 > create lane-3: user 'Three'
0 < lane-1: created resp_1, in progress, item message, part, 'One!', text done, part done, item done,
   completed resp_1
0 < lane-2: created resp_2, in progress, item message, part, 'Two!', text done, part done, item done,
   completed resp_2
0 < lane-3: created resp_3, in progress, item message, part, 'Three!', text done, part done, item done,
   completed resp_3
        """,
        serial="""
0 > create: user 'One'
0 > create: user 'Two'
0 > create: user 'Three'
0 < created resp_1, in progress, item message, part, 'One!', text done, part done, item done, completed resp_1,
   created resp_2, in progress, item message, part, 'Two!', text done, part done, item done, completed resp_2,
   created resp_3, in progress, item message, part, 'Three!', text done, part done, item done, completed resp_3
        """,
    ),
)
"""In no order that matters."""
