"""A request is known by the tag of the last item that its caller wrote."""

from typing import Any

import pytest

from rejoinder.cli.tags import tag_of, tags_in

USER = {"role": "user", "content": "What? [q1]"}
ANSWER = {"role": "assistant", "content": "[q1] That."}


@pytest.mark.parametrize(
    "items, expected",
    [
        ([], ""),
        ([USER], "[q1]"),
        ([USER, ANSWER], "[q1]"),
        ([USER, ANSWER, {"role": "user", "content": [{"type": "input_text", "text": "And? [q2]"}]}], "[q2]"),
        ([USER, {"type": "function_call_output", "call_id": "c", "output": '{"asked": "[q3]"}'}], "[q3]"),
        ([USER, {"role": "user", "content": "no tag"}], "[q1]"),
        ([ANSWER], ""),
    ],
)
def test_last_tag_of_the_caller_counts(items: list[dict[str, Any]], expected: str) -> None:
    assert expected == tag_of(items)


def test_every_tag_is_found_in_order() -> None:
    assert ["[q1]", "[q12]"] == tags_in("[q1] a [q] b [q12] c [x3]")
