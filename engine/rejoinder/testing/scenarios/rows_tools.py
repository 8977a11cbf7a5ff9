"""Rows about calls: arguments that do not fit, functions that fail, take too long, return nothing or go on."""

from __future__ import annotations

from typing import Final

from rejoinder.testing.scenarios.acts import AwaitCalls, Converse, Handler, Leave
from rejoinder.testing.scenarios.answers import FINE
from rejoinder.testing.scenarios.records import Original, OriginalVerdict, Scenario, Server, ended
from rejoinder.testing.script import Answer, Call, Pause, Text

__all__ = ["TOOL_ROWS"]

LOOK_UP: Final = (Handler("look_up"),)


def calling(name: str, arguments: str, call_id: str = "call_a") -> Answer:
    """An answer that calls one function."""
    return Answer([Call(name, arguments, call_id)])


TOOL_ROWS: Final = (
    Scenario(
        name="19",
        title="arguments that are not JSON",
        correct="the function is not run, and the model is told why",
        original=Original(OriginalVerdict.WRONG, "run without arguments, and reported as a success"),
        server=Server([calling("look_up", "{broken"), FINE]),
        acts=[Converse("Go", LOOK_UP, "Fine.", told=["started call_a", "refused call_a"])],
        with_conversation=True,
        figures=[ended(1)],
        lanes="""
0 > create lane-1: user 'Go'; tools look_up(name times)
0 > create lane-1 after resp_1: output call_a "Error: function 'look_up' was not run, because its arguments do
   not fit: they are not JSON. Call it again with arguments that do."; tools look_up(name times)
0 < lane-1: created resp_1, in progress, item function_call call_a look_up, arguments '{br', arguments 'oken',
   arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="19'",
        title="arguments that are a list, null, or a string",
        correct="the function is not run, and the model is told why",
        original=Original(OriginalVerdict.WRONG, "handed to the function as they are"),
        server=Server(
            [
                calling("look_up", "[1, 2]", "call_a"),
                calling("look_up", "null", "call_b"),
                calling("look_up", '"str"', "call_c"),
                FINE,
            ]
        ),
        acts=[
            Converse(
                "Go",
                LOOK_UP,
                "Fine.",
                told=[f"{what} {call}" for call in ("call_a", "call_b", "call_c") for what in ("started", "refused")],
            )
        ],
        with_conversation=True,
        figures=[ended(1)],
        lanes="""
0 > create lane-1: user 'Go'; tools look_up(name times)
0 > create lane-1 after resp_1: output call_a "Error: function 'look_up' was not run, because its arguments do
   not fit: they are not a JSON object. Call it again with arguments that do."; tools look_up(name times)
0 > create lane-1 after resp_2: output call_b "Error: function 'look_up' was not run, because its arguments do
   not fit: they are not a JSON object. Call it again with arguments that do."; tools look_up(name times)
0 > create lane-1 after resp_3: output call_c "Error: function 'look_up' was not run, because its arguments do
   not fit: they are not a JSON object. Call it again with arguments that do."; tools look_up(name times)
0 < lane-1: created resp_1, in progress, item function_call call_a look_up, arguments '[1,', arguments ' 2]',
   arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress,
   item function_call call_b look_up, arguments 'nu', arguments 'll', arguments done, item done,
   completed resp_2, created resp_3 after resp_2, in progress, item function_call call_c look_up,
   arguments '"s', arguments 'tr"', arguments done, item done, completed resp_3, created resp_4 after resp_3,
   in progress, item message, part, 'Fine.', text done, part done, item done, completed resp_4
        """,
    ),
    Scenario(
        name="19b",
        title="a function that nobody registered",
        correct="the model is told",
        original=Original(OriginalVerdict.RIGHT, "yes"),
        server=Server([calling("unheard_of", "{}"), FINE]),
        acts=[Converse("Go", LOOK_UP, "Fine.", told=["started call_a", "refused call_a"])],
        with_conversation=True,
        figures=[ended(1)],
        lanes="""
0 > create lane-1: user 'Go'; tools look_up(name times)
0 > create lane-1 after resp_1: output call_a "Error: function 'unheard_of' is not registered.";
   tools look_up(name times)
0 < lane-1: created resp_1, in progress, item function_call call_a unheard_of, arguments '{', arguments '}',
   arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="19c",
        title="a function that raises",
        correct="the call is answered, without the text of the exception",
        original=Original(OriginalVerdict.WRONG, "the call never ends, and there is no reply"),
        server=Server([calling("explode", "{}"), FINE]),
        acts=[Converse("Go", [Handler("explode")], "Fine.", told=["started call_a", "failed call_a"], ran=["explode"])],
        with_conversation=True,
        figures=[ended(1)],
        lanes="""
0 > create lane-1: user 'Go'; tools explode()
0 > create lane-1 after resp_1: output call_a "Error: function 'explode' failed."; tools explode()
0 < lane-1: created resp_1, in progress, item function_call call_a explode, arguments '{', arguments '}',
   arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="19d",
        title="a function that takes longer than it may",
        correct="it is stopped, and the model is told",
        original=Original(OriginalVerdict.WRONG, "not stopped, the model not told: silence"),
        server=Server([calling("work", '{"seconds": 4}'), FINE]),
        acts=[
            Converse(
                "Go",
                [Handler("work", timeout=0.3)],
                "Fine.",
                told=["started call_a", "timed_out call_a"],
                ran=["work 4 was stopped"],
                within=1.5,
            )
        ],
        with_conversation=True,
        figures=[ended(1)],
        lanes="""
0 > create lane-1: user 'Go'; tools work(seconds)
0 > create lane-1 after resp_1: output call_a "Error: function 'work' did not finish within 0.3 seconds and was
   stopped."; tools work(seconds)
0 < lane-1: created resp_1, in progress, item function_call call_a work, arguments '{"secon',
   arguments 'ds": 4}', arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress,
   item message, part, 'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="19e",
        title="a function that returns an empty object",
        correct="that is a result",
        original=Original(OriginalVerdict.WRONG, "the model is not asked again: silence"),
        server=Server([calling("nothing", "{}"), FINE]),
        acts=[Converse("Go", [Handler("nothing")], "Fine.", told=["started call_a", "finished call_a"], ran=["nothing"])],
        with_conversation=True,
        figures=[ended(1)],
        lanes="""
0 > create lane-1: user 'Go'; tools nothing()
0 > create lane-1 after resp_1: output call_a "{}"; tools nothing()
0 < lane-1: created resp_1, in progress, item function_call call_a nothing, arguments '{', arguments '}',
   arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   'Fine.', text done, part done, item done, completed resp_2
        """,
    ),
    Scenario(
        name="24",
        title="a function that goes on in the background",
        correct="the conversation goes on meanwhile, and its result is told",
        original=Original(OriginalVerdict.RIGHT, "yes"),
        server=Server(
            [
                calling("work", '{"seconds": 3.0}'),
                Answer([Text("I am on it.")]),
                Answer([Text("A long story", pieces=1), Pause(2.0), Text("never")]),
                Answer([Text("Hello again.")]),
                Answer([Text("It is done.")]),
            ]
        ),
        acts=[
            Converse("Find out", [Handler("work", background=True)], "I am on it.", told=["started call_a"], ran=["work 3 ended"]),
            Converse(
                "A story!", [Handler("work", background=True)], "A long story", "cancelled", leaves=Leave(deltas=1, lingers=0.3)
            ),
            Converse("Hello?", [Handler("work", background=True)], "Hello again.", told=["finished call_a"]),
            AwaitCalls(),
            Converse("", [Handler("work", background=True)], "It is done."),
        ],
        with_conversation=True,
        figures=[ended(3)],
        bound=9.0,
        lanes=r"""
0 > create lane-1: user 'Find out'; tools work(seconds)
0 > create lane-1 after resp_1: output call_a "{\"status\": \"running\",
   \"call_id\": \"call_a\"} Function 'work' is running;
   its result will follow in a message. Go on with the conversation."; tools work(seconds)
0 > create lane-1 after resp_2: user 'A story!'; tools work(seconds)
0 > cancel resp_3
0 > create lane-2: user 'Find out', call call_a work {"seconds": 3.0}, output call_a "{\"status\": \"running\",
   \"call_id\": \"call_a\"} Function 'work' is running;
   its result will follow in a message. Go on with the conversation.", assistant 'I am on it.' as msg_1,
   user 'A story!', user 'Hello?'; tools work(seconds)
0 > create lane-2 after resp_4: developer 'The call call_a '...'"worked for 3 s"' (89 characters);
   tools work(seconds)
0 < lane-1: created resp_1, in progress, item function_call call_a work, arguments '{"second',
   arguments 's": 3.0}', arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress,
   item message, part, 'I', ' am', ' on', ' it.', text done, part done, item done, completed resp_2,
   created resp_3 after resp_2, in progress, item message, part, 'A long story', text done, part done,
   item done, incomplete resp_3 (cancelled)
0 < lane-2: created resp_4, in progress, item message, part, 'Hello', ' again.', text done, part done,
   item done, completed resp_4, created resp_5 after resp_4, in progress, item message, part, 'It', ' is',
   ' done.', text done, part done, item done, completed resp_5
        """,
        serial=r"""
0 > create: user 'Find out'; tools work(seconds)
0 > create after resp_1: output call_a "{\"status\": \"running\",
   \"call_id\": \"call_a\"} Function 'work' is running;
   its result will follow in a message. Go on with the conversation."; tools work(seconds)
0 > create after resp_2: user 'A story!'; tools work(seconds)
0 > cancel resp_3
0 > create: user 'Find out', call call_a work {"seconds": 3.0}, output call_a "{\"status\": \"running\",
   \"call_id\": \"call_a\"} Function 'work' is running;
   its result will follow in a message. Go on with the conversation.", assistant 'I am on it.' as msg_1,
   user 'A story!', user 'Hello?'; tools work(seconds)
0 > create after resp_4: developer 'The call call_a '...'"worked for 3 s"' (89 characters); tools work(seconds)
0 < created resp_1, in progress, item function_call call_a work, arguments '{"second', arguments 's": 3.0}',
   arguments done, item done, completed resp_1, created resp_2 after resp_1, in progress, item message, part,
   'I', ' am', ' on', ' it.', text done, part done, item done, completed resp_2, created resp_3 after resp_2,
   in progress, item message, part, 'A long story', text done, part done, item done,
   incomplete resp_3 (cancelled), created resp_4, in progress, item message, part, 'Hello', ' again.',
   text done, part done, item done, completed resp_4, created resp_5 after resp_4, in progress, item message,
   part, 'It', ' is', ' done.', text done, part done, item done, completed resp_5
        """,
    ),
)
"""In no order that matters."""
