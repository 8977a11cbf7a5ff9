"""Databases by name: a folder, or a real Redis server that two machines share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis.database import DirectoryBasedExampleDatabase

from cli.redis_server import ABSENT, SERVER, redis_server
from rejoinder.cli.fuzz_database import open_database
from rejoinder.cli.refusals import CannotDo
from rejoinder.testing.fuzz.campaign import Campaign
from rejoinder.testing.fuzz.campaign_records import Limits, Target
from rejoinder.testing.fuzz.example_database import DatabaseError
from testing.fuzz.handlers import DroppingProgram

pytestmark = pytest.mark.long

DROPPING = Target("DroppingProgram", DroppingProgram)


def test_folder_is_made_and_keeps_what_failed(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "deep" / "er"))
    Campaign(DROPPING, Limits(programs=200), 1, database=database).run()
    again = Campaign(DROPPING, Limits(programs=1), 2, database=open_database(str(tmp_path / "deep" / "er"))).run()

    assert isinstance(database, DirectoryBasedExampleDatabase)
    assert 1 == len(again.findings)
    assert again.figures.programs < 5


@pytest.mark.skipif(SERVER is None, reason=ABSENT)
def test_what_one_machine_found_the_other_tries_first(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        found = Campaign(DROPPING, Limits(programs=200), 1, database=open_database(url)).run()
        other = Campaign(DROPPING, Limits(programs=1), 2, database=open_database(url)).run()

    assert found.findings[0].what == other.findings[0].what
    assert other.figures.programs < 5


@pytest.mark.skipif(SERVER is None, reason=ABSENT)
def test_server_that_goes_away_ends_the_campaign_in_words(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        database = open_database(url)

    with pytest.raises(DatabaseError, match=r"Connection refused|closed"):
        Campaign(DROPPING, Limits(programs=200), 1, database=database).run()


def test_package_that_is_absent_is_said_with_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("hypothesis.extra.redis", "redis"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(CannotDo, match=r"needs a package\. Run: python3 -m pip install 'rejoinder\[redis\]'"):
        open_database("redis://localhost")


def test_address_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(CannotDo, match=r"--database redis://localhost/ cannot be understood: Port out of range.* Write redis://"):
        open_database("redis://localhost:99999/")


def refused(path: Path, mode: int) -> bool:
    return False


def test_folder_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever runs tests as the system's owner may write everywhere.
    monkeypatch.setattr(os, "access", refused)

    with pytest.raises(CannotDo, match=r"cannot be written\. Name a folder that can"):
        open_database(str(tmp_path))
