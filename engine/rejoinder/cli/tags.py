"""Tags: how a question of the demo is marked, and how the mark is found again in anything that was said about it.

Rule: a tag such as ``[q3]`` stands in the question, and in every single piece of its answer. So whoever reads a log knows whose
words they are, without believing anybody's bookkeeping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rejoinder.testing.script import text_of

__all__ = ["tag_of", "tags_in"]

TAG: Final = re.compile(r"\[q\d+\]")


def tags_in(text: str) -> list[str]:
    """Every tag in ``text``, in order."""
    return TAG.findall(text)


def tag_of(items: Iterable[Mapping[str, Any]]) -> str:
    """The tag of a request: that of the last item which its caller wrote, a user's message or a tool's output.

    An empty string if there is none.
    """
    for item in reversed(list(items)):
        if item.get("role") == "user":
            found = tags_in(text_of(item.get("content")))
        elif item.get("type") == "function_call_output":
            found = tags_in(text_of(item.get("output")))
        else:
            continue
        if found:
            return found[-1]
    return ""
