"""What a client could have seen of a lane: which number is due, and which create an error can be said to answer.

Rule of this file: each case is what the wire shows, frame by frame; what makes two things indistinguishable is in the frames alone.
"""

from __future__ import annotations

import json
from typing import Any

from rejoinder.states.codec import decode
from rejoinder.states.continuation import Full, NoPrevious
from rejoinder.states.effects import Effect, Send, SendCancel
from rejoinder.states.events import Event, Expired, Opened, Received
from rejoinder.states.trace import Fed
from rejoinder.testing.fuzz.manners import NOBODY, REJECTED
from rejoinder.testing.fuzz.sightings import LaneSeen, Sightings


class Watch:
    """One link, watched."""

    def __init__(self, *lanes: str | None) -> None:
        self.sightings = Sightings(errors_answer_cancels=False)
        self.follow(Opened(1))
        for number, lane in enumerate(lanes, 1):
            self.send(number, lane)

    def follow(self, event: Event, *effects: Effect) -> None:
        self.sightings.follow(Fed(0.0, event, effects))

    def send(self, request: int, lane: str | None = None) -> None:
        self.follow(Expired(), Send(1, request, lane, Full(NoPrevious())))

    def hear(self, kind: str, number: int | None = None, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
        self.follow(Received(1, decode(json.dumps({"type": kind, "sequence_number": number, **fields}))))

    def begin(self, response: str = "resp_1", number: int = 0, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
        self.hear("response.created", number, response={"id": response}, **fields)

    def lane(self, name: str | None = None) -> LaneSeen:
        return self.sightings.links[1].lanes[name]


def due(watch: Watch) -> list[int]:
    """The numbers up to 20 that are due, or may be."""
    return [number for number in range(20) if watch.lane().due(number)]


def test_next_number_is_due() -> None:
    watch = Watch(None)
    watch.begin()
    watch.hear("response.in_progress", 1, response={"id": "resp_1"})

    assert [2] == due(watch)
    assert watch.lane().due(None)


def test_number_behind_each_faulty_frame_may_be_due() -> None:
    # A keepalive with any later number is taken for one of the response that runs; the second of two may be refused.
    watch = Watch(None)
    watch.begin()
    watch.hear("keepalive", 5, fault="x")
    watch.hear("keepalive", 9, fault="x")

    assert [1, 6, 10] == due(watch)


def test_faulty_frame_with_a_used_number_moves_nothing() -> None:
    watch = Watch(None)
    watch.begin()
    watch.hear("response.in_progress", 1, response={"id": "resp_1"})
    watch.hear("keepalive", 0, fault="x")

    assert [2] == due(watch)


def test_right_frames_overtake_what_a_faulty_one_may_have_moved() -> None:
    watch = Watch(None)
    watch.begin()
    watch.hear("keepalive", 3, fault="x")
    for number in range(1, 7):
        watch.hear("keepalive", number)

    assert [7] == due(watch)


def test_number_of_an_error_for_nobody_may_count() -> None:
    watch = Watch(None)
    watch.begin()
    watch.hear("error", 4, error={"code": "server_error", "message": NOBODY})

    assert [1, 5] == due(watch)


def test_same_created_once_more_uses_up_a_number_and_begins_nothing() -> None:
    watch = Watch(None)
    watch.begin()
    watch.begin(number=1)

    assert [2] == due(watch)
    assert 1 == watch.lane().begun


def test_next_response_forgets_what_was_faulty_before() -> None:
    watch = Watch(None)
    watch.begin()
    watch.hear("keepalive", 5, fault="x")
    watch.hear("response.completed", 1, response={"id": "resp_1", "output": []})
    watch.send(2)
    watch.begin("resp_2")

    assert [1] == due(watch)


def refuse(watch: Watch, request: int, lane: str | None = None, **error: Any) -> None:  # noqa: ANN401 - any JSON value
    named: dict[str, Any] = {} if lane is None else {"stream_id": lane}
    watch.hear("error", error={"message": f"{REJECTED} <{request}>", **error}, **named)


def test_refusal_of_the_only_create_is_its_answer() -> None:
    watch = Watch(None)
    refuse(watch, 1)

    assert watch.lane().asking is None


def test_refusal_without_a_label_says_nothing_where_two_creates_wait() -> None:
    watch = Watch("lane-1", "lane-2")
    refuse(watch, 1)

    assert [1, 2] == [watch.lane("lane-1").asking, watch.lane("lane-2").asking]


def test_refusal_with_a_label_is_the_answer_of_that_lane() -> None:
    watch = Watch("lane-1", "lane-2")
    refuse(watch, 2, "lane-2")

    assert [1, None] == [watch.lane("lane-1").asking, watch.lane("lane-2").asking]


def signalled(watch: Watch, lane: str | None = None) -> None:
    """A response runs on a lane, a cancel goes out for it, it ends, and the lane asks again."""
    label: dict[str, Any] = {} if lane is None else {"stream_id": lane}
    watch.begin("resp_1", **label)
    watch.follow(Expired(), SendCancel(1, "resp_1"))
    watch.hear("response.incomplete", 1, response={"id": "resp_1", "output": []}, **label)
    watch.send(3, lane)


def test_refusal_after_a_cancel_may_answer_the_cancel() -> None:
    watch = Watch(None)
    signalled(watch)
    refuse(watch, 3)

    assert 3 == watch.lane().asking


def test_refusal_after_a_cancel_is_certain_if_only_a_create_can_get_it() -> None:
    for error in ({"code": "rate_limit_exceeded"}, {"param": "input"}):
        watch = Watch(None)
        signalled(watch)
        refuse(watch, 3, **error)

        assert watch.lane().asking is None


def test_refusal_that_names_a_lane_cannot_answer_the_cancel_of_another() -> None:
    watch = Watch("lane-1", "lane-2")
    signalled(watch, "lane-1")
    refuse(watch, 2, "lane-2")

    assert watch.lane("lane-2").asking is None
