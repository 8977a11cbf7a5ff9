"""Numbers that no limit can have are refused where they are written, by name, and not met as a hang an hour later."""

from __future__ import annotations

import math
from typing import Any, Final

import attrs
import pytest

from rejoinder.engine import Deadlines, Policy, Settings

IMPOSSIBLE: Final[list[tuple[Any, type[Exception]]]] = [
    (math.nan, ValueError),
    (-1, ValueError),
    (-math.inf, ValueError),
    (None, TypeError),
    ("1", TypeError),
]


def numbers(owner: type[Any]) -> list[str]:
    """The names of all settings that are numbers."""
    defaults = {field.name: field.default for field in attrs.fields(owner)}
    return [name for name, value in defaults.items() if isinstance(value, int | float) and not isinstance(value, bool)]


@pytest.mark.parametrize("owner, count", [(Deadlines, 10), (Policy, 10), (Settings, 7)])
def test_every_number_that_cannot_be_is_refused_by_name(owner: type[Any], count: int) -> None:
    accepted: list[tuple[str, object]] = []
    unnamed: list[str] = []
    for name in numbers(owner):
        for value, kind in IMPOSSIBLE:
            try:
                owner(**{name: value})
            except kind as error:
                if f"{owner.__name__}({name}=…)" not in str(error):
                    unnamed.append(str(error))
            else:
                accepted.append((name, value))
        # What can be is kept as it is.
        assert 7.5 == getattr(owner(**{name: 7.5}), name)

    assert count == len(numbers(owner))
    assert [] == accepted
    assert [] == unnamed


def test_settings_cannot_carry_what_their_policy_refuses() -> None:
    with pytest.raises(ValueError, match="created"):
        Settings(policy=Policy(deadlines=Deadlines(created=math.nan)))
