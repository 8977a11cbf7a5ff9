"""Processes that are spoken to in lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import trio.testing
from benchmarks.processes import ProcessFailed, cores, start_process

ECHO = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True)"


async def test_each_question_has_an_answer(tmp_path: Path) -> None:
    async with start_process([sys.executable, "-c", ECHO], None, tmp_path / "complaints") as speaker:
        answers = [await speaker.ask({"number": number}, 60) for number in range(3)]

    assert [{"number": number} for number in range(3)] == answers


async def test_a_process_that_ends_leaves_its_last_words(tmp_path: Path) -> None:
    dying = "import sys\nsys.exit('ValueError: no such thing')"
    async with start_process([sys.executable, "-c", dying], None, tmp_path / "complaints") as speaker:
        with pytest.raises(ProcessFailed, match=r"^ValueError: no such thing$"):
            await speaker.hear(60)


async def test_a_process_may_end_without_a_word(tmp_path: Path) -> None:
    async with start_process([sys.executable, "-c", "pass"], None, tmp_path / "complaints") as speaker:
        with pytest.raises(ProcessFailed, match="without a word"):
            await speaker.hear(60)


async def test_a_silent_process_is_not_waited_for(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    silent = "import sys\nsys.stdin.read()"
    async with start_process([sys.executable, "-c", silent], None, tmp_path / "complaints") as speaker:
        with pytest.raises(ProcessFailed, match="no answer within 30 s"):
            await speaker.ask({}, 30)


async def test_the_core_is_handed_to_the_process(tmp_path: Path) -> None:
    tell = "import os\nprint(os.environ['REJOINDER_BENCHMARK_CPU'], flush=True)"
    async with start_process([sys.executable, "-c", tell], 1, tmp_path / "complaints") as speaker:
        assert 1 == await speaker.hear(60)


def three_cores(_process: int) -> set[int]:
    return {3, 1, 2}


def one_core(_process: int) -> set[int]:
    return {0}


def test_two_cores_where_there_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", three_cores, raising=False)
    assert (1, 2) == cores()
    monkeypatch.setattr(os, "sched_getaffinity", one_core, raising=False)
    assert (None, None) == cores()
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert (None, None) == cores()
