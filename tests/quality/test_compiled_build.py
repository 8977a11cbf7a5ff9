"""The compiled build: asked for or not, and of modules that are there. That it is right is seen in ``.ci/run``, which makes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hatch_build import COMPILED, ROOTS, SWITCH, CustomBuildHook
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


def hook(target: str = "wheel") -> CustomBuildHook:
    builder: Any = WheelBuilder(str(ROOT))
    return CustomBuildHook(str(ROOT), {}, builder.config, builder.metadata, "", target, builder.app)


def test_modules_that_are_compiled_are_there() -> None:
    assert [] == [name for name in COMPILED if not any((ROOT / root / name).is_file() for root in ROOTS)]


def test_modules_of_attrs_values_with_factories_stay_python() -> None:
    sources = {name: (ROOT / root / name) for name in COMPILED for root in ROOTS if (ROOT / root / name).is_file()}

    assert [] == [name for name, path in sources.items() if "attrs.field(" in path.read_text(encoding="utf-8")]


def test_nothing_is_compiled_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    plain: dict[str, Any] = {"pure_python": True, "infer_tag": False, "force_include": {}}
    built = plain.copy()
    hook().initialize("standard", built)

    assert [] == hook().dependencies()
    assert plain == built


@pytest.mark.parametrize("target, version", [("wheel", "editable"), ("sdist", "standard")])
def test_what_is_edited_and_what_is_source_stays_python(target: str, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "1")
    plain: dict[str, Any] = {"pure_python": True, "infer_tag": False, "force_include": {}}
    built = plain.copy()
    hook(target).initialize(version, built)

    assert plain == built


def test_compiler_is_fetched_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "1")

    assert {"attrs", "mypy", "setuptools"} == {name.partition(">")[0] for name in hook().dependencies()}
