"""Settings of a program are shown without what is as usual, in the form that Python reads."""

from __future__ import annotations

from rejoinder.states.profiles import AfterCancel, CancelPolicy
from rejoinder.testing.fuzz.manners import Late, Manner, Rejection, Trouble
from rejoinder.testing.fuzz.setups import Setup

NAMES = {kind.__name__: kind for kind in (AfterCancel, CancelPolicy, Late, Manner, Rejection, Setup, Trouble)}


def test_defaults_are_not_shown() -> None:
    assert "Setup()" == repr(Setup())
    assert "Manner()" == repr(Manner())


def test_what_differs_is_shown_as_it_would_be_written() -> None:
    setup = Setup(provider="lanes", then=CancelPolicy.LANE, forgets=2)

    assert "Setup(provider='lanes', then=CancelPolicy.LANE, forgets=2)" == repr(setup)


def test_what_is_shown_makes_the_same_value() -> None:
    for value in (
        Manner(late=(Late.DELTA,), reject=Rejection.BARE),
        Manner(late=(Late.ITEM, Late.ERROR), trouble=Trouble.STALL, terminal=None),
        Setup(after_cancel=AfterCancel.REUSE, limit_after=3, tight=True),
    ):
        assert value == eval(repr(value), dict(NAMES))  # noqa: S307 - our own text
