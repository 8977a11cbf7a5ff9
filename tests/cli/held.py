"""The demo's conversation, held in memory on a virtual clock: two good logs, for tests to read and to doctor."""

from __future__ import annotations

import attrs
import trio
from trio.testing import MockClock

from rejoinder.cli.caller_log import CallerEntry, CallerLog
from rejoinder.cli.demo_report import Report
from rejoinder.cli.demo_run import Plan, hold_conversation
from rejoinder.cli.demo_screen import Screen, SilentScreen
from rejoinder.cli.judge import Finding, judge
from rejoinder.engine import Endpoint, open_session
from rejoinder.states.profiles import PROFILES
from rejoinder.testing import LinkPlan, LogEntry, MemoryNetwork
from rejoinder.testing.memory_wire import memory_connector


@attrs.frozen
class Held:
    """A conversation that was held."""

    plan: Plan
    server: tuple[LogEntry, ...] = attrs.field(repr=False)
    caller: tuple[CallerEntry, ...] = attrs.field(repr=False)
    report: Report = attrs.field(repr=False)

    def judged(self) -> dict[str, Finding]:
        """Judge the logs as they are now."""
        return {finding.name: finding for finding in judge(self.server, self.caller, self.plan.terms)}

    def broken(self) -> dict[str, tuple[str, ...]]:
        """The promises that the logs break, and how."""
        return {name: finding.violations for name, finding in self.judged().items() if not finding.kept}


def hold(plan: Plan, screen: Screen | None = None) -> Held:
    """Hold the conversation over links of 5 ms, which take 20 ms to open."""

    async def talk() -> Held:
        server = plan.build_server()
        network = MemoryNetwork(server, default=LinkPlan(latency=0.005, handshake_delay=0.02))
        log = CallerLog(trio.current_time)
        endpoint = Endpoint("ws://localhost/v1/responses", "any", PROFILES[plan.profile])
        async with open_session(endpoint, plan.settings, connector=memory_connector(network)) as session:
            report = await hold_conversation(plan, session, server, log, screen or SilentScreen())
        return Held(plan, tuple(server.log), tuple(log.entries), report)

    return trio.run(talk, clock=MockClock(autojump_threshold=0))
