"""Scripts are plain values, and the default answers say something sensible."""

from collections.abc import Mapping

import attrs
import pytest

from rejoinder.testing import Answer, Pause, Received, Text, plain_answer, scripted
from rejoinder.testing.script import text_of


def received(*items: Mapping[str, object], index: int = 0) -> Received:
    return Received({"type": "response.create"}, index, 0, items)


def user(content: object) -> dict[str, object]:
    return {"type": "message", "role": "user", "content": content}


def test_steps_are_kept_as_a_tuple() -> None:
    answer = Answer([Text("a"), Pause(1.0)], late=[Text("b")])

    assert (Text("a"), Pause(1.0)) == answer.steps
    assert (Text("b"),) == answer.late


def test_values_are_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Text("a").text = "b"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


def test_the_text_is_that_of_the_last_user_message() -> None:
    assert received(user("one"), user("two"), {"role": "assistant", "content": "three"}).text == "two"


def test_the_text_is_empty_without_a_user() -> None:
    assert received({"role": "developer", "content": "be kind"}).text == ""


@pytest.mark.parametrize(
    "content, expected",
    [
        ("plain", "plain"),
        ([{"type": "input_text", "text": "two "}, {"type": "input_image"}, {"text": "parts"}], "two parts"),
        ([{"text": 7}, "stray"], ""),
        (None, ""),
    ],
)
def test_text_is_read_from_strings_and_parts(content: object, expected: str) -> None:
    assert expected == text_of(content)


def test_a_tool_output_counts_only_as_the_last_item() -> None:
    output = {"type": "function_call_output", "call_id": "c", "output": "42"}

    assert received(user("go"), output).tool_output == "42"
    assert received(output, user("go")).tool_output is None
    assert received().tool_output is None


def test_the_plain_answer_repeats_the_user() -> None:
    assert Answer([Text("You said: hello")]) == plain_answer(received(user("hello")))


def test_the_plain_answer_repeats_a_tool() -> None:
    output = {"type": "function_call_output", "call_id": "c", "output": "42"}

    assert Answer([Text("The tool answered: 42")]) == plain_answer(received(output))


def test_the_plain_answer_to_nothing_asks_for_something() -> None:
    (step,) = plain_answer(received()).steps

    assert isinstance(step, Text)
    assert "Say something" in step.text


def test_a_script_is_played_in_order_and_then_hands_over() -> None:
    first, second, after = Answer([Text("1")]), Answer([Text("2")]), Answer([Text("after")])
    answer = scripted([first, second], then=lambda _: after)

    assert [first, second, after, after] == [answer(received(index=index)) for index in range(4)]


def test_a_script_hands_over_to_the_plain_answer() -> None:
    assert Answer([Text("You said: hello")]) == scripted([])(received(user("hello")))
