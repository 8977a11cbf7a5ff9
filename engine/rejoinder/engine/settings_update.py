"""A change of settings while a session runs: only what it names changes.

Rules of this file
* ``NOT_GIVEN`` leaves a field alone, None takes it out of the requests: the two are never the same.
* What cannot be is refused when the update is made, not when it is applied, so an update is applied whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from .context import ProviderItem
from .errors import InvalidSetting
from .field_checks import check_extra, check_fields
from .given import NOT_GIVEN, NotGiven, fields_of, shown_type
from .typed_fields import Reasoning, TextOptions, ToolChoice

__all__ = ["SettingsUpdate", "Tool", "renamed"]

Tool = Mapping[str, Any] | ProviderItem
"""A tool, flat or in the form of chat completions; or one that only one provider understands."""

OTHER_NAMES: Final[Mapping[str, str]] = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "system_instruction": "instructions",
}
"""What other interfaces call the same thing."""


@attrs.frozen(kw_only=True)
class SettingsUpdate:
    """Which fields of requests change, for ``Session.update_settings``; they mean what they mean in ``Settings``.

    Raises ``InvalidSetting`` for a field that cannot be.
    """

    model: str | NotGiven = NOT_GIVEN
    """The model."""
    instructions: str | NotGiven | None = attrs.field(default=NOT_GIVEN, repr=False)
    """``instructions`` of every request."""
    temperature: float | NotGiven | None = NOT_GIVEN
    """Sampling temperature, 0 to 2."""
    top_p: float | NotGiven | None = NOT_GIVEN
    """Nucleus sampling, 0 to 1."""
    max_output_tokens: int | NotGiven | None = NOT_GIVEN
    """Most tokens of an answer."""
    max_tool_calls: int | NotGiven | None = NOT_GIVEN
    """Most calls of built-in tools in one response."""
    top_logprobs: int | NotGiven | None = NOT_GIVEN
    """How many likely tokens are reported at each place."""
    reasoning: Reasoning | Mapping[str, Any] | NotGiven | None = NOT_GIVEN
    """How much the model reasons."""
    text: TextOptions | Mapping[str, Any] | NotGiven | None = NOT_GIVEN
    """The format of the text, and its verbosity."""
    tools: Sequence[Tool] | NotGiven | None = attrs.field(default=NOT_GIVEN, repr=False)
    """Tools of every request."""
    tool_choice: str | ToolChoice | Mapping[str, Any] | NotGiven | None = NOT_GIVEN
    """Which tools may or must be called."""
    parallel_tool_calls: bool | NotGiven | None = NOT_GIVEN
    """Whether the model may call several tools at once."""
    include: Sequence[str] | NotGiven | None = NOT_GIVEN
    """What else the server shows."""
    store: bool | NotGiven | None = NOT_GIVEN
    """Whether the server stores responses."""
    truncation: str | NotGiven | None = NOT_GIVEN
    """What happens to an input that is too long."""
    service_tier: str | NotGiven | None = NOT_GIVEN
    """The tier that requests are served in."""
    metadata: Mapping[str, str] | NotGiven | None = attrs.field(default=NOT_GIVEN, repr=False)
    """Pairs that are stored with a response."""
    prompt: Mapping[str, Any] | NotGiven | None = attrs.field(default=NOT_GIVEN, repr=False)
    """A stored prompt, by id."""
    prompt_cache_key: str | NotGiven | None = NOT_GIVEN
    """Which requests share a prompt cache."""
    prompt_cache_retention: str | NotGiven | None = NOT_GIVEN
    """How long the prompt cache is kept."""
    safety_identifier: str | NotGiven | None = attrs.field(default=NOT_GIVEN, repr=False)
    """A stable name of the end user, hashed."""
    user: str | NotGiven | None = attrs.field(default=NOT_GIVEN, repr=False)
    """The older name of ``safety_identifier`` and ``prompt_cache_key``."""
    context_management: Sequence[Mapping[str, Any]] | NotGiven | None = NOT_GIVEN
    """Compaction within a response."""
    stream_options: Mapping[str, Any] | NotGiven | None = NOT_GIVEN
    """Options of the stream."""
    extra: Mapping[str, Any] | NotGiven = attrs.field(default=NOT_GIVEN, repr=False)
    """Further fields, merged key by key with those that are there; None deletes a key."""

    def __attrs_post_init__(self) -> None:
        given = self.given_fields()
        if given.get("model", "") is None:
            raise InvalidSetting("SettingsUpdate(model=…) is None. Give the name of a model, or leave it out.")
        if "extra" in given:
            check_extra(given.pop("extra"), "SettingsUpdate")
        check_fields(given, "SettingsUpdate")

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> SettingsUpdate:
        """Return an update from a mapping: other interfaces' names are understood, unknown ones go to ``extra``.

        Raises ``InvalidSetting`` as the constructor.
        """
        return cls(**renamed(given, [field.name for field in attrs.fields(cls)]))

    def given_fields(self) -> dict[str, Any]:
        """Return what it changes, by name."""
        fields = {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
        return {name: value for name, value in fields.items() if value is not NOT_GIVEN}


def renamed(given: object, names: Sequence[str]) -> dict[str, Any]:
    """Return ``given`` under the names that are known: those of other interfaces translated, what is unknown in ``extra``.

    Raises ``InvalidSetting`` if it is no mapping, or says one thing twice.
    """
    fields = fields_of(given)
    if fields is None:
        raise InvalidSetting(f"The settings are {shown_type(given)}. Give a mapping of their names to values.")
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in fields.items():
        own = OTHER_NAMES.get(name, name)
        if own in known:
            raise InvalidSetting(f"The settings name {own} twice, once as {name}. Give it once.")
        if own in names:
            known[own] = value
        else:
            extra[own] = value
    if extra:
        check_extra(known.get("extra", {}), "the settings")
        known["extra"] = {**known.get("extra", {}), **extra}
    return known
