"""A value made by its draft is the value: the same class, equal, frozen, with the same defaults."""

import copy
import pickle

import attrs
import pytest

from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.drafts import draft_of
from rejoinder.states.event_types import SHAPES
from rejoinder.states.events import Received

RAW = {"type": "response.output_text.delta"}
BASE = ("response.output_text.delta", 5, None, RAW, None, "msg_1", 0, "word")


@attrs.frozen
class Point:
    x: int
    y: list[int] = attrs.field(factory=list[int])
    z: int = attrs.field(default=3, kw_only=True)


def test_what_is_made_is_an_instance_of_the_class_itself() -> None:
    made = draft_of(OutputTextDelta)(*BASE, 0)

    assert OutputTextDelta is type(made)
    assert OutputTextDelta(*BASE, 0) == made
    assert hash(OutputTextDelta(*BASE, 0)) == hash(made)
    assert repr(OutputTextDelta(*BASE, 0)) == repr(made)
    assert RAW is made.raw


def test_it_is_frozen() -> None:
    made = draft_of(OutputTextDelta)(*BASE)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.delta = "another"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del made.delta  # pyright: ignore[reportAttributeAccessIssue]

    assert "word" == made.delta
    assert not hasattr(made, "__dict__")


def test_defaults_and_keywords_are_those_of_the_class() -> None:
    make = draft_of(Point)
    first, second = make(1), make(1)

    assert [Point(1), Point(1, [2], z=4), Point(x=5)] == [first, make(1, [2], z=4), make(x=5)]
    assert first.y is not second.y
    with pytest.raises(TypeError):
        make()
    with pytest.raises(TypeError):
        make(1, [], 2)


def test_it_can_be_copied_pickled_and_evolved() -> None:
    made = draft_of(Point)(1)

    assert made == copy.copy(made) == pickle.loads(pickle.dumps(made))  # noqa: S301 - our own
    assert Point(2) == attrs.evolve(made, x=2)


@attrs.frozen
class Converted:
    x: int = attrs.field(converter=int)


@attrs.frozen
class Checked:
    x: int = attrs.field(validator=attrs.validators.gt(0))


@attrs.frozen
class Computed:
    x: int = attrs.field(init=False, default=1)


@attrs.frozen
class Finished:
    x: int

    def __attrs_post_init__(self) -> None: ...


@pytest.mark.parametrize("kind", [Converted, Checked, Computed, Finished])
def test_a_class_that_does_more_is_refused(kind: type[attrs.AttrsInstance]) -> None:
    with pytest.raises(TypeError, match=rf"^{kind.__name__} does more than to take its fields"):
        draft_of(kind)


def test_events_of_the_wire_and_their_arrival_are_made_so() -> None:
    shape = SHAPES["response.output_text.delta"]

    assert OutputTextDelta is type(shape.make(*BASE))
    assert Received is type(draft_of(Received)(1, shape.make(*BASE)))
