"""When a request that has no machine of its own may be sent again: one-shot calls over HTTP.

The same table and the same limits as for responses (``facts.reaction_to``, ``Policy``): 408, 409, 429, 5xx and connection errors
pass, ``x-should-retry`` overrides, a pause longer than the limit does not pass; twice at most (openai-python 3.54), and never under
``ReplayPolicy.NEVER``.
"""

from __future__ import annotations

from .facts import REPLAYS_IN_ALL, reaction_to
from .profiles import Policy, ReplayPolicy
from .stream_events import ErrorEvent
from .verdicts import Reaction

__all__ = ["retry_pause"]


def retry_pause(policy: Policy, error: ErrorEvent | None, attempts: int, jitter: float) -> float | None:
    """Seconds until the next attempt; None if there is none.

    Args:
        policy: the user's choices.
        error: what the server answered; None if it was not reached, or fell silent before it answered.
        attempts: how often it was tried.
        jitter: a random number in [0, 1], drawn by the caller.
    """
    if attempts > REPLAYS_IN_ALL or policy.replay is ReplayPolicy.NEVER:
        return None
    if error is not None:
        if reaction_to(error, policy) is not Reaction.PASSING:
            return None
        if error.retry_after is not None:
            return error.retry_after
    pause = min(policy.retry_pause * 2.0 ** (attempts - 1), policy.backoff_limit)
    return pause * (0.75 + 0.25 * jitter)
