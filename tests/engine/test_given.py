"""What a caller gave is looked at without a guess."""

from __future__ import annotations

from typing import Any

import pytest

from rejoinder.engine.given import NOT_GIVEN, NotGiven, fields_of, listed, shown_type


@pytest.mark.parametrize("value, fields", [({"a": 1}, {"a": 1}), ([], None), ("a", None), (None, None)])
def test_mappings(value: Any, fields: Any) -> None:  # noqa: ANN401
    assert fields == fields_of(value)


@pytest.mark.parametrize("value, parts", [([1], [1]), ((1,), (1,)), ("a", None), ({}, None), (b"b", None)])
def test_lists(value: Any, parts: Any) -> None:  # noqa: ANN401
    assert parts == listed(value)


def test_types_are_shown_and_values_are_not() -> None:
    assert ("a str", "a NoneType") == (shown_type("secret"), shown_type(None))


@pytest.mark.original("B011")
def test_not_given_is_one_and_false_and_not_none() -> None:
    assert not NOT_GIVEN
    assert NotGiven("NOT_GIVEN") is NOT_GIVEN
    assert NOT_GIVEN is not None
