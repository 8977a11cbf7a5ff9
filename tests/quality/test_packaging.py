"""What is shipped and promised: portions, types, version, commands and module docstrings.

Rules: nothing is built or installed here; `.ci/run` does that. These tests read the tree and the installed metadata.
"""

import ast
import os
import re
import tomllib
from importlib import import_module
from importlib.metadata import entry_points, requires, version
from pathlib import Path
from typing import Any, Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]
ROOTS: Final = ("states", "engine", "diagrams")
PROJECT: Final[dict[str, Any]] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
README: Final = (REPOSITORY / "README.md").read_text("utf-8")
CI: Final = (REPOSITORY / ".ci" / "run").read_text("utf-8")
PORTIONS: Final = sorted(path.parent for root in ROOTS for path in REPOSITORY.glob(f"{root}/rejoinder/*/__init__.py"))
MODULES: Final = sorted(path for portion in PORTIONS for path in portion.rglob("*.py"))
DEMO: Final = "python3 -m pip install uv && python3 -m uv run rejoinder demo"
TESTS: Final = "python3 -m pip install uv && python3 -m uv run pytest"


def in_repository(path: Path) -> str:
    """Name a path the way a person would: from the top of the repository."""
    return path.relative_to(REPOSITORY).as_posix()


def fenced_lines(text: str) -> list[str]:
    """The lines of a Markdown text that stand in fenced blocks of shell commands."""
    blocks: list[str] = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("root", ROOTS)
def test_namespace_has_no_init(root: str) -> None:
    assert (REPOSITORY / root / "rejoinder").is_dir()
    # One such file in any root would hide the portions of the other two.
    assert not (REPOSITORY / root / "rejoinder" / "__init__.py").exists()


def test_portions_are_the_five() -> None:
    expected = ["diagrams", "cli", "engine", "testing", "states"]

    assert expected == [portion.name for portion in PORTIONS]


@pytest.mark.parametrize("portion", PORTIONS, ids=in_repository)
def test_portion_is_typed(portion: Path) -> None:
    assert (portion / "py.typed").is_file()


@pytest.mark.parametrize("module", MODULES, ids=in_repository)
def test_module_opens_with_a_docstring(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8")))

    assert docstring, f"{in_repository(module)} should open with its rules."


@pytest.mark.parametrize("module", MODULES, ids=in_repository)
def test_module_can_be_imported(module: Path) -> None:
    # This also shows every module to the coverage report: one that no test imports would be missing there, not at 0 %.
    (root,) = (root for root in ROOTS if module.is_relative_to(REPOSITORY / root))
    parts = module.relative_to(REPOSITORY / root).with_suffix("").parts
    name = ".".join(parts).removesuffix(".__init__")

    imported = import_module(name)

    assert imported.__file__ is not None
    assert module.samefile(imported.__file__)


def test_version_is_the_installed_one() -> None:
    assert PROJECT["version"] == version("rejoinder")


def test_command_is_installed() -> None:
    (script,) = entry_points(group="console_scripts", name="rejoinder")

    assert PROJECT["scripts"]["rejoinder"] == script.value
    assert callable(script.load())


def test_changelog_knows_the_version() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")

    assert f"## [{PROJECT['version']}]" in changelog


def test_no_vendor_client_is_a_dependency() -> None:
    # Their pins contradict ours, and uv resolves every group together.
    groups: dict[str, list[object]] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    # An entry that is no string includes another group, whose own entries are looked at where they stand.
    listed = [entry for group in groups.values() for entry in group if isinstance(entry, str)]
    everything = [*(requires("rejoinder") or []), *listed]
    vendors = [entry for entry in everything if re.match(r"(openai|anthropic|litellm|langchain|pipecat)", entry)]

    assert [] == vendors


def test_readme_promises_the_two_commands() -> None:
    promised = [line for line in fenced_lines(README) if line.startswith("python3 -m pip install uv")]

    assert [DEMO, TESTS] == promised


def test_readme_promises_the_same_to_guarded_pythons() -> None:
    # Systems that refuse pip get the same two, through a virtual environment that holds uv.
    lines = fenced_lines(README)
    ends = [re.sub(r"^.*/python -m uv run ", "", line) for line in lines if "/python -m uv run " in line]

    assert ["rejoinder demo", "pytest"] == ends


def test_ci_runs_what_the_readme_promises() -> None:
    # CI reads the commands out of the README with this pattern, and keeps no copy that could drift.
    (pattern,) = re.findall(r"""grep -E '([^']+)' README\.md""", CI)
    found = [line for line in README.splitlines() if re.search(pattern, line)]

    assert [DEMO, TESTS] == found
    assert 'bash -c "$demo_command"' in CI
    assert 'bash -c "$test_command"' in CI
    assert "uv run pytest" not in CI
    assert "uv run rejoinder" not in CI


@pytest.mark.parametrize("script", ["run", "bad_input"])
def test_ci_script_is_executable(script: str) -> None:
    assert os.access(REPOSITORY / ".ci" / script, os.X_OK)
