"""What docs/traces.md promises is so: its code runs, its fields are those of the format."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any, Final

import pytest
import trio.testing

from harness.pair import open_pair
from harness.telling import interrupted
from rejoinder.engine.recorder import PAYLOADS_VARIABLE, VARIABLE
from rejoinder.states.profiles import AZURE, CancelPolicy, Policy
from rejoinder.states.trace import Gap, Header, entry_line, header_line, write_lines
from rejoinder.testing import ModelServer

PAGE: Final = (Path(__file__).parents[2] / "docs" / "traces.md").read_text("utf-8")
RECORDS, READS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
HEADER: Final = Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN))


async def test_the_code_that_records_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_pair(ModelServer()) as pair:
        body = textwrap.indent(RECORDS.replace("open_session()", "pair"), "    ")
        names: dict[str, Any] = {"pair": _Open(pair.session)}
        exec(f"async def example():\n{body}", names)  # noqa: S102 - it is our own page
        await names["example"]()

    assert trace_text(tmp_path).count("\n") >= 2


def trace_text(folder: Path) -> str:
    return (folder / "turn.trace.jsonl").read_text("ascii")


class _Open:
    """A session that is open already, for an ``async with`` that opens one."""

    def __init__(self, session: object) -> None:
        self._session = session

    async def __aenter__(self) -> object:
        return self._session

    async def __aexit__(self, *error: object) -> None: ...


def test_the_code_that_reads_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "turn.trace.jsonl").write_text("".join(write_lines(HEADER, interrupted())), "ascii")

    exec(READS, {})  # noqa: S102 - it is our own page

    assert "None\n" == capsys.readouterr().out


def test_every_field_is_told() -> None:
    lines = [header_line(HEADER), entry_line(Gap(1.0, 1)), entry_line(interrupted()[0])]
    fields = {field for line in lines for field in json.loads(line)}

    assert [] == [field for field in sorted(fields) if f"`{field}`" not in PAGE]


def test_the_variables_are_told() -> None:
    assert f"{VARIABLE}=" in PAGE
    assert f"{PAYLOADS_VARIABLE}=1" in PAGE
