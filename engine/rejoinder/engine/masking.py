"""What a server repeats of a secret is not passed on.

Some gateways quote the key that they refuse. Their words go into exceptions, traces and spans, so the key is taken out before
anybody reads them: of errors alone, never of what a model says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rejoinder.states.codec import decode
from rejoinder.states.stream_events import ErrorEvent, ResponseFailed, SteerFailed, StreamEvent

__all__ = ["MASK", "REPORTS", "masked", "secrets_in", "without_secrets"]

MASK: Final = "***"
"""What stands where a secret stood."""
REPORTS: Final = frozenset({ErrorEvent, ResponseFailed, SteerFailed})
"""The events in which a server gives its reasons, in words of its own."""
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


def without_secrets(report: StreamEvent, data: str | bytes, secrets: Iterable[str]) -> StreamEvent:
    """What a server reports, one of ``REPORTS`` that came as ``data``, without the key that it may quote."""
    clean = masked(data, secrets) if isinstance(data, str) else data
    return report if clean == data else decode(clean)


def _bare(value: str) -> str:
    """The value without the name of its scheme."""
    for scheme in SCHEMES:
        if value.lower().startswith(scheme):
            return value[len(scheme) :].strip()
    return value.strip()
