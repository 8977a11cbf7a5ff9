"""What a server repeats of a secret is not passed on.

Some gateways quote the key that they refuse. Their words go into exceptions, traces and spans, so the key is taken out before
anybody reads them: of errors alone, never of what a model says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["MASK", "masked", "secrets_in"]

MASK: Final = "***"
"""What stands where a secret stood."""
SHORTEST: Final = 8
"""Characters of the shortest value that is masked: a shorter one may be a word, and is no secret worth the name."""
SCHEMES: Final = ("bearer ", "basic ")
SECRET: Final = ("authorization", "cookie", "key", "secret", "token")
"""What the name of a header has in it whose value is a secret."""


def secrets_in(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets among the headers of a request, the longest first."""
    values = {_bare(value) for name, value in headers.items() if any(part in name.lower() for part in SECRET)}
    return tuple(sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True))


def masked(text: str, secrets: Iterable[str]) -> str:
    """``text`` without the secrets."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def _bare(value: str) -> str:
    """The value without the name of its scheme."""
    for scheme in SCHEMES:
        if value.lower().startswith(scheme):
            return value[len(scheme) :].strip()
    return value.strip()
