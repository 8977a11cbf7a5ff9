"""Each field of a request is checked against one table; the error names the field, what was given and what to give."""

from __future__ import annotations

from typing import Any

import pytest

from rejoinder.engine import NOT_GIVEN, InvalidRequest, InvalidSetting, Reasoning, TextOptions, ToolChoice
from rejoinder.engine.field_checks import CHECKS, check_extra, check_fields

GOOD: dict[str, list[Any]] = {
    "model": ["gpt-x"],
    "instructions": ["", "Be brief."],
    "temperature": [0, 2, 0.5],
    "top_p": [0, 1, 0.5],
    "max_output_tokens": [1, 100_000],
    "max_tool_calls": [1],
    "top_logprobs": [0, 20],
    "reasoning": [Reasoning(), {"effort": "low"}, {"effort": "newer than this"}],
    "text": [TextOptions(), {"verbosity": "low"}],
    "tools": [[], (), [{"type": "web_search"}]],
    "tool_choice": ["auto", {"type": "web_search"}, ToolChoice("weather")],
    "parallel_tool_calls": [True, False],
    "include": [[], ["reasoning.encrypted_content"]],
    "store": [True, False],
    "truncation": ["auto", "disabled"],
    "service_tier": ["flex", "newer than this"],
    "metadata": [{}, {"k" * 64: "v" * 512}],
    "prompt": [{"id": "pmpt_1"}],
    "prompt_cache_key": ["k"],
    "prompt_cache_retention": ["24h"],
    "safety_identifier": ["u"],
    "user": ["u"],
    "context_management": [[{"type": "compaction", "compact_threshold": 1000}]],
    "stream_options": [{"include_obfuscation": False}],
}
BAD: dict[str, list[Any]] = {
    "model": ["", 7],
    "instructions": [7, ["Be brief."]],
    "temperature": [-0.1, 2.1, True, "1", float("nan"), float("inf")],
    "top_p": [-1, 1.5, False],
    "max_output_tokens": [0, 1.5, True, "1"],
    "max_tool_calls": [0],
    "top_logprobs": [-1, 21],
    "reasoning": ["low", 7],
    "text": ["low"],
    "tools": ["weather", {}, [7]],
    "tool_choice": [7, "weather", {}],
    "parallel_tool_calls": [0, "yes"],
    "include": ["reasoning.encrypted_content", [7]],
    "store": [0, "no"],
    "truncation": ["Auto", 7],
    "service_tier": ["", 7],
    "metadata": [{"k": 1}, {"k" * 65: "v"}, {"k": "v" * 513}, {str(number): "v" for number in range(17)}, [("k", "v")]],
    "prompt": ["pmpt_1"],
    "prompt_cache_key": [""],
    "prompt_cache_retention": [24],
    "safety_identifier": [7],
    "user": [7],
    "context_management": [{"type": "compaction"}, ["compaction"]],
    "stream_options": [True],
}


def test_every_field_is_tried() -> None:
    assert set(CHECKS) == set(GOOD) == set(BAD)


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_passes(name: str) -> None:
    for value in (*GOOD[name], None, NOT_GIVEN):
        check_fields({name: value})


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_named(name: str) -> None:
    for value in BAD[name]:
        with pytest.raises(InvalidSetting) as caught:
            check_fields({"unknown": object(), name: value})

        assert str(caught.value).startswith(name)
        assert "Give " in str(caught.value) or "Write " in str(caught.value)


def test_a_number_is_shown_and_anything_else_is_not() -> None:
    with pytest.raises(InvalidSetting, match=r"^temperature is 2\.5 \(float\)\. Give a number from 0 to 2; None leaves it out\.$"):
        check_fields({"temperature": 2.5})
    with pytest.raises(InvalidSetting, match=r"^temperature is a str\."):
        check_fields({"temperature": "what somebody said"})


def test_whose_it_was_is_said() -> None:
    with pytest.raises(InvalidSetting, match=r"^Here\(store=…\) is a str\."):
        check_fields({"store": "no"}, "Here")
    with pytest.raises(InvalidSetting, match=r"^Here: tools\[0\] is a int\."):
        check_fields({"tools": [7]}, "Here")


def test_extra_is_a_mapping_whose_known_fields_are_checked() -> None:
    check_extra({"x": object(), "top_p": None}, "Here")
    with pytest.raises(InvalidSetting, match=r"^Here\(extra=…\) is a list\."):
        check_extra([], "Here")
    with pytest.raises(InvalidSetting, match=r"^Here\.extra\(top_p=…\) is 7 \(int\)\."):
        check_extra({"top_p": 7}, "Here")


def test_it_is_both_a_bad_request_and_a_bad_value() -> None:
    assert issubclass(InvalidSetting, InvalidRequest)
    assert issubclass(InvalidSetting, ValueError)
