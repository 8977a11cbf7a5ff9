"""What refuses a value where it is written: one error for whatever it is, which names the field and says what to give."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, final

import attrs
import pytest

from rejoinder.states.refusals import (
    InvalidRequest,
    InvalidSetting,
    RejoinderError,
    check_number,
    check_type,
    chosen_of,
    shown_value,
)


@final
@attrs.frozen
class Oven:
    """Something with a setting."""

    heat: Any = None


@final
class Shelf(StrEnum):
    """A choice."""

    UPPER = "upper"
    LOWER = "lower"


def test_an_invalid_setting_is_an_error_of_ours_and_whatever_python_would_raise() -> None:
    assert (InvalidSetting, InvalidRequest, RejoinderError, TypeError, ValueError) == tuple(
        kind for kind in InvalidSetting.__mro__ if kind in {InvalidSetting, InvalidRequest, RejoinderError, TypeError, ValueError}
    )
    assert (None, None) == (InvalidSetting("No.").response_id, InvalidSetting("No.").request_id)


@pytest.mark.parametrize(
    "value, options, said",
    [
        ("1", {}, "Oven(heat=…) is a str. Give a number above 0."),
        (None, {}, "Oven(heat=…) is None. Give a number above 0."),
        (True, {"above": False}, "Oven(heat=…) is True (bool). Give a number of at least 0."),
        (0, {}, "Oven(heat=…) is 0. Give a finite number above 0."),
        (-1, {"above": False}, "Oven(heat=…) is -1. Give a finite number of at least 0."),
        (math.nan, {"endless": True}, "Oven(heat=…) is nan. Give a finite number above 0."),
        (math.inf, {}, "Oven(heat=…) is inf. Give a finite number above 0."),
        (1.5, {"whole": True}, "Oven(heat=…) is 1.5. Give a whole number above 0."),
        (math.inf, {"whole": True}, "Oven(heat=…) is inf. Give a finite whole number above 0."),
    ],
)
def test_a_number_that_cannot_be(value: object, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        check_number(Oven(value), "heat", **options)

    assert said == str(caught.value)


@pytest.mark.parametrize(
    "value, options",
    [(0.5, {}), (0, {"above": False}), (math.inf, {"endless": True}), (2, {"whole": True, "least": 2, "above": False})],
)
def test_a_number_that_can_be(value: float, options: dict[str, Any]) -> None:
    check_number(Oven(value), "heat", **options)


def test_a_type_that_cannot_be() -> None:
    check_type(Oven("hot"), "heat", (str, type(None)), "words")

    with pytest.raises(InvalidSetting, match=r"^Oven\(heat=…\) is a bytes\. Give words\.$"):
        check_type(Oven(b"hot"), "heat", str, "words")


def test_a_choice_is_known_by_its_name() -> None:
    assert Shelf.LOWER is chosen_of(Shelf, "lower", "Oven(shelf=…)")
    assert Shelf.LOWER is chosen_of(Shelf, Shelf.LOWER, "Oven(shelf=…)")
    with pytest.raises(InvalidSetting, match=r"^Oven\(shelf=…\) is 'middle'\. Give 'upper' or 'lower'\.$"):
        chosen_of(Shelf, "middle", "Oven(shelf=…)")


def test_of_what_is_no_number_only_the_type_is_shown() -> None:
    assert ["None", "7 (int)", "False (bool)", "a str"] == [shown_value(each) for each in (None, 7, False, "secret")]
