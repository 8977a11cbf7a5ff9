"""A connection knows which create comes next and what can be continued."""

from rejoinder.testing import ErrorFrame
from rejoinder.testing.creates import Create
from rejoinder.testing.cues import Cue
from rejoinder.testing.server_connection import Connection, Notice, Remembered, Running


def make_create(lane: str | None = None) -> Create:
    return Create({}, (), 0, lane)


def make_running(lane: str | None = None, *cues: Cue, busy: bool = True) -> Running:
    return Running(make_create(lane), 10.0, {"id": "resp_1"}, cues, Remembered("resp_1", (), 0), busy=busy)


def test_a_lane_is_first_in_first_out() -> None:
    first, second = make_create("a"), make_create("a")
    link = Connection(0, 0.0, waiting=[first, second])

    assert first is link.next_startable(16)
    link.running.append(make_running("a"))

    assert link.next_startable(16) is None
    link.running.clear()

    assert second is link.next_startable(16)


def test_a_free_lane_overtakes_a_busy_one() -> None:
    held, free = make_create("a"), make_create("b")
    link = Connection(0, 0.0, waiting=[held, free], running=[make_running("a")])

    assert free is link.next_startable(16)
    assert [held] == link.waiting


def test_no_more_than_the_limit_run_at_once() -> None:
    link = Connection(0, 0.0, waiting=[make_create("c")], running=[make_running("a"), make_running("b")])

    assert link.next_startable(2) is None
    assert link.next_startable(3) is not None


def test_late_frames_hold_no_lane() -> None:
    link = Connection(0, 0.0, waiting=[make_create("a")], running=[make_running("a", busy=False)])

    assert link.next_startable(1) is not None
    assert link.busy_with("resp_1") is None


def test_a_running_response_is_found_by_name() -> None:
    running = make_running("a")
    link = Connection(0, 0.0, running=[running])

    assert running is link.busy_with("resp_1")
    assert link.busy_with("resp_2") is None
    assert link.busy_with(None) is None


def test_eviction_needs_lane_and_name() -> None:
    entry = Remembered("resp_1", (), 0)
    link = Connection(0, 0.0, latest={"a": entry})
    link.evict("b", "resp_1")
    link.evict("a", "resp_2")
    link.evict("a", None)

    assert entry is link.find("resp_1")
    link.evict("a", "resp_1")

    assert link.find("resp_1") is None


def test_responses_come_before_notices() -> None:
    running = make_running("a", Cue(1.0, None), Cue(2.0, None))
    notice = Notice(5.0, ErrorFrame())
    link = Connection(0, 0.0, running=[make_running("b"), running], notices=[notice])

    assert [(11.0, running), (5.0, notice)] == list(link.dues())
    running.position = 1

    assert running.due == 12.0


def test_a_copy_goes_its_own_way() -> None:
    link = Connection(
        0, 0.0, [make_create("x")], [make_running("a", Cue(1.0, None))], [Notice(5.0, ErrorFrame())], lane_names={"a"}
    )
    twin = link.copy()
    twin.running[0].position = 1
    twin.waiting.clear()
    twin.notices.clear()
    twin.latest["a"] = Remembered("resp_1", (), 0)
    twin.lane_names.add("b")

    assert link.running[0].position == 0
    assert (len(link.waiting), len(link.notices), link.latest, link.lane_names) == (1, 1, {}, {"a"})
