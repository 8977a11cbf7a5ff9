"""JSON text and JSON values: what is read, what is refused at the door, what is written, what is copied."""

import copy
import enum
import json
import math
import pickle
import re
import sys
import tomllib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejoinder.states.json_values import (
    MAXIMUM_DEPTH,
    MAXIMUM_INTEGER,
    TRIED_VERSIONS,
    NotSerialisable,
    Unreadable,
    fast_reader,
    frozen_copy,
    read,
    write,
)
from rejoinder.states.stream_events import Violation

pytestmark = pytest.mark.usefixtures("each_reader")

steady = settings(deadline=None, derandomize=True)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.characters(codec="utf-16")
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


# Reading.


@steady
@given(VALUES)
def test_what_json_writes_is_read(value: object) -> None:
    assert value == read(json.dumps(value))


@pytest.mark.parametrize("text", ['{"a":1}', ' {"a":1}', '\t\r\n{"a":1}\n ', '\ufeff{"a":1}', '\ufeff \n{"a":1}', '{"a":1}\r\n'])
def test_white_space_and_a_byte_order_mark_are_ignored(text: str) -> None:
    assert {"a": 1} == read(text)


ODD: list[tuple[str, object]] = [
    (r'"\ud83d"', "\ud83d"),
    ('"\ud83d"', "\ud83d"),
    (r'"\u0000"', "\x00"),
    ('{"a":1,"a":2}', {"a": 2}),
    ("9" * 4300, MAXIMUM_INTEGER),
    ("1e-999", 0.0),
    (nested(MAXIMUM_DEPTH), json.loads(nested(MAXIMUM_DEPTH))),
    ('"' + "[" * 5000 + '"', "[" * 5000),
    (f"[{','.join(['{}'] * 5000)}]", [{}] * 5000),
    (f'{{"a":{nested(MAXIMUM_DEPTH - 1)}}}', {"a": json.loads(nested(MAXIMUM_DEPTH - 1))}),
]


@pytest.mark.parametrize("text, value", ODD)
def test_odd_but_proper_json_is_read(text: str, value: object) -> None:
    assert value == read(text)


@pytest.mark.parametrize(
    "text, violation",
    [
        ("", Violation.NOT_JSON),
        (" ", Violation.NOT_JSON),
        ("SECRET", Violation.NOT_JSON),
        ('{"SECRET":', Violation.NOT_JSON),
        (' {"SECRET":', Violation.NOT_JSON),
        ("{'SECRET':1}", Violation.NOT_JSON),
        ('{"a":1}SECRET', Violation.NOT_JSON),
        ('{"a":1}{"a":2}', Violation.NOT_JSON),
        ('\ufeff\ufeff{"a":1}', Violation.NOT_JSON),
        ('"SECRET\n"', Violation.NOT_JSON),
        ('"\x00"', Violation.NOT_JSON),
        ("NaN", Violation.NOT_JSON),
        ('{"SECRET":Infinity}', Violation.NOT_JSON),
        ("[-Infinity]", Violation.NOT_JSON),
        ("1e999", Violation.NUMBER_OUT_OF_RANGE),
        ('{"SECRET":-1e999}', Violation.NUMBER_OUT_OF_RANGE),
        ("[" + "9" * 4301 + "]", Violation.NUMBER_OUT_OF_RANGE),
        (nested(MAXIMUM_DEPTH + 1), Violation.TOO_DEEP),
        (f'{{"SECRET":{nested(MAXIMUM_DEPTH)}}}', Violation.TOO_DEEP),
        (nested(100_000), Violation.TOO_DEEP),
        (" " + nested(100_000), Violation.TOO_DEEP),
        ("[" * 100_000, Violation.TOO_DEEP),
        ('{"SECRET":' * 100_000, Violation.TOO_DEEP),
    ],
)
def test_what_is_refused_says_why_and_quotes_nothing(text: str, violation: Violation) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)

    assert violation == caught.value.violation
    assert "SECRET" not in caught.value.detail
    assert caught.value.detail.startswith("The frame ")


