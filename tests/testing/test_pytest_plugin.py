"""The plugin as a project sees it: it costs nothing to load, its fixtures work in every kind of test, its marker sets how long.

Rule of this file: each test writes a small project, and runs pytest in it as its owner would, in a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from rejoinder.testing import pytest_plugin

pytestmark = pytest.mark.long

HEAVY = ("attr", "attrs", "hypothesis", "trio", "hypercorn", "starlette", "transitions", "httpx", "rejoinder.states")


def run_pytest(project: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "REJOINDER_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", *arguments],
        cwd=project,
        env={**kept, **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def write(project: Path, text: str) -> None:
    (project / "pytest.ini").write_text("[pytest]\nstrict = true\n")
    (project / "test_it.py").write_text(dedent(text), encoding="utf-8")


def test_plugin_is_an_entry_point() -> None:
    (found,) = entry_points(group="pytest11", name="rejoinder")

    assert pytest_plugin.__name__ == found.value
    assert pytest_plugin is found.load()


def test_loading_imports_nothing_heavy() -> None:
    loaded = (
        f"import pytest, sys; before = set(sys.modules); import {pytest_plugin.__name__}; print(*sorted(set(sys.modules) - before))"
    )
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, encoding="utf-8", check=True)
    names = ended.stdout.split()

    assert {"rejoinder.testing", pytest_plugin.__name__} <= set(names)
    assert [] == [name for name in names if name.startswith(HEAVY)]
    assert [] == [name for name in names if name.split(".")[0] not in sys.stdlib_module_names | {"rejoinder"}]


def test_run_that_uses_nothing_of_it_stays_light(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import sys

        def test_light() -> None:
            assert [] == [name for name in sys.modules if name.startswith("rejoinder.states")]
        """,
    )

    ended = run_pytest(tmp_path, "-p", "no:hypothesispytest", "-p", "no:trio")

    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert not (tmp_path / ".pytest_cache" / "d" / "rejoinder").exists()


def test_fixtures_work_in_plain_asyncio_and_trio_tests(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import asyncio
        import httpx
        import pytest
        import trio
        from rejoinder.engine import Endpoint, open_session

        async def ask(session):
            async with session.respond("Hi") as response:
                return await response.text()

        def test_plain(responses_server):
            assert responses_server.url.startswith("ws://127.0.0.1:")
            assert httpx.get(f"http://127.0.0.1:{responses_server.port}/").status_code >= 400

        def test_asyncio(responses_server):
            async def dial():
                reader, writer = await asyncio.open_connection(responses_server.host, responses_server.port)
                writer.close()
                await writer.wait_closed()

            asyncio.run(dial())

        @pytest.mark.trio
        async def test_trio(responses_server):
            async with open_session(Endpoint(responses_server.url, api_key="any")) as session:
                assert "You said: Hi" == await ask(session)
            assert 1 == len(responses_server.server.creates())

        @pytest.mark.trio
        async def test_in_memory(memory_pair, autojump_clock):
            async with memory_pair.open_session() as session:
                assert "You said: Hi" == await ask(session)
        """,
    )

    ended = run_pytest(tmp_path)

    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert "4 passed" in ended.stdout


PROGRAM = """
import pytest
from rejoinder.testing.fuzz import LifecycleProgram

{above}
class Mine(LifecycleProgram):
    pass

{test}

def test_afterwards():
    print("programs:", Mine.counted["programs"], "steps:", Mine.counted["steps"])
"""


@pytest.mark.parametrize(
    "above, test",
    [
        ("@pytest.mark.rejoinder_fuzz(examples=7, steps=3)", "TestMine = Mine.TestCase"),
        ("", "@pytest.mark.rejoinder_fuzz(examples=7, steps=3)\nclass TestMine(Mine.TestCase):\n    pass"),
        ("", "TestMine = pytest.mark.rejoinder_fuzz(examples=7, steps=3)(Mine.TestCase)"),
    ],
    ids=["on the program", "on the test", "as a call"],
)
def test_marker_says_how_long(tmp_path: Path, above: str, test: str) -> None:
    write(tmp_path, PROGRAM.format(above=above, test=test))

    ended = run_pytest(tmp_path, "-rP")
    counted = re.search(r"programs: (\d+) steps: (\d+)", ended.stdout)

    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert counted is not None
    # Hypothesis counts only those that ran to their end.
    assert 7 <= int(counted[1]) <= 50
    assert int(counted[2]) <= 4 * int(counted[1])


@pytest.mark.parametrize(
    "mark, said",
    [
        ("rejoinder_fuzz(7)", "is not understood. Write rejoinder_fuzz(examples=…, steps=…) with whole numbers above 0."),
        ("rejoinder_fuzz(examples=0)", "is not understood."),
        ("rejoinder_fuzz(examples=True)", "is not understood."),
        ("rejoinder_fuzz(minutes=1)", "is not understood."),
    ],
)
def test_marker_that_makes_no_sense_is_one_clear_line(tmp_path: Path, mark: str, said: str) -> None:
    write(tmp_path, PROGRAM.format(above=f"@pytest.mark.{mark}", test="TestMine = Mine.TestCase"))

    ended = run_pytest(tmp_path)

    assert pytest.ExitCode.USAGE_ERROR == ended.returncode
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_marker_on_another_test_is_one_clear_line(tmp_path: Path) -> None:
    write(tmp_path, "import pytest\n\n@pytest.mark.rejoinder_fuzz(examples=7)\ndef test_it():\n    pass\n")

    ended = run_pytest(tmp_path)

    assert pytest.ExitCode.USAGE_ERROR == ended.returncode
    assert "test_it.py::test_it is no program test. Put rejoinder_fuzz(examples=…, steps=…) on a program" in ended.stderr


FAILING = """
from rejoinder.testing.fuzz import LifecycleProgram

class Mine(LifecycleProgram):
    def transcript(self, handler, request):
        return "always the same"

TestMine = Mine.TestCase
"""


def test_trace_of_a_failing_program_is_in_the_cache(tmp_path: Path) -> None:
    write(tmp_path, FAILING)

    ended = run_pytest(tmp_path)
    trace = tmp_path / ".pytest_cache" / "d" / "rejoinder" / "Mine.jsonl"

    assert pytest.ExitCode.TESTS_FAILED == ended.returncode
    assert trace.is_file()
    assert f"The trace is {trace}." in ended.stdout


def test_trace_is_where_the_environment_says(tmp_path: Path) -> None:
    write(tmp_path, FAILING)

    ended = run_pytest(tmp_path, environment={"REJOINDER_TRACES": "kept"})

    assert pytest.ExitCode.TESTS_FAILED == ended.returncode
    assert (tmp_path / "kept" / "Mine.jsonl").is_file()
    assert not (tmp_path / ".pytest_cache" / "d").exists()


def test_trace_is_beside_the_tests_where_there_is_no_cache(tmp_path: Path) -> None:
    write(tmp_path, FAILING)

    run_pytest(tmp_path, "-p", "no:cacheprovider")

    assert (tmp_path / ".rejoinder" / "Mine.jsonl").is_file()
