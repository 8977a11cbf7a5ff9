"""Input items are what the API takes."""

from __future__ import annotations

from rejoinder.testing.input_items import assistant, call_output, user


def test_messages_have_a_role_and_words() -> None:
    assert {"role": "user", "content": "Hi"} == user("Hi")
    assert {"role": "assistant", "content": "Yes?"} == assistant("Yes?")


def test_output_of_a_call_names_the_call() -> None:
    assert {"type": "function_call_output", "call_id": "call_7", "output": "done"} == call_output("call_7", "done")
