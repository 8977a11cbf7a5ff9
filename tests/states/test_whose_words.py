"""Whose words a frame is, where a lane has a past: nobody gets what was said to another, and nobody is blamed for another.

Each story was found by playing it: in every one of them a caller got words or an error that were meant for another, or lost its
own. ``r`` is a request, in order of appearance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import attrs
import pytest

from harness import frames
from harness.lifecycle import Bench, snapshot
from rejoinder.states import placement
from rejoinder.states.classify import CLASSIFIED, History, Item, Stage
from rejoinder.states.classify import Sequence as SequenceFact
from rejoinder.states.effects import Effect, Send
from rejoinder.states.events import Received
from rejoinder.states.intake import INTAKE
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, Policy, Profile
from rejoinder.states.session import Session
from rejoinder.states.stream_events import FrameKind, StreamEvent
from rejoinder.states.triggers import ResponseEvent
from rejoinder.states.verdicts import Cause, OutcomeKind

MISS = "previous_response_not_found"


def asked_again(profile: Profile = AZURE, policy: Policy | None = None) -> Bench:
    """r1 was answered; the create of r2, which has nothing to do with it, is out."""
    bench = Bench(profile, policy)
    bench.ask("a")
    bench.opened()
    bench.answer(1)
    bench.ask("b")
    return bench


def heard_late(bench: Bench, request: int, response: str = "resp_late", item: str = "item_late") -> None:
    """Let the lane of ``request`` say a whole response, of one item, under ids that no voice of the bench has."""
    lane = bench.voices[request].lane
    bench.receive(frames.created(response, lane=lane, sequence=0))
    bench.receive(frames.item_added(item, lane=lane, sequence=1))
    bench.receive(frames.delta("Words for another", item=item, lane=lane, sequence=2))
    bench.receive(frames.completed(response, output=[frames.message("Words for another", item)], lane=lane, sequence=3))


# -- an error with a sequence number, where the create is unanswered ---------------------------------------------------------


@pytest.mark.parametrize("code", ["whatever", "server_error"])
def test_numbered_error_ends_its_request_and_leaves_the_lane_unclean(code: str) -> None:
    bench = asked_again()
    bench.receive(frames.error(code, sequence=5))
    outcome = bench.outcomes.get(2)

    assert outcome is not None
    assert OutcomeKind.FAILED == outcome.kind
    assert outcome.failure is not None
    assert (Cause.FAULT, code) == (outcome.failure.cause, outcome.failure.code)
    assert ("response", "awaiting_created", "RejectedUnclean", "cancel_pending") in bench.moves


def test_doubted_create_is_ended_by_a_numbered_error_in_the_same_way() -> None:
    bench = Bench(AZURE, Policy(signal=True))
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.complete(1)
    bench.ask("b")
    bench.receive(frames.error())
    before = bench.phase(2)
    bench.receive(frames.error("whatever", sequence=5))

    assert ResponsePhase.DOUBTED == before
    assert ("response", "doubted", "RejectedUnclean", "cancel_pending") in bench.moves
    assert OutcomeKind.FAILED == bench.outcomes[2].kind


def test_response_behind_a_numbered_error_speaks_to_nobody() -> None:
    """r1 ends; r2 sent; a numbered error; r3; r2's response begins: r3 got r2's words."""
    bench = asked_again()
    bench.receive(frames.error("whatever", sequence=5))
    bench.ask("c")
    before = bench.request(3)
    heard_late(bench, 2)
    bench.answer(3, "For c")

    assert RequestPhase.WAITING == before
    assert "For c" == bench.text(3)
    assert OutcomeKind.COMPLETED == bench.outcomes[3].kind


def test_only_a_number_above_zero_says_that_a_response_has_begun() -> None:
    phases: dict[int | None, ResponsePhase] = {}
    for sequence in (None, 0, 1, 5):
        bench = asked_again()
        bench.receive(frames.error("whatever", sequence=sequence))
        phases[sequence] = bench.phase(2)

    assert {
        None: ResponsePhase.IDLE,
        0: ResponsePhase.IDLE,
        1: ResponsePhase.CANCEL_PENDING,
        5: ResponsePhase.CANCEL_PENDING,
    } == phases


@pytest.mark.parametrize("sequence", [0, 7])
def test_miss_of_a_named_response_is_one_whatever_its_number(sequence: int) -> None:
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    named = bench.continues(2)
    bench.receive(frames.error(MISS, status=400, sequence=sequence))
    bench.answer(2, "In full")

    assert "resp_1" == named
    assert ("response", "awaiting_created", "CacheMiss", "idle") in bench.moves
    assert None is bench.continues(2)
    assert "In full" == bench.text(2)


def test_unlabelled_numbered_error_is_for_the_one_response_that_has_begun() -> None:
    """r1 speaks; r2 sent on another lane; a numbered error without a label: r2 was blamed, and r3 got r2's words."""
    bench = Bench(OPENAI)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.ask("b")
    bench.receive(frames.error("server_error", sequence=bench.voices[1].next_sequence()))
    phases = bench.phase(1), bench.phase(2)
    bench.answer(2, "For b")

    assert (ResponsePhase.FAILING, ResponsePhase.AWAITING_CREATED) == phases
    assert "For b" == bench.text(2)


