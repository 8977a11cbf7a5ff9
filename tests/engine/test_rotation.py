"""Links that age, idle links, links that cannot be had: what is dialled, and when."""

import itertools
import math
import random

import attrs
import pytest
import trio
import trio.testing

from harness.pair import Pair, message, open_pair, user
from rejoinder.engine import ConnectionFailed, DeadlineExceeded, Deadlines, Moved, Observation, Policy, Settings
from rejoinder.testing import AZURE, OPENAI, XAI, Answer, LinkPlan, ModelServer, ServerProfile, Stall, Text, scripted

WORDS = "".join(f"w{number} " for number in range(60))
LONG = Answer([Text(WORDS, interval=1.0)])
PROVING = Settings(ping_interval=math.inf)
"""No pings but those that prove an idle link."""


@attrs.define(eq=False)
class Diary:
    """When links moved."""

    entries: list[tuple[float, int | None, str]] = attrs.field(factory=list[tuple[float, int | None, str]])

    def observe(self, observation: Observation) -> None:
        if isinstance(observation, Moved) and observation.machine == "link":
            self.entries.append((trio.current_time(), observation.link, observation.target))

    def times(self, target: str, link: int | None = None) -> list[float]:
        return [at for at, number, to in self.entries if to == target and link in {None, number}]


def keep(pair: Pair) -> Diary:
    diary = Diary()
    pair.session.observe(diary.observe)
    return diary


@pytest.mark.parametrize("profile, rotates", [(OPENAI, 3300.0), (AZURE, 3300.0), (XAI, 1200.0)], ids=lambda value: str(value)[:24])
async def test_the_successor_is_dialled_before_the_age_limit_with_a_response_in_flight(
    profile: ServerProfile, rotates: float, autojump_clock: trio.testing.MockClock
) -> None:
    server = ModelServer(profile, scripted([Answer([Text("first")]), LONG]))
    async with open_pair(server, default=LinkPlan(handshake_delay=1.0, latency=0.1)) as pair:
        diary = keep(pair)
        await pair.ask("Hi")
        await trio.sleep_until(1.0 + rotates - 30.0)
        async with pair.session.respond("Tell") as response:
            await trio.sleep_until(1.0 + rotates + 10.0)
            begun = trio.current_time()
            meanwhile = await pair.ask("Meanwhile")
            took = trio.current_time() - begun
            assert WORDS == await response.text()
        links = pair.session.statistics().links

    assert "You said: Meanwhile" == meanwhile
    assert took < 1.0
    assert [0, 0, 1] == [entry.connection for entry in pair.log("in") if entry.type == "response.create"]
    assert [0.0, 1.0 + rotates] == diary.times("connecting")
    assert [2.0 + rotates] == diary.times("retiring", 1)
    assert diary.times("closed", 1)[0] > 2.0 + rotates + 20.0
    assert {2: "open"} == links
    assert {} == pair.session.statistics().links
    assert "Replay" not in pair.notes()


async def test_an_idle_link_is_rotated_too_and_its_cache_is_known_to_be_gone(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        talk = [user("one")]
        talk += [message(await pair.ask(talk)), user("two")]
        await trio.sleep(3400)
        assert "You said: two" == await pair.ask(talk)

    assert 2 == pair.network.dials
    assert "previous_response_id" not in pair.creates[1]
    assert talk == pair.creates[1]["input"]
    assert "Full(reason=NewLink())" == repr(pair.sent()[1].decision)


async def test_a_rotation_that_fails_is_tried_again_while_the_old_link_serves(autojump_clock: trio.testing.MockClock) -> None:
    plans = [LinkPlan(), *[LinkPlan(refuse_status=401)] * 3]
    async with open_pair(ModelServer(AZURE), plans=plans) as pair:
        diary = keep(pair)
        await pair.ask("Hi")
        await trio.sleep_until(3350.0)
        assert "You said: still" == await pair.ask("still")
        await trio.sleep_until(3500.0)
        links = pair.session.statistics().links

    assert [0.0, 3300.0, 3330.0, 3360.0, 3390.0] == diary.times("connecting")
    assert ["open"] == list(links.values())
    assert [0, 0] == [entry.connection for entry in pair.log("in")]


# Liveness of idle links.


async def test_an_idle_link_proves_itself_before_it_is_used(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), settings=PROVING, default=LinkPlan(latency=1.0)) as pair:
        await pair.ask("Hi")
        await trio.sleep(60)
        begun = trio.current_time()
        assert "You said: Ho" == await pair.ask("Ho")

    assert 1 == pair.network.dials
    assert [begun + 3.0] == pair.times("response.create")[1:]
    assert [("open", "Stale", "proving"), ("proving", "Alive", "open")] == pair.moves("link")[2:4]


async def test_a_link_that_was_used_lately_need_not(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), settings=PROVING, default=LinkPlan(latency=1.0)) as pair:
        await pair.ask("Hi")
        await trio.sleep(29)
        begun = trio.current_time()
        await pair.ask("Ho")

    assert [begun + 1.0] == pair.times("response.create")[1:]


