"""What observers are told, and in which order; and that the counters lose nothing."""

import logging
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing

from harness.pair import message, open_pair, user
from rejoinder.engine import (
    Asked,
    CancelPolicy,
    Finished,
    InvalidRequest,
    Moved,
    Note,
    Observation,
    Policy,
    Response,
    ResponseFailed,
    Sent,
    Settled,
)
from rejoinder.engine.drive import Driver
from rejoinder.testing import (
    AZURE,
    GENERIC,
    Answer,
    CancelMode,
    ErrorFrame,
    Event,
    LinkPlan,
    LoseConnection,
    ModelServer,
    Pause,
    Stall,
    Text,
    scripted,
)


@pytest.mark.original("B063", "B080")
async def test_moves_and_sent_come_in_the_order_in_which_they_happen(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        await pair.ask("Hi")

    told = [(each.machine, each.event) if isinstance(each, Moved) else type(each).__name__ for each in pair.seen]
    assert [
        "Asked",
        ("link", "Needed"),
        ("link", "Opened"),
        ("request", "LaneFree"),
        "Sent",
        ("response", "Send"),
        ("response", "Created"),
        ("response", "Content"),
        ("response", "Completed"),
        ("request", "Finished"),
        "Finished",
        ("link", "Drop"),
    ] == told


async def test_sent_says_what_went_out(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        talk = [user("one")]
        talk += [message(await pair.ask(talk)), user("two")]
        await pair.ask(talk)

    first, second = pair.sent()
    assert (1, 1, "lane-1", 1) == (first.request, first.link, first.lane, first.items)
    assert (2, 1, "lane-1", 1) == (second.request, second.link, second.lane, second.items)
    assert [len(entry.data) for entry in pair.log("in")] == [first.size, second.size]
    assert "Full(reason=NoPrevious())" == repr(first.decision)
    assert "Reuse(response_id='resp_1', saved=2)" == repr(second.decision)


async def test_notes_name_what_was_out_of_place(autojump_clock: trio.testing.MockClock) -> None:
    late = Event({"type": "response.output_text.delta", "item_id": "msg_9", "output_index": 0, "content_index": 0, "delta": "late"})
    async with open_pair(ModelServer(AZURE, scripted([Answer([Text("Hello")], late=[late])]))) as pair:
        async with pair.session.respond("Hi") as response:
            assert "Hello" == await response.text()
        await trio.sleep(1)

    notes = [each for each in pair.seen if isinstance(each, Note)]
    assert [("StrayContent", 1, None)] == [(note.name, note.link, note.lane) for note in notes]
    assert "late" not in notes[0].detail


async def test_an_observer_that_raises_is_dropped_and_the_session_goes_on(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Observation] = []

    def broken(observation: Observation) -> None:
        told.append(observation)
        raise RuntimeError("observer")

    async with open_pair(ModelServer()) as pair:
        pair.session.observe(broken)
        with caplog.at_level(logging.ERROR, logger="rejoinder"):
            assert "You said: Hi" == await pair.ask("Hi")
            assert "You said: Ho" == await pair.ask("Ho")

    assert 1 == len(told)
    assert ["an observer raised and is told nothing more"] == [record.getMessage() for record in caplog.records]
    assert 2 == len(pair.sent())


async def listen(observation: Observation) -> None:
    raise AssertionError(f"Nobody would await it: {observation}")


async def listen_for_ever(observation: Observation) -> AsyncGenerator[Observation]:
    yield observation


class Listener:
    """An object that is called, whose call has to be awaited."""

    async def __call__(self, observation: Observation) -> None:
        raise AssertionError(f"Nobody would await it: {observation}")


@pytest.mark.parametrize(
    "observer, said",
    [
        (
            listen,
            "The observer is an async function or a generator, and observers are called and not awaited. Give a plain function",
        ),
        (partial(listen), "The observer is an async function"),
        (listen_for_ever, "The observer is an async function or a generator"),
        (Listener(), "The observer is an async function"),
        (trio.open_memory_channel[Observation](1)[0].send, "The observer is an async function"),
        (None, "The observer is None. Give a function that takes one observation."),
        ([], "The observer is a list. Give a function that takes one observation."),
    ],
    ids=["function", "partial", "generator", "object", "method", "none", "list"],
)
async def test_what_cannot_observe_is_refused(observer: Any, said: str, autojump_clock: trio.testing.MockClock) -> None:  # noqa: ANN401
    async with open_pair(ModelServer()) as pair:
        with pytest.raises(InvalidRequest, match=f"^{said}"):
            pair.session.observe(observer)


async def test_an_observer_may_leave_before_it_raises(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(observation: Observation) -> None:
        stop()
        raise RuntimeError("observer")

    async with open_pair(ModelServer()) as pair:
        stop = pair.session.observe(broken)
        with caplog.at_level(logging.ERROR, logger="rejoinder"):
            assert "You said: Hi" == await pair.ask("Hi")

    assert 1 == len(caplog.records)


async def test_stop_ends_it_and_may_be_called_again(autojump_clock: trio.testing.MockClock) -> None:
    told: list[Observation] = []
    async with open_pair(ModelServer()) as pair:
        stop = pair.session.observe(told.append)
        await pair.ask("Hi")
        stop()
        stop()
        count = len(told)
        await pair.ask("Ho")

    assert 0 < count == len(told)
    assert count < len(pair.seen)


async def test_an_observer_may_cancel_what_it_sees_sent_and_the_create_never_leaves(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(), default=LinkPlan(handshake_delay=1.0)) as pair:

        def cancel(observation: Observation) -> None:
            if isinstance(observation, Sent):
                response.cancel()

        stop = pair.session.observe(cancel)
        async with pair.session.respond("Hi") as response:
            await trio.sleep(2)
            stop()
        assert "You said: Ho" == await pair.ask("Ho")

    assert "cancelled" == response.status
    assert ["Ho"] == [create["input"][0]["content"] for create in pair.creates]
    assert [] == pair.cancels


async def test_an_observer_may_cancel_what_is_only_asked_for_and_nothing_leaves(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Response] = []
    ask = Driver.ask

    def hold(driver: Driver, response: Response, *, warm_up: bool) -> None:
        held.append(response)
        ask(driver, response, warm_up=warm_up)

    def cancel(observation: Observation) -> None:
        if isinstance(observation, Asked):
            held[0].cancel()

    monkeypatch.setattr(Driver, "ask", hold)
    async with open_pair(ModelServer()) as pair:
        pair.session.observe(cancel)
        async with pair.session.respond("Hi") as response:
            await trio.sleep(1)

    assert "cancelled" == response.status
    assert [] == pair.creates


async def test_asked_is_told_in_the_callers_own_task_and_before_everything_else(autojump_clock: trio.testing.MockClock) -> None:
    tasks: list[tuple[str, str]] = []

    def note_task(observation: Observation) -> None:
        tasks.append((type(observation).__name__, trio.lowlevel.current_task().name))

    async with open_pair(ModelServer()) as pair:
        pair.session.observe(note_task)
        await pair.ask("Hi")

    assert ("Asked", trio.lowlevel.current_task().name) == tasks[0]
    assert ["Asked", "Finished"] == [name for name, _ in tasks if name in {"Asked", "Finished"}]


@pytest.mark.original("B081")
async def test_every_request_is_asked_once_and_finished_once(autojump_clock: trio.testing.MockClock) -> None:
    answers = [
        Answer([Text("well")]),
        Answer(terminal="failed"),
        Answer([LoseConnection()]),
        Answer([Text("again")]),
        Answer([Text("a b", interval=1.0)]),
    ]
    async with open_pair(ModelServer(AZURE, scripted(answers)), policy=Policy(then=CancelPolicy.DRAIN)) as pair:
        await pair.ask("one")
        with pytest.raises(ResponseFailed):
            await pair.ask("two")
        await pair.ask("three")
        async with pair.session.respond("four") as response:
            await pair.deltas(response, 1)
        await trio.sleep(2)

    told = [(type(each).__name__, each.request) for each in pair.seen if isinstance(each, Asked | Finished | Settled)]
    assert [
        ("Asked", 1),
        ("Finished", 1),
        ("Asked", 2),
        ("Finished", 2),
        ("Asked", 3),
        ("Finished", 3),
        ("Asked", 4),
        ("Finished", 4),
        ("Settled", 4),
    ] == told


async def test_finished_says_all_that_came_of_a_request(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair, pair.session.respond("Hi") as response:
        result = await response.result()

    (finished,) = [each for each in pair.seen if isinstance(each, Finished)]
    assert (1, response.outcome, result, response.timings) == (
        finished.request,
        finished.outcome,
        finished.result,
        finished.timings,
    )
    assert response.tokens == finished.usage
    assert "You said" not in repr(finished)
    assert "Hi" not in repr(pair.seen[0])


async def test_the_state_of_a_session(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(GENERIC, scripted([Answer([Text("one two", interval=1.0)])]))) as pair:
        await trio.sleep(5)
        async with pair.session.respond("Hi") as response, pair.session.respond("Ho"):
            await pair.deltas(response, 1)
            state = pair.session.state
        after = pair.session.state

    assert ("open", 5.0) == (state.links[1].phase, state.links[1].since)
    assert [("streaming", 5.0, 1)] == [(lane.phase, lane.since, lane.request) for lane in state.links[1].lanes]
    assert [("sent", None), ("waiting", "turn")] == [(request.phase, request.waits_for) for request in state.requests.values()]
    assert {} == after.requests


async def test_statistics_of_a_session_that_did_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        nothing = pair.session.statistics()

    assert ({}, {}, {}, {}) == (nothing.links, nothing.requests, nothing.lanes, nothing.counts)
    assert 0 == nothing.creates == nothing.reused == nothing.items_sent == nothing.items_saved
    assert 0 == nothing.bytes_sent == nothing.frames_received


async def test_statistics_count_what_was_sent_and_saved(autojump_clock: trio.testing.MockClock) -> None:
    answers = [Answer([Text("1")]), Answer([Text("2")]), Answer([Text("a b c", interval=0.1)])]
    async with open_pair(ModelServer(answer=scripted(answers), cancel_mode=CancelMode.IGNORE)) as pair:
        talk = [user("one")]
        talk += [message(await pair.ask(talk)), user("two")]
        await pair.ask(talk)
        async with pair.session.respond("three") as response:
            await anext(response)
        await trio.sleep(1)
        statistics = pair.session.statistics()

    assert (3, 1) == (statistics.creates, statistics.reused)
    assert (3, 2) == (statistics.items_sent, statistics.items_saved)
    assert sum(len(entry.data) for entry in pair.log("in")) == statistics.bytes_sent
    assert 1 == len(pair.cancels)
    assert len(pair.server_frames()) == statistics.frames_received


async def test_statistics_show_the_phases(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(GENERIC, scripted([Answer([Text("one two", interval=1.0)])]))) as pair:
        async with pair.session.respond("Hi") as response, pair.session.respond("Ho"):
            await pair.deltas(response, 1)
            statistics = pair.session.statistics()
        after = pair.session.statistics()

    assert {1: "open"} == statistics.links == after.links
    assert {1: "sent", 2: "waiting"} == statistics.requests
    assert {(1, None): "streaming"} == statistics.lanes
    assert {} == after.requests
    assert {(1, None): "draining"} == after.lanes


async def test_every_frame_that_nobody_gets_is_counted(autojump_clock: trio.testing.MockClock) -> None:
    """What was received is what was delivered, what was late, what was drained, and what ended something."""
    late = Event({"type": "response.output_text.delta", "item_id": "msg_9", "output_index": 0, "content_index": 0, "delta": "late"})
    answers = [
        Answer([Text("zero")], late=[late, late]),
        Answer([Text("a b c d", interval=0.1), Pause(1.0)]),
        Answer([ErrorFrame(labelled=False)], created=0, in_progress=False, terminal=None),
        Answer([Text("last")]),
    ]
    delivered = 0
    async with open_pair(ModelServer(AZURE, scripted(answers))) as pair:
        async with pair.session.respond("zero") as response:
            delivered += len([event async for event in response])
        await trio.sleep(1)
        async with pair.session.respond("one") as response:
            async for event in response:
                delivered += 1
                if event.type == "response.output_text.delta":
                    break
        await trio.sleep(5)
        async with pair.session.respond("last") as response:
            with pytest.raises(ResponseFailed, match="had an error"):
                await response.text()
        async with pair.session.respond("last") as response:
            delivered += len([event async for event in response])
        statistics = pair.session.statistics()

    counts = statistics.counts
    assert (2, 6) == (counts["StrayContent"], counts["response draining Content"])
    terminal_of_the_abandoned = rejection = 1
    assert statistics.frames_received == delivered + 2 + 6 + terminal_of_the_abandoned + rejection


async def test_an_abandoned_stall_is_not_reported_as_output(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, scripted([Answer([Stall()])]))) as pair:
        async with pair.session.respond("Hi") as response:
            assert "response.created" == (await anext(response)).type
        await trio.sleep(10)
        statistics = pair.session.statistics()

    assert 1 == statistics.counts["DrainOverdue"]
    assert "DrainOverdue" in pair.notes()
