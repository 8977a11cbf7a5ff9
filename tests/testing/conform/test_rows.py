"""Each row is kept by a server that follows the protocol, and broken by one that does not. A row that nothing breaks is no row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from trio.testing import MockClock

from rejoinder.testing import Answer, Call, CancelMode, Event, ModelServer, Text
from rejoinder.testing.conform import ROWS, Need, Verdict, obliging_answer
from rejoinder.testing.conform.rows import UnknownRow, select
from rejoinder.testing.server_profiles import OPENAI, SERVER_PROFILES
from testing.conform.alterations import Alteration, finding_on, obliging_server, report_on, row_named, verdicts
from testing.conform.servers import (
    Maker,
    asking,
    calls,
    changing,
    closing_after_errors,
    error_becomes,
    in_response,
    is_odd,
    lanes_in_secret,
    large_ones_refused,
    numbered_by_connection,
    odd_frames_close,
    one_at_a_time,
    only_the_first,
    passing_over,
    says,
    second_refused,
    without,
)

# -- servers that keep every promise -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", SERVER_PROFILES)
async def test_server_of_each_profile_keeps_every_applicable_row(autojump_clock: MockClock, profile: str) -> None:
    report = await report_on(obliging_server(profile=profile))
    found = verdicts(report)
    elsewhere = {
        row.name
        for row in ROWS
        if (Need.LANES in row.needs and profile != "openai") or (Need.ANNOUNCED_ITEMS in row.needs and profile == "generic")
    }
    expected = {row.name: Verdict.NOT_APPLICABLE if row.name in elsewhere else Verdict.KEPT for row in ROWS}

    assert {**expected, "cancel": Verdict.FOUND} == found
    assert report.succeeded


# -- servers that break one ----------------------------------------------------------------------------------------------------


OTHER_ITEM: dict[str, Any] = {"id": "msg_other", "type": "message", "role": "assistant", "content": []}
WRONG_JOIN = Answer([Text("whole", pieces=["in", " parts"])])
TWICE_OVER = Answer([Text("Hello.")], late=[Event({"type": "response.completed", "response": {"id": "$response_id"}})])
UNCOUNTED = {"type": "error", "status": 400, "error": {"message": "No."}}
OTHER_CODE = {"type": "error", "status": 400, "error": {"type": "invalid_request_error", "code": "no", "message": "No."}}


BREAKS: list[tuple[str, str, Callable[[], ModelServer], Maker]] = [
    ("created-first", "never sent", lambda: obliging_server("missing-created"), Alteration),
    ("created-first", "sent twice", lambda: obliging_server("duplicate-created"), Alteration),
    ("metadata", "left out", obliging_server, in_response("metadata", {})),
    ("sequence", "one lost", obliging_server, without("response.in_progress")),
    ("sequence", "none at all", obliging_server, changing(lambda body: body.pop("sequence_number", None))),
    ("items-announced", "not announced", obliging_server, without("response.output_item.added")),
    ("deltas-join", "other words", lambda: says(WRONG_JOIN), Alteration),
    ("deltas-join", "a delta lost", obliging_server, without("response.output_text.delta")),
    ("output-agrees", "another item", lambda: says(Answer([Text("Hello.")], output=(OTHER_ITEM,))), Alteration),
    ("one-terminal", "none", lambda: obliging_server("stall"), Alteration),
    ("one-terminal", "two", lambda: says(TWICE_OVER), Alteration),
    ("one-terminal", "connection lost first", lambda: obliging_server("drop-after:4"), Alteration),
    ("identifiers-agree", "another at the end", lambda: says(Answer([Text("Hello.")], fields={"id": "resp_other"})), Alteration),
    ("silent-after-end", "late deltas", lambda: obliging_server("late-frames"), Alteration),
    ("frames-are-events", "garbage", lambda: obliging_server("garbage"), Alteration),
    ("frames-are-events", "not UTF-8", lambda: obliging_server("binary"), Alteration),
    ("frames-are-events", "binary", obliging_server, lambda: Alteration(received=lambda body: [json.dumps(body).encode()])),
    ("default-lane", "labelled", obliging_server, changing(lambda body: body.update(stream_id="lane-1"))),
    ("stream-accepted", "refused", obliging_server, asking(lambda body: body.update(input=0) if "stream" in body else None)),
    ("continuation", "forgotten", lambda: obliging_server("cache-forget"), Alteration),
    ("continuation", "silence", lambda: obliging_server("silent@2"), Alteration),
    ("previous-echoed", "null", obliging_server, in_response("previous_response_id", None)),
    ("previous-echoed", "one too many", obliging_server, in_response("previous_response_id", "resp_0")),
    ("sequence-restarts", "counted by connection", obliging_server, numbered_by_connection),
    ("unknown-previous", "accepted", obliging_server, asking(lambda body: body.pop("previous_response_id", None))),
    ("unknown-previous", "another code", obliging_server, error_becomes(OTHER_CODE)),
    ("refusal-spares-connection", "closes", obliging_server, closing_after_errors),
    ("error-shape", "a string", obliging_server, error_becomes({"type": "error", "error": "No such response."})),
    ("error-shape", "no code", obliging_server, error_becomes(UNCOUNTED)),
    (
        "failure-evicts",
        "remembered",
        obliging_server,
        asking(lambda body: body.pop("previous_response_id", None) if body.get("input") == 0 else None),
    ),
    (
        "lost-with-connection",
        "remembered",
        lambda: ModelServer(attrs.evolve(OPENAI, remembers_stored=True)),
        asking(lambda body: body.pop("store", None)),
    ),
    ("warm-up", "has output", obliging_server, asking(lambda body: body.pop("generate", None))),
    (
        "warm-up",
        "refused",
        obliging_server,
        asking(lambda body: body.update(input=0) if body.get("generate") is False else None),
    ),
    ("warm-up", "not continued", lambda: obliging_server("cache-forget"), Alteration),
    ("call-arguments", "no JSON", lambda: calls(Answer([Call("look_up_weather", '{"city"')])), Alteration),
    ("call-arguments", "no object", lambda: calls(Answer([Call("look_up_weather", "[]")])), Alteration),
    ("call-arguments", "other deltas", lambda: calls(Answer([Call("look_up_weather", "{}", pieces=["{", " }"])])), Alteration),
    ("call-answered", "forgotten", lambda: obliging_server("cache-forget"), Alteration),
    ("one-after-the-other", "beside each other", obliging_server, lanes_in_secret),
    ("one-after-the-other", "refused", obliging_server, second_refused),
    ("one-after-the-other", "forgotten", obliging_server, only_the_first),
    ("lane-named", "unlabelled", obliging_server, changing(lambda body: body.pop("stream_id", None))),
    ("lane-named", "one label", obliging_server, changing(lambda body: body.update(stream_id="conform-a"))),
    ("lanes-concurrent", "one at a time", one_at_a_time, Alteration),
    ("lane-name-refused", "accepted", obliging_server, asking(lambda body: body.pop("stream_id", None))),
    ("lane-name-refused", "another code", obliging_server, error_becomes(OTHER_CODE)),
    ("lane-limit", "no limit", lambda: ModelServer(attrs.evolve(OPENAI, max_lane_names=64)), Alteration),
    ("lane-limit", "a lower limit", lambda: ModelServer(attrs.evolve(OPENAI, max_lane_names=30)), Alteration),
    ("lane-limit", "unlabelled", obliging_server, changing(lambda body: body.pop("stream_id", None))),
    (
        "cancel",
        "neither ends nor closes",
        lambda: obliging_server(cancel_mode=CancelMode.ERROR, cancel_stream_goes_on=False),
        Alteration,
    ),
    ("cancel", "never created", lambda: obliging_server("silent@2"), Alteration),
    ("unknown-type", "silence", obliging_server, passing_over(is_odd)),
    ("unknown-type", "an error, and a close", obliging_server, closing_after_errors),
    ("unknown-type", "a close", obliging_server, odd_frames_close),
    ("broken-json", "silence", obliging_server, passing_over(is_odd)),
    ("binary-frame", "silence", obliging_server, passing_over(is_odd)),
    ("ping", "no pong", obliging_server, lambda: Alteration(pongs=False)),
    ("close", "not answered", obliging_server, lambda: Alteration(closes=False)),
    ("too-large", "taken", lambda: ModelServer(attrs.evolve(OPENAI, inbound_limit=2**26), obliging_answer), Alteration),
    ("too-large", "an event first", obliging_server, large_ones_refused),
]
"""Row, what is wrong, the server, and what becomes of its frames."""


@pytest.mark.parametrize("name, wrong, server, make", [pytest.param(*each, id=f"{each[0]}: {each[1]}") for each in BREAKS])
async def test_row_is_broken(
    autojump_clock: MockClock, name: str, wrong: str, server: Callable[[], ModelServer], make: Maker
) -> None:
    finding = await finding_on(name, server(), make)

    assert Verdict.BROKEN is finding.verdict, finding.text
    assert finding.text
    # Where nothing came at all, there is nothing to show.
    assert finding.evidence or name in {"ping", "close", "too-large"}


def test_every_row_is_broken_by_something() -> None:
    assert {row.name for row in ROWS} == {name for name, *_ in BREAKS}


# -- the table -----------------------------------------------------------------------------------------------------------------


def test_names_are_unique_and_promises_are_sentences() -> None:
    assert len(ROWS) == len({row.name for row in ROWS})
    assert [] == [row.name for row in ROWS if not row.promise.endswith(".") or "|" in row.promise]


def test_rows_are_selected_by_name_in_their_own_order() -> None:
    assert (row_named("ping"), row_named("too-large")) == select(["too-large", "ping"])
    assert [row for row in ROWS if row.name != "too-large"] == list(select([]))
    with pytest.raises(UnknownRow, match=r"There is no row named 'nonsense'\. Rows are created-first, metadata, "):
        select(["ping", "nonsense"])
