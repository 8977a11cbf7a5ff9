"""Calls over HTTP that have no machine of their own: one request, one answer, retried by the rules.

Rules of this file
* Nothing here touches a link, a lane or a continuation: a call is out of band, whatever the session does meanwhile.
* ``states/retries.py`` says whether there is another attempt and when; here is only the waiting.
* What went wrong is one of our errors, with the same causes and verdicts as for responses.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast, final

import attrs
import httpx
import trio

from rejoinder.states.codec import decode
from rejoinder.states.failures import failure_from_error, failure_from_response
from rejoinder.states.retries import retry_pause
from rejoinder.states.stream_events import ErrorEvent
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind, Verdict

from .errors import ResponseError, error_for
from .http_client import AnswerTooLarge, HttpClient, body_of, error_frame, request_id_of
from .http_wire import UNREACHED, told_by, why_unreachable
from .masking import masked, secrets_in
from .result import Result, result_of
from .wire import HandshakeFailed

__all__ = ["Answered", "OneShot"]

STAGE: Final = "one-shot"
"""What a verdict calls the stage of such a call."""


@attrs.frozen
class Answered:
    """What a call came to."""

    body: Mapping[str, Any] = attrs.field(repr=False)
    """The JSON object of the answer."""
    request_id: str | None
    """``x-request-id``."""


@attrs.frozen
class Refused:
    """What one attempt came to that failed."""

    failure: Failure
    """What went wrong."""
    kind: OutcomeKind
    """Whose fault it was: ``FAILED`` the server's word, ``INTERRUPTED`` the network's."""
    sent: bool
    """Whether anything was sent."""
    error: ErrorEvent | None = None
    """What the server answered, where it did."""
    passing: bool = True
    """Whether it may pass by itself, for all that is known here."""
    request_id: str | None = None
    """``x-request-id``, where the server answered."""


@final
class OneShot:
    """Asks an endpoint, once or three times."""

    def __init__(self, client: HttpClient) -> None:
        self._client: Final = client
        self._policy: Final = client.settings.policy

    async def call(
        self, method: str, path: str = "", *, body: str | None = None, query: Mapping[str, str] | None = None
    ) -> Answered:
        """Return the answer of one request, sent at most three times.

        It may take as long as a streamed response may be silent before its end (the deadlines ``first_output`` and ``gap``).
        Raises ``ResponseFailed``, ``ConnectionFailed``, ``DeadlineExceeded`` or ``Interrupted``.
        """
        attempts = 0
        replays: list[Cause] = []
        while True:
            attempts += 1
            came = await self._attempt(method, path, body, query)
            if isinstance(came, Answered):
                return came
            pause = retry_pause(self._policy, came.error, attempts, random.random()) if came.passing else None  # noqa: S311
            if pause is None:
                raise _error(came, tuple(replays))
            replays.append(came.failure.cause)
            await trio.sleep(pause)

    async def _attempt(self, method: str, path: str, body: str | None, query: Mapping[str, str] | None) -> Answered | Refused:
        deadlines = self._policy.deadlines
        patience = deadlines.first_output + deadlines.gap
        with trio.move_on_after(patience):
            try:
                async with self._client.ask(method, path, body=body, query=query) as response:
                    return await self._read(response)
            except UNREACHED as error:
                message, permanent = why_unreachable(error, self._client.endpoint)
                advice = "Check the server's address, its certificate and the network."
                failure = Failure(Cause.DIAL, f"{message} {advice}")
                return Refused(failure, OutcomeKind.INTERRUPTED, sent=False, passing=not permanent)
            except HandshakeFailed as refused:
                failure = Failure(Cause.DIAL, refused.message)
                return Refused(failure, OutcomeKind.INTERRUPTED, sent=False, passing=not refused.permanent)
            except AnswerTooLarge as error:
                message = f"The answer was not read: {error}. Ask for less, or allow more with Settings(frame_limit=…)."
                return Refused(Failure(Cause.OUTPUT, message), OutcomeKind.INTERRUPTED, sent=True, passing=False)
            except httpx.HTTPError as error:
                message = f"The connection was lost before the answer was complete ({told_by(error)}). Ask again."
                return Refused(Failure(Cause.LOST, message), OutcomeKind.INTERRUPTED, sent=True)
        message = (
            f"The server did not answer within {patience:g} s. Ask again, or allow more time with Deadlines(first_output=…, gap=…)."
        )
        return Refused(Failure(Cause.OVERDUE, message), OutcomeKind.INTERRUPTED, sent=True, passing=False)

    async def _read(self, response: httpx.Response) -> Answered | Refused:
        request_id = request_id_of(response)
        if not response.is_success:
            error = cast("ErrorEvent", decode(json.dumps(await error_frame(response))))
            failure = failure_from_error(Cause.REJECTED, error, self._policy)
            return Refused(failure, OutcomeKind.FAILED, sent=True, error=error, request_id=request_id)
        text = await body_of(response, self._client.settings.frame_limit)
        body = _json_in(text)
        if isinstance(body, dict) and cast("dict[str, Any]", body).get("error") is not None:
            body = _json_in(masked(text.decode("utf-8", "replace"), secrets_in(response.request.headers)))
        if not isinstance(body, dict):
            message = "The server's answer cannot be read: it is no JSON object. Check that the address is that of a Responses API."
            failure = Failure(Cause.DAMAGED, message, status=response.status_code)
            return Refused(failure, OutcomeKind.INTERRUPTED, sent=True, passing=False, request_id=request_id)
        return Answered(cast("dict[str, Any]", body), request_id)

    async def response(
        self, method: str, path: str = "", *, body: str | None = None, query: Mapping[str, str] | None = None
    ) -> Result:
        """Return the response object that ``call`` gives, whatever its status."""
        answered = await self.call(method, path, body=body, query=query)
        return result_of(answered.body, answered.request_id)

    def raise_unless_good(self, result: Result) -> Result:
        """Return ``result`` if it is of use: complete, incomplete, under way. Raises ``ResponseFailed``, ``ResponseCancelled``."""
        if result.status == "failed":
            failure = failure_from_response(result.response or {}, self._policy)
            raise _error(Refused(failure, OutcomeKind.FAILED, sent=True), (), result)
        if result.status == "cancelled":
            raise cast("ResponseError", error_for(Outcome(OutcomeKind.CANCELLED, response=result.response), result))
        return result


def _json_in(text: str | bytes) -> object:
    """The JSON value of a body, an empty object for an empty one; None if it is none."""
    with suppress(ValueError, RecursionError):
        return cast("object", json.loads(text)) if text else {}
    return None


def _error(refused: Refused, replays: tuple[Cause, ...], partial: Result | None = None) -> ResponseError:
    failure = refused.failure
    verdict = Verdict(
        stage=STAGE,
        sent=refused.sent or bool(replays),
        acknowledged=partial is not None,
        output_begun=False,
        replay_safe=True,
        retry_after=failure.retry_after,
        replays=replays,
    )
    nothing = Result(None, str(refused.kind), (), None, request_id=refused.request_id)
    response = None if partial is None else partial.response
    error = error_for(Outcome(refused.kind, failure, verdict, response), nothing if partial is None else partial)
    return cast("ResponseError", error)
