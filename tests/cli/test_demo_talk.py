"""The demo's caller: it writes down what it is given, goes on whatever happens, and listens once more at the end."""

import pytest

from cli.held import Held, hold
from rejoinder.cli.attempts import TEXT_DELTA
from rejoinder.cli.demo_run import Plan
from rejoinder.cli.demo_screen import PlainScreen
from rejoinder.cli.demo_talk import Savings
from rejoinder.engine import Response, Sent
from rejoinder.states.continuation import Full, NoPrevious, Reuse
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Outcome, OutcomeKind
from rejoinder.testing import ErrorFrame, ModelServer
from rejoinder.testing.script import Answer, Received


def test_savings_count_what_was_spared() -> None:
    given = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    full = Sent(1, 1, None, Full(NoPrevious()), 2, 100)
    reuse = Sent(2, 1, None, Reuse("resp_1", given[1:], 1), 1, 60)

    assert Savings(1, 0, 2, 2, 100, 100) == Savings().and_one(full, given)
    # The item that is spared has 29 characters and a comma.
    assert Savings(2, 1, 4, 3, 190, 160) == Savings(1, 0, 2, 2, 100, 100).and_one(reuse, given)


def test_caller_writes_down_each_request_from_asking_to_outcome(held: Held) -> None:
    story = [entry for entry in held.caller if entry.tag == "[q7]"]
    kinds = [entry.what for entry in story]

    assert "asked" == kinds[0]
    assert 4 == sum(entry.kind == TEXT_DELTA for entry in story)
    # Both ways of asking for the outcome come after the cancel.
    assert ["cancelled", "ended", "ended"] == kinds[-3:]
    assert {"[q7] one, [q7] two, [q7] three, [q7] four, "} == {entry.text for entry in story if entry.what == "ended"}


def test_interrupted_request_is_not_heard_of_before_created(held: Held) -> None:
    assert ["asked", "cancelled", "ended", "ended"] == [entry.what for entry in held.caller if entry.tag == "[q5]"]


def test_conversation_is_shown() -> None:
    lines: list[str] = []
    hold(Plan(), PlainScreen(lines.append))
    shown = "\n".join(lines)

    assert '   calls    get_weather({"city": "Lisbon", "asked": "[q3]"})' in lines
    assert '   returns  {"sky": "sunny", "degrees": 24, "asked": "[q4]"}' in lines
    assert 2 == lines.count("   stops    the caller has heard enough")
    assert "in full, because it is sent again (cache miss)" in shown
    assert "in full, because it is sent again (connection lost)" in shown
    assert "   ends     interrupted" in lines


def test_story_goes_on_when_every_request_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(received: Received) -> Answer:
        return Answer(reject=ErrorFrame(code="invalid_request", param="model"))

    def build(plan: Plan) -> ModelServer:
        return ModelServer(answer=refuse)

    monkeypatch.setattr(Plan, "build_server", build)
    held = hold(Plan())
    outcomes = [entry.kind for entry in held.caller if entry.what == "ended"]

    # Each asks twice. Nobody gets as far as being interrupted, and no tool is called.
    assert 24 * ["failed"] == outcomes
    assert not held.report.succeeded


def test_outcome_that_never_comes_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Response.finish

    def forget(response: Response, outcome: Outcome) -> None:
        if response.number != 2:
            finish(response, outcome)

    monkeypatch.setattr(Response, "finish", forget)
    held = hold(Plan())

    assert ["no outcome"] == [entry.kind for entry in held.caller if (entry.what, entry.tag) == ("ended", "[q2]")]
    assert "[q2] was told no outcome but 'no outcome'." in held.broken()["one-outcome"]


def test_words_that_wait_behind_a_cancel_are_found_at_the_very_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that is left with something to read is read, when everything else is over."""
    kept: list[Response] = []
    delivered: list[tuple[StreamEvent, int]] = []
    finish, push = Response.finish, Response.push

    def keep(response: Response, outcome: Outcome) -> None:
        finish(response, outcome)
        if response.status == OutcomeKind.CANCELLED:
            kept.append(response)
        elif response.number == 12:
            for cancelled in kept:
                for entry in delivered:
                    cancelled.push(*entry)

    def copy(response: Response, frame: StreamEvent, size: int) -> bool:
        if response.number == 8:
            delivered.append((frame, size))
        return push(response, frame, size)

    monkeypatch.setattr(Response, "finish", keep)
    monkeypatch.setattr(Response, "push", copy)
    broken = hold(Plan()).broken()

    assert {"words-stay-yours", "cancelled-is-cancelled"} <= set(broken)
