"""The demo, put together: a simulated server, a session, a conversation, a judgement.

Rule: what was promised in numbers is worked out here, from the profile and the policy, before anything is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs

from rejoinder.engine import CancelPolicy, Endpoint, Policy, Session, Settings, open_session
from rejoinder.states.cancellation import effective_policy
from rejoinder.states.profiles import PROFILES
from rejoinder.testing import SERVER_PROFILES, ModelServer
from rejoinder.testing.simulator import serve

from .caller_log import CallerLog
from .demo_report import Report
from .demo_screen import Screen
from .demo_story import FAST, NORMAL, STORY, TOOLS, Pace, answers
from .demo_talk import Conversation
from .happenings import look_up
from .judge import Terms, judge
from .refusals import CannotDo

__all__ = ["Plan", "hold_conversation", "run_demo"]

PROMPT: Final = 0.5
"""Seconds that "at once" may take, on a machine that is busy with other things."""
DIAL: Final = 0.5
"""Seconds that one dial may take to a server on the same machine."""
KEY: Final = "the-simulator-asks-for-none"


@attrs.frozen
class Plan:
    """How the demo is to run."""

    profile: str = "openai"
    """The provider to imitate."""
    signal: bool | None = None
    """Whether to send ``response.cancel``; None for the profile's default."""
    then: CancelPolicy | None = None
    """The cancel policy; None for the profile's default."""
    fast: bool = False
    """Whether nobody watches."""
    trace: Path | None = None
    """The file that the session is recorded into."""

    @property
    def pace(self) -> Pace:
        """How fast the story is told."""
        return FAST if self.fast else NORMAL

    @property
    def policy(self) -> Policy:
        """The policy of the session."""
        return Policy(signal=self.signal, then=self.then, backoff_first=0.05 if self.fast else 0.5)

    @property
    def settings(self) -> Settings:
        """The settings of the session."""
        return Settings(model="simulated", policy=self.policy, tools=TOOLS)

    @property
    def terms(self) -> Terms:
        """What is promised in numbers."""
        profile, policy = PROFILES[self.profile], self.policy
        then = effective_policy(profile, policy, proven=True)
        waits = {
            CancelPolicy.LANE: PROMPT,
            CancelPolicy.HEDGE: policy.hedge_delay + DIAL + PROMPT,
            CancelPolicy.RETIRE: DIAL + PROMPT,
            CancelPolicy.DRAIN: policy.deadlines.drain + DIAL + PROMPT,
        }
        return Terms(profile.in_flight, waits[then], str(then))

    def build_server(self) -> ModelServer:
        """The server that tells the story."""
        answer = answers(STORY, self.pace)
        return ModelServer(SERVER_PROFILES[self.profile], answer, cancel_delay=self.pace.cancel_delay)


async def run_demo(plan: Plan, screen: Screen) -> Report:
    """Serve, talk and judge. Raises ``CannotDo`` if the session could not be recorded to its end."""
    server = plan.build_server()
    async with serve(server) as simulator:
        screen.line("serves", f"a simulated {plan.profile} server at {simulator.url}")
        endpoint = Endpoint(simulator.url, KEY, PROFILES[plan.profile])
        async with open_session(endpoint, plan.settings) as session:
            # Everything that is said here was written for the demo, and keeps no secret.
            recording = None if plan.trace is None else session.record(plan.trace, payloads=True)
            report = await hold_conversation(plan, session, server, CallerLog(simulator.now), screen)
    if recording is not None and recording.failure is not None:
        raise CannotDo(f"{recording.failure} Name a file that can be, with --trace.", 2)
    return report


async def hold_conversation(plan: Plan, session: Session, server: ModelServer, log: CallerLog, screen: Screen) -> Report:
    """Talk over ``session`` and judge by the log of ``server`` and by ``log``, which is kept here and has the same clock."""
    began = log.now()
    conversation = Conversation(session, log, screen, plan.pace)
    await conversation.hold(STORY)
    return Report(
        profile=plan.profile,
        seconds=log.now() - began,
        happenings=look_up(server.log, log.entries, plan.terms),
        findings=judge(server.log, log.entries, plan.terms),
        savings=conversation.savings,
    )
