"""The soak judges: what is planted is found, a short run is clean, and its page says what it does.

The run is in real time, as soaking is; nothing here measures how long anything takes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from benchmarks.soak import GROWTH, LIFE, Account, Moment, violations
from benchmarks.soak_server import JudgedLog
from benchmarks.soak_stations import STATIONS, manner_of, words_of
from benchmarks.soak_tally import Tally

from rejoinder.testing import LogEntry
from rejoinder.testing.fuzz.manners import Trouble

REPOSITORY: Final = Path(__file__).parents[2]
PAGE: Final = (REPOSITORY / "docs" / "soak.md").read_text("utf-8")
SERIAL: Final = next(station for station in STATIONS if station.name == "serial, hedge")


def account(**changes: Any) -> Account:  # noqa: ANN401 - its fields
    """A soak in which all went well."""
    tally = Tally(Counter({"outcomes: completed": 1}))
    server: dict[str, Any] = {"broken": [], "counts": {}, "sometimes": {}}
    moments = {name: Moment(0.0, 20, 100.0, 100.0) for name in ("before", "start", "middle", "end", "after")}
    return attrs.evolve(Account(1.0, 1, 1, tally, Counter[str](), server, 0.0, moments), **changes)


def test_all_is_well() -> None:
    assert [] == violations(account())


@pytest.mark.parametrize(
    "moment, changed, words",
    [
        ("after", {"tasks": 21}, "1 tasks are left over"),
        ("end", {"client_mib": 101.0 + GROWTH}, "client_mib grew from 100 to 197 in the second half"),
        ("end", {"server_mib": 101.0 + GROWTH}, "server_mib grew from 100 to 197 in the second half"),
    ],
)
def test_what_is_left_over_and_what_grows_is_a_violation(moment: str, changed: dict[str, Any], words: str) -> None:
    moments = dict(account().moments)
    moments[moment] = attrs.evolve(moments[moment], **changed)

    assert [words] == violations(account(moments=moments))


def test_where_the_system_does_not_tell_memory_is_not_judged() -> None:
    moments = {name: attrs.evolve(moment, client_mib=None, server_mib=None) for name, moment in account().moments.items()}

    assert [] == violations(account(moments=moments))


def test_what_either_end_saw_is_a_violation_and_so_is_seeing_nothing() -> None:
    tally = Tally(broken=["session 1: promise 1: words"])
    server: dict[str, Any] = {"broken": ["serial: promise 6: two"], "counts": {}, "sometimes": {}}
    told = violations(account(tally=tally, server=server))

    assert ["session 1: promise 1: words", "server: serial: promise 6: two"] == told[:2]
    assert "nothing was ever completed" in told[2]


def create(number: int, connection: int) -> LogEntry:
    """A create that arrives."""
    body = {"type": "response.create", "metadata": {"nonce": f"<{number}>"}}
    return LogEntry(0.0, connection, "in", json.dumps(body), body)


def test_the_log_of_a_server_is_judged_as_it_is_written_and_keeps_nothing() -> None:
    log = JudgedLog(SERIAL)
    for entry in (create(1, 7), create(2, 7), create(3, 7), create(4, 8)):
        log.append(entry)

    assert ["serial, hedge: promise 6: request 2 was sent on a serial connection while [1] may still speak there"] == log.broken
    assert 4 == log.counts["response.create"]
    assert [] == list(log)


def test_both_ends_know_what_is_said_to_whom() -> None:
    for station in STATIONS:
        assert words_of(station, 1, 5) == "<5> word " * manner_of(station, 1, 5).pieces
        assert manner_of(station, 1, 5) == manner_of(station, 1, 5)


def test_no_stray_error_where_it_could_pass_for_the_answer_to_a_cancel() -> None:
    strays = {
        station.name for station in STATIONS for number in range(300) if manner_of(station, 1, number).trouble is Trouble.ERROR
    }

    assert {"serial and lax, wild"} == strays


def test_the_page_says_what_is_so() -> None:
    assert f"{LIFE[0]:g} to {LIFE[1]:g} seconds" in PAGE
    assert f"{GROWTH:g} MiB" in PAGE
    assert "eight simulators" in PAGE
    assert (8, 5) == (len(STATIONS), sum(station.right for station in STATIONS))


@pytest.mark.long
def test_a_short_soak_is_clean(tmp_path: Path) -> None:
    told = tmp_path / "soak.json"
    options = ["--minutes", "0.1", "--sessions", "8", "--seed", "1", "--pause", "0.3", "--json", str(told)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *options], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    figures = json.loads(told.read_text())
    assert {"lost": 0, "duplicated": 0, "crossed": 0} == figures["texts"]
    assert figures["counts"]["outcomes: completed"] > 0
    assert figures["server"]["response.create"] > 0
    assert [] == figures["violations"]
