"""Which member of a pool takes a request, what it waits for otherwise, and when members come and go."""

from __future__ import annotations

import math
import random

import attrs
import pytest

from harness import frames
from harness.lifecycle import Bench
from harness.pooled import Pooled
from rejoinder.states.phases import LinkPhase, ResponsePhase
from rejoinder.states.pool import Connect, Enlarge, GiveTo, PoolStep, Refuse, Retire
from rejoinder.states.profiles import AZURE, HTTP, OPENAI, CancelPolicy, Deadlines, Policy, Profile
from rejoinder.states.snapshot import Wait
from rejoinder.states.verdicts import Cause, OutcomeKind

OPEN = ["open"]


def pair_of_conversations() -> Pooled:
    """Two serial links, each of which remembers a conversation: of request 1, and of request 2."""
    pooled = Pooled(AZURE, Policy(prove_after=math.inf), size=2)
    pooled.ask("one")
    pooled.ask("two")
    pooled.opened(1, 2)
    pooled.answer(1, 2)
    return pooled


# -- where a request goes --------------------------------------------------------------------------------------------------


def test_nothing_is_dialled_before_it_is_needed() -> None:
    pooled = Pooled(AZURE, size=3, spares=2)
    pooled.wait(1000)

    assert {1: []} == pooled.links()
    assert [] == pooled.steps


def test_the_first_request_shares_the_fate_of_the_first_dial() -> None:
    pooled = Pooled(AZURE, Policy(dial_attempts=1))
    pooled.ask()
    pooled.refused(1, status=401)

    assert [GiveTo(1, 1)] == pooled.steps
    assert OutcomeKind.INTERRUPTED is pooled.benches[1].outcomes[1].kind


def test_on_a_serial_profile_each_of_several_has_a_link_of_its_own() -> None:
    pooled = Pooled(AZURE, size=3)
    for _ in range(3):
        pooled.ask()

    assert {1: 1, 2: 2, 3: 3} == pooled.given
    assert {1: ["connecting"], 2: ["connecting"], 3: ["connecting"]} == pooled.links()


def test_with_lanes_one_link_takes_sixteen_from_the_first_dial_on() -> None:
    pooled = Pooled(OPENAI)
    for _ in range(17):
        pooled.ask()

    assert [1] * 16 + [2] == list(pooled.given.values())


def test_a_link_that_turns_out_to_be_serial_counts_as_one() -> None:
    pooled = Pooled(OPENAI)
    pooled.ask()
    pooled.opened(1)
    pooled.benches[1].receive(frames.created("resp_1"))
    pooled.ask("Another")
    pooled.opened(2)

    assert {1: 1, 2: 2} == pooled.given


def test_a_conversation_stays_with_the_link_that_remembers_it() -> None:
    pooled = pair_of_conversations()
    first, second = 1, 2
    for _ in range(3):
        second, first = pooled.reply(second), pooled.reply(first)
        pooled.answer(second, first)

    assert [1, 2, 2, 1, 2, 1, 2, 1] == list(pooled.given.values())
    assert None not in [pooled.continues(request) for request in range(3, 9)]


def test_a_new_conversation_has_a_link_dialled_rather_than_one_forget() -> None:
    pooled = Pooled(AZURE, size=2)
    pooled.ask("one")
    pooled.opened(1)
    pooled.answer(1)
    pooled.ask("two")

    assert {2: Wait.DIAL} == pooled.waits()
    assert {1: ["open"], 2: ["connecting"]} == pooled.links()
    pooled.opened(2)
    pooled.answer(2)
    third = pooled.reply(1)
    assert (1, "resp_1") == (pooled.given[third], pooled.continues(third))


def test_a_dial_that_takes_too_long_makes_a_link_forget_after_the_hedge_delay() -> None:
    pooled = Pooled(AZURE, size=2)
    pooled.ask("one")
    pooled.opened(1)
    pooled.answer(1)
    pooled.ask("two")
    pooled.wait(0.24)
    before = dict(pooled.given)
    pooled.wait(0.01)

    assert {1: 1} == before
    assert {1: 1, 2: 1} == pooled.given


def test_of_full_memories_the_one_that_was_silent_for_longest_goes() -> None:
    pooled = pair_of_conversations()
    pooled.wait(1)
    again = pooled.reply(1)
    pooled.wait(1)
    pooled.answer(again)
    pooled.ask("three")

    assert 2 == pooled.given[4]


