"""`python -m rejoinder.diagrams` draws a clone anew, and tells a mistake in one line."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from rejoinder.diagrams import layouts
from rejoinder.diagrams.__main__ import main
from rejoinder.diagrams.rendered import FOLDER, LAYOUTS, README, refresh

REPOSITORY: Final = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what a refresh needs of a clone, in which one file is out of date."""
    shutil.copytree(REPOSITORY / FOLDER, tmp_path / FOLDER)
    shutil.copy(REPOSITORY / README, tmp_path / README)
    (tmp_path / LAYOUTS.parent).mkdir(parents=True)
    shutil.copy(REPOSITORY / LAYOUTS, tmp_path / LAYOUTS)
    refresh(tmp_path)
    (tmp_path / FOLDER / "link.md").unlink()
    return tmp_path


def test_named_clone_is_drawn_anew(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = main([str(clone)])
    second = main([str(clone)])

    assert (0, 0) == (first, second)
    assert (f"drawn anew: {clone / FOLDER / 'link.md'}\nEvery picture is as it should be.\n", "") == capsys.readouterr()


def test_current_folder_is_drawn_anew(clone: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "rejoinder.diagrams"], cwd=clone, capture_output=True, encoding="utf-8", check=False
    )

    assert (0, "") == (ended.returncode, ended.stderr)
    assert f"drawn anew: {FOLDER / 'link.md'}\n" == ended.stdout


def test_no_clone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main([str(tmp_path)])
    said = capsys.readouterr()

    assert (2, "") == (status, said.out)
    assert f"{str(tmp_path)!r} holds no diagrams/rendered and README.md." in said.err
    assert 1 == said.err.count("\n")


def test_too_many_folders(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["here", "there"])

    assert 2 == status
    assert ("", "More than one folder is named. Name the top of one clone, or none if you are in it.\n") == capsys.readouterr()


def test_a_file_that_cannot_be_written(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / FOLDER / "link.md").mkdir()

    status = main([str(clone)])
    said = capsys.readouterr()

    assert (2, "") == (status, said.out)
    assert said.err.startswith("The pictures could not be kept (")
    assert 1 == said.err.count("\n")


def test_a_readme_that_is_no_text(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / README).write_bytes(b"\xff")

    status = main([str(clone)])

    assert 2 == status
    assert 1 == capsys.readouterr().err.count("\n")


def test_what_to_install_is_said(clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Graphviz is needed when a table has changed; here, its kept layout is gone."""
    monkeypatch.setattr(layouts, "KEPT", clone / "nothing.json")
    (clone / "nothing.json").write_text('{"graphviz": "", "layouts": {}}', "ascii")
    monkeypatch.setenv("PATH", str(clone))
    layouts.read_kept.cache_clear()

    status = main([str(clone)])
    layouts.read_kept.cache_clear()
    said = capsys.readouterr()

    assert (2, "") == (status, said.out)
    assert said.err.startswith("Graphviz is not installed: there is no program named dot. ")
