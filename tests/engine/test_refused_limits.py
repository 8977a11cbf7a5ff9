"""Numbers that no limit can have are refused where they are written, by name, and not met as a hang an hour later."""

from __future__ import annotations

import math
from typing import Any, Final

import attrs
import pytest

from rejoinder.engine import Deadlines, InvalidSetting, Policy, Settings

IMPOSSIBLE: Final[list[Any]] = [math.nan, -1, -math.inf, None, "1"]


def numbers(owner: type[Any]) -> list[str]:
    """The names of all settings that are numbers."""
    defaults = {field.name: field.default for field in attrs.fields(owner)}
    return [name for name, value in defaults.items() if isinstance(value, int | float) and not isinstance(value, bool)]


@pytest.mark.parametrize("owner, count", [(Deadlines, 10), (Policy, 10), (Settings, 7)])
def test_every_number_that_cannot_be_is_refused_by_name(owner: type[Any], count: int) -> None:
    accepted: list[tuple[str, object]] = []
    unnamed: list[str] = []
    for name in numbers(owner):
        for value in IMPOSSIBLE:
            try:
                owner(**{name: value})
            except InvalidSetting as error:
                if f"{owner.__name__}({name}=…)" not in str(error):
                    unnamed.append(str(error))
            else:
                accepted.append((name, value))
        # What can be is kept as it is; of frames, characters and dials there are whole ones only.
        default = attrs.fields_dict(owner)[name].default
        allowed = 7 if isinstance(default, int) else 7.5
        assert allowed == getattr(owner(**{name: allowed}), name)

    assert count == len(numbers(owner))
    assert [] == accepted
    assert [] == unnamed


def test_settings_cannot_carry_what_their_policy_refuses() -> None:
    with pytest.raises(InvalidSetting, match="created"):
        Settings(policy=Policy(deadlines=Deadlines(created=math.nan)))
