"""What is found under a name: of the current folder, or of what is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rejoinder.cli.fuzz_target import find_target
from rejoinder.cli.refusals import CannotDo
from rejoinder.testing.fuzz.campaign_records import ENGINE, LIFECYCLE


@pytest.fixture(autouse=True)
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is imported is forgotten."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield
    for name in [name for name in sys.modules if name.startswith("of_a_folder")]:
        del sys.modules[name]


def test_nothing_named_is_the_lifecycle_or_the_engine_itself() -> None:
    assert LIFECYCLE is find_target(None, engine=False)
    assert ENGINE is find_target(None, engine=True)


def test_current_folder_can_be_imported_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "of_a_folder"
    package.mkdir()
    (package / "inner.py").write_text("class Outer:\n    async def handle(response):\n        pass\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    target = find_target("of_a_folder.inner:Outer.handle", engine=True)

    assert "handle" == target.name
    assert target.whole_engine
    assert find_target("of_a_folder.inner:Outer.handle", engine=True) is not target


def test_installed_module_can_be_named() -> None:
    assert "LifecycleProgram" == find_target("rejoinder.testing.fuzz:LifecycleProgram", engine=False).name


def test_refusal_is_status_2() -> None:
    with pytest.raises(CannotDo) as caught:
        find_target("rejoinder.testing.fuzz:PROMISES", engine=False)

    assert 2 == caught.value.status
