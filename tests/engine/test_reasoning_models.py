"""Reasoning is asked for encrypted where the next turn will need it, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from rejoinder.engine import Reasoning
from rejoinder.engine.reasoning_models import model_reasons, with_encrypted_reasoning
from rejoinder.engine.request_content import request_content

ENCRYPTED = ["reasoning.encrypted_content"]


def sent(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - the wire's names
    """The fields that concern reasoning, of a request as it is sent."""
    content = request_content([{"role": "user", "content": "Hi"}], {"store": False, **fields}, generate=True)
    return {name: value for name, value in content.fields.items() if name in {"reasoning", "include"}}


@pytest.mark.original("C2:test_reasoning_capable_models")
@pytest.mark.parametrize(
    "model",
    [
        "o1",
        "o3-mini",
        "o4-mini-2025-04-16",
        "gpt-5",
        "gpt-5.1",
        "gpt-5-nano",
        "gpt-6-sol",
        "GPT-5",
        "openai/gpt-5",
        "ft:gpt-5:me",
        "gpt-oss-120b",
        "codex-mini-latest",
        "gpt-5-codex",
        "grok-3-mini",
        "grok-4-fast-reasoning",
        "computer-use-preview",
    ],
)
def test_models_that_reason(model: str) -> None:
    assert model_reasons(model) is True


@pytest.mark.original("C2:test_known_non_reasoning_models")
@pytest.mark.parametrize(
    "model",
    [
        "gpt-4.1",
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-3.5-turbo",
        "chatgpt-4o-latest",
        "gpt-5-chat-latest",
        "gpt-5.2-chat",
        "grok-3",
        "grok-4-fast-non-reasoning",
        "ft:gpt-4.1:me",
        "openai/gpt-4.1",
    ],
)
def test_models_that_do_not(model: str) -> None:
    assert model_reasons(model) is False


@pytest.mark.original("C2:test_unrecognized_models_are_unknown")
@pytest.mark.parametrize("model", ["", "llama-4", "my-deployment", "grok-4", "opus"])
def test_models_of_which_nothing_is_known(model: str) -> None:
    assert model_reasons(model) is None


@pytest.mark.original("C2:test_default_model_gets_no_reasoning", "C2:test_gpt5_chat_variant_left_untouched")
@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-5-chat-latest"])
def test_a_model_that_does_not_reason_is_asked_for_nothing(model: str) -> None:
    assert {} == sent(model=model)


@pytest.mark.parametrize("model", ["o4-mini", "gpt-5"])
def test_no_effort_is_imposed_on_a_model_that_reasons_and_its_thoughts_are_kept(model: str) -> None:
    assert {"include": ENCRYPTED} == sent(model=model)


@pytest.mark.original("C2:test_explicit_reasoning_overrides_default")
@pytest.mark.parametrize("model", ["gpt-5", "my-deployment"])
@pytest.mark.parametrize("reasoning", [Reasoning("low", "auto"), {"effort": "low", "summary": "auto"}])
def test_given_reasoning_is_sent_with_its_thoughts_encrypted(model: str, reasoning: Any) -> None:  # noqa: ANN401
    assert {"reasoning": {"effort": "low", "summary": "auto"}, "include": ENCRYPTED} == sent(model=model, reasoning=reasoning)


@pytest.mark.original("C2:test_empty_reasoning_config_falls_back_to_default")
def test_empty_reasoning_is_none() -> None:
    assert {} == sent(model="my-deployment", reasoning=Reasoning())


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"include": []}, id="the caller has said what to include"),
        pytest.param({"include": ["message.output_text.logprobs"]}, id="something else"),
        pytest.param({"store": True}, id="it is stored"),
        pytest.param({"store": None}, id="it is stored by default"),
        pytest.param({"reasoning": {"effort": "none"}}, id="it does not reason this time"),
    ],
)
def test_nothing_is_included_where_it_is_not_needed(fields: dict[str, Any]) -> None:
    assert fields.get("include") == sent(model="gpt-5", **fields).get("include")


def test_what_is_given_is_not_changed() -> None:
    given = {"model": "gpt-5", "store": False}
    with_encrypted_reasoning(given)

    assert {"model": "gpt-5", "store": False} == given
