"""Which models reason, and what a conversation with one needs.

Reasoning is part of the conversation: without it, a model begins its thoughts anew in each turn. A server that stores nothing hands
it out encrypted, if it is asked to (``include: ["reasoning.encrypted_content"]``), and takes it back as an item of the input.

Rules of this file
* Names are matched loosely (gateways put a vendor before them, vendors a date behind them), and what is unknown is None, not False.
* A caller who says what to include has said all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .given import fields_of

__all__ = ["ENCRYPTED", "model_reasons", "with_encrypted_reasoning"]

ENCRYPTED: Final = "reasoning.encrypted_content"
"""What has to be included."""

NOT_REASONING: Final = re.compile(r"gpt-(3\.5|4)|chatgpt-|gpt-\d+(\.\d+)?-chat|grok-[23]|grok-.*-non-reasoning|davinci|babbage")
"""How the names of models begin that do not reason. Asked first: some begin like those that do."""
REASONING: Final = re.compile(r"o\d|gpt-([5-9]|\d\d)|gpt-oss|codex|grok-3-mini|grok-\d.*-reasoning|grok-code|computer-use")
"""How the names of models begin that reason."""


def model_reasons(model: str) -> bool | None:
    """Return whether a model of this name reasons; None if it cannot be told."""
    name = model.lower().removeprefix("ft:").rpartition("/")[2]
    if name.startswith("grok-3-mini"):
        return True
    if NOT_REASONING.match(name):
        return False
    return True if REASONING.match(name) else None


def with_encrypted_reasoning(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request, with encrypted reasoning included where the next turn will need it.

    That is: nothing is stored, the caller has not said what to include, and the model reasons; or nobody knows, and the caller has
    set ``reasoning``.
    """
    asked = fields_of(fields.get("reasoning")) or {}
    reasons = model_reasons(str(fields.get("model", "")))
    needed = bool(asked) if reasons is None else reasons
    if needed and asked.get("effort") != "none" and fields.get("store") is False and fields.get("include") is None:
        return {**fields, "include": [ENCRYPTED]}
    return dict(fields)
