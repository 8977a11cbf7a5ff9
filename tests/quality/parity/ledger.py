"""The ledger of parity: what the original does, what became of it here, and which tests show it.

Rules of this file
* Three sources, none of which repeats another: ``tests/parity/behaviours.toml`` says what there is, the other files of that folder
  say what became of each, and the markers in the tests say what shows it. Nothing is typed twice.
* Tests are found in their source, not by running them: a marker in a decorator of a test, of its class, in ``pytestmark``, or in
  what a decorator names (a parametrization, or a list of parameters, that several tests share).
* A number that stands in two files is a mistake, and so is one that nobody knows.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

import attrs

__all__ = [
    "REPOSITORY",
    "Behaviour",
    "Edit",
    "Entry",
    "Mark",
    "UpstreamTest",
    "behaviours",
    "entries",
    "marked",
    "sections",
    "upstream_sections",
    "upstream_tests",
]

REPOSITORY: Final = Path(__file__).parents[3]
FOLDER: Final = REPOSITORY / "tests" / "parity"
BEHAVIOURS: Final = "behaviours.toml"
UPSTREAM: Final = "upstream.toml"

Verdict = Literal["matched", "bettered", "left_out"]


@attrs.frozen
class Behaviour:
    """One thing that the original does."""

    number: str
    """``B001`` to ``B156``."""
    section: str
    """The section it belongs to, by its title."""
    what: str
    """What it does, in a few words."""


@attrs.frozen
class Edit:
    """A change that takes the behaviour away."""

    file: str
    """The file, from the top of the repository."""
    old: str
    """Text that stands in it once."""
    new: str
    """What stands there instead."""


@attrs.frozen
class Entry:
    """What became of a behaviour."""

    number: str
    """The behaviour."""
    verdict: Verdict
    """Matched, done better, or left out."""
    how: str
    """How, or why, in words for users."""
    observable: str = ""
    """What the marked tests see."""
    edit: Edit | None = None
    """What turns one of them red."""


@attrs.frozen(order=True)
class Mark:
    """A test that bears a number."""

    file: str
    """The file, from the top of the repository."""
    test: str
    """The function, behind its class if it has one."""


@attrs.frozen
class UpstreamTest:
    """One of the original's own tests."""

    name: str
    """Section and name, as markers write it: ``C1:test_same_input_same_hash``."""
    section: str
    """The section, by its title."""
    left_out: str
    """Why there is no equivalent; empty if there is one."""


@cache
def behaviours() -> Mapping[str, Behaviour]:
    """All behaviours by number, in order."""
    found: dict[str, Behaviour] = {}
    for section in _tables(FOLDER / BEHAVIOURS).values():
        title = section.pop("title")
        found |= {number: Behaviour(number, title, what) for number, what in section.items()}
    return found


def sections() -> Mapping[str, list[Behaviour]]:
    """The behaviours by the title of their section."""
    found: dict[str, list[Behaviour]] = {}
    for behaviour in behaviours().values():
        found.setdefault(behaviour.section, []).append(behaviour)
    return found


@cache
def entries() -> Mapping[str, Entry]:
    """What became of each behaviour, by number. Raises ``ValueError`` for a number that stands in two files."""
    found: dict[str, Entry] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        if path.name in {BEHAVIOURS, UPSTREAM}:
            continue
        for number, fields in _tables(path).items():
            if number in found:
                raise ValueError(f"{number} stands in {path.name} and in a file before it.")
            edit = fields.pop("edit", None)
            found[number] = Entry(number, edit=None if edit is None else Edit(**edit), **fields)
    return found


@cache
def upstream_tests() -> Mapping[str, UpstreamTest]:
    """All of the original's tests by name, in order."""
    found: dict[str, UpstreamTest] = {}
    for section, fields in _tables(FOLDER / UPSTREAM).items():
        reasons: Mapping[str, str] = fields.get("left_out", {})
        unknown = set(reasons) - set(fields["tests"])
        if unknown:
            raise ValueError(f"{section}: {', '.join(sorted(unknown))} is left out and not listed.")
        for name in fields["tests"]:
            test = UpstreamTest(f"{section}:{name}", fields["title"], reasons.get(name, ""))
            found[test.name] = test
    return found


def upstream_sections() -> Mapping[str, list[UpstreamTest]]:
    """The original's tests by the title of their section."""
    found: dict[str, list[UpstreamTest]] = {}
    for test in upstream_tests().values():
        found.setdefault(test.section, []).append(test)
    return found


@cache
def marked() -> Mapping[str, list[Mark]]:
    """The tests that bear each number or name, sorted."""
    found: dict[str, set[Mark]] = {}
    for path in sorted((REPOSITORY / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if "mark.original" not in text:
            continue
        file = path.relative_to(REPOSITORY).as_posix()
        for test, number in _marks(ast.parse(text)):
            found.setdefault(number, set()).add(Mark(file, test))
    return {number: sorted(marks) for number, marks in sorted(found.items())}


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", tomllib.loads(path.read_text("utf-8")))


def _marks(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Test and number, for each test and each number it bears."""
    named = dict(_named(module))
    everywhere = named.pop("pytestmark", [])
    for statement in module.body:
        if isinstance(statement, ast.ClassDef):
            shared = [*everywhere, *_of_decorators(statement, named)]
            for inner in statement.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name.startswith("test_"):
                    for number in [*shared, *_of_decorators(inner, named)]:
                        yield f"{statement.name}::{inner.name}", number
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name.startswith("test_"):
            for number in [*everywhere, *_of_decorators(statement, named)]:
                yield statement.name, number


def _named(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """The names that are given at the top of a module, each with the numbers in its value."""
    for statement in module.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, list(_numbers(statement.value))


def _of_decorators(
    definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, named: Mapping[str, list[str]]
) -> Iterator[str]:
    for decorator in definition.decorator_list:
        # Also inside: a set of parameters may bear its own marks, and may have a name of its own.
        yield from _numbers(decorator)
        for node in ast.walk(decorator):
            if isinstance(node, ast.Name):
                yield from named.get(node.id, ())


def _numbers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "original":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
