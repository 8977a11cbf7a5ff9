"""What is only to be seen while it is so: accounts that are wrong, sockets that are left, errors without a reason."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from rejoinder.engine import Interrupted, InvalidRequest, Sent, SessionClosed, Settings, Statistics, TakenBack
from rejoinder.engine.response import Response
from rejoinder.engine.result import Collector
from rejoinder.states.continuation import Full, NoPrevious, RequestContent, Reuse
from rejoinder.states.verdicts import Outcome, OutcomeKind
from rejoinder.testing import MemoryNetwork, ModelServer
from rejoinder.testing.fuzz.engine_checks import after_the_session, at_the_end_of_a_caller, while_all_is_quiet
from rejoinder.testing.fuzz.engine_diary import Broken, Diary, Line, Observed
from rejoinder.testing.fuzz.engine_hearing import Hearing
from rejoinder.testing.fuzz.engine_plots import Ask
from rejoinder.testing.fuzz.engine_sockets import Socket, Sockets

NOTHING = Statistics({}, {}, {}, 0, 0, 0, 0, 0, 0, {})


async def sockets_of(numbers: Mapping[int, bool]) -> Sockets:
    """Open sockets by the engine's numbers; those that are true were left."""
    network = MemoryNetwork(ModelServer())
    sockets = Sockets(network, Diary())
    for number, left in numbers.items():
        link = await network.connect()
        if left:
            await link.aclose()
        sockets.all.append(Socket(number, link, engine=number, left=left))
    return sockets


async def test_the_session_has_the_sockets_that_there_are() -> None:
    sockets = await sockets_of({1: True, 2: False, 3: False})
    right = attrs.evolve(NOTHING, links={1: "closed", 2: "retiring", 3: "open", 4: "connecting"})

    assert [] == list(while_all_is_quiet(right, sockets, Settings()))
    (broken,) = while_all_is_quiet(attrs.evolve(right, links={2: "open"}), sockets, Settings())
    assert Broken(7, "the session says that links [2] are open, and open are ['2', '3']") == broken


async def test_too_many_sockets_are_told() -> None:
    numbers = dict.fromkeys(range(4), False)
    statistics = attrs.evolve(NOTHING, links=dict.fromkeys(numbers, "open"))

    assert [Broken(6, "4 sockets are open, where 3 are allowed")] == list(
        while_all_is_quiet(statistics, await sockets_of(numbers), Settings())
    )


async def test_a_socket_that_is_left_open_is_told() -> None:
    assert [Broken(8, "socket 2 outlives the session")] == list(
        after_the_session(NOTHING, await sockets_of({1: True, 2: False}), Diary())
    )


@pytest.mark.parametrize(
    "wrong, told",
    [
        (attrs.evolve(NOTHING, requests={1: "sent"}), "requests that run: 1, and it should be 0"),
        (attrs.evolve(NOTHING, counts={"Illegal": 2}), "illegal events: 2, and it should be 0"),
        (attrs.evolve(NOTHING, frames_received=1), "frames received: 1, and it should be 0"),
        (attrs.evolve(NOTHING, creates=1), "creates sent: 1, and it should be 0"),
        (attrs.evolve(NOTHING, reused=1), "creates that continue: 1, and it should be 0"),
        (attrs.evolve(NOTHING, items_sent=1), "items sent: 1, and it should be 0"),
    ],
)
async def test_a_wrong_account_is_told(wrong: Statistics, told: str) -> None:
    assert [Broken(7, told)] == list(after_the_session(wrong, await sockets_of({}), Diary()))


async def test_a_right_account_is_passed() -> None:
    diary = Diary([Line(0.0, Observed(Sent(1, 1, None, Full(NoPrevious()), 2, 100)))])

    assert [] == list(after_the_session(attrs.evolve(NOTHING, creates=1, items_sent=2), await sockets_of({}), diary))


async def test_a_create_that_was_taken_back_is_none_and_never_leaves() -> None:
    sent = [Observed(Sent(number, 1, "lane-1", Reuse("resp_1", (), 0), 2, 100)) for number in (1, 2)]
    diary = Diary([Line(0.0, each) for each in (*sent, Observed(TakenBack(1, 1, "lane-1")))])
    sockets, right = await sockets_of({}), attrs.evolve(NOTHING, creates=1, reused=1, items_sent=2)
    sockets.creates = 1

    assert [] == list(after_the_session(right, sockets, diary))
    sockets.creates = 2
    assert ["2 creates have left, of 1 that were told of and not taken back"] == [
        broken.what for broken in after_the_session(right, sockets, diary)
    ]


async def test_how_a_caller_may_end() -> None:
    partial = Collector().result("interrupted")
    outcome, other = Outcome(OutcomeKind.INTERRUPTED), Outcome(OutcomeKind.INTERRUPTED)
    response = Response(1, RequestContent((), {}), 100, lambda: None)
    hearing = Hearing(1, Ask(), (), Diary(), response=response)

    def told(error: Exception | None, *, closed: bool = False) -> list[str]:
        hearing.error = error
        return [broken.what for broken in at_the_end_of_a_caller(hearing, closed=closed)]

    assert ["caller 1 was left without an outcome"] == told(None)
    response.outcome = outcome
    assert [] == told(None)
    assert [] == told(Interrupted(outcome, partial))
    assert ["caller 1 was left by Interrupted of another outcome"] == told(Interrupted(other, partial))
    assert ["caller 1 was left by SessionClosed, for which there is no reason"] == told(SessionClosed())
    assert ["caller 1 was left by InvalidRequest, for which there is no reason"] == told(InvalidRequest(), closed=True)
    hearing.response = None
    assert [] == told(SessionClosed(), closed=True)
