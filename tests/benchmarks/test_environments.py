"""Environments of other vendors, with a uv that only pretends."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import pytest
from benchmarks.contenders import CONTENDERS
from benchmarks.environments import CannotMakeEnvironment, default_cache, environment_for, folder_for

SDK = CONTENDERS["openai SDK"]


def pretend_uv(folder: Path, monkeypatch: pytest.MonkeyPatch, *, last_words: str = "", status: int = 0) -> Path:
    """Put a uv in place that notes what it is asked; returns its notes."""
    notes, uv = folder / "notes.txt", folder / "uv"
    uv.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"with open({str(notes)!r}, 'a') as notes: notes.write(' '.join(sys.argv[1:]) + chr(10))\n"
        "if sys.argv[1] == 'venv': pathlib.Path(sys.argv[-1]).mkdir(parents=True, exist_ok=True)\n"
        f"print({last_words!r}, file=sys.stderr)\nsys.exit({status})\n",
        "utf-8",
    )
    uv.chmod(0o755)
    monkeypatch.setenv("UV", str(uv))
    return notes


async def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes, cache = pretend_uv(tmp_path, monkeypatch), tmp_path / "cache"

    python = await environment_for(SDK, cache)
    again = await environment_for(SDK, cache)

    assert python == again == folder_for(SDK, cache) / "bin" / "python"
    made, filled = notes.read_text("utf-8").splitlines()
    assert made.startswith("venv ")
    assert filled.startswith("pip install ")
    assert filled.endswith(" ".join(SDK.requirements))


async def test_an_environment_is_made_anew_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes, cache = pretend_uv(tmp_path, monkeypatch), tmp_path / "cache"

    await environment_for(SDK, cache)
    await environment_for(SDK, cache, anew=True)

    assert 4 == len(notes.read_text("utf-8").splitlines())


async def test_what_uv_said_last_is_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_uv(tmp_path, monkeypatch, last_words="working\nno index within reach", status=1)

    with pytest.raises(CannotMakeEnvironment, match=r"^uv venv failed: no index within reach$"):
        await environment_for(SDK, tmp_path / "cache")
    assert not (folder_for(SDK, tmp_path / "cache") / "complete").exists()


async def test_a_uv_that_cannot_be_run_is_a_reason_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", str(tmp_path / "nowhere"))

    with pytest.raises(CannotMakeEnvironment, match="uv cannot be run"):
        await environment_for(SDK, tmp_path / "cache")


def test_other_requirements_have_another_folder(tmp_path: Path) -> None:
    other = attrs.evolve(SDK, requirements=("openai==1",))

    assert folder_for(SDK, tmp_path) != folder_for(other, tmp_path)
    assert folder_for(SDK, tmp_path).name.startswith("openai-")


def test_the_cache_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert tmp_path / "rejoinder-benchmarks" == default_cache()
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Path.home() / ".cache" / "rejoinder-benchmarks" == default_cache()