async def test_pings_keep_a_link_proven(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), default=LinkPlan(latency=1.0)) as pair:
        await pair.ask("Hi")
        await trio.sleep(1000)
        begun = trio.current_time()
        await pair.ask("Ho")

    assert [begun + 1.0] == pair.times("response.create")[1:]
    assert "proving" not in [target for _, _, target in pair.moves("link")]


async def test_a_dead_link_is_found_out_and_another_is_dialled(autojump_clock: trio.testing.MockClock) -> None:
    settings = attrs.evolve(PROVING, policy=Policy(deadlines=Deadlines(ping=5.0)))
    async with open_pair(ModelServer(AZURE), settings=settings, default=LinkPlan(handshake_delay=0.5)) as pair:
        await pair.ask("Hi")
        pair.network.links[0].freeze()
        await trio.sleep_until(100.0)
        assert "You said: Ho" == await pair.ask("Ho")

    assert [105.5] == pair.times("response.create")[1:]
    assert 2 == pair.network.dials
    assert "LinkSilent" in pair.notes()


async def test_a_dead_link_is_found_by_the_pings_before_anybody_asks(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        await pair.ask("Hi")
        pair.network.links[0].freeze()
        await trio.sleep_until(41.0)
        links = pair.session.statistics().links
        assert "You said: Ho" == await pair.ask("Ho")

    assert {} == links
    assert 41.0 == trio.current_time()


# Dialling.


@pytest.mark.parametrize("lot, pauses", [(0.0, [0.375, 0.75, 1.5]), (1.0, [0.5, 1.0, 2.0]), (0.5, [0.4375, 0.875, 1.75])])
@pytest.mark.original("B057")
async def test_the_pauses_between_dials_double_and_have_jitter(
    lot: float, pauses: list[float], monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setattr(random, "random", lambda: lot)
    policy = Policy(dial_attempts=4)
    async with open_pair(ModelServer(), policy=policy, default=LinkPlan(unreachable=True)) as pair:
        diary = keep(pair)
        with pytest.raises(ConnectionFailed, match="No connection to localhost port 80: refused"):
            await pair.ask("Hi")

    dials = diary.times("connecting")
    assert pauses == [round(later - sooner, 9) for sooner, later in itertools.pairwise(dials)]


async def test_the_pauses_have_a_limit(monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock) -> None:
    monkeypatch.setattr(random, "random", lambda: 1.0)
    policy = Policy(dial_attempts=7, deadlines=Deadlines(connect=1000.0))
    async with open_pair(ModelServer(), policy=policy, default=LinkPlan(unreachable=True)) as pair:
        diary = keep(pair)
        with pytest.raises(ConnectionFailed):
            await pair.ask("Hi")

    assert [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 23.5] == diary.times("connecting")


@pytest.mark.original("B057")
async def test_all_dials_share_one_deadline(monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock) -> None:
    monkeypatch.setattr(random, "random", lambda: 1.0)
    policy = Policy(dial_attempts=10, deadlines=Deadlines(connect=9.0))
    async with open_pair(ModelServer(), policy=policy, default=LinkPlan(handshake_delay=3.0, refuse_status=503)) as pair:
        with pytest.raises(ConnectionFailed) as caught:
            await pair.ask("Hi")

    assert 9.0 == trio.current_time()
    assert 3 == pair.network.dials
    assert caught.value.verdict is not None
    assert caught.value.verdict.replay_safe


async def test_a_dial_that_fails_once_is_not_noticed(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(), plans=[LinkPlan(refuse_status=503)]) as pair:
        assert "You said: Hi" == await pair.ask("Hi")

    assert 0.375 <= trio.current_time() <= 0.5


async def test_all_who_wait_for_a_dial_are_told_when_it_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    told: list[str] = []

    async def ask() -> None:
        with pytest.raises(ConnectionFailed) as caught:
            await pair.ask("Hi")
        told.append(str(caught.value))

    async with open_pair(ModelServer(), plans=[LinkPlan(refuse_status=403)]) as pair:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask)
        assert "You said: Hi" == await pair.ask("Hi")

    assert 3 == len(told)
    assert 1 == len(set(told))


async def test_a_request_waits_no_longer_for_its_turn_than_the_queue_deadline(autojump_clock: trio.testing.MockClock) -> None:
    policy = Policy(deadlines=Deadlines(queue=50.0))
    async with (
        open_pair(ModelServer(AZURE, scripted([Answer([Stall()])])), policy=policy) as pair,
        pair.session.respond("One") as first,
    ):
        await anext(first)
        with pytest.raises(DeadlineExceeded, match=r"could not be sent within 50 s, others were before it\."):
            await pair.ask("Two")

    assert 50.0 == trio.current_time()
    assert ["One"] == [create["input"][0]["content"] for create in pair.creates]
