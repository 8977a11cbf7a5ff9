"""Warnings that are worth saying once: what is sent as it was asked, and yet is hardly what was meant.

They go to the standard library's logger ``rejoinder``, and quote nothing that was said.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, final
from weakref import WeakSet

from .conversation import Conversation
from .given import fields_of
from .reasoning_models import model_reasons

__all__ = ["Advice"]

logger = logging.getLogger("rejoinder")


@final
class Advice:
    """What one session has warned of already."""

    def __init__(self) -> None:
        self._conversations: Final[WeakSet[Conversation]] = WeakSet()
        self._models: Final[set[str]] = set()

    def about(self, given: object, fields: Mapping[str, Any]) -> None:
        """Warn about a request to what was ``given``, with ``fields``; each conversation and each model at most once."""
        if (
            isinstance(given, Conversation)
            and given.begins_with_system
            and fields.get("instructions")
            and given not in self._conversations
        ):
            self._conversations.add(given)
            logger.warning(
                "a conversation begins with a system message and has instructions as well: both are sent. Leave one of them out."
            )
        model = str(fields.get("model", ""))
        asked = fields_of(fields.get("reasoning")) or {}
        if asked.get("effort", "none") != "none" and model_reasons(model) is False and model not in self._models:
            self._models.add(model)
            logger.warning("reasoning is set, and the model %s does not reason: servers refuse that. Leave reasoning out.", model)
