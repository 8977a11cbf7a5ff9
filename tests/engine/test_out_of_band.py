"""The little that is read of requests and answers beside the responses."""

from __future__ import annotations

from typing import Any

import pytest

from rejoinder.engine import Interrupted
from rejoinder.engine.out_of_band import counted_in, items_in, named_by
from rejoinder.states.continuation import RequestContent


@pytest.mark.parametrize("fields, expected", [({}, None), ({"previous_response_id": "resp_1"}, "resp_1")])
def test_what_the_caller_continues(fields: dict[str, Any], expected: str | None) -> None:
    assert expected == named_by(RequestContent((), fields))


def test_a_count() -> None:
    assert 7 == counted_in({"input_tokens": 7})


@pytest.mark.parametrize("body", [{}, {"input_tokens": None}, {"input_tokens": True}, {"input_tokens": "7"}])
def test_no_count(body: dict[str, Any]) -> None:
    with pytest.raises(Interrupted, match=r"has no input_tokens\. Check that it supports this endpoint"):
        counted_in(body)


def test_items() -> None:
    assert [{"type": "compaction"}] == items_in({"output": [{"type": "compaction"}]})


@pytest.mark.parametrize("body", [{}, {"output": []}, {"output": "x"}, {"output": [7]}])
def test_no_items(body: dict[str, Any]) -> None:
    with pytest.raises(Interrupted, match="has no output items"):
        items_in(body)
