"""The scenarios in which the original was measured, to be run against this client, or another one with the same calls."""

from rejoinder.testing.scenarios.records import Kind, Original, OriginalVerdict, Scenario, Server
from rejoinder.testing.scenarios.rows import ORDER, SCENARIOS, UnknownScenario, markdown_table, select
from rejoinder.testing.scenarios.runner import HTTP, WIRES, Result, Setting, run_all, run_scenario, settings_of

__all__ = [
    "HTTP",
    "ORDER",
    "SCENARIOS",
    "WIRES",
    "Kind",
    "Original",
    "OriginalVerdict",
    "Result",
    "Scenario",
    "Server",
    "Setting",
    "UnknownScenario",
    "markdown_table",
    "run_all",
    "run_scenario",
    "select",
    "settings_of",
]
