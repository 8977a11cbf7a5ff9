"""The verdict on a run: every judge is asked, in the order of the promises.

Rule of this file: it is asked after all is over, and changes nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, final

import attrs

from rejoinder.testing.fuzz.broken_promise import TRANSCRIPT, BrokenPromise
from rejoinder.testing.fuzz.engine_callers import Handler
from rejoinder.testing.fuzz.engine_hearing import Hearing
from rejoinder.testing.fuzz.engine_judge import Judge
from rejoinder.testing.fuzz.engine_order import out_of_order
from rejoinder.testing.fuzz.engine_plots import Way
from rejoinder.testing.fuzz.engine_run import Run
from rejoinder.testing.fuzz.log_judge import LogJudge

__all__ = ["said_by_the_engine", "verdict"]

LOGGER: Final = logging.getLogger("rejoinder")


def verdict(run: Run, sometimes: Counter[str]) -> Sequence[BrokenPromise]:
    """Everything that was broken in ``run``, what the diary shows first; what happened is counted in ``sometimes``."""
    policy = run.settings.policy
    judge = Judge(run.diary, policy.replay, run.plot.right, sometimes)
    broken = [*judge.read()]
    server = run.sockets.network.server
    log = LogJudge(attrs.evolve(run.plot.setup, after_cancel=policy.after_cancel), run.endpoint.profile, sometimes)
    try:
        for entry in server.log:
            log.judge(entry)
    except BrokenPromise as found:
        broken.append(found.with_traceback(None))
    connections = {socket.number: socket.link.connection for socket in run.sockets.all}
    broken += [BrokenPromise(6, what) for what in out_of_order(run.diary, server.log, connections, judge.requests)]
    for hearing in run.hearings:
        broken += _transcript(hearing, run.handler)
    return broken


def _transcript(hearing: Hearing, handler: Handler) -> Iterator[BrokenPromise]:
    """What the handler believes was said is what it had taken."""
    response = hearing.response
    if response is None or hearing.ask.way is not Way.HANDLE:
        return
    believed = handler.transcript(response.number)
    if believed is None:
        return
    said = hearing.words
    # Who asks for the whole is given it by the result, or by the error's partial result, and takes no events.
    if believed != said and not (hearing.passed_over and believed == response.partial.text):
        yield BrokenPromise(
            TRANSCRIPT,
            f"the transcript of response {response.number} ({hearing}) is {believed!r}, and the handler had taken {said!r}",
        )


@final
class Ears(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.said.append(record.getMessage())


@contextmanager
def said_by_the_engine() -> Generator[Sequence[str]]:
    """What the engine logs as an error within the block: a wire, a connector or an observer raised what it should not."""
    ears = Ears()
    LOGGER.addHandler(ears)
    try:
        yield ears.said
    finally:
        LOGGER.removeHandler(ears)
