"""A story tells the steps in words, what happened at each, and leaves out the middle of what nobody would read."""

from __future__ import annotations

from rejoinder.engine import Moved, Note
from rejoinder.testing import LinkPlan
from rejoinder.testing.fuzz.engine_diary import Broken, Diary, Given, Line, Observed, Stepped, Wired
from rejoinder.testing.fuzz.engine_plots import Ask, Cut, Leaving, Plot, Settle, Wait, Way
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.engine_story import story
from rejoinder.testing.fuzz.manners import Manner
from rejoinder.testing.fuzz.wishes import Wish


def test_a_plot_that_was_run() -> None:
    plot = Plot(steps=(Ask(leaving=Leaving(count=2)), Wait(1.0)), plans=(LinkPlan(latency=0.5), LinkPlan()))

    told = "\n".join(story(plot, EngineProgram.run(plot)))

    assert (
        """\
The plot, and what happened:
   Setup()
   dial 1: latency 0.5
   dial 2: goes well
   latency 0.0, buffer_limit 16777216, preconnect False, schedule 0
 1. somebody asks (new) and handles it; somebody cancels it after 2 events taken; the next answer: plain
 2. 1 s pass
         0.000 s  caller 1 has response 1
         0.000 s  socket 1 opened
         0.000 s  response 1 is sent on link 1: everything
         1.000 s  socket 1 gives: created, in_progress, output_item.added, content_part.added, output_text.delta x 2, \
output_text.done, content_part.done, output_item.done, completed
         1.000 s  caller 1 is told: completed
         1.000 s  caller 1 takes: created, in_progress
         1.000 s  caller 1 has cancelled
         1.000 s  caller 1 is over
         1.000 s  socket 1 left"""
        == told
    )


def test_the_middle_of_a_long_story_is_left_out() -> None:
    diary = Diary([Line(float(number), Wired(number, "opened")) for number in range(1000)])

    told = story(Plot(), diary)

    assert 404 == len(told)
    assert "      … 600 lines …" in told
    assert told[-1].endswith("socket 999 opened")


def test_frames_in_a_row_are_counted() -> None:
    keepalives = [Line(0.0, Given(1, '{"type":"keepalive"}'))] * 3
    diary = Diary([Line(0.0, Stepped(0)), *keepalives, Line(0.0, Given(1, "{broken")), *keepalives[:2]])

    assert (
        "         0.000 s  socket 1 gives: keepalive x 3, something unreadable, keepalive x 2"
        == story(Plot(steps=(Settle(),)), diary)[-1]
    )


def test_notes_are_told_and_moves_are_not() -> None:
    moved = Observed(Moved("link", "closed", "Needed", "connecting", 1))
    diary = Diary([Line(0.0, what) for what in (moved, Observed(Note("Garbage")), Broken(8, "it does not end"))])

    assert ["         0.000 s  note: Garbage", "         0.000 s  broken: promise 8: it does not end"] == story(Plot(), diary)[3:]


def test_steps_in_words() -> None:
    ask = Ask(Wish.GO_ON, index=2, manner=Manner(pieces=1, call=True), way=Way.WALK, events=3, pace=0.5)

    assert "somebody asks (go on, 2) and walks away after 3 events, 0.5 s an event; the next answer: pieces 1, call True" == str(
        ask
    )
    assert "of the open sockets, number 1 from the latest is lost" == str(Cut(1))
