"""`rejoinder replay` compares a trace with the machine of today, names the first step that differs, and makes tests of traces."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner

from harness.telling import interrupted, lost_early
from rejoinder.cli.application import application
from rejoinder.states.profiles import AZURE, OPENAI, CancelPolicy, Policy
from rejoinder.states.trace import Entry, Gap, Header, write_lines

SERIAL = Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN))


def run(*arguments: object) -> tuple[int, str, str]:
    ended = CliRunner().invoke(application, ["replay", *map(str, arguments)])
    return ended.exit_code, ended.stdout, ended.stderr


def written(path: Path, *changes: tuple[str, str], header: Header = SERIAL, entries: list[Entry] | None = None) -> Path:
    """A trace at ``path``, with words exchanged."""
    text = "".join(write_lines(header, [*interrupted()] if entries is None else entries))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "ascii")
    return path


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "a.trace.jsonl"


@pytest.mark.parametrize("payloads", [True, False])
def test_a_trace_of_today_is_the_same(*, payloads: bool, trace: Path) -> None:
    status, said, complaints = run(written(trace, header=attrs.evolve(SERIAL, payloads=payloads)))

    assert (0, "") == (status, complaints)
    assert said.startswith(f"{len(interrupted())} steps are decided as they were: recorded by 1.2.3, replayed by ")
    assert 1 == said.count("\n")


def test_an_altered_transition_is_named(trace: Path) -> None:
    status, said, complaints = run(written(trace, ('"target":"draining"', '"target":"idle"')))
    lines = said.splitlines()

    assert (1, "") == (status, complaints)
    assert "Step 9 (line 10, after 1.000 s) is decided otherwise: r1 leaves." == lines[0]
    assert '  event: {"is": "Cancel", "request": 1}' == lines[1]
    (was,) = (line for line in lines if line.startswith("  was: ") and line.endswith("   <-"))
    (now,) = (line for line in lines if line.startswith("  now: ") and line.endswith("   <-"))
    assert was.replace("was", "now").replace('"idle"', '"draining"') == now


def test_a_decision_that_is_gone_is_named(trace: Path) -> None:
    entries = interrupted()
    status, said, _ = run(written(trace, entries=[attrs.evolve(entries[0], effects=()), *entries[1:]]))

    assert 1 == status
    assert said.startswith("Step 1 (line 2, after 0.000 s) is decided otherwise: ")
    assert "  was: nothing   <-\n" in said


def test_nothing_behind_a_gap_is_compared(trace: Path) -> None:
    entries: list[Entry] = [*interrupted()[:3], Gap(0.6, 7), *interrupted()[8:]]
    status, said, _ = run(written(trace, entries=entries))

    assert 0 == status
    assert said.startswith(
        "7 feeds went missing behind step 3: nothing from there on can be compared.\n3 steps are decided as they were"
    )


def test_a_torn_last_line_is_said(trace: Path) -> None:
    written(trace)
    trace.write_bytes(trace.read_bytes()[:-20])
    status, said, _ = run(trace)

    assert 0 == status
    assert said.startswith(f"The last line broke off and was left out.\n{len(interrupted()) - 1} steps are decided as they were")


def test_what_comes_before_a_fault_is_compared(trace: Path) -> None:
    written(trace)
    with trace.open("a", encoding="ascii") as file:
        file.write('{"at": 9.0, "ev\n{}\n')
    status, said, complaints = run(trace)
    line = len(interrupted()) + 2

    assert (2, f"{len(interrupted())} steps before the fault are decided as they were.\n") == (status, said)
    assert complaints.startswith(f"{str(trace)!r}: Line {line}: It is not JSON. ")


def test_a_trace_that_began_in_the_middle_is_not_compared(trace: Path) -> None:
    status, said, complaints = run(written(trace, header=attrs.evolve(SERIAL, whole=False)))

    assert (2, "") == (status, said)
    assert complaints.startswith(f"{str(trace)!r} began when its session was under way, so it cannot be replayed. ")


@pytest.mark.parametrize("text", ["", "no trace\n"], ids=["empty", "other"])
def test_what_is_no_trace_is_told_in_one_line(text: str, trace: Path) -> None:
    trace.write_text(text, "utf-8")
    status, said, complaints = run(trace)

    assert (2, "", 1) == (status, said, complaints.count("\n"))


def test_a_name_that_a_terminal_would_obey_is_not_printed_as_it_is(trace: Path) -> None:
    _, said, _ = run(written(trace, ('"rejoinder":"1.2.3"', '"rejoinder":"\\u001b[2J"')))

    assert "\x1b" not in said


# Tests made of traces.


def run_pytest(test: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    return subprocess.run(command, cwd=test.parent, capture_output=True, encoding="utf-8", check=False)


def test_a_trace_becomes_a_test_that_passes_and_can_fail(trace: Path, tmp_path: Path) -> None:
    test = tmp_path / "tests" / "test_production.py"
    test.parent.mkdir()
    header = Header("1.2.3", OPENAI, Policy())
    status, said, _ = run(written(trace, header=header, entries=[*lost_early()]), "--to-test", test)
    copy = test.with_suffix(".jsonl")

    assert 0 == status
    assert f"{test} replays {copy}." == said.splitlines()[-1]
    assert trace.read_bytes() == copy.read_bytes()
    assert "a.trace.jsonl" in test.read_text("utf-8")

    passing = run_pytest(test)
    copy.write_text(copy.read_text("ascii").replace('"target":"acknowledged"', '"target":"streaming"'), "ascii")
    failing = run_pytest(test)

    assert (0, 1) == (passing.returncode, failing.returncode), passing.stdout + failing.stdout
    assert "1 passed" in passing.stdout
    assert "Difference(line=" in failing.stdout


def test_a_trace_that_is_beside_its_test_stays_where_it_is(tmp_path: Path) -> None:
    trace = written(tmp_path / "test_it.jsonl")

    assert 0 == run(trace, "--to-test", tmp_path / "test_it.py")[0]
    assert (tmp_path / "test_it.py").is_file()
    assert trace.is_file()


def test_no_test_is_written_that_would_fail(trace: Path, tmp_path: Path) -> None:
    status, _, complaints = run(written(trace, ('"target":"draining"', '"target":"idle"')), "--to-test", tmp_path / "test_it.py")

    assert (1, "No test was written: it would fail.\n") == (status, complaints)
    assert not (tmp_path / "test_it.py").exists()


def test_a_test_that_cannot_be_written_is_told_in_one_line(trace: Path, tmp_path: Path) -> None:
    test = tmp_path / "none" / "test_it.py"
    status, _, complaints = run(written(trace), "--to-test", test)

    assert (2, f"{str(test)!r} cannot be written (No such file or directory). Name a file that can.\n") == (status, complaints)


def test_an_endless_line_is_not_read_to_its_end(trace: Path) -> None:
    with trace.open("wb") as file:
        file.truncate(1024**3)
    status, _, complaints = run(trace)

    assert 2 == status
    assert "Line 1: It is longer than" in complaints


@pytest.mark.parametrize(
    "name, words",
    [
        ("a.trace.jsonl", "has the name of the trace's copy. Name a file that ends in .py: "),
        ("b.jsonl", "has the name of the trace's copy. Name a file that ends in .py: "),
        ("kept.py", "kept.py' exists, and is not overwritten. Name another file with --to-test, or remove that."),
        ("taken.py", "taken.jsonl' exists, and is not overwritten."),
        ("", "is a folder. Name a file in it, such as "),
    ],
)
def test_a_test_is_written_over_nothing(name: str, words: str, trace: Path, tmp_path: Path) -> None:
    written(trace)
    for other in ("kept.py", "taken.jsonl"):
        (tmp_path / other).write_text("as it was", "utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    status, said, complaints = run(trace, "--to-test", f"{tmp_path}/{name}")

    assert (2, "", 1) == (status, said, complaints.count("\n"))
    assert words in complaints
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_test_has_to_have_a_name(name: str, trace: Path) -> None:
    assert 2 == run(written(trace), "--to-test", name)[0]