# -- an error with a label, where a cancel is unanswered ---------------------------------------------------------------------


def cancelled(profile: Profile = OPENAI) -> Bench:
    """The server was sent a cancel of r1, on lane-1, and has not said what it thinks of it; r1 has ended."""
    bench = Bench(profile)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.cancel(1)
    bench.complete(1)
    return bench


def test_late_answer_to_a_cancel_meets_nobody_while_there_is_another_lane() -> None:
    """Cancel r1; r1 ends; r2; the server refuses the cancel, by the lane's name: r2 was blamed, and r3 got r2's words."""
    bench = cancelled()
    bench.ask("b")
    bench.receive(frames.error("response_not_active", status=400, lane="lane-1"))
    bench.answer(2, "For b")

    assert "lane-2" == bench.voices[2].lane
    assert "For b" == bench.text(2)
    assert ("response", "idle", "Doubtful", "idle") in bench.moves


def test_late_answer_to_a_cancel_is_in_doubt_where_the_lane_had_to_be_taken_again() -> None:
    bench = cancelled(attrs.evolve(OPENAI, names=1))
    bench.ask("b")
    bench.receive(frames.error("response_not_active", status=400, lane="lane-1"))
    before = bench.phase(2)
    bench.answer(2, "For b")

    assert "lane-1" == bench.voices[2].lane
    assert ResponsePhase.DOUBTED == before
    assert "For b" == bench.text(2)


def test_error_on_a_lane_without_a_cancel_is_certain_whatever_another_lane_is_owed() -> None:
    bench = cancelled()
    bench.ask("b")
    lane = bench.voices[2].lane
    bench.receive(frames.error("whatever", status=400, lane=lane))

    assert "lane-1" != lane
    assert ("response", "awaiting_created", "Rejected", "idle") in bench.moves
    assert 1 == bench.session.links[1].debt


def test_lane_whose_cancel_was_answered_is_as_good_as_any() -> None:
    bench = cancelled()
    before = bench.session.links[1].lanes["lane-1"].owed
    bench.receive(frames.error("response_not_active", status=400, lane="lane-1"))
    after = bench.session.links[1].lanes["lane-1"].owed
    bench.ask("b")

    assert (1, 0) == (before, after)
    assert "lane-1" == bench.voices[2].lane


def test_lane_with_an_unanswered_cancel_comes_after_every_other() -> None:
    """Names are spent: r3 continues nothing, and takes the idle lane that is owed nothing, although it was used later."""
    bench = cancelled(attrs.evolve(OPENAI, names=2))
    bench.ask("b")
    bench.answer(2)
    bench.ask("c")

    assert ["lane-1", "lane-2", "lane-2"] == [send.lane for send in bench.all(Send)]


# -- items of the response before ----------------------------------------------------------------------------------------------


@pytest.mark.original("B099")
def test_item_of_the_response_before_is_stray_whatever_else_fits() -> None:
    added = {
        CLASSIFIED[FrameKind.ITEM_ADDED][Stage.BEGUN, Item.EARLIER, sequence, history]
        for sequence, history in product(SequenceFact, History)
    }
    others = {
        CLASSIFIED[kind][Stage.BEGUN, Item.EARLIER, sequence]
        for kind, sequence in product([FrameKind.CONTENT, FrameKind.OTHER], SequenceFact)
    }

    assert {ResponseEvent.STRAY_CONTENT} == added | others


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("profile", [AZURE, GENERIC], ids=lambda profile: profile.name)
def test_item_that_is_announced_again_is_not_taken_for_a_new_one(profile: Profile, numbered: bool) -> None:  # noqa: FBT001
    """Cancel r1; r1 ends; r2 begins; r1's item is announced once more, its number as it happens the next: r2 got r1's words."""

    def number(value: int) -> int | None:
        return value if numbered else None

    bench = Bench(profile)
    bench.ask("a")
    bench.opened()
    bench.receive(frames.created("resp_a", sequence=number(0)))
    bench.receive(frames.item_added("item_a", sequence=number(1)))
    bench.receive(frames.delta("Words of a", item="item_a", sequence=number(2)))
    bench.cancel(1)
    bench.receive(frames.completed("resp_a", sequence=number(3)))
    bench.ask("b")
    bench.receive(frames.created("resp_b", sequence=number(0)))
    bench.receive(frames.item_added("item_a", sequence=number(1)))
    bench.receive(frames.delta("Words of a", item="item_a", sequence=number(2)))
    bench.receive(frames.item_added("item_b", sequence=number(1)))
    bench.receive(frames.delta("Words of b", item="item_b", sequence=number(2)))

    assert "Words of b" == bench.text(2)
    assert 2 == bench.notes.count("StrayContent")


def test_unknown_event_that_names_an_item_of_the_response_before_is_passed_to_nobody() -> None:
    bench = asked_again()
    bench.created(2)
    item = bench.voices[1].item
    bench.receive(frames.unknown(item=item, sequence=1))

    assert ["response.created"] == [frame.type for frame in bench.delivered[2]]
    assert ["StrayContent"] == bench.notes


