"""Files that commands write: nothing is lost before something better is there, and nothing is written over what is read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rejoinder.cli.files import (
    check_ending,
    check_folder,
    check_place,
    check_report,
    keep_apart,
    write_file,
    write_report,
)
from rejoinder.cli.refusals import CannotDo

FULL = Path("/dev/full")


def only(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "kept.json"
    path.write_text("as it was", "utf-8")
    return path


def test_a_check_changes_nothing(kept: Path, tmp_path: Path) -> None:
    before = kept.stat()
    check_place(kept)
    check_place(tmp_path / "new.json")
    check_report(str(kept))
    check_report("-")
    check_report(None)
    check_folder(tmp_path, "--traces")

    assert ["kept.json"] == only(tmp_path)
    assert "as it was" == kept.read_text("utf-8")
    assert before.st_mtime_ns == kept.stat().st_mtime_ns


@pytest.mark.parametrize(
    "name, reason",
    [
        ("missing/new.json", "No such file or directory"),
        ("kept.json/new.json", "Not a directory"),
        (".", "Is a directory"),
        ("a" * 300, "File name too long"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_and_after(name: str, reason: str, kept: Path) -> None:
    path = Path(f"{kept.parent}/{name}")
    expected = f"--json {str(path)!r} cannot be written ({reason}). Name a file that can."
    with pytest.raises(CannotDo) as before:
        check_place(path, "--json")
    with pytest.raises(CannotDo) as after:
        write_file(path, "text", "--json")

    assert (expected, expected) == (str(before.value), str(after.value))
    assert (2, 2) == (before.value.status, after.value.status)
    assert ["kept.json"] == only(kept.parent)


def test_a_folder_in_which_nothing_can_be_made_is_told() -> None:
    with pytest.raises(CannotDo) as refused:
        check_folder(Path("/proc"), "--traces '/proc'")

    assert str(refused.value).startswith("--traces '/proc' cannot be written (")


def test_a_file_is_new_or_replaced_whole_and_keeps_its_mode(kept: Path, tmp_path: Path) -> None:
    kept.chmod(0o640)
    write_file(kept, "new")
    write_file(tmp_path / "other", b"bytes")
    mask = os.umask(0)
    os.umask(mask)

    assert "new" == kept.read_text("utf-8")
    assert 0o640 == stat.S_IMODE(kept.stat().st_mode)
    assert b"bytes" == (tmp_path / "other").read_bytes()
    assert 0o666 & ~mask == stat.S_IMODE((tmp_path / "other").stat().st_mode)
    assert ["kept.json", "other"] == only(tmp_path)


def test_a_link_stays_a_link(kept: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(kept)
    write_file(link, "new")

    assert link.is_symlink()
    assert "new" == kept.read_text("utf-8")


def test_what_breaks_off_leaves_what_was_there(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_file(kept, "new")

    assert ["kept.json"] == only(kept.parent)
    assert "as it was" == kept.read_text("utf-8")


def test_a_folder_that_may_not_be_changed_may_have_a_file_that_may(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", forbidden)
    write_file(kept, "new")
    with pytest.raises(CannotDo, match=r"cannot be written \(Permission denied\)"):
        write_file(kept.with_name("other"), "new")

    assert "new" == kept.read_text("utf-8")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no file that is always full")
def test_a_device_is_written_to_as_it_is() -> None:
    check_place(FULL)
    write_file(Path(os.devnull), "text")
    with pytest.raises(CannotDo, match=r"'/dev/full' cannot be written \(No space left on device\)\."):
        write_file(FULL, "text")


def test_a_report_is_printed_or_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report("-", "printed\n")
    write_report(str(tmp_path / "report"), "written\n")

    assert "printed\n" == capsys.readouterr().out
    assert "written\n" == (tmp_path / "report").read_text("utf-8")


def test_what_is_read_is_not_written(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "soft").symlink_to(kept)
    (tmp_path / "hard").hardlink_to(kept)
    expected = "is the trace that is read, and would be lost. Name another file."
    for name in ("kept.json", "soft", "hard", "../" + tmp_path.name + "/kept.json"):
        with pytest.raises(CannotDo, match=expected) as refused:
            keep_apart({"--output": tmp_path / name}, kept)
        assert 2 == refused.value.status

    keep_apart({"--output": tmp_path / "other", "--json": None}, kept)


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    with pytest.raises(CannotDo, match=r"--trace and --json both name '.*same'\. Name a file for each\."):
        keep_apart({"--trace": tmp_path / "same", "--json": tmp_path / "." / "same"})

    keep_apart({"--trace": Path(os.devnull), "--json": Path(os.devnull)})
    keep_apart({"--trace": tmp_path / "one", "--json": tmp_path / "other"})


@pytest.mark.parametrize("name", ["a.pdf", "a.PNG", "a.html"])
def test_an_ending_of_another_format_is_refused(name: str) -> None:
    with pytest.raises(CannotDo, match=f"'{name}' ends as a file of another format. Name one that ends in svg or mmd, or"):
        check_ending(Path(name), "svg or mmd")


def test_other_endings_promise_nothing() -> None:
    for name in ("a", "a.txt", "a.mmd", "machines.v1"):
        check_ending(Path(name), "svg or mmd")