def test_least_loaded_of_links_with_lanes() -> None:
    pooled = Pooled(OPENAI, size=2)
    for _ in range(17):
        pooled.ask()
    pooled.opened(1, 2)
    pooled.begin(17)
    before = len(pooled.given)
    for _ in range(3):
        pooled.ask("More")

    assert [2, 2, 2] == list(pooled.given.values())[before:]


def test_a_link_that_owes_an_answer_to_a_cancel_comes_after_one_that_does_not() -> None:
    pooled = Pooled(OPENAI, size=2)
    for _ in range(17):
        pooled.ask()
    pooled.opened(1, 2)
    for request in (1, 17):
        pooled.begin(request)
    pooled.answer(*range(2, 17))
    pooled.cancel(1)
    pooled.benches[1].receive(frames.terminal("incomplete", "resp_1", lane="lane-1", sequence=3))
    pooled.complete(17)
    pooled.ask("New")

    assert 1 == pooled.benches[1].session.links[1].debt
    assert 2 == pooled.given[18]


# -- waiting -------------------------------------------------------------------------------------------------------------------


def test_when_all_are_full_requests_wait_in_the_order_they_were_made() -> None:
    pooled = Pooled(AZURE, size=2)
    for _ in range(5):
        pooled.ask()
    pooled.opened(1, 2)
    pooled.begin(1, 2)
    waits = pooled.waits()
    pooled.complete(2)
    pooled.begin(3)
    pooled.complete(1, 3)

    assert {3: Wait.TURN, 4: Wait.TURN, 5: Wait.TURN} == waits
    assert [(1, 1), (2, 2), (3, 2), (4, 1), (5, 2)] == list(pooled.given.items())


def test_a_conversation_that_finds_its_link_occupied_goes_where_there_is_room() -> None:
    pooled = pair_of_conversations()
    pooled.ask("three")
    fork = pooled.reply(1)

    assert {3: 1, fork: 2} == {number: pooled.given[number] for number in (3, fork)}


def test_whoever_waits_for_a_dial_lets_others_pass() -> None:
    pooled = Pooled(AZURE, Policy(hedge_delay=60.0), size=3)
    pooled.ask("one")
    pooled.opened(1)
    pooled.answer(1)
    pooled.ask("two")
    pooled.ask("three")
    passing = pooled.reply(1)

    assert {2: Wait.DIAL, 3: Wait.DIAL} == pooled.waits()
    assert {1: ["open"], 2: ["connecting"], 3: ["connecting"]} == pooled.links()
    assert 1 == pooled.given[passing]
    pooled.opened(3, 2)
    assert {2: 3, 3: 2} == {number: pooled.given[number] for number in (2, 3)}


def test_whoever_waits_for_a_lane_lets_nobody_pass() -> None:
    pooled = pair_of_conversations()
    pooled.ask("three")
    pooled.ask("four")
    pooled.begin(3, 4)
    pooled.ask("five")
    again = pooled.ask("six")
    pooled.complete(4)

    assert {again: Wait.TURN} == pooled.waits()
    assert 2 == pooled.given[5]


def test_nobody_waits_for_ever() -> None:
    pooled = Pooled(AZURE, Policy(deadlines=Deadlines(queue=7.0)), size=1)
    pooled.ask()
    pooled.opened(1)
    pooled.begin(1)
    pooled.ask("Waits")
    pooled.wait(6.9)
    before = dict(pooled.outcomes)
    pooled.wait(0.1)
    outcome = pooled.outcomes[2]

    assert {} == before
    assert {} == pooled.waits()
    assert (OutcomeKind.INTERRUPTED, Cause.QUEUE) == (outcome.kind, outcome.failure and outcome.failure.cause)
    assert outcome.failure is not None
    assert "could not be sent within 7 s: every link of the pool was in use" in outcome.failure.message
    assert outcome.verdict is not None
    assert (False, True) == (outcome.verdict.sent, outcome.verdict.replay_safe)


def test_the_deadline_of_the_turn_holds_for_waiting_too() -> None:
    pooled = Pooled(AZURE, Policy(deadlines=Deadlines(turn=3.0)), size=1)
    pooled.ask()
    pooled.opened(1)
    pooled.begin(1)
    pooled.wait(2.0)
    pooled.ask("Waits")

    assert pooled.now + 1.0 == pooled.benches[1].session.next_deadline()
    assert {2: pooled.now} == {number: waiting.asked for number, waiting in pooled.plan.waiting.items()}
    pooled.wait(3.0)
    assert {} == pooled.plan.waiting


