"""Every scenario is right, over real sockets and in real time: on each wire, against each kind of server that it is about."""

from __future__ import annotations

import pytest

from rejoinder.testing.scenarios import SCENARIOS, WIRES, Kind, Scenario, Setting, run_scenario, settings_of

RUNS = [
    pytest.param(scenario, setting, id=f"{scenario.name}-{setting.wire}-{setting.kind}", marks=pytest.mark.row(scenario.name))
    for scenario in SCENARIOS
    for setting in settings_of(scenario, list(WIRES), list(Kind))
]


@pytest.mark.scenarios
@pytest.mark.parametrize("scenario, setting", RUNS)
async def test_scenario_is_right(scenario: Scenario, setting: Setting) -> None:
    result = await run_scenario(scenario, setting)

    assert () == result.differences
    assert result.happened.seconds <= scenario.bound
