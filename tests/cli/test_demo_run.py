"""The demo put together: what is promised in numbers, and the whole of it over real sockets."""

import pytest

from rejoinder.cli.demo_run import Plan, run_demo
from rejoinder.cli.demo_screen import PlainScreen
from rejoinder.cli.demo_story import FAST, NORMAL
from rejoinder.cli.judge import Terms
from rejoinder.engine import CancelPolicy


@pytest.mark.parametrize(
    "plan, expected",
    [
        (Plan(), Terms(16, 0.5, "lane")),
        (Plan("azure"), Terms(1, 1.25, "hedge")),
        (Plan("azure", then=CancelPolicy.LANE), Terms(1, 1.25, "hedge")),
        (Plan("xai", then=CancelPolicy.RETIRE), Terms(1, 1.0, "retire")),
        (Plan("generic", then=CancelPolicy.DRAIN), Terms(1, 6.0, "drain")),
    ],
    ids=["openai", "azure", "lanes_that_are_not_there", "retire", "drain"],
)
def test_terms_follow_from_profile_and_policy(plan: Plan, expected: Terms) -> None:
    assert expected == plan.terms


def test_fast_plan_waits_for_nobody() -> None:
    assert (NORMAL, 0.5) == (Plan().pace, Plan().policy.backoff_first)
    assert (FAST, 0.05) == (Plan(fast=True).pace, Plan(fast=True).policy.backoff_first)


@pytest.mark.slow
async def test_demo_runs_over_real_sockets() -> None:
    lines: list[str] = []
    report = await run_demo(Plan("azure", fast=True), PlainScreen(lines.append))

    assert report.succeeded
    assert lines[0].startswith("   serves   a simulated azure server at ws://127.0.0.1:")
    assert report.seconds < 8