def test_a_caller_that_leaves_takes_its_request_out_of_the_queue() -> None:
    pooled = Pooled(AZURE, size=1)
    pooled.ask()
    pooled.opened(1)
    pooled.begin(1)
    pooled.ask("Leaves")
    pooled.ask("Stays")
    pooled.cancel(2)
    pooled.complete(1)

    assert OutcomeKind.CANCELLED is pooled.outcomes[2].kind
    assert {1: 1, 3: 1} == pooled.given
    assert pooled.plan.leave(2) is None


def test_closing_ends_whoever_waits() -> None:
    pooled = Pooled(AZURE, size=1)
    for _ in range(3):
        pooled.ask()
    pooled.opened(1)
    refused = pooled.plan.close()

    assert [2, 3] == [each.request for each in refused]
    assert {Cause.CLOSED} == {each.outcome.failure.cause for each in refused if each.outcome.failure is not None}
    assert {} == pooled.plan.waiting


# -- interruptions -------------------------------------------------------------------------------------------------------------


def test_after_an_interruption_the_next_request_finds_an_open_socket() -> None:
    pooled = Pooled(AZURE, size=2, spares=1)
    pooled.ask("one")
    pooled.opened(1)
    pooled.begin(1)
    pooled.opened(2)
    pooled.cancel(1)
    pooled.ask("two")

    assert ResponsePhase.DRAINING is pooled.benches[1].phase(1)
    assert ResponsePhase.AWAITING_CREATED is pooled.benches[2].phase(2)
    assert {1: OPEN, 2: OPEN} == pooled.links()


def test_where_only_abandoned_responses_are_in_the_way_the_cancel_policy_decides() -> None:
    pooled = Pooled(AZURE, size=1)
    pooled.ask("one")
    pooled.opened(1)
    pooled.begin(1)
    pooled.cancel(1)
    pooled.ask("two")
    pooled.wait(0.25)

    assert {1: ["open", "connecting"]} == pooled.links()


def test_another_link_is_dialled_before_a_drain_is_waited_for() -> None:
    pooled = Pooled(AZURE, Policy(then=CancelPolicy.DRAIN), size=2)
    pooled.ask("one")
    pooled.opened(1)
    pooled.begin(1)
    pooled.cancel(1)
    pooled.ask("two")
    pooled.opened(2)

    assert {1: 1, 2: 2} == pooled.given


# -- growing -----------------------------------------------------------------------------------------------------------------


def test_a_dial_that_failed_makes_it_stop_growing_for_a_while() -> None:
    pooled = Pooled(AZURE, Policy(dial_attempts=1, successor_pause=30.0), size=3)
    pooled.ask("one")
    pooled.opened(1)
    pooled.begin(1)
    pooled.ask("two")
    pooled.refused(2)
    meanwhile = pooled.waits()
    pooled.wait(29.9)
    links = pooled.links()
    pooled.wait(0.1)

    assert {2: Wait.TURN} == meanwhile
    assert {1: ["open"], 2: ["failed"]} == links
    assert {1: ["open"], 2: ["connecting"]} == pooled.links()


def test_a_request_that_waits_for_a_dial_takes_what_is_free_first() -> None:
    pooled = Pooled(AZURE, size=2)
    pooled.ask("one")
    pooled.opened(1)
    pooled.begin(1)
    pooled.ask("two")
    assert {2: Wait.DIAL} == pooled.waits()
    pooled.wait(1.0)
    pooled.complete(1)

    assert {1: 1, 2: 1} == pooled.given


def test_where_no_link_is_left_a_request_takes_one_that_is_on_its_way() -> None:
    pooled = pair_of_conversations()
    pooled.lost(1)
    pooled.ask("three")
    pooled.lost(2)
    pooled.ask("four")
    pooled.ask("five")
    pooled.ask("six")

    assert {3: 1, 4: 2} == {number: pooled.given[number] for number in (3, 4)}
    assert {5: Wait.DIAL, 6: Wait.DIAL} == pooled.waits()


