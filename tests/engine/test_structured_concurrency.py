"""Nothing outlives the session, leaving is bounded, and the user's errors and cancellations stay the user's."""

import contextlib

import pytest
import trio
import trio.testing

from harness.loopback import tasks
from harness.pair import Pair, open_pair
from rejoinder.engine import (
    DeadlineExceeded,
    Deadlines,
    Interrupted,
    Note,
    Policy,
    Response,
    ResponseFailed,
    SessionClosed,
)
from rejoinder.testing import AZURE, Answer, LinkPlan, ModelServer, Stall, Text, scripted

SLOW = Answer([Text("one two three", interval=1.0)])


async def ask_for_ever(pair: Pair) -> None:
    while True:
        await pair.ask("Again")
        await trio.sleep(0.1)


async def test_the_task_tree_is_as_before(autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    async with open_pair(ModelServer(answer=scripted([SLOW])), default=LinkPlan(handshake_delay=0.5)) as pair:
        assert before < tasks()
        async with pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
        during = tasks()

    assert before < during
    assert before == tasks()


async def test_leaving_while_it_dials(autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    async with open_pair(ModelServer(), default=LinkPlan(handshake_delay=100.0)) as pair, pair.session.respond("Hi") as response:
        await trio.sleep(1.0)

    assert 1.0 == trio.current_time()
    assert "cancelled" == response.status
    assert before == tasks()


async def test_leaving_while_it_waits_to_dial_again(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(), default=LinkPlan(unreachable=True)) as pair, pair.session.respond("Hi"):
        await trio.sleep(0.1)
        links = dict(pair.session.statistics().links)

    assert {1: "reconnecting"} == links
    assert 0.1 == trio.current_time()
    assert 1 == pair.network.dials


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()], ids=repr)
async def test_an_error_of_the_user_comes_out_as_itself(error: BaseException, autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    seen: list[BaseException] = []
    try:
        async with open_pair(ModelServer(answer=scripted([SLOW]))) as pair, pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
            raise error  # noqa: TRY301 - it is the user's
    except BaseException as caught:  # noqa: BLE001 - whatever it is
        seen.append(caught)

    assert [error] == seen
    assert error.__context__ is None
    assert error.__cause__ is None
    assert 1.0 == trio.current_time()
    assert before == tasks()


async def test_a_failed_response_comes_out_as_itself(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer(terminal="failed")]))
    with pytest.raises(ResponseFailed):
        async with open_pair(server) as pair:
            await pair.ask("Hi")


async def test_two_errors_of_the_users_nursery_stay_a_group(autojump_clock: trio.testing.MockClock) -> None:
    async def fail(error: Exception) -> None:
        raise error

    with pytest.raises(ExceptionGroup) as caught:  # noqa: PT012 - out of the whole session
        async with open_pair(ModelServer()) as pair, pair.session.respond("Hi"), trio.open_nursery() as nursery:
            nursery.start_soon(fail, ValueError("one"))
            nursery.start_soon(fail, KeyError("two"))

    assert {"ValueError", "KeyError"} == {type(error).__name__ for error in caught.value.exceptions}


