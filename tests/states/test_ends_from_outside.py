"""How a response ends that does not end by itself: silence, doubt, strangers, damage, loss; and when it is tried again."""

from __future__ import annotations

import pytest

from harness import frames
from harness.in_phase import acknowledged, awaiting_created, doubted, streaming
from harness.lifecycle import Bench
from rejoinder.states.continuation import Replayed
from rejoinder.states.effects import Close, Send, SendCancel
from rejoinder.states.profiles import AZURE, OPENAI, Policy, ReplayPolicy
from rejoinder.states.verdicts import Cause, OutcomeKind, Verdict


def replied(policy: Policy | None = None) -> Bench:
    """A create went out that continues an answered request."""
    bench = Bench(AZURE, policy)
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    return bench


def failure_of(bench: Bench, request: int) -> tuple[OutcomeKind, Cause | None]:
    """How a request ended, and why."""
    outcome = bench.outcomes[request]
    return outcome.kind, None if outcome.failure is None else outcome.failure.cause


def verdict_of(bench: Bench, request: int) -> Verdict:
    verdict = bench.outcomes[request].verdict
    assert verdict is not None
    return verdict


@pytest.mark.parametrize("phase, seconds", [("awaiting_created", 30), ("acknowledged", 120)])
def test_silence_before_output_is_tried_again_elsewhere_once(phase: str, seconds: float) -> None:
    bench = awaiting_created() if phase == "awaiting_created" else acknowledged()
    bench.wait(seconds)
    bench.opened()

    assert [1, 2] == [send.link for send in bench.all(Send)]
    assert Replayed(Cause.OVERDUE) == bench.reason(1)
    assert [Close(1)] == bench.all(Close)

    bench.wait(30)

    assert (OutcomeKind.INTERRUPTED, Cause.OVERDUE) == failure_of(bench, 1)
    assert "Deadlines(created=…)" in str(bench.outcomes[1].failure)


def test_silence_in_the_middle_interrupts_and_tells_the_server() -> None:
    bench = Bench(AZURE, Policy(signal=True))
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.wait(300)

    assert (OutcomeKind.INTERRUPTED, Cause.OVERDUE) == failure_of(bench, 1)
    assert Verdict("streaming", sent=True, acknowledged=True, output_begun=True, replay_safe=False) == verdict_of(bench, 1)
    assert [SendCancel(1, "resp_1")] == bench.all(SendCancel)


def test_doubt_that_is_not_resolved_is_tried_again_elsewhere() -> None:
    bench = doubted()
    bench.wait(2)
    bench.opened()

    assert Replayed(Cause.DOUBT) == bench.reason(2)
    assert 2 == bench.last(Send).link


def test_doubt_that_is_not_resolved_is_an_interruption_where_nothing_is_sent_again() -> None:
    bench = Bench(AZURE, Policy(signal=True, replay=ReplayPolicy.NEVER))
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.complete(1)
    bench.ask()
    bench.receive(frames.error("rather_odd"))
    bench.wait(2)

    assert (OutcomeKind.INTERRUPTED, Cause.DOUBT) == failure_of(bench, 2)
    assert Verdict("doubted", sent=True, acknowledged=False, output_begun=False, replay_safe=True) == verdict_of(bench, 2)


def test_stranger_in_place_of_ours_is_tried_again_elsewhere_once() -> None:
    bench = replied()
    bench.receive(frames.created("resp_9", previous="resp_8"))
    bench.opened()

    assert Replayed(Cause.FOREIGN) == bench.reason(2)
    assert "resp_9" == bench.session.links[1].lanes[None].response_id

    bench.created(2)
    bench.receive(frames.created("resp_9"), bench.voices[2].link)

    assert (OutcomeKind.INTERRUPTED, Cause.FOREIGN) == failure_of(bench, 2)


def test_stranger_in_the_middle_interrupts() -> None:
    bench = streaming()
    bench.receive(frames.created("resp_9"))
    bench.receive(frames.delta("stranger", item="item_9", sequence=1))

    assert (OutcomeKind.INTERRUPTED, Cause.FOREIGN) == failure_of(bench, 1)
    assert "Hello" == bench.text(1)


def test_unreadable_frame_before_output_is_tried_again_elsewhere_once() -> None:
    bench = awaiting_created()
    bench.receive(frames.garbage())
    bench.opened()
    bench.created(1)
    bench.receive(frames.garbage())

    assert Replayed(Cause.DAMAGED) == bench.reason(1)
    assert (OutcomeKind.INTERRUPTED, Cause.DAMAGED) == failure_of(bench, 1)


def test_unreadable_frame_after_created_is_tried_again_elsewhere() -> None:
    bench = acknowledged()
    bench.receive(frames.garbage())
    bench.opened()

    assert Replayed(Cause.DAMAGED) == bench.reason(1)


def test_unreadable_frame_in_the_middle_interrupts_and_says_so() -> None:
    bench = streaming()
    bench.receive(frames.garbage())

    assert (OutcomeKind.INTERRUPTED, Cause.DAMAGED) == failure_of(bench, 1)
    assert "cannot be read" in str(bench.outcomes[1].failure)


def test_loss_before_output_is_tried_again_once() -> None:
    bench = acknowledged()
    bench.lost()
    bench.wait(0)
    bench.opened()
    bench.lost(code=1006)

    assert Replayed(Cause.LOST) == bench.reason(1)
    assert (OutcomeKind.INTERRUPTED, Cause.LOST) == failure_of(bench, 1)
    assert "1006" in str(bench.outcomes[1].failure)


def test_causes_may_differ_and_two_replays_are_all() -> None:
    bench = awaiting_created()
    bench.receive(frames.garbage())
    bench.opened()
    bench.lost()
    bench.wait(1)
    bench.opened()
    bench.wait(30)

    assert [Cause.DAMAGED, Cause.LOST] == list(verdict_of(bench, 1).replays)
    assert (OutcomeKind.INTERRUPTED, Cause.OVERDUE) == failure_of(bench, 1)
    assert 3 == len(bench.all(Send))


def test_loss_past_the_commit_point_interrupts_and_repeats_nothing() -> None:
    bench = streaming()
    bench.lost()

    assert (OutcomeKind.INTERRUPTED, Cause.LOST) == failure_of(bench, 1)
    assert 1 == len(bench.all(Send))


def test_warm_up_is_never_sent_again() -> None:
    bench = Bench(OPENAI)
    bench.ask(warm_up=True)
    bench.opened()
    bench.lost()

    assert (OutcomeKind.INTERRUPTED, Cause.LOST) == failure_of(bench, 1)


def test_nothing_is_sent_again_where_the_policy_says_never() -> None:
    bench = Bench(AZURE, Policy(replay=ReplayPolicy.NEVER))
    bench.ask()
    bench.opened()
    bench.lost()

    assert (OutcomeKind.INTERRUPTED, Cause.LOST) == failure_of(bench, 1)
    assert verdict_of(bench, 1).sent
