"""The driver performs what it is told, in order, and keeps its time to the instant."""

import pytest
import trio
import trio.testing

from harness import frames
from harness.hand_wire import HandNetwork
from harness.pair import KEY, open_pair
from rejoinder.engine import (
    CancelPolicy,
    ConsumerTooSlow,
    DeadlineExceeded,
    Deadlines,
    Endpoint,
    Moved,
    Observation,
    Policy,
    ReplayPolicy,
    Response,
    Sent,
    Settings,
    open_session,
)
from rejoinder.engine.drive import PERFORM
from rejoinder.states import effects
from rejoinder.states.profiles import AZURE as AZURE_PROFILE
from rejoinder.testing import AZURE, GENERIC, Answer, ErrorFrame, LinkPlan, LoseConnection, ModelServer, Stall, Text, scripted

NEVER = Policy(replay=ReplayPolicy.NEVER)


def test_every_effect_has_somebody_who_performs_it() -> None:
    made = {kind for kind in vars(effects).values() if isinstance(kind, type) and kind.__module__ == effects.__name__}

    # What is delivered needs the frame in hand, and so is performed where the frame is.
    assert made - {effects.Deliver} == set(PERFORM)


@pytest.mark.parametrize(
    "answer, at, words",
    [
        (Answer([Stall()], created=0, in_progress=False), 30.0, "did not acknowledge the request within 30 s"),
        (Answer([Stall()]), 120.0, "said nothing more within 120 s"),
        (Answer([Text("one", cut=True), Stall()]), 300.0, "stopped in the middle of its answer within 300 s"),
    ],
    ids=["created", "first output", "gap"],
)
async def test_deadlines_come_at_their_instant(
    answer: Answer, at: float, words: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_pair(ModelServer(AZURE, scripted([answer])), policy=NEVER) as pair:
        with pytest.raises(DeadlineExceeded, match=words):
            await pair.ask("Hi")
        assert "You said: Ho" == await pair.ask("Ho")

    assert at == trio.current_time()


async def test_a_deadline_moves_away_with_each_frame(autojump_clock: trio.testing.MockClock) -> None:
    answer = Answer([Text("a b c d e f", interval=9.0)])
    policy = Policy(deadlines=Deadlines(gap=10.0, first_output=10.0))
    async with open_pair(ModelServer(AZURE, scripted([answer])), policy=policy) as pair:
        assert "a b c d e f" == await pair.ask("Hi")

    assert 54.0 == trio.current_time()


async def test_a_nearer_deadline_comes_first(autojump_clock: trio.testing.MockClock) -> None:
    """The hedge is nearer than any deadline that was set before it."""
    server = ModelServer(GENERIC, scripted([Answer([Text("a b", interval=20.0)])]))
    async with open_pair(server) as pair:
        async with pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
        begun = trio.current_time()
        assert "You said: Ho" == await pair.ask("Ho")

    assert begun + 0.25 == trio.current_time()
    assert 2 == pair.network.dials


async def test_a_link_that_is_closed_says_nothing_more(autojump_clock: trio.testing.MockClock) -> None:
    answers = scripted([Answer([Text("a b c", interval=1.0)])])
    async with open_pair(ModelServer(AZURE, answers), policy=Policy(then=CancelPolicy.RETIRE)) as pair:
        async with pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
        assert "You said: Ho" == await pair.ask("Ho")
        await trio.sleep(100)
        statistics = pair.session.statistics()

    assert "Late" not in statistics.counts
    assert [("open", "Drop", "closed")] * 2 == [move for move in pair.moves("link") if move[2] == "closed"]


async def test_frames_that_came_with_the_end_are_heard_before_it(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("all of it"), LoseConnection()])]))
    async with open_pair(server, default=LinkPlan(latency=0.5), policy=NEVER) as pair, pair.session.respond("Hi") as response:
        seen = ""
        with pytest.raises(Exception, match="The connection was lost"):  # noqa: PT012 - what came before is the point
            async for piece in response.text_deltas():
                seen += piece

    assert "all of it" == seen


ONCE = Settings(policy=NEVER)
SERIAL = Endpoint("ws://localhost/v1/responses", api_key=KEY, profile=AZURE_PROFILE)


