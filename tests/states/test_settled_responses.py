"""What an abandoned response came to is told when it is known: of its own request, and of no stranger's."""

import pytest

from harness import frames
from harness.in_phase import cancel_pending, draining, quarantined
from harness.lifecycle import Bench
from rejoinder.states.effects import Settled
from rejoinder.states.events import Pong
from rejoinder.states.profiles import AZURE, OPENAI, Policy
from rejoinder.states.verdicts import OutcomeKind

USAGE = {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}


@pytest.mark.parametrize("kind", ["completed", "failed", "incomplete"])
def test_the_terminal_of_an_abandoned_response_is_told_with_its_response_object(kind: str) -> None:
    bench = draining()
    bench.wait(1.5)
    bench.end(1, kind, usage=USAGE)

    (settled,) = bench.all(Settled)
    assert Settled(1, "resp_1", OutcomeKind(kind), 1.5) == settled
    assert settled.response is not None
    assert USAGE == settled.response["usage"]


def test_what_drains_is_counted_from_when_the_caller_left() -> None:
    bench = cancel_pending()
    bench.wait(1.0)
    bench.created(1)
    bench.wait(2.0)
    bench.end(1, "completed", usage=USAGE)

    assert 3.0 == bench.last(Settled).drained


def test_a_terminal_after_the_quarantine_is_told_too() -> None:
    bench = quarantined()
    request = max(bench.voices)
    bench.end(request, "completed", usage=USAGE)

    assert request == bench.last(Settled).request


def test_each_attempt_that_was_given_up_is_told_of() -> None:
    bench = Bench(OPENAI, Policy())
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.ask("More")
    first = bench.voices[2]
    bench.created(2)
    bench.wait(120.0)
    bench.feed(Pong(1))
    second = bench.voices[2]
    bench.receive(frames.terminal("failed", first.response, lane=first.lane, sequence=1, usage=USAGE), first.link)
    bench.answer(2)

    assert first.response != second.response
    assert [(2, first.response, OutcomeKind.FAILED)] == [(told.request, told.response_id, told.kind) for told in bench.all(Settled)]
    assert OutcomeKind.COMPLETED == bench.outcomes[2].kind


def test_of_a_strangers_response_nobody_is_told() -> None:
    bench = draining()
    bench.end(1, "completed")
    bench.receive(frames.created("resp_9"))
    bench.receive(frames.terminal("completed", "resp_9"))

    assert [1] == [told.request for told in bench.all(Settled)]


def test_a_stranger_that_took_the_lane_over_is_not_charged_to_its_request() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.receive(frames.created("resp_9"))
    bench.receive(frames.terminal("completed", "resp_9", usage=USAGE))

    assert [] == bench.all(Settled)


def test_a_response_that_is_listened_to_is_not_told_twice() -> None:
    bench = Bench()
    bench.ask()
    bench.opened()
    bench.answer(1)

    assert [] == bench.all(Settled)


def test_its_repr_shows_no_payload() -> None:
    assert "Settled(request=1, response_id='resp_1', kind=<OutcomeKind.FAILED: 'failed'>, drained=1.5)" == repr(
        Settled(1, "resp_1", OutcomeKind.FAILED, 1.5, {"output": ["secret words"]})
    )
