"""What is in the log: facts of connections and failures, every move for those who want it, and nothing that was said."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
import trio
import trio.testing

from harness.pair import KEY, message, open_pair, user
from rejoinder.engine import Conversation, Interrupted, Policy, ResponseFailed, Tools
from rejoinder.engine.logs import Log
from rejoinder.engine.observations import Note
from rejoinder.testing import AZURE, XAI, Answer, Call, Event, LinkPlan, LoseConnection, ModelServer, Stall, Text, scripted

SECRET = "cobalt heron"
"""What callers and models say in these tests."""


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What was logged at exactly a level."""
    return [record.getMessage() for record in caplog.records if record.levelno == level and record.name == "rejoinder"]


@pytest.fixture(autouse=True)
def _all_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="rejoinder")


async def test_the_life_of_connections_is_told_at_info(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [Answer([LoseConnection(1011)]), Answer([Text("well")])]
    async with open_pair(ModelServer(AZURE, scripted(answers))) as pair:
        await pair.ask(SECRET)

    assert [
        "link 1: connected (x-request-id req_0)",
        "link 1: lost (close code 1011)",
        "request 1: is sent again",
        "link 1: connected (x-request-id req_1)",
    ] == lines(caplog, logging.INFO)


async def test_a_rotation_is_told_at_info(autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture) -> None:
    server = ModelServer(XAI, scripted([Answer([Text("a b c d e", interval=200.0)])]))
    async with open_pair(server, policy=Policy(rotate_before=1500.0)) as pair:
        await pair.ask("one")

    assert ["link 1: takes no further requests (SuccessorOpen)"] == [
        line for line in lines(caplog, logging.INFO) if "takes no further" in line
    ]


async def test_a_refused_connection_is_a_warning_with_the_id_that_support_asks_for(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    plans = [LinkPlan(refuse_status=401, refuse_headers={"x-request-id": "req_refused"}), LinkPlan(unreachable=True)]
    async with open_pair(ModelServer(AZURE), plans=plans, policy=Policy(dial_attempts=1)) as pair:
        for _ in range(2):
            with pytest.raises(Interrupted):
                await pair.ask("Hi")

    assert [
        "link 1: no connection (HTTP status 401, x-request-id req_refused)",
        "request 1: interrupted (connection failed, code none, response none, x-request-id req_refused)",
        "link 1: no connection (HTTP status none, x-request-id none)",
        "request 2: interrupted (connection failed, code none, response none, x-request-id none)",
    ] == lines(caplog, logging.WARNING)


@pytest.mark.original("B125")
async def test_a_failure_is_a_warning_with_code_and_ids_and_without_the_servers_words(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    failed = Answer([Text(SECRET)], terminal="failed", error={"code": "server_error", "message": f"No {SECRET}, sorry."})
    async with open_pair(ModelServer(AZURE, scripted([failed]))) as pair:
        with pytest.raises(ResponseFailed, match=SECRET) as caught:
            await pair.ask(SECRET)

    assert [
        "request 1: failed (response failed, code server_error, response resp_1, x-request-id req_0)",
    ] == lines(caplog, logging.WARNING)
    assert ("resp_1", "req_0") == (caught.value.response_id, caught.value.request_id)


async def test_the_first_violation_of_a_kind_on_a_link_is_a_warning_and_the_others_are_not(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    late = Event({"type": "response.output_text.delta", "item_id": "msg_9", "output_index": 0, "content_index": 0, "delta": SECRET})
    async with open_pair(ModelServer(AZURE, scripted([Answer([Text("Hello")], late=[late] * 3)]))) as pair:
        await pair.ask("Hi")
        await trio.sleep(1)

    assert ["link 1: StrayContent"] == lines(caplog, logging.WARNING)
    assert ["link 1: StrayContent"] * 2 == [line for line in lines(caplog, logging.DEBUG) if line == "link 1: StrayContent"]


@pytest.mark.parametrize("name", ["AbandonedRejected", "CancelRefused", "Late", "LateCreated", "Replay"])
def test_what_happens_where_callers_leave_is_no_warning(name: str, caplog: pytest.LogCaptureFixture) -> None:
    Log().tell(Note(name))

    assert ([], [f"link none: {name}"]) == (lines(caplog, logging.WARNING), lines(caplog, logging.DEBUG))


async def test_every_move_and_every_create_is_there_for_debugging(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_pair(ModelServer()) as pair:
        await pair.session.warm_up([user("Hi")])
        await pair.ask([user("Hi"), user("Ho")])

    told = lines(caplog, logging.DEBUG)
    assert "request 1: asked, a warm-up of 1 items" in told
    assert "request 2: asked, a request of 2 items" in told
    assert "= response L1/lane-1: awaiting_created -> acknowledged (Created)" in told
    assert "= request request 2: waiting -> sent (LaneFree)" in told
    assert "request 2: completed in 0.000 s" in told
    assert 2 == len([line for line in told if line.startswith("> request ")])
    assert next(line for line in told if line.startswith("> request 1")).endswith(" bytes, NoPrevious")
    assert next(line for line in told if line.startswith("> request 2")).endswith(" bytes, resp_1")


async def test_a_response_that_ends_later_is_there_for_debugging(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_pair(ModelServer(AZURE, scripted([Answer([Text("a b", interval=1.0)])]))) as pair:
        async with pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
        await trio.sleep(2)

    assert "request 1: its response ended 1.000 s later, completed" in lines(caplog, logging.DEBUG)


async def test_nothing_that_was_said_is_in_it(autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture) -> None:
    answers = [
        Answer([Text(SECRET)]),
        Answer([Text(SECRET), Stall()]),
        Answer([Text(SECRET)], terminal="failed", error={"code": SECRET, "message": SECRET}),
        Answer([Text(SECRET), LoseConnection(1011)]),
    ]
    async with open_pair(ModelServer(answer=scripted(answers))) as pair:
        talk = [user(SECRET)]
        talk += [message(await pair.ask(talk, instructions=SECRET)), user(SECRET)]
        async with pair.session.respond(talk) as response:
            await pair.deltas(response, 1)
        with pytest.raises(ResponseFailed):
            await pair.ask(talk)
        with pytest.raises(Interrupted):
            await pair.ask(talk)

    assert len(caplog.records) > 40
    assert KEY not in caplog.text
    # The code is a name that the server gave; it is shown as what it is, in quotation marks.
    assert [f"code '{SECRET}'"] == [part for line in caplog.text.splitlines() if SECRET in line for part in line.split(", ")[1:2]]


def test_nothing_is_printed_unless_a_program_asks_for_it() -> None:
    program = "import logging; import rejoinder.engine; logging.getLogger('rejoinder').warning('shown')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ("", "") == (ended.stdout, ended.stderr)


async def test_calls_of_the_model_are_there_for_debugging_and_those_that_take_too_long_are_warnings(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    tools = Tools(timeout=5)
    tools.add(trio.sleep_forever, name="hang", description=SECRET, parameters={"type": "object"})
    server = ModelServer(AZURE, scripted([Answer([Call("hang", "{}", "call_1")]), Answer([Text("well")])]))
    async with open_pair(server) as pair, pair.session.converse(Conversation(SECRET), tools=tools) as turn:
        await turn.text()

    assert "calls.started: hang call_1" in lines(caplog, logging.DEBUG)
    assert ["call.timed_out: hang call_1"] == lines(caplog, logging.WARNING)