# A faster reader may refuse what is right, and is asked again; what it reads must be right.

JSON_LIKE = st.text(alphabet='[]{}",:\\/ \t\n\x00\x7f\ufeff-+.0123456789eEulrntfasNIy\ud800é🌍', max_size=30)
NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?\Z")


def spoilt(text: str, at: int, character: str) -> str:
    """A proper text with one character put in, or in place of another."""
    place = at % (len(text) + 1)
    return text[:place] + character + text[place + at % 2 :]


SPOILT = st.builds(spoilt, VALUES.map(json.dumps), st.integers(0, 10_000), st.sampled_from(list('[]{}",:\\ \x00\ud800-.eE0N')))


@settings(deadline=None, derandomize=True, max_examples=500)
@given(JSON_LIKE | NUMBERS | NUMBERS.map("[{}]".format) | SPOILT)
def test_the_fast_reader_reads_nothing_that_is_wrong_and_nothing_differently(text: str) -> None:
    quick = fast_reader()
    assert quick is not None
    try:
        expected = repr(json.loads(text, parse_constant=refused))
    except ValueError:
        expected = None
    try:
        value = repr(quick(text))
    except ValueError:
        return

    assert expected == value


def refused(constant: str) -> object:
    raise ValueError(constant)


def test_the_fast_reader_is_left_out_where_it_is_not_installed_or_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msgspec, "__version__", "0.99.0")
    unknown = fast_reader()
    monkeypatch.setitem(sys.modules, "msgspec", None)  # an import of it fails

    assert unknown is None
    assert fast_reader() is None


def test_the_versions_that_were_tried_are_those_that_the_extra_allows() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    (requirement,) = [each for each in project["optional-dependencies"]["fast"] if each.startswith("msgspec")]
    least, above = re.fullmatch(r"msgspec>=0\.(\d+),<0\.(\d+)", requirement).groups()  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess]

    assert {f"0.{minor}" for minor in range(int(least), int(above))} == TRIED_VERSIONS


def test_depth_is_judged_alike_however_deep_the_caller_is() -> None:
    def deeper(levels: int) -> object:
        return read(nested(MAXIMUM_DEPTH)) if levels == 0 else deeper(levels - 1)

    assert read(nested(MAXIMUM_DEPTH)) == deeper(300)


# Writing.


@steady
@given(st.dictionaries(st.text(), VALUES))
def test_what_is_written_is_utf8_and_reads_the_same(value: dict[str, object]) -> None:
    text = write(value)

    assert value == json.loads(text.encode().decode())


def test_text_is_compact_and_not_escaped() -> None:
    assert '{"a":["é","日本","🙂"],"b":{"c":null}}' == write({"a": ["é", "日本", "🙂"], "b": {"c": None}})


def test_a_lone_surrogate_leaves_as_its_escape() -> None:
    assert r'{"\udc00":"é\ud83d"}' == write({"\udc00": "é\ud83d"})


def test_a_mapping_that_is_no_dict_is_written() -> None:
    assert '{"a":{"b":1}}' == write({"a": MappingProxyType({"b": 1})})


@pytest.mark.parametrize("value", [math.nan, b"bytes", object()])
def test_what_cannot_be_written_is_named(value: object) -> None:
    with pytest.raises(NotSerialisable) as caught:
        write({"tools": [{"x": value}]})

    assert caught.value.path == "tools[0].x"


# Copying.


@steady
@given(VALUES)
def test_a_copy_is_equal_and_shares_no_container(value: object) -> None:
    made = frozen_copy(value)

    assert value == made
    assert type(value) is type(made)
    assert not containers(value) & containers(made)


def containers(value: object) -> set[int]:
    """Return the identities of all containers in a value."""
    itself = {id(value)}
    if isinstance(value, dict):
        return itself.union(*map(containers, cast("dict[str, object]", value).values()))
    return itself.union(*map(containers, cast("list[object]", value))) if isinstance(value, list) else set()


