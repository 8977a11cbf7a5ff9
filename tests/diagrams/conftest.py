"""The charts that run, one by one, and a small table with one of everything that pictures show.

That is: arrows, a rule that moves nothing, and each way of staying.
"""

import pytest

from rejoinder.states.chart import CHARTS, Chart
from rejoinder.states.edges import Deadline, Staying, Table, rows
from rejoinder.states.profiles import DeadlineKind

EDGES = (
    *rows("rest", "Go", "busy", "began", "somebody asked"),
    *rows("rest", "Lost", None, Staying.IGNORE, "nothing to lose"),
    *rows("busy", ("Completed", "Failed", "Incomplete"), "rest", "ended", "a terminal | of its own"),
    *rows("busy", ("Lost", "LostReplayable"), "rest", "lost", "the socket is gone"),
    *rows("busy", "Late", "busy", "counted_late", "nothing moves, and a rule runs"),
    *rows("busy", ("Content", "Progress"), None, Staying.DELIVER, "what it is for"),
    *rows("busy", "Noise", None, Staying.DISCARD, "nobody wants it"),
    *rows("busy", "Garbage", None, Staying.COUNT, "worth a number"),
)


@pytest.fixture(params=tuple(CHARTS))
def chart(request: pytest.FixtureRequest) -> Chart:
    return CHARTS[str(request.param)]


@pytest.fixture
def small() -> Table:
    return Table(
        name="small",
        phases=("rest", "busy"),
        events=(
            *("Go", "Lost", "LostReplayable", "Completed", "Failed", "Incomplete"),
            *("Late", "Content", "Progress", "Noise", "Garbage"),
        ),
        initial="rest",
        home=("rest",),
        resting=("rest",),
        deadlines={"busy": Deadline(DeadlineKind.GAP, "Lost")},
        edges=EDGES,
    )
