"""What all tests share: Hypothesis profiles, which say how hard the property tests try, and Graphviz, where it is installed.

`ci` (the default) draws the same examples in every run, so that a change is judged by what it changed. `deep` draws new ones,
many more of them, and keeps what fails in its database:

    REJOINDER_HYPOTHESIS=deep python3 -m uv run pytest tests/fuzz
"""

import os
from typing import Final

import pytest
from hypothesis import settings

from rejoinder.diagrams.graphviz import GraphvizError, version

VARIABLE: Final = "REJOINDER_HYPOTHESIS"

settings.register_profile("ci", derandomize=True, database=None, deadline=None, max_examples=100, print_blob=True)
settings.register_profile("deep", deadline=None, max_examples=5000, print_blob=True)
settings.load_profile(os.environ.get(VARIABLE, "ci"))


@pytest.fixture(scope="session")
def graphviz() -> str:
    """The version of Graphviz; tests that need it are skipped where it is not."""
    try:
        return version()
    except GraphvizError as error:
        pytest.skip(str(error))
