"""The tree of errors, and which of them an outcome is."""

import pytest
import trio
import trio.testing

from harness import frames
from harness.hand_wire import HandNetwork
from harness.pair import KEY, open_pair
from rejoinder.engine import (
    ConnectionFailed,
    ConsumerTooSlow,
    DeadlineExceeded,
    Endpoint,
    HandshakeFailed,
    Interrupted,
    InvalidEndpoint,
    InvalidOutput,
    InvalidRequest,
    InvalidSetting,
    OutputTooLarge,
    RecordingFailed,
    RejoinderError,
    ResponseCancelled,
    ResponseError,
    ResponseFailed,
    ResponseRefused,
    Result,
    SessionClosed,
    open_session,
)
from rejoinder.engine.errors import TooManyRounds, error_for, unraised
from rejoinder.states.profiles import AZURE as AZURE_PROFILE
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind, Verdict
from rejoinder.testing import AZURE, Answer, ErrorFrame, LinkPlan, LoseConnection, ModelServer, Text, scripted

NOTHING = Result(None, "interrupted", [], None)
VERDICT = Verdict(stage="waiting", sent=False, acknowledged=False, output_begun=False, replay_safe=True)


@pytest.mark.parametrize(
    "error, base",
    [
        (InvalidEndpoint, ValueError),
        (InvalidOutput, ValueError),
        (InvalidRequest, TypeError),
        (InvalidSetting, InvalidRequest),
        (InvalidSetting, ValueError),
        (SessionClosed, RejoinderError),
        (RecordingFailed, RejoinderError),
        (ResponseFailed, ResponseError),
        (ResponseRefused, ResponseFailed),
        (ResponseCancelled, ResponseError),
        (Interrupted, ResponseError),
        (ConnectionFailed, Interrupted),
        (DeadlineExceeded, Interrupted),
        (ConsumerTooSlow, Interrupted),
        (OutputTooLarge, Interrupted),
    ],
)
@pytest.mark.original("B125")
def test_what_catches_what(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, base)
    assert issubclass(error, RejoinderError)


@pytest.mark.parametrize(
    "cause, error",
    [
        (Cause.DIAL, ConnectionFailed),
        (Cause.OVERDUE, DeadlineExceeded),
        (Cause.QUEUE, DeadlineExceeded),
        (Cause.TURN, DeadlineExceeded),
        (Cause.OVERFLOW, ConsumerTooSlow),
        (Cause.OUTPUT, OutputTooLarge),
        (Cause.LOST, Interrupted),
        (Cause.DOUBT, Interrupted),
        (Cause.FOREIGN, Interrupted),
        (Cause.DAMAGED, Interrupted),
        (Cause.LIMIT, Interrupted),
        (Cause.CLOSED, Interrupted),
    ],
)
def test_an_interruption_by_its_cause(cause: Cause, error: type[Interrupted]) -> None:
    failure = Failure(cause, "It stopped. Start again.")
    raised = error_for(Outcome(OutcomeKind.INTERRUPTED, failure, VERDICT), NOTHING)

    assert raised is not None
    assert type(raised) is error
    assert "It stopped. Start again." == str(raised)
    assert (failure, VERDICT, NOTHING) == (raised.failure, raised.verdict, raised.partial)


def test_a_failure_by_the_server() -> None:
    raised = error_for(Outcome(OutcomeKind.FAILED, Failure(Cause.FAILED, "No. Ask less.", code="server_error"), VERDICT), NOTHING)

    assert type(raised) is ResponseFailed
    assert raised.failure is not None
    assert "server_error" == raised.failure.code


def test_a_cancelled_response_has_no_failure() -> None:
    raised = error_for(Outcome(OutcomeKind.CANCELLED, None, VERDICT), NOTHING)

    assert type(raised) is ResponseCancelled
    assert raised.failure is None
    assert "The response was cancelled by its caller." == str(raised)


@pytest.mark.parametrize("kind", [OutcomeKind.COMPLETED, OutcomeKind.INCOMPLETE])
def test_a_normal_end_is_no_error(kind: OutcomeKind) -> None:
    assert error_for(Outcome(kind), NOTHING) is None


def test_a_refusal_says_what_the_model_said() -> None:
    raised = ResponseRefused(Outcome(OutcomeKind.COMPLETED), NOTHING, "I would rather not.")

    assert "I would rather not." == raised.refusal
    assert "The model declined: I would rather not." == str(raised)


async def test_every_error_of_a_response_names_it_and_its_connection(autojump_clock: trio.testing.MockClock) -> None:
    answers = [Answer([Text("half"), LoseConnection()]), Answer(reject=ErrorFrame(code="invalid_value"))]
    async with open_pair(ModelServer(AZURE, scripted(answers))) as pair:
        with pytest.raises(Interrupted) as half:
            await pair.ask("one")
        with pytest.raises(ResponseFailed) as refused:
            await pair.ask("two")

    assert ("resp_1", "req_0") == (half.value.response_id, half.value.request_id)
    assert (None, "req_1") == (refused.value.response_id, refused.value.request_id)
    assert half.value.verdict is not None
    assert half.value.verdict.output_begun


async def test_a_connection_that_was_refused_is_named_too(autojump_clock: trio.testing.MockClock) -> None:
    plans = [LinkPlan(refuse_status=401, refuse_headers={"x-request-id": "req_refused"})]
    async with open_pair(ModelServer(), plans=plans) as pair, pair.session.respond("one") as response:
        assert response.request_id is None
        with pytest.raises(ConnectionFailed) as caught:
            await response.text()

    assert (None, "req_refused") == (caught.value.response_id, caught.value.request_id)


def test_errors_about_no_response_name_none() -> None:
    assert (None, None) == (SessionClosed().response_id, InvalidRequest().request_id)


@pytest.mark.parametrize(
    "error",
    [
        ResponseFailed(Outcome(OutcomeKind.FAILED, Failure(Cause.FAILED, "It failed."), VERDICT), NOTHING),
        ResponseRefused(Outcome(OutcomeKind.COMPLETED), NOTHING, "No."),
        TooManyRounds(3, NOTHING),
        InvalidRequest("It cannot be sent."),
        SessionClosed("It is closed."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_as_if_nothing_had_raised_it(error: RejoinderError) -> None:
    cause = OSError("the cause")
    with pytest.raises(type(error)):
        raise error from cause
    fresh = unraised(error)

    assert type(fresh) is type(error)
    assert (str(fresh), fresh.args, vars(fresh)) == (str(error), error.args, vars(error))
    assert fresh.__cause__ is cause
    assert fresh.__suppress_context__
    assert fresh.__traceback__ is None
    assert error.__traceback__ is not None


async def test_a_handshake_that_was_refused_is_no_affair_of_later_requests(autojump_clock: trio.testing.MockClock) -> None:
    network = HandNetwork(HandshakeFailed("Not now.", status=503, request_id="req_refused"))
    endpoint = Endpoint("ws://localhost/", KEY, profile=AZURE_PROFILE)
    async with open_session(endpoint, connector=network.connect) as session, session.respond("Hi") as response:
        await trio.sleep(3)
        network.wires[0].say(frames.created(), frames.completed(output=[], sequence=1))
        await response.result()

    assert (None, "completed") == (response.request_id, response.status)
