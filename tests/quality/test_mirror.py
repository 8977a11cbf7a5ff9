"""Each module has a test file of its own, where a reader looks for it.

Rule: `<root>/rejoinder/<portion>/<module>.py` is tested by `tests/<portion>/test_<module>.py`, and `benchmarks/<module>.py` by
`tests/benchmarks/test_<module>.py`. Further test files beside those are welcome. A module that needs no file of its own
is named below, with the reason.
"""

from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]
MODULES: Final = sorted(
    path
    for pattern in ("states/rejoinder/*/*.py", "engine/rejoinder/*/*.py", "diagrams/rejoinder/*/*.py", "benchmarks/*.py")
    for path in REPOSITORY.glob(pattern)
    if path.name != "__init__.py"
)
EXCEPTIONS: Final[dict[str, str]] = {
    "benchmarks/contenders": "It holds values only; test_workloads checks that each takes part, and test_rounds runs some.",
    "benchmarks/soak_server": "It is a process of the soak.",
    "benchmarks/soak_sessions": "It is a part of the soak.",
    "benchmarks/soak_stations": "It is a part of the soak.",
    "benchmarks/viewer": "It measures a browser by hand; test_viewer_in_browser drives the same page.",
    "states/effects": "It holds values only; every test of the session compares them.",
    "states/events": "It holds values only; test_intake checks that each has its way in.",
    "states/phases": "It holds names only; test_link, test_request and test_response reach and check every one.",
    "states/steps": "It holds one value that casts its own detail; every test of a rule goes through it.",
    "states/triggers": "It holds names only; the grids of test_link, test_request and test_response write out every one.",
}
"""From `portion/module` to the reason why no test file mirrors it."""


def short_name(module: Path) -> str:
    """Name a module as the exceptions do: `states/session`."""
    return f"{module.parent.name}/{module.stem}"


@pytest.mark.parametrize("module", MODULES, ids=short_name)
def test_module_has_a_test_file(module: Path) -> None:
    name = short_name(module)
    expected = REPOSITORY / "tests" / module.parent.name / f"test_{module.stem}.py"

    assert expected.is_file() or name in EXCEPTIONS, f"{name} should be tested by {expected.relative_to(REPOSITORY)}."


def test_exceptions_are_still_needed() -> None:
    modules = {short_name(module): module for module in MODULES}
    mirrored = [name for name in EXCEPTIONS if (REPOSITORY / "tests" / Path(name).parent / f"test_{Path(name).name}.py").exists()]

    assert [] == sorted(set(EXCEPTIONS) - set(modules))
    assert [] == mirrored


def test_exceptions_have_reasons() -> None:
    assert [] == [name for name, reason in EXCEPTIONS.items() if not reason.endswith(".")]