def test_what_the_caller_changes_later_does_not_reach_the_copy() -> None:
    items: Any = [{"role": "user", "content": [{"type": "input_text", "text": "before"}]}]
    made = frozen_copy(items)
    items[0]["content"][0]["text"] = "after"

    assert made[0]["content"][0]["text"] == "before"


class Word(enum.StrEnum):
    HIGH = "high"


class OldWord(str, enum.Enum):  # noqa: UP042 - the older form is what callers may have
    LOW = "low"


class Number(enum.IntEnum):
    ONE = 1


class Fraction(float):
    pass


class Text(str):
    __slots__ = ()


PLAIN: list[tuple[object, Any]] = [
    (Word.HIGH, "high"),
    (OldWord.LOW, "low"),
    (Text("plain"), "plain"),
    (Number.ONE, 1),
    (Fraction(0.5), 0.5),
    (True, True),
    ((1, (2,)), [1, [2]]),
    ({Word.HIGH: 1}, {"high": 1}),
    (OrderedDict(a=1), {"a": 1}),
    (MappingProxyType({"a": (1,)}), {"a": [1]}),
    (MAXIMUM_INTEGER, MAXIMUM_INTEGER),
    (-MAXIMUM_INTEGER, -MAXIMUM_INTEGER),
]


@pytest.mark.parametrize("value, expected", PLAIN)
def test_a_copy_holds_plain_types(value: object, expected: object) -> None:
    made = frozen_copy(value)

    assert expected == made
    assert type(expected) is type(made)
    assert expected == json.loads(json.dumps(made))


def test_the_keys_of_a_copy_are_plain_strings() -> None:
    assert [str] == [type(key) for key in frozen_copy({Word.HIGH: 1})]


def loop() -> list[Any]:
    value: list[Any] = []
    value.append({"again": value})
    return value


@pytest.mark.parametrize(
    "value, name, path, reason",
    [
        (object(), "", "", "is of type builtins.object, which JSON cannot carry"),
        (b"SECRET", "model", "model", "is of type builtins.bytes"),
        ({"input": [0, 0, 0, {"content": [{"image": b"SECRET"}]}]}, "", "input[3].content[0].image", "builtins.bytes"),
        ([{"content": {1, 2}}], "input", "input[0].content", "builtins.set"),
        ([b""], "", "[0]", "builtins.bytes"),
        ({"a b": {"c": b""}}, "metadata", "metadata['a b'].c", "builtins.bytes"),
        ({"a": math.nan}, "", "a", "is not a finite number"),
        ((math.inf,), "t", "t[0]", "is not a finite number"),
        ([MAXIMUM_INTEGER + 1], "t", "t[0]", "more than 4,300 digits"),
        ([-MAXIMUM_INTEGER - 1], "t", "t[0]", "more than 4,300 digits"),
        ({"tools": [{1: "SECRET"}]}, "", "tools[0]", "has a key of type int"),
        ({None: 1}, "", "", "has a key of type NoneType"),
        (loop(), "input", "input[0].again[0].again[0].again[0].again…", "or contains itself"),
    ],
)
def test_what_json_cannot_carry_is_named_by_its_path(value: object, name: str, path: str, reason: str) -> None:
    with pytest.raises(NotSerialisable) as caught:
        frozen_copy(value, name)

    assert path == caught.value.path
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"{path or 'The value'} {caught.value.reason}. ")
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_copy_may_be_as_deep_as_a_frame() -> None:
    value = read(nested(MAXIMUM_DEPTH))

    assert value == frozen_copy(value)
    with pytest.raises(NotSerialisable, match="more than 200 levels deep"):
        frozen_copy([value])


def test_an_empty_container_counts_as_a_level() -> None:
    value: Mapping[str, Any] = {}
    for _ in range(MAXIMUM_DEPTH):
        value = {"a": value}

    with pytest.raises(NotSerialisable):
        frozen_copy(value)


def test_the_error_survives_copying_and_pickling() -> None:
    error = NotSerialisable("input[0]", "is odd")

    assert [str(error)] * 2 == [str(copy.copy(error)), str(pickle.loads(pickle.dumps(error)))]  # noqa: S301
    assert isinstance(error, TypeError)
