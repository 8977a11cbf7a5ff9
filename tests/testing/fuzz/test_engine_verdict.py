"""All judges are asked, and what the engine logs as an error is heard."""

from __future__ import annotations

import logging

import pytest
import trio
from trio.testing import MockClock

from rejoinder.testing import LogEntry
from rejoinder.testing.fuzz.engine_plots import Ask, Plot
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.engine_run import Run
from rejoinder.testing.fuzz.engine_verdict import said_by_the_engine, verdict
from rejoinder.testing.fuzz.setups import nonce


def finished(plot: Plot) -> Run:
    program = EngineProgram()
    run = Run.of(plot, program, program.endpoint(plot.setup), program.settings(plot))
    trio.run(run.main, clock=MockClock(autojump_threshold=0))
    return run


def test_the_log_of_the_server_is_judged() -> None:
    run = finished(Plot(steps=(Ask(),)))
    assert [] == verdict(run, EngineProgram.sometimes)
    server = run.sockets.network.server
    second = {"type": "response.create", "metadata": {"nonce": nonce(1)}}
    server.log[2:2] = [LogEntry(0.0, 0, "in", "", second)]

    told = [str(broken) for broken in verdict(run, EngineProgram.sometimes)]
    assert "promise 6: request 1 was sent on a serial connection while [1] may still speak there" in told
    assert "promise 6: on connection 0 the create of caller 1 was overtaken by what was decided after it" in told


def test_errors_of_the_engine_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("rejoinder")
    with said_by_the_engine() as said:
        logger.error("%s went wrong", "this")
        logger.warning("and that is well known")
    logger.error("nobody listens any more")

    assert ["this went wrong"] == said
