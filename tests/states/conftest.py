"""What tests of the pure half share: both readers of JSON."""

from collections.abc import Generator
from typing import Final

import pytest

from rejoinder.states import json_values

READER: Final = "_read_fast"


@pytest.fixture(scope="module", params=["msgspec", "json"])
def each_reader(request: pytest.FixtureRequest) -> Generator[str]:
    """The tests of a module run once with msgspec reading first, and once as if it were not installed. Gives the name."""
    name = str(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_values, READER, json_values.fast_reader() if name == "msgspec" else None)
        yield name