# -- the two ways through the session --------------------------------------------------------------------------------------------


def the_long_way(session: Session, event: Received, now: float) -> Sequence[Effect]:
    """Feed a frame as the session does where it takes no short cut."""
    effects: list[Effect] = []
    session.effects = effects
    INTAKE[Received](session, event, now)
    placement.settle(session, now)
    return effects


STORIES = {
    "announced": [frames.delta(item="item_1", sequence=3), frames.item_done(frames.message("HiHi"), sequence=4)],
    "adopted": [frames.delta(item="item_2", sequence=3), frames.delta(item="item_2", sequence=4)],
    "adopted, unnumbered": [frames.delta(item="item_2", sequence=None), frames.delta(item="item_3", sequence=None)],
    "adopted when done": [frames.item_done(frames.message("Ho", "item_2"), sequence=3)],
    "names no item": [frames.delta(item=None, sequence=3)],
    "after a gap": [frames.delta(item="item_2", sequence=4), frames.delta(item="item_1", sequence=6)],
}


def test_short_cut_leaves_the_session_as_the_long_way_does() -> None:
    differing: list[str] = []
    for name, phase in product(STORIES, [LinkPhase.OPEN, LinkPhase.RETIRING]):
        bench = Bench(GENERIC)
        bench.ask("a")
        bench.opened()
        bench.created(1)
        bench.receive(frames.item_added("item_1", sequence=1))
        bench.receive(frames.delta(item="item_1", sequence=2))
        bench.session.links[1].phase = phase
        other = bench.session.copy()
        for frame in STORIES[name]:
            event = Received(1, frame)
            ours, theirs = list(bench.session.feed(event, bench.now)), list(the_long_way(other, event, bench.now))
            if ours != theirs or snapshot(bench.session) != snapshot(other):
                differing.append(f"{name}, {phase}: {frame}")

    assert [] == differing


def test_late_words_of_an_item_that_was_never_announced_are_not_adopted_again() -> None:
    """r1 speaks of an item that nobody announced; r1 ends; r2 begins; late words of that item: r2 got them."""
    bench = Bench(GENERIC)
    bench.ask("a")
    bench.opened()
    for frame in without_numbers("resp_a", "item_a", "item_b"):
        bench.receive(frame)
    bench.ask("b")
    bench.receive(frames.created("resp_b", sequence=None))
    for item in ("item_a", "item_b"):
        bench.receive(frames.delta("Words of a", item=item, sequence=None))

    assert "" == bench.text(2)
    assert 2 == bench.notes.count("StrayContent")


def without_numbers(response: str, *items: str) -> list[StreamEvent]:
    """A response of a server that neither counts its frames nor announces its items."""
    said = [frames.delta("Words", item=item, sequence=None) for item in items]
    return [frames.created(response, sequence=None), *said, frames.completed(response, sequence=None)]


# -- what a lane remembers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["rejected", "completed", "failed"])
def test_items_are_remembered_across_a_response_that_has_none(between: str) -> None:
    """r1 speaks and ends; r2 ends without a word; r3 begins; late words of r1: r3 got them."""
    bench = Bench(GENERIC)
    bench.ask("a")
    bench.opened()
    for frame in without_numbers("resp_a", "item_a"):
        bench.receive(frame)
    bench.ask("b")
    if between == "rejected":
        bench.receive(frames.error("invalid", status=400))
    else:
        bench.receive(frames.created("resp_b", sequence=None))
        bench.receive(frames.terminal(between, "resp_b", sequence=None))
    bench.ask("c")
    bench.receive(frames.created("resp_c", sequence=None))
    bench.receive(frames.delta("Words of a", item="item_a", sequence=None))

    assert "" == bench.text(3)
    assert ResponsePhase.ACKNOWLEDGED == bench.phase(3)


def after_a_cancel() -> Bench:
    """r1 was cancelled in the middle and has ended; the lane expects stale frames."""
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.cancel(1)
    bench.complete(1)
    return bench


def test_lane_expects_stale_frames_until_a_response_went_by_without_one() -> None:
    bench = after_a_cancel()
    tainted = [bench.lane(1).tainted]
    bench.ask("b")
    bench.created(2)
    bench.receive(frames.delta("Late", item="item_1", sequence=9))
    bench.speak(2)
    bench.complete(2)
    tainted.append(bench.lane(2).tainted)
    bench.ask("c")
    bench.answer(3)
    tainted.append(bench.lane(3).tainted)

    assert [True, True, False] == tainted


def test_new_item_after_a_gap_is_heard_once_the_lane_is_clean_again() -> None:
    """Cancel r1; fifty clean answers; a gap before an item is announced: its words were dropped for ever after."""
    bench = after_a_cancel()
    bench.ask("b")
    bench.answer(2)
    bench.ask("c")
    bench.created(3)
    bench.voices[3].next_sequence()
    bench.speak(3, "Words of c")
    bench.complete(3)

    assert "Words of c" == bench.text(3)
    assert ["SequenceGap"] == bench.notes