def test_where_all_have_failed_the_next_request_tries_again_at_once() -> None:
    pooled = Pooled(AZURE, Policy(dial_attempts=1), size=1)
    pooled.ask()
    pooled.refused(1)
    pooled.ask("Again")

    assert [LinkPhase.CONNECTING] == [link.phase for link in pooled.benches[1].session.links.values()]


def test_after_a_refused_upgrade_it_is_the_other_transport_that_counts() -> None:
    pooled = Pooled(AZURE, size=3, spares=1)
    other = Bench(HTTP)
    member = pooled.plan.members[1]
    member.fallback = other.session
    before = member.offer(None, pooled.now).room
    member.session.elsewhere = True
    other.ask()
    other.opened()
    pooled.settle()

    assert (1, 99) == (before, member.offer(None, pooled.now).room)
    assert member.is_busy
    assert [] == pooled.steps


# -- spares and idle members ---------------------------------------------------------------------------------------------------


def test_spare_links_follow_when_the_first_is_open() -> None:
    pooled = Pooled(AZURE, size=4, spares=2)
    pooled.ask()
    before = pooled.links()
    pooled.opened(1)
    pooled.opened(2, 3)
    pooled.answer(1)

    assert {1: ["connecting"]} == before
    assert {1: OPEN, 2: OPEN, 3: OPEN} == pooled.links()


def test_a_spare_link_that_is_taken_is_replaced_as_far_as_the_size_allows() -> None:
    pooled = Pooled(AZURE, size=3, spares=1)
    pooled.ask("one")
    pooled.opened(1, 2)
    pooled.ask("two")
    pooled.opened(3)
    pooled.ask("three")

    assert {1: 1, 2: 2, 3: 3} == pooled.given
    assert 3 == len(pooled.benches)


def test_a_lost_spare_link_is_dialled_again() -> None:
    pooled = Pooled(AZURE, size=2, spares=1)
    pooled.ask()
    pooled.opened(1, 2)
    pooled.lost(2)

    assert Connect(2) == pooled.steps[-1]
    assert {1: OPEN, 2: ["connecting"]} == pooled.links()


def test_idle_members_are_closed_but_for_the_first_and_the_spare_ones() -> None:
    pooled = Pooled(AZURE, size=4, spares=1, idle_limit=100.0)
    for text in ("one", "two", "three"):
        pooled.ask(text)
    pooled.opened(1, 2, 3, 4)
    pooled.answer(1, 2, 3)
    pooled.wait(99.0)
    before = list(pooled.benches)
    pooled.wait(1.0)

    assert [1, 2, 3, 4] == before
    assert [Retire(2), Retire(3)] == [step for step in pooled.steps if isinstance(step, Retire)]
    assert [1, 4] == list(pooled.benches)


def test_a_member_that_is_used_is_not_idle() -> None:
    pooled = pair_of_conversations()
    pooled.wait(200.0)
    again = pooled.reply(2)
    pooled.wait(20.0)
    pooled.answer(again)
    pooled.wait(299.0)

    assert [1, 2] == list(pooled.benches)
    pooled.wait(1.0)
    assert [1] == list(pooled.benches)


def test_idle_members_may_be_kept() -> None:
    pooled = Pooled(AZURE, size=2, idle_limit=math.inf)
    pooled.ask("one")
    pooled.ask("two")
    pooled.opened(1, 2)
    pooled.answer(1, 2)
    pooled.wait(2000.0)

    assert [1, 2] == list(pooled.benches)


def test_it_says_what_it_is() -> None:
    pooled = Pooled(AZURE, size=1)
    pooled.ask()
    pooled.ask()

    assert "<Pool members [1:<Session azure links [1:connecting] requests [1:waiting]>] waiting [2]>" == repr(pooled.plan)


# -- properties ------------------------------------------------------------------------------------------------------------------


NARROW = attrs.evolve(OPENAI, in_flight=2, names=4)


