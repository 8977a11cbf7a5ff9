"""One good conversation for all tests that read logs."""

import pytest

from cli.held import Held, hold
from rejoinder.cli.demo_run import Plan


@pytest.fixture(scope="session")
def held() -> Held:
    return hold(Plan())


@pytest.fixture(scope="session")
def held_serial() -> Held:
    return hold(Plan("azure"))
