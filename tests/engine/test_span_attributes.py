"""What spans say: names of the conventions, and nothing that no attribute can be."""

from typing import Any

import pytest

from rejoinder.engine import Asked, Endpoint, Result
from rejoinder.engine.span_attributes import finish_reason, of_content, of_request, of_usage
from rejoinder.states.continuation import RequestContent
from rejoinder.states.profiles import GENERIC, PROFILES
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind

ENDPOINT = Endpoint("ws://localhost:8765/v1/responses", api_key="key", profile=GENERIC)


def asked(**fields: Any) -> Asked:  # noqa: ANN401 - fields of a create
    return Asked(1, RequestContent([{"role": "user", "content": "Hi"}], fields), warm_up=False)


def test_every_field_that_has_a_name_is_under_it() -> None:
    attributes = of_request(
        asked(
            model="gpt-5",
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=100,
            reasoning={"effort": "low"},
            service_tier="flex",
            text={"format": {"type": "json_schema"}},
            conversation={"id": "conv_1"},
            previous_response_id="resp_0",
            tools=[{"type": "function"}],
        ),
        ENDPOINT,
        "mine",
    )

    assert {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "generic",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.request.previous_response.id": "resp_0",
        "gen_ai.output.type": "json",
        "gen_ai.conversation.id": "conv_1",
        "openai.api.type": "responses",
        "openai.request.service_tier": "flex",
        "server.address": "localhost",
        "server.port": 8765,
        "rejoinder.request": 1,
        "rejoinder.items": 1,
        "rejoinder.tools": 1,
        "rejoinder.warm_up": False,
    } == attributes


@pytest.mark.original("B123")
@pytest.mark.parametrize("odd", [None, [1], {"a": 1}, "text"])
def test_any_json_in_any_field_is_borne(odd: object) -> None:
    fields = ["model", "temperature", "reasoning", "text", "conversation", "tools", "service_tier"]
    attributes = of_request(asked(**dict.fromkeys(fields, odd)), ENDPOINT, None)

    assert all(isinstance(value, str | bool | int | float) for value in attributes.values())


@pytest.mark.parametrize(
    "profile, name", [("openai", "openai"), ("azure", "azure.ai.openai"), ("xai", "x_ai"), ("generic", "generic")]
)
def test_providers_are_called_as_the_conventions_call_them(profile: str, name: str) -> None:
    endpoint = Endpoint("wss://example.com/", api_key="key", profile=PROFILES[profile])

    assert name == of_request(asked(), endpoint, None)["gen_ai.provider.name"]


def test_a_conversation_of_the_programs_own() -> None:
    assert "mine" == of_request(asked(), ENDPOINT, "mine")["gen_ai.conversation.id"]
    assert "conv_1" == of_request(asked(conversation="conv_1"), ENDPOINT, "mine")["gen_ai.conversation.id"]


def test_content_is_only_what_there_is() -> None:
    assert ["gen_ai.input.messages"] == list(of_content(asked().content))
    assert 3 == len(of_content(asked(instructions="Be brief.", tools=[{"type": "function"}]).content))


def result(*kinds: str, reason: str | None = None) -> Result:
    return Result("resp_1", "completed", [{"type": kind} for kind in kinds], None, reason)


@pytest.mark.parametrize(
    "kind, given, reason",
    [
        (OutcomeKind.COMPLETED, result("message"), "stop"),
        (OutcomeKind.COMPLETED, result("message", "function_call"), "tool_call"),
        (OutcomeKind.INCOMPLETE, result(reason="max_output_tokens"), "length"),
        (OutcomeKind.INCOMPLETE, result(reason="content_filter"), "content_filter"),
        (OutcomeKind.INCOMPLETE, result(), "error"),
        (OutcomeKind.FAILED, result(), "error"),
        (OutcomeKind.INTERRUPTED, result(), "error"),
        (OutcomeKind.CANCELLED, result(), "error"),
    ],
)
def test_finish_reasons(kind: OutcomeKind, given: Result, reason: str) -> None:
    assert reason == finish_reason(Outcome(kind, Failure(Cause.LOST, "Lost.")), given)


def test_no_usage_is_no_attribute() -> None:
    assert {} == of_usage(None)
