"""The names of ``rejoinder.testing`` are there when they are asked for, and cost nothing before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import rejoinder.testing


def test_every_name_is_found() -> None:
    assert [] == [name for name in rejoinder.testing.__all__ if not hasattr(rejoinder.testing, name)]


def test_name_comes_from_its_module() -> None:
    assert "rejoinder.testing.model_server" == rejoinder.testing.ModelServer.__module__


def test_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'rejoinder\.testing' has no attribute 'Nothing'"):
        _ = getattr(rejoinder.testing, "Nothing")  # noqa: B009 - type checkers know that there is none


def test_importing_the_package_imports_nothing_else_of_ours() -> None:
    loaded = "import sys; import rejoinder.testing; print(*[name for name in sys.modules if name.startswith('rejoinder')])"
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, encoding="utf-8", check=True)

    assert {"rejoinder", "rejoinder.testing"} == set(ended.stdout.split())
