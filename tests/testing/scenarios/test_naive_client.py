"""The scenarios can fail: a client with the natural mistakes of the original fails where the original did, and as it did.

It is run against the serial kind of server: like the original it knows of no lanes.
"""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from rejoinder.testing.scenarios import Kind, OriginalVerdict, Result, Setting, run_scenario, select
from rejoinder.testing.scenarios.rows import SCENARIOS
from testing.scenarios.naive_client import open_naive_client

SERIAL = Setting("trio-websocket", Kind.SERIAL)

CORRUPT: dict[str, tuple[str, ...]] = {
    "06b": (
        """turn 3 ended with "Failed: WebSocket API error: The event type 'response.cancel' is not supported.", not 'completed'""",
        "turn 4 heard 'b0 b1 b2 ', not 'Fine.'",
    ),
    "07d": ("turn 2 heard '', not 'b0 b1 b2 '", "turn 3 heard 'b0 b1 b2 ', not 'Fine.'", "turn 4 heard 'Fine.', not 'At once.'"),
    "08": ("turn 2 heard 'STALE0 STALE1 STALE2 ', not 'b0 b1 b2 '", "turn 3 heard 'b0 b1 b2 ', not 'Fine.'"),
    "25": (
        "turn 2 heard 'STALE0 STALE1 STALE2 ', not 'b0 b1 b2 '",
        "turn 4 heard 'Fine.', not 'Goodbye.'",
        (
            "frames not expected: 0 > create: user 'Tell me a story.', assistant 'a0 a1 a2 ', user 'Stop.',"
            " assistant 'STALE0 STALE1 STALE2 ', user 'Thank you.'"
        ),
    ),
    "09": ("turn 2 heard 'a0 a1 a2 a3 Fine.', not 'a0 a1 a2 a3 '",),
    "09b": ("turn 3 heard 'b0 b1 b2 b3 Fine.', not 'b0 b1 b2 b3 '",),
    "12": ("turn 3 heard 'a4 a5 a6 a7 ', not 'Fine.'",),
    "12b": ("turn 3 heard 'a4 a5 a6 a7 ', not 'Fine.'",),
    "12c": ("turn 3 heard 'a4 a5 a6 a7 ', not 'Fine.'",),
    "12g": ("turn 3 heard '', not 'Fine.'",),
    "12e": ("turn 3 heard 'a4 a5 a6 a7 ', not 'Fine.'", "turn 5 heard 'a0 a1 a2 a3 a4 a5 a6 a7 ', not 'Ready.'"),
    "18b": ("turn 3 heard 'a3 a4 a5 ', not 'Fine.'",),
    "20b": (
        (
            "turn 1 heard '0000000 0000001 '...'98 0149999 Fine.' (1200005 characters),"
            " not '0000000 0000001 '...'0149998 0149999 ' (1200000 characters)"
        ),
    ),
}
"""What is found of the natural mistakes, in the rows in which words went astray."""

WRONG: dict[str, tuple[str, ...]] = {
    "02b": ("frames not expected: 0 > cancel resp_1", "turn 3 reached the server after "),
    "02c": ("frames not expected: 0 > cancel resp_1",),
    "02d": ("frames missing: 0 > cancel resp_1",),
    "03b": ("turn 2 reached the server after 1.5",),
    "07": ("turn 2 reached the server after 0.8",),
    "07b": ("turn 2 reached the server after ",),
    "07c": ("turn 2 reached the server after ",),
    "08b": ("turn 2 reached the server after 4.0",),
    "11b": ("turn 2 heard '', not 'Fine.'",),
    "14b": ("turn 2 was told of no tokens, not of 11 in, 4 out",),
    "20d": ("the run was not over after its bound of 6 s",),
    "20e": ("the run was not over after its bound of 6 s",),
}
"""The same in some of the rows that were wrong or silent."""


async def naive(name: str) -> Result:
    (scenario,) = select([name])
    return await run_scenario(scenario, SERIAL, open_naive_client)


def test_every_corrupt_row_is_here() -> None:
    assert {each.name for each in SCENARIOS if each.original.verdict is OriginalVerdict.CORRUPT} == set(CORRUPT)


@pytest.mark.parametrize("name", [*CORRUPT, *WRONG])
async def test_natural_mistakes_are_found(name: str, loopback_clock: MockClock) -> None:
    result = await naive(name)
    expected = (CORRUPT | WRONG)[name]

    assert not result.right
    assert [] == [symptom for symptom in expected if not any(found.startswith(symptom) for found in result.differences)]


@pytest.mark.parametrize("name", ["01", "01L", "01w", "03", "04c", "09c", "10", "20", "23"])
async def test_what_a_naive_client_does_right_is_right(name: str, loopback_clock: MockClock) -> None:
    result = await naive(name)

    assert () == result.differences