async def test_one_error_of_the_users_nursery_stays_in_its_group(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with open_pair(ModelServer()), trio.open_nursery():
            raise ValueError("one")

    assert ["ValueError"] == [type(error).__name__ for error in caught.value.exceptions]


async def test_a_timeout_around_the_session(autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    with trio.move_on_after(2.5) as scope:
        async with open_pair(ModelServer(answer=scripted([SLOW]))) as pair:
            await pair.ask("Hi")

    assert scope.cancelled_caught
    assert 2.5 == trio.current_time()
    assert before == tasks()


async def test_an_error_while_the_session_is_cancelled_comes_out_as_itself(autojump_clock: trio.testing.MockClock) -> None:
    error = ValueError("while leaving")

    async def run() -> None:
        with trio.move_on_after(1.5):
            async with open_pair(ModelServer(answer=scripted([SLOW]))) as pair:
                try:
                    await pair.ask("Hi")
                finally:
                    raise error

    with pytest.raises(ValueError, match="while leaving") as caught:
        await run()

    assert caught.value is error


async def test_a_shielded_caller_is_not_kept_waiting_by_a_session_that_was_cancelled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The links of a cancelled session are gone, so what still asks is told so rather than left to wait."""
    ends: list[str] = []
    with trio.move_on_after(1.5):
        async with open_pair(ModelServer(answer=scripted([SLOW]))) as pair, pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
            with trio.CancelScope(shield=True):
                try:
                    await response.text()
                except Interrupted as end:
                    ends.append(str(end))
                try:
                    await pair.ask("Bye")
                except SessionClosed as end:
                    ends.append(str(end))

    assert 1.5 == trio.current_time()
    assert [
        "The session was closed before the answer was complete. Keep it open until then.",
        "The session is closed. Open another with open_session, or keep this one open longer.",
    ] == ends


@pytest.mark.parametrize("way", ["leave", "break", "raise", "timeout", "cancel", "scope"])
@pytest.mark.parametrize("server", [None, AZURE], ids=["lanes", "serial"])
@pytest.mark.original("B081", "B102")
async def test_however_a_caller_leaves_the_response_is_cancelled_and_the_session_goes_on(
    way: str, server: object, autojump_clock: trio.testing.MockClock
) -> None:
    answers = scripted([Answer([Text("warm")]), SLOW])
    model = ModelServer(AZURE, answers) if server is AZURE else ModelServer(answer=answers)
    held: list[Response] = []
    async with open_pair(model, policy=Policy(signal=True)) as pair:
        assert "warm" == await pair.ask("Hi")
        with contextlib.suppress(ValueError):
            await leave(pair, way, held)
        left = trio.current_time()
        assert "You said: Next" == await pair.ask("Next")
        answered = trio.current_time()

    assert "cancelled" == held[0].status
    assert ["resp_2"] == [cancel["response_id"] for cancel in pair.cancels]
    assert 1.0 <= left <= 1.5
    assert answered == left


async def leave(pair: Pair, way: str, held: list[Response]) -> None:
    """Begin to listen, and stop in one of the ways there are."""
    if way == "timeout":
        with trio.move_on_after(1.5):
            async with pair.session.respond("Tell") as response:
                held.append(response)
                await response.text()
        return
    with trio.CancelScope() as scope:
        async with pair.session.respond("Tell") as response:
            held.append(response)
            async for event in response:
                if event.type != "response.output_text.delta":
                    continue
                if way == "break":
                    break
                if way == "raise":
                    raise ValueError("mine")
                if way == "leave":
                    return
                if way == "cancel":
                    response.cancel()
                if way == "scope":
                    scope.cancel()


async def test_cancelling_while_it_dials_sends_nothing_and_the_dial_serves_the_next(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(), default=LinkPlan(handshake_delay=2.0)) as pair:
        with trio.move_on_after(1.0):
            await pair.ask("One")
        assert "You said: Two" == await pair.ask("Two")

    assert 2.0 == trio.current_time()
    assert ["Two"] == [create["input"][0]["content"] for create in pair.creates]
    assert [] == pair.cancels
    assert 1 == pair.network.dials


async def test_leaving_before_the_frame_has_left_sends_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        assert "You said: One" == await pair.ask("One")
        async with pair.session.respond("Two") as response:
            pass
        assert "You said: Three" == await pair.ask("Three")

    assert "cancelled" == response.status
    assert ["One", "Three"] == [create["input"][0]["content"] for create in pair.creates]
    assert [] == pair.cancels
    assert 1 == pair.network.dials


async def test_a_create_that_was_taken_back_keeps_the_chain(autojump_clock: trio.testing.MockClock) -> None:
    talk = [{"role": "user", "content": "One"}]
    async with open_pair(ModelServer(AZURE)) as pair:
        talk += [{"role": "assistant", "content": await pair.ask(talk)}, {"role": "user", "content": "Two"}]
        async with pair.session.respond(talk):
            pass
        await pair.ask(talk)

    assert [None, "resp_1"] == [create.get("previous_response_id") for create in pair.creates]


async def test_a_caller_that_is_cancelled_already_sends_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        assert "You said: One" == await pair.ask("One")
        with trio.CancelScope() as scope:
            scope.cancel()
            await pair.ask("Two")
        statistics = pair.session.statistics()

    assert scope.cancelled_caught
    assert 1 == statistics.creates


async def test_cancelling_twice_and_after_the_end(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=scripted([Answer([Text("warm")]), SLOW]))) as pair:
        await pair.ask("Hi")
        async with pair.session.respond("Tell") as response:
            await pair.deltas(response, 1)
            response.cancel()
            response.cancel()
        response.cancel()
        async with pair.session.respond("Next") as following:
            await following.text()
            following.cancel()

    response.cancel()
    following.cancel()
    assert ("cancelled", "completed") == (response.status, following.status)
    assert 1 == len(pair.cancels)
    assert [] == [note for note in pair.seen if isinstance(note, Note) and note.name == "Illegal"]


@pytest.mark.original("B102")
async def test_one_of_several_is_cancelled_and_the_others_hear_everything(autojump_clock: trio.testing.MockClock) -> None:
    said: dict[str, str] = {}

    async def ask(word: str) -> None:
        said[word] = await pair.ask(word)

    async with open_pair(ModelServer(answer=lambda received: Answer([Text(f"{received.text} a b c", interval=1.0)]))) as pair:
        await pair.ask("zero")
        async with trio.open_nursery() as nursery:
            for word in ("one", "two", "three"):
                nursery.start_soon(ask, word)
            with trio.move_on_after(2.5):
                await pair.ask("four")

    assert {word: f"{word} a b c" for word in ("one", "two", "three")} == said
    assert 1 == len(pair.cancels)
    assert 8.0 == trio.current_time()


async def test_a_caller_that_waits_for_its_turn_gives_up_and_nothing_was_sent(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, scripted([SLOW]))) as pair, pair.session.respond("One") as first:
        with trio.move_on_after(1.5):
            await pair.ask("Two")
        assert "one two three" == await first.text()

    assert ["One"] == [create["input"][0]["content"] for create in pair.creates]


async def test_a_busy_session_is_left_at_once(autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    async with trio.open_nursery() as nursery, open_pair(ModelServer(answer=lambda _: Answer([Stall()]))) as pair:
        for _ in range(5):
            nursery.start_soon(ask_for_ever, pair)
        await trio.sleep(1.0)
        nursery.cancel_scope.cancel()

    assert 1.0 == trio.current_time()
    assert before == tasks()


async def test_a_turn_deadline_ends_a_trickle(autojump_clock: trio.testing.MockClock) -> None:
    endless = Answer([Text("x" * 1000, pieces=1000, interval=1.0)])
    async with open_pair(ModelServer(answer=scripted([endless])), policy=Policy(deadlines=Deadlines(turn=60.0))) as pair:
        with pytest.raises(DeadlineExceeded, match=r"Deadlines\(turn=…\)"):
            await pair.ask("Hi")
        assert "You said: Next" == await pair.ask("Next")

    assert 60.0 == trio.current_time()
