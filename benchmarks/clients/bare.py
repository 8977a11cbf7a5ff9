"""What bare loops send."""

from __future__ import annotations

import json

__all__ = ["create_of"]


def create_of(text: str) -> str:
    """A ``response.create`` in which the user says ``text``."""
    item = {"role": "user", "content": text}
    return json.dumps({"type": "response.create", "model": "gpt-4.1", "store": False, "input": [item]})
