"""A conversation for the log: what was said by whom, without saying it.

``logger.debug("context: %s", render_for_log(conversation))`` costs nothing where nobody reads it: the work is done by ``str()``.

Rules of this file
* Redaction is the default, and knows what may be shown; everything else is told by its length alone.
* Payloads (images, audio, files, encrypted reasoning) are never shown, and long texts are shortened, whatever is asked for.
* What is rendered is read, never changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast, final

from .context import ProviderItem
from .conversation import Conversation
from .given import fields_of, listed

__all__ = ["LogRendering", "render_for_log"]

SHOWN: Final = frozenset(
    {"type", "role", "id", "call_id", "tool_call_id", "name", "status", "detail", "phase", "format", "file_id", "provider"}
)
"""Fields that say nothing of what was said."""
PAYLOADS: Final = frozenset({"encrypted_content", "file_data", "data", "audio", "b64_json", "result"})
"""Fields that hold something no log wants."""
DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?")
LONGEST: Final = 100
"""Characters of a text that are shown, where texts are."""


@final
class LogRendering:
    """Items that are rendered when they are printed; made by ``render_for_log``."""

    def __init__(self, items: Iterable[object], *, texts: bool) -> None:
        self._items = items
        self._texts = texts

    def __str__(self) -> str:
        return json.dumps(self.redacted(), ensure_ascii=False, default=lambda value: f"({type(value).__name__})")

    __repr__ = __str__

    def redacted(self) -> Sequence[Any]:
        """The items as JSON values, redacted: copies, which may be changed."""
        return [self._value("", item) for item in self._items]

    def _value(self, name: str, value: object) -> object:
        if isinstance(value, ProviderItem):
            return {"provider": value.provider, "item": self._value("item", value.item)}
        fields = fields_of(value)
        if fields is not None:
            return {key: self._value(key, field) for key, field in fields.items()}
        parts = listed(value)
        if parts is not None:
            return [self._value(name, part) for part in parts]
        return self._text(name, value) if isinstance(value, str) else value

    def _text(self, name: str, text: str) -> str:
        data = DATA_URL.match(text)
        if data is not None:
            return f"(data {data[1] or 'of no type'}, {len(text)} characters)"
        if name in PAYLOADS and text:
            return f"({name}, {len(text)} characters)"
        if name in SHOWN or self._texts:
            return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
        return f"({len(text)} characters)"


def render_for_log(items: Conversation | Iterable[Mapping[str, Any] | ProviderItem], *, texts: bool = False) -> LogRendering:
    """Return an object that prints ``items`` for a log; nothing is done before it is printed.

    Args:
        items: a conversation, as it is now; or a list of messages or items, as it will be when it is printed.
        texts: whether to show what was said, up to 100 characters each. Payloads are left out all the same.
    """
    return LogRendering(items.items if isinstance(items, Conversation) else cast("Iterable[object]", items), texts=texts)
