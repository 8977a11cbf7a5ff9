"""What the judges raise: a promise that was broken, by its number and in a sentence.

The promises (the README says what each is worth): 1 no leaks, 2 silence after a cancel, 3 one outcome, 4 the right continuation,
5 no words twice, 6 limits, 7 violations are harmless, 8 time alone ends everything, 9 the next request is not kept waiting. The
tenth, ``TRANSCRIPT``, is the one that a handler makes: what it took down is what the lifecycle delivered. Those behind it are
duties that users notice when they are neglected.
"""

from __future__ import annotations

from typing import Final, final

__all__ = ["PROMISES", "TRANSCRIPT", "BrokenPromise"]

PROMISES: Final = {
    1: "nothing of one request is delivered to the caller of another",
    2: "nothing is delivered to a caller who has left",
    3: "every request ends in exactly one outcome",
    4: "only the latest completed response of the same lane and link is named",
    5: "no words are delivered twice",
    6: "the limits on sockets, lanes and responses in flight are kept",
    7: "whatever a server says has a row, and nothing raises",
    8: "time alone ends everything",
    9: "the next request is not kept waiting longer than its policy says",
    10: "a handler's transcript is what the lifecycle delivered",
    11: "nothing that a server says is lost silently",
    12: "the server is told of responses that nobody wants any more",
    13: "a create that nobody waits for is taken back while it has not left",
    14: "every socket is accounted for",
    15: "each wait ends at its own instant",
    16: "outcomes tell the truth",
    17: "what can go now goes now",
    18: "words that are added to a response are sent once it has an id, and have one final status",
}
"""The promises by number, in a line each."""

TRANSCRIPT: Final = 10
"""The promise that a handler makes."""


@final
class BrokenPromise(AssertionError):
    """A promise does not hold. Its text begins with ``promise N:`` and says what was seen instead."""

    def __init__(self, promise: int, what: str) -> None:
        super().__init__(f"promise {promise}: {what}")
        self.promise: Final = promise
        """Its number, a key of ``PROMISES``."""
        self.what: Final = what
        """What was seen."""

    def __reduce__(self) -> tuple[type[BrokenPromise], tuple[int, str]]:
        return BrokenPromise, (self.promise, self.what)
