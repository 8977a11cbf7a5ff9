"""``rejoinder check``: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rejoinder.cli.application import application
from rejoinder.states import session as session_module
from rejoinder.states.trace import read_lines

RUNNER = CliRunner()


def test_configuration_is_explored_whole() -> None:
    result = RUNNER.invoke(application, ["check", "serial-failures"])

    assert 0 == result.exit_code
    assert "serial-failures" in result.output
    assert result.output.endswith("every state was seen and every promise was kept.\n")


def test_fault_is_told_drawn_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = session_module.RESPONSE_ROWS
    clean = rows["draining"]["Failed"]
    changed = {phase: {**row, "Expired": clean} if phase in {"draining", "cancel_pending"} else row for phase, row in rows.items()}
    monkeypatch.setattr(session_module, "RESPONSE_ROWS", changed)
    result = RUNNER.invoke(application, ["check", "serial-hedge", "--output", str(tmp_path / "found")])

    assert 1 == result.exit_code
    assert "promise 6: the lane of link 1 is taken for free, and something still runs there" in result.output
    assert "sequenceDiagram" in (tmp_path / "found" / "serial-hedge.mmd").read_text("utf-8")
    assert read_lines((tmp_path / "found" / "serial-hedge.jsonl").read_text("utf-8").splitlines(keepends=True)).feds


def test_directory_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    rows = session_module.RESPONSE_ROWS
    changed = {phase: {**row, "Expired": rows["draining"]["Failed"]} if phase == "draining" else row for phase, row in rows.items()}
    monkeypatch.setattr(session_module, "RESPONSE_ROWS", changed)
    result = RUNNER.invoke(application, ["check", "serial-hedge", "--output", str(tmp_path / "taken" / "deeper")])

    assert 1 == result.exit_code
    assert "cannot be written" in result.output


def test_list_names_each_configuration() -> None:
    result = RUNNER.invoke(application, ["check", "--list"])

    assert 0 == result.exit_code
    assert "lanes-misbehaviour" in result.output


def test_unknown_configuration_is_refused_with_those_there_are() -> None:
    result = RUNNER.invoke(application, ["check", "nonsense"])

    assert 2 == result.exit_code
    assert "serial-hedge" in result.output


def test_two_processes_side_by_side() -> None:
    result = RUNNER.invoke(application, ["check", "serial-failures", "lanes-limits", "--workers", "2"])

    assert 0 == result.exit_code
    assert "2 configurations" in result.output
