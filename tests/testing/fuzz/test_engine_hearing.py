"""What one caller hears is written down as it is, by a response that is still the engine's own."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from harness.pair import open_pair
from rejoinder.engine import Response, ResponseCancelled
from rejoinder.testing import Answer, Call, ModelServer, Text, scripted
from rejoinder.testing.fuzz.engine_diary import Broken, Came, Diary, Ended, Left, Took
from rejoinder.testing.fuzz.engine_hearing import Hearing, words_of
from rejoinder.testing.fuzz.engine_plots import Ask, Exit, Leaving, Moment


def server(*steps: Text | Call) -> ModelServer:
    return ModelServer(answer=scripted([Answer(list(steps))]))


def hearing_of(response: Response, ask: Ask | None = None) -> Hearing:
    hearing = Hearing(1, ask or Ask(), ({"role": "user", "content": "Hi"},), Diary())
    hearing.listen(response)
    return hearing


async def test_what_comes_and_what_is_taken(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(server(Text("one two three", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        hearing = hearing_of(response)
        heard = [event async for event in response]

    assert heard == hearing.come == hearing.taken
    assert "one two three" == hearing.words == words_of(heard)
    assert [response.outcome] == hearing.outcomes
    assert {Came, Took, Ended} == {type(line.what) for line in hearing.diary.lines}


async def test_a_cancel_is_written_before_its_outcome(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(server(Text("one two", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        hearing = hearing_of(response)
        await trio.sleep(1.5)
        hearing.leave(Exit.CANCEL)
        with pytest.raises(ResponseCancelled):
            await response.result()

    assert [Left(1, "cancelled"), Ended(1, hearing.outcomes[0])] == [line.what for line in hearing.diary.lines[-2:]]
    assert hearing.cancelled


@pytest.mark.parametrize("when, words", [(Moment.TAKEN, "one two"), (Moment.COME, "one")])
async def test_it_is_broken_off_at_a_count(when: Moment, words: str, autojump_clock: trio.testing.MockClock) -> None:
    """The sixth event has the second word: it was taken, or it had just come."""
    ask = Ask(leaving=Leaving(when, 6))
    async with open_pair(server(Text("one two three", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        hearing = hearing_of(response, ask)
        pieces = [piece async for piece in response.text_deltas()]

    assert words == "".join(pieces) == hearing.words
    assert "cancelled" == response.status


async def test_events_that_are_lost_on_the_way_are_told(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(server(Text("one"))) as pair, pair.session.respond("Hi") as response:
        hearing = hearing_of(response)
        await trio.sleep(1.0)
        vars(response)["_buffer"].clear()
        assert [] == [event async for event in response]

    told = "iteration ended for caller 1 (completed), and 9 delivered events were never taken"
    assert Broken(10, told) == hearing.diary.lines[-1].what


async def test_the_next_turn_answers_calls(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(server(Text("one"), Call("look", "{}", call_id="call_7"))) as pair:
        async with pair.session.respond("Hi") as response:
            hearing = hearing_of(response)
            assert "one" == await response.text()
        turn = hearing.next_turn

    assert hearing.passed_over
    assert ["user", "assistant", None, None] == [item.get("role") for item in turn]
    assert {"type": "function_call_output", "call_id": "call_7", "output": "seen"} == turn[-1]


async def test_a_response_that_has_ended_already_is_known_to_have(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(server(Text("one"))) as pair, pair.session.respond("Hi") as response:
        await response.text()
        hearing = hearing_of(response)

    assert [response.outcome] == hearing.outcomes
    assert not hearing.cancelled
