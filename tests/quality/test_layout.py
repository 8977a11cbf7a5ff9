"""The import contracts hold, bite, and speak about every portion there is.

Rules: the contracts themselves live in pyproject.toml. Here they are run as CI runs them, once on the real tree and
once on a copy in which every contract is broken on purpose; a contract that stays silent about the copy guards nothing.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]
ROOTS: Final = ("states", "engine", "diagrams")
PROJECT: Final[dict[str, Any]] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
CONTRACTS: Final[list[dict[str, Any]]] = PROJECT["tool"]["importlinter"]["contracts"]
PORTIONS: Final = sorted(path.parent for root in ROOTS for path in REPOSITORY.glob(f"{root}/rejoinder/*/__init__.py"))


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of pyproject.toml over the source roots in `tree`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    # These roots come before those of the editable install, so the namespace finds the copies first.
    environment["PYTHONPATH"] = os.pathsep.join(str(tree / root) for root in ROOTS)
    command = (
        "import sys; from importlinter.cli import lint_imports;"
        " sys.exit(lint_imports(config_filename='pyproject.toml', no_cache=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", command],
        cwd=tree,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def plant(tree: Path, portion: str, module: str, *imports: str) -> None:
    """Add a module to a copied portion that imports what it must not."""
    (root,) = (root for root in ROOTS if (tree / root / "rejoinder" / portion).is_dir())
    text = "".join(f"import {name}\n" for name in imports)
    (tree / root / "rejoinder" / portion / f"{module}.py").write_text(text, "utf-8")


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter prints about a tree in which each contract is broken by a planted module."""
    tree = tmp_path_factory.mktemp("spoilt")
    shutil.copy(REPOSITORY / "pyproject.toml", tree)
    for root in ROOTS:
        shutil.copytree(REPOSITORY / root / "rejoinder", tree / root / "rejoinder")
    for contract in CONTRACTS:
        (source,) = contract["source_modules"]
        plant(tree, source.rpartition(".")[2], f"planted_{CONTRACTS.index(contract)}", *contract["forbidden_modules"])

    ended = lint_imports(tree)

    assert 1 == ended.returncode, ended.stdout + ended.stderr
    return ended.stdout


def test_contracts_hold() -> None:
    ended = lint_imports(REPOSITORY)

    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in ended.stdout


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: str(contract["id"]))
def test_contract_bites(contract: dict[str, Any], spoilt: str) -> None:
    culprit = f"{contract['source_modules'][0]}.planted_{CONTRACTS.index(contract)}"
    missed = [name for name in contract["forbidden_modules"] if f"{culprit} -> {name} (l." not in spoilt]

    assert f"{contract['name']} BROKEN" in spoilt
    assert [] == missed


def test_every_portion_is_listed_everywhere() -> None:
    names = sorted(f"rejoinder.{portion.name}" for portion in PORTIONS)

    assert names == sorted(PROJECT["tool"]["importlinter"]["root_packages"])
    assert names == sorted(PROJECT["tool"]["coverage"]["run"]["source_pkgs"])


def test_every_root_is_listed_everywhere() -> None:
    tool = PROJECT["tool"]
    with_tests = [*ROOTS, "tests"]

    assert sorted(ROOTS) == sorted(path.parent.name for path in REPOSITORY.glob("*/rejoinder"))
    assert list(ROOTS) == tool["hatch"]["build"]["dev-mode-dirs"]
    assert list(ROOTS) == tool["hatch"]["build"]["targets"]["wheel"]["sources"]
    assert [f"{root}/rejoinder" for root in ROOTS] == tool["hatch"]["build"]["targets"]["wheel"]["only-include"]
    checked = [*with_tests, "benchmarks", "examples", "hatch_build.py"]
    assert checked == tool["mypy"]["files"]
    assert with_tests == tool["mypy"]["mypy_path"]
    assert checked == tool["pyright"]["include"]
    assert with_tests == tool["pyright"]["extraPaths"]
    assert with_tests == tool["ruff"]["src"]


def test_every_portion_but_the_command_is_contracted() -> None:
    contracted = {source for contract in CONTRACTS for source in contract["source_modules"]}

    assert {f"rejoinder.{portion.name}" for portion in PORTIONS} - {"rejoinder.cli"} == contracted


def test_contracts_reach_only_modules_that_exist() -> None:
    names = {f"rejoinder.{portion.name}" for portion in PORTIONS}
    named = {name for contract in CONTRACTS for name in contract["forbidden_modules"] if name.startswith("rejoinder.")}

    assert set() == named - names
