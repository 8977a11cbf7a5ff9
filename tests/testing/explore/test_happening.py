"""What happens is a value, and one value."""

from __future__ import annotations

from rejoinder.testing.explore.happening import Happening, happening


def test_same_happening_is_the_same_value() -> None:
    assert happening("leave", 0, 2) is happening("leave", 0, 2)
    assert Happening("leave", request=2) == happening("leave", 0, 2)
    assert happening("leave", 0, 1) != happening("leave", 0, 2)
