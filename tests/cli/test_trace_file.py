"""Trace files are read in bounded memory, and what cannot be read is told in one line with status 2."""

from pathlib import Path

import pytest

from harness.telling import interrupted
from rejoinder.cli import trace_file
from rejoinder.cli.refusals import CannotDo
from rejoinder.cli.trace_file import entries_of, open_trace
from rejoinder.states.profiles import AZURE, CancelPolicy, Policy
from rejoinder.states.trace import Fed, Header, write_lines

HEADER = Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN))


def written(folder: Path, *lines: str) -> Path:
    path = folder / "a trace"
    path.write_text("".join(lines), "utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(CannotDo) as refused, open_trace(path) as reading:
        list(entries_of(reading))

    assert 2 == refused.value.status
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_trace_is_read(tmp_path: Path) -> None:
    with open_trace(written(tmp_path, *write_lines(HEADER, interrupted()))) as reading:
        entries = list(entries_of(reading))

    assert HEADER == reading.header
    assert len(interrupted()) == len(entries)
    assert all(isinstance(entry, Fed) for entry in entries)


def test_no_file(tmp_path: Path) -> None:
    assert f"{str(tmp_path / 'none')!r} cannot be read (No such file or directory). Name a trace that can." == refusal(
        tmp_path / "none"
    )


def test_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith(f"{str(tmp_path)!r} cannot be read (")


@pytest.mark.parametrize(
    "lines, words",
    [
        ((), "The trace is empty."),
        (("This is no trace.\n",), "Line 1: The first line is not JSON"),
        (("\u00e9\x00\n",), "Line 1: The first line is not JSON"),
        ((next(write_lines(HEADER, [])), "{\n", "{}\n"), "Line 2: It is not JSON."),
    ],
    ids=["empty", "not_json", "not_text", "damaged"],
)
def test_what_is_no_trace_is_told_with_its_name(lines: tuple[str, ...], words: str, tmp_path: Path) -> None:
    path = written(tmp_path, *lines)

    assert refusal(path).startswith(f"{str(path)!r}: {words}")


def test_a_first_line_that_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "endless"
    with path.open("wb") as file:
        file.truncate(1024**3)  # a gigabyte of nothing, which takes no room

    assert refusal(path).startswith(f"{str(path)!r}: Line 1: It is longer than 1048576 bytes.")


def test_a_line_that_is_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_file, "LONGEST", 1000)
    path = written(tmp_path, next(write_lines(HEADER, [])), '{"at":0,"dropped":1}\n', " " * 1001, "\n")

    assert refusal(path).startswith(f"{str(path)!r}: Line 3: It is longer than 1000 bytes.")
