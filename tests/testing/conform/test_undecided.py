"""What breaks no promise: a row that was not put to the test, a server that is busy, and whatever a cancel does."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from trio.testing import MockClock

from rejoinder.testing import Answer, AnswerFunction, CancelMode, ErrorFrame, ModelServer, Received, Stall, Text
from rejoinder.testing.conform import Transcript, Verdict, obliging_answer
from rejoinder.testing.conform.records import Closing
from rejoinder.testing.server_profiles import OPENAI
from testing.conform.alterations import Alteration, finding_on, obliging_server, report_on, row_named, verdicts
from testing.conform.servers import (
    Maker,
    asking,
    changing,
    closing_after_errors,
    odd_frames_close,
    says,
    second_refused,
)

# -- what leaves a row undecided -----------------------------------------------------------------------------------------------


def busy(index: int) -> AnswerFunction:
    """Refuse one create for a reason that passes, and do what the others ask for."""

    def answer(received: Received) -> Answer:
        if received.index == index:
            return Answer(reject=ErrorFrame(code="rate_limit_exceeded", status=429, message="Slow down."))
        return obliging_answer(received)

    return answer


@pytest.mark.parametrize("name", ["stream-accepted", "continuation", "call-answered", "one-after-the-other", "lanes-concurrent"])
async def test_server_that_is_busy_breaks_nothing(autojump_clock: MockClock, name: str) -> None:
    # The first answer is to the plain request that every run begins with.
    last = 1 if name == "stream-accepted" else 2
    finding = await finding_on(name, ModelServer(OPENAI, busy(last)))

    assert (Verdict.UNDECIDED, True) == (finding.verdict, "rate_limit_exceeded" in finding.text)


IN_SEQUENCE = ErrorFrame(code="server_error", message="Oh.", shape="wrapped_in_sequence")
NOT_TESTED: list[tuple[str, Callable[[], ModelServer], Maker, str]] = [
    (
        "output-agrees",
        lambda: says(Answer([Text("Hello.")], terminal="incomplete")),
        Alteration,
        "the response ended in response.incomplete",
    ),
    (
        "continuation",
        lambda: says(Answer([Text("Hello."), IN_SEQUENCE, Stall()])),
        Alteration,
        "the response ended in an error: server_error (Oh.)",
    ),
    ("deltas-join", lambda: says(Answer()), Alteration, "no text came both in deltas and whole"),
    ("items-announced", lambda: says(Answer()), Alteration, "no frame names an item"),
    (
        "refusal-spares-connection",
        obliging_server,
        asking(lambda body: body.pop("previous_response_id", None)),
        "nothing was refused",
    ),
    (
        "error-shape",
        obliging_server,
        asking(lambda body: body.pop("previous_response_id", None)),
        "there was no error to read",
    ),
    (
        "failure-evicts",
        obliging_server,
        asking(lambda body: body.update(input="Hi") if body.get("input") == 0 else None),
        "the server accepts the continuation that was meant to fail",
    ),
    ("failure-evicts", obliging_server, closing_after_errors, "the connection ended with the failure"),
    (
        "call-answered",
        obliging_server,
        changing(lambda body: body["item"].pop("call_id", None) if "item" in body else None),
        "the conversation did not get that far",
    ),
    ("cancel", lambda: says(Answer()), Alteration, "the response was over before it could be cancelled"),
    (
        "lane-named",
        obliging_server,
        second_refused,
        "a create was refused: invalid_type (Invalid type for 'input'.)",
    ),
]


@pytest.mark.parametrize("name, server, make, text", NOT_TESTED)
async def test_row_that_was_not_put_to_the_test_is_not_broken(
    autojump_clock: MockClock, name: str, server: Callable[[], ModelServer], make: Maker, text: str
) -> None:
    finding = await finding_on(name, server(), make)

    assert text == finding.text
    assert finding.verdict in {Verdict.UNDECIDED, Verdict.NOT_APPLICABLE}


def test_connection_that_ends_under_a_ping_breaks_that_row() -> None:
    finding = row_named("ping").judge(Transcript(1.0, closings=[Closing(0.1, 0, 1011, "overloaded")]))

    assert (Verdict.BROKEN, "the connection ended with code 1011 (overloaded)") == (finding.verdict, finding.text)


def test_connection_that_was_never_closed_says_nothing_about_closing() -> None:
    assert Verdict.UNDECIDED is row_named("close").judge(Transcript(1.0)).verdict


async def test_model_that_puts_it_otherwise_breaks_nothing(autojump_clock: MockClock) -> None:
    finding = await finding_on("continuation", says(Answer([Text("I would rather not say.")])))

    assert Verdict.UNDECIDED is finding.verdict
    assert "the answer does not hold the word; a model may put it otherwise" == finding.text


async def test_model_that_calls_nothing_has_no_calls_to_judge(autojump_clock: MockClock) -> None:
    report = await report_on(says(Answer([Text("It snows.")])), "call-arguments", "call-answered")

    assert {"call-arguments": Verdict.NOT_APPLICABLE, "call-answered": Verdict.NOT_APPLICABLE} == verdicts(report)


async def test_terminal_without_output_is_not_held_against_the_server(autojump_clock: MockClock) -> None:
    finding = await finding_on("output-agrees", says(Answer([Text("Hello.")], output=())))

    assert Verdict.NOT_APPLICABLE is finding.verdict


async def test_lanes_that_are_over_at_once_are_undecided(autojump_clock: MockClock) -> None:
    one = attrs.evolve(OPENAI, max_in_flight=1)
    finding = await finding_on("lanes-concurrent", ModelServer(one))

    assert (Verdict.UNDECIDED, "the first answer was over too soon to tell") == (finding.verdict, finding.text)


async def test_closing_is_an_answer_to_what_is_no_json(autojump_clock: MockClock) -> None:
    report = await report_on(obliging_server(), "broken-json", "binary-frame", make=odd_frames_close)

    assert {"broken-json": Verdict.KEPT, "binary-frame": Verdict.KEPT} == verdicts(report)


# -- what a cancel does --------------------------------------------------------------------------------------------------------

UNSUPPORTED = "unknown_event_type (The event type 'response.cancel' is not supported.)"
LATER = "the response ended in response.completed 0.40 s after the cancel"

CANCELS: list[tuple[str, Callable[[], ModelServer], Maker, str]] = [
    ("honoured", obliging_server, Alteration, "honoured: response.incomplete 0.00 s after the cancel"),
    (
        "ignored",
        lambda: obliging_server(cancel_mode=CancelMode.IGNORE),
        Alteration,
        "ignored: 43 more frames of output, and response.completed 0.40 s after the cancel",
    ),
    (
        "answered by an error",
        lambda: obliging_server(cancel_mode=CancelMode.ERROR),
        Alteration,
        f"error: answered at once by {UNSUPPORTED}; {LATER}",
    ),
    (
        "answered late",
        lambda: obliging_server(cancel_mode=CancelMode.LATE_ERROR),
        Alteration,
        f"error: answered after the terminal event by {UNSUPPORTED}; {LATER}",
    ),
    (
        "answered after the patience",
        lambda: obliging_server(cancel_mode=CancelMode.LATE_ERROR, cancel_delay=2.0),
        Alteration,
        "ignored: 43 more frames of output, and response.completed 0.40 s after the cancel; the next create was not answered",
    ),
    ("closes", obliging_server, odd_frames_close, "closes: the connection ended with code 1003"),
]


@pytest.mark.parametrize("server, make, text", [pytest.param(*each[1:], id=each[0]) for each in CANCELS])
async def test_cancel_is_found(autojump_clock: MockClock, server: Callable[[], ModelServer], make: Maker, text: str) -> None:
    finding = await finding_on("cancel", server(), make)

    assert (Verdict.FOUND, text) == (finding.verdict, finding.text)
    assert finding.evidence