@pytest.mark.parametrize("profile", [NARROW, AZURE], ids=["lanes", "serial"])
def test_whatever_happens_everybody_gets_an_outcome_and_no_bound_is_broken(profile: Profile) -> None:
    """Random turns, cancels, losses and refusals; then time alone settles everything. All that can happen does, some time."""
    seen: set[type[PoolStep] | Wait | str] = set()
    for seed in range(8):
        chance = random.Random(seed)
        policy = Policy(deadlines=Deadlines(queue=20.0, turn=40.0), dial_attempts=1)
        pooled = Pooled(profile, policy, size=3, spares=chance.randrange(2), idle_limit=30.0)
        for _ in range(150):
            act(pooled, chance)
            check_bounds(pooled)
            seen.update(pooled.waits().values())
        pooled.wait(120.0)
        retired = {step.member for step in pooled.steps if isinstance(step, Retire)}
        ended = {number for bench in pooled.benches.values() for number in bench.outcomes} | set(pooled.outcomes)

        assert {} == pooled.waits()
        assert ended >= {number for number in range(1, pooled.requests + 1) if pooled.given.get(number) not in retired}
        seen.update(type(step) for step in pooled.steps)
        sent = [
            number for number, member in pooled.given.items() if member in pooled.benches and number in pooled.bench(number).voices
        ]
        seen.update("reuse" for number in sent if pooled.continues(number) is not None)

    assert {Connect, Enlarge, GiveTo, Refuse, Retire, Wait.DIAL, Wait.TURN, "reuse"} == seen


def check_bounds(pooled: Pooled) -> None:
    """What holds at every moment."""
    assert 1 <= len(pooled.benches) <= 3
    for bench in pooled.benches.values():
        links = bench.session.links.values()
        assert sum(link.phase is LinkPhase.OPEN for link in links) <= 1
        for link in links:
            assert len(link.lanes) <= max(pooled.profile.names, 1)
            assert sum(lane.phase is not ResponsePhase.IDLE for lane in link.lanes.values()) <= pooled.profile.in_flight


def act(pooled: Pooled, chance: random.Random) -> None:
    """Let one thing happen that can."""
    chance.choice([ask, ask, reply, dial, dial, refuse, answer, answer, begin, cancel, lose, wait])(pooled, chance)


def ask(pooled: Pooled, chance: random.Random) -> None:
    pooled.ask(f"Topic {chance.randrange(4)}")


def reply(pooled: Pooled, chance: random.Random) -> None:
    for request in pick(chance, [number for number in sent(pooled) if number not in pooled.bench(number).session.requests]):
        pooled.reply(request)


def dial(pooled: Pooled, chance: random.Random) -> None:
    pooled.opened(*pick(chance, having(pooled, LinkPhase.CONNECTING)))


def refuse(pooled: Pooled, chance: random.Random) -> None:
    for member in pick(chance, having(pooled, LinkPhase.CONNECTING)):
        pooled.refused(member)


def lose(pooled: Pooled, chance: random.Random) -> None:
    for member in pick(chance, having(pooled, LinkPhase.OPEN)):
        pooled.lost(member)


def answer(pooled: Pooled, chance: random.Random) -> None:
    for request in pick(chance, running(pooled)):
        if pooled.bench(request).phase(request) is ResponsePhase.AWAITING_CREATED:
            pooled.answer(request)
        else:
            pooled.complete(request)


def begin(pooled: Pooled, chance: random.Random) -> None:
    waits = [number for number in running(pooled) if pooled.bench(number).phase(number) is ResponsePhase.AWAITING_CREATED]
    pooled.begin(*pick(chance, waits))


def cancel(pooled: Pooled, chance: random.Random) -> None:
    for request in pick(chance, [*running(pooled), *pooled.waits()]):
        pooled.cancel(request)


def wait(pooled: Pooled, chance: random.Random) -> None:
    pooled.wait(chance.choice([0.1, 1.0, 6.0]))


def pick(chance: random.Random, there: list[int]) -> list[int]:
    """One of what is there; none if there is nothing."""
    return [chance.choice(there)] if there else []


def sent(pooled: Pooled) -> list[int]:
    """The requests that were sent by a member that is still there."""
    there = [number for number, member in pooled.given.items() if member in pooled.benches]
    return [number for number in there if number in pooled.bench(number).voices]


def running(pooled: Pooled) -> list[int]:
    """Those of them whose create is on a link."""
    known = {number: pooled.bench(number).session.requests.get(number) for number in sent(pooled)}
    return [number for number, request in known.items() if request is not None and request.place is not None]


def having(pooled: Pooled, phase: LinkPhase) -> list[int]:
    """The members with a link in this phase."""
    return [number for number, bench in pooled.benches.items() if any(link.phase is phase for link in bench.session.links.values())]
