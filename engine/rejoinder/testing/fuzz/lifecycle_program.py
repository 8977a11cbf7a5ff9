"""Programs for your own handler: the code that feeds a session and keeps what it says.

    class MyProgram(LifecycleProgram):
        def make_handler(self, session: Session) -> MyHandler:
            return MyHandler(session)

        def transcript(self, handler: MyHandler, request: int) -> str | None:
            return handler.texts.get(request, "")

    TestMine = MyProgram.TestCase

Rules of this file
* A handler is given a session of its own, feeds it each event once, and returns what came back, changed in nothing. Whatever else
  it does (queues, tasks, an event loop that it runs until it is quiet) is its own affair.
* What it took down is compared, after each step, with what the lifecycle delivered: the text deltas of each request, in order, up
  to its outcome and nothing after. What was delivered is taken from a twin of the session that no handler touches, so a handler
  cannot hide a delivery by leaving it out.
* The other promises are judged as in every program (``promises.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.effects import Deliver, Effect
from rejoinder.states.events import Event, Received
from rejoinder.states.session import Session
from rejoinder.states.trace import Fed
from rejoinder.testing.fuzz.broken_promise import TRANSCRIPT, BrokenPromise
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.setups import Setup

__all__ = ["LifecycleProgram"]


class LifecycleProgram(Program):
    """Any order of callers, network, server faults and time, around a handler: override ``make_handler`` and ``transcript``.

    ``MyProgram.TestCase`` is a test that pytest and unittest run; the marker ``rejoinder_fuzz`` says how long.
    """

    def __init__(self) -> None:
        super().__init__()
        self.handler: Any = None
        self.delivered: dict[int, list[str]] = {}
        self._twin: Session

    # -- what to override --------------------------------------------------------------------------------------------------

    def make_handler(self, session: Session) -> Any:  # noqa: ANN401 - it is the user's
        """Return a new handler that is to feed ``session``. By default the session is its own handler.

        What has to be closed (an event loop, say) is made here and let go in ``end_handler``: Hypothesis drops some programs before
        they begin, and those have no handler.
        """
        return session

    def feed(self, handler: Any, event: Event, now: float) -> Sequence[Effect]:  # noqa: ANN401 - it is the user's
        """Let ``event`` happen to the handler at ``now`` (seconds), and return what its session returned, all of it.

        Return when the handler is quiet: whatever it does with a delivery has been done. By default ``handler.feed(event, now)``.
        """
        effects: Sequence[Effect] = handler.feed(event, now)
        return effects

    def transcript(self, handler: Any, request: int) -> str | None:  # noqa: ANN401 - it is the user's
        """Return the words that the handler has of a request (they are numbered 1, 2 …); None if that is not to be checked.

        It is asked after each step for every request that was made, also for those that are waiting or over.
        """
        del handler, request
        return None

    def end_handler(self, handler: Any) -> None:  # noqa: ANN401 - it is the user's
        """Let the handler go, at the end of each program: close its event loop and the like. By default nothing."""

    # -- what the kit does -------------------------------------------------------------------------------------------------

    def start(self, setup: Setup) -> None:
        """A handler around a session, and a server; nobody has met yet."""
        super().start(setup)
        self._twin = self.pair.session.copy()
        self.handler = self.make_handler(self.pair.session)
        self.pair.drive = self._drive

    def judge(self) -> None:
        """After each step: the promises hold, and what the handler took down is what was delivered."""
        super().judge()
        self.compare_transcripts()

    def compare_transcripts(self) -> None:
        """What the handler took down of each request is what was delivered."""
        for request in self.pair.callers:
            said = self.transcript(self.handler, request)
            right = "".join(self.delivered.get(request, ()))
            if said is not None and said != right:
                raise BrokenPromise(TRANSCRIPT, f"the handler has {said!r} of request {request}, and {right!r} was delivered")

    def come_to_an_end(self) -> None:
        """After the last step: time alone ends everything, and the transcripts still agree."""
        super().come_to_an_end()
        self.compare_transcripts()

    def teardown(self) -> None:
        """End the program, and let the handler go whatever has happened."""
        try:
            super().teardown()
        finally:
            if self.handler is not None:
                self.end_handler(self.handler)

    def _drive(self, event: Event, now: float) -> Sequence[Effect]:
        right = tuple(self._twin.feed(event, now))
        for effect in right:
            if isinstance(effect, Deliver) and isinstance(event, Received) and isinstance(event.frame, OutputTextDelta):
                self.delivered.setdefault(effect.request, []).append(event.frame.delta)
        try:
            self._feed(event, now, right)
        except BaseException:
            # The event at which a handler fails belongs to the story, with what the session made of it.
            self.pair.diary.append(Fed(now, event, right))
            raise
        return right

    def _feed(self, event: Event, now: float, right: tuple[Effect, ...]) -> None:
        effects = tuple(self.feed(self.handler, event, now))
        if effects != right:
            said = f"{list(effects)}, and the session said {list(right)}: feed it once, and return what it returns"
            raise BrokenPromise(TRANSCRIPT, f"the handler returned for {event} {said}")