async def test_frames_behind_the_one_that_ends_their_link_are_nobodys(autojump_clock: trio.testing.MockClock) -> None:
    network = HandNetwork()
    async with open_session(SERIAL, ONCE, connector=network.connect) as session, session.respond("Hi") as response:
        await trio.testing.wait_all_tasks_blocked()
        network.wires[0].say_at_once(
            frames.created(),
            frames.item_added(),
            frames.delta("all of it"),
            frames.completed(sequence=3),
            frames.error("websocket_connection_limit_reached"),
            frames.delta("more", sequence=4),
        )
        assert "all of it" == await response.text()
        statistics = session.statistics()

    assert 6 == statistics.frames_received
    assert "Late" not in statistics.counts
    assert "StrayContent" not in statistics.counts


async def test_a_buffer_that_overflows_in_the_middle_of_a_read(autojump_clock: trio.testing.MockClock) -> None:
    network = HandNetwork()
    settings = Settings(policy=NEVER, buffer_limit=2_000)
    async with open_session(SERIAL, settings, connector=network.connect) as session, session.respond("Hi") as response:
        await trio.testing.wait_all_tasks_blocked()
        pieces = [frames.delta(f"{number:0200}", sequence=number) for number in range(2, 20)]
        network.wires[0].say_at_once(frames.created(), frames.item_added(), *pieces)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ConsumerTooSlow) as caught:
            await response.text()
        discarded = session.statistics().counts["response draining Content"]

    delivered = len(caught.value.partial.text) // 200
    assert 0 < delivered < 18
    assert 18 == delivered + discarded


@pytest.mark.original("B062", "B084")
async def test_a_replay_is_sent_in_full_on_another_link(autojump_clock: trio.testing.MockClock) -> None:
    lost = Answer([LoseConnection()])
    talk = [{"role": "user", "content": "One"}]
    async with open_pair(ModelServer(AZURE, scripted([Answer([Text("1")]), lost, Answer([Text("2")])]))) as pair:
        talk += [{"role": "assistant", "content": await pair.ask(talk)}, {"role": "user", "content": "Two"}]
        async with pair.session.respond(talk) as response:
            assert "2" == await response.text()
        statistics = pair.session.statistics()

    assert [1, 1, 3] == [len(create["input"]) for create in pair.creates]
    assert "Full(reason=Replayed(cause=<Cause.LOST: 'connection lost'>))" == repr(response.decision)
    assert (3, 1, 5, 2) == (statistics.creates, statistics.reused, statistics.items_sent, statistics.items_saved)
    assert 1 == statistics.counts["Replay"]


async def test_what_an_effect_reports_back_is_fed_after_it(autojump_clock: trio.testing.MockClock) -> None:
    """An observer that cancels other requests in the middle of a series of effects sees each effect whole."""
    told: list[tuple[str, int | None]] = []
    responses: dict[int, Response] = {}

    def meddle(observation: Observation) -> None:
        if isinstance(observation, Sent):
            told.append(("Sent", observation.request))
            for response in responses.values():
                response.cancel()
        elif isinstance(observation, Moved) and observation.machine == "request":
            told.append((str(observation.event), observation.request))

    async with (
        open_pair(ModelServer(), default=LinkPlan(handshake_delay=1.0)) as pair,
        pair.session.respond("1") as responses[1],
        pair.session.respond("2") as responses[2],
    ):
        pair.session.observe(meddle)
        await trio.sleep(2.0)

    assert [("LaneFree", 1), ("Sent", 1), ("Cancel", 1), ("Cancel", 2)] == told
    assert [] == pair.creates
    assert {"cancelled"} == {response.status for response in responses.values()}


async def test_what_the_server_refuses_for_a_while_is_sent_again_after_the_pause(autojump_clock: trio.testing.MockClock) -> None:
    busy = Answer(reject=ErrorFrame(code="rate_limit_exceeded", status=429, headers={"retry-after": "7"}))
    async with open_pair(ModelServer(AZURE, scripted([busy, Answer([Text("well")])]))) as pair:
        assert "well" == await pair.ask("Hi")

    assert [0.0, 7.0] == pair.times("response.create")
