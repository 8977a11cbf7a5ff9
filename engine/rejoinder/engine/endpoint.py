"""Where the server is, who is asking, and what that provider can do.

Everything that cannot work is refused here, before anything is dialled, with a sentence that says what to do. The key is never in a
repr, a message or a trace.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, XAI, Profile

from .errors import InvalidEndpoint

__all__ = ["OPENAI_URL", "Endpoint"]

OPENAI_URL: Final = "wss://api.openai.com/v1/responses"
"""OpenAI's own endpoint (OpenAI WebSocket guide)."""

KEY_VARIABLE: Final = "OPENAI_API_KEY"


@attrs.frozen
class Endpoint:
    """One Responses endpoint. Raises ``InvalidEndpoint`` if it cannot work; nothing is dialled until a session needs it."""

    url: str = OPENAI_URL
    """``wss://…``; ``ws://`` only to this machine, unless ``allow_plaintext``."""
    api_key: str | None = attrs.field(default=None, repr=False)
    """The key; None takes ``OPENAI_API_KEY`` from the environment."""
    profile: Profile = attrs.field(
        default=attrs.Factory(lambda self: guess_profile(self.url), takes_self=True), repr=lambda profile: profile.name
    )
    """What the provider can do; guessed from the host, ``GENERIC`` for hosts nobody knows."""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    """Further headers of the handshake."""
    organization: str | None = None
    """``OpenAI-Organization``."""
    project: str | None = None
    """``OpenAI-Project``."""
    allow_plaintext: bool = False
    """Whether ``ws://`` may leave this machine, the key in clear text with it."""

    def __attrs_post_init__(self) -> None:
        parts = _split(self.url)
        if parts.scheme not in {"ws", "wss"}:
            raise InvalidEndpoint(
                f"The address {_shown(parts)} does not begin with wss://, so it is no WebSocket. Write it as {OPENAI_URL}."
            )
        if not parts.hostname:
            raise InvalidEndpoint(f"The address {_shown(parts)} names no host. Write it as {OPENAI_URL}.")
        if parts.username or parts.password:
            raise InvalidEndpoint(f"The address {_shown(parts)} carries credentials. Give the key as api_key instead.")
        if parts.scheme == "ws" and not (self.allow_plaintext or _is_loopback(parts.hostname)):
            raise InvalidEndpoint(
                f"The address {_shown(parts)} would send the key in clear text. Use wss://, or say allow_plaintext=True."
            )
        if not self.key:
            raise InvalidEndpoint(f"There is no API key. Set {KEY_VARIABLE}, or give api_key to Endpoint.")
        for name, value in self.handshake_headers().items():
            if any(character in name + value for character in "\r\n\0"):
                raise InvalidEndpoint(
                    f"The header {name.strip()!r} contains a line break. Remove it; keys often end in one when read from a file."
                )

    @property
    def key(self) -> str:
        """The key in force; empty if there is none."""
        return (os.environ.get(KEY_VARIABLE, "") if self.api_key is None else self.api_key).strip(" \t")

    @property
    def host(self) -> str:
        """The host."""
        return _split(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port; 443 or 80 if the address names none."""
        parts = _split(self.url)
        return parts.port or (443 if parts.scheme == "wss" else 80)

    @property
    def secure(self) -> bool:
        """Whether TLS is used."""
        return _split(self.url).scheme == "wss"

    @property
    def resource(self) -> str:
        """Path and query of the upgrade request."""
        parts = _split(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def handshake_headers(self) -> dict[str, str]:
        """The headers of the upgrade request, key included: never to be shown."""
        headers = {"Authorization": f"Bearer {self.key}"}
        if self.organization:
            headers["OpenAI-Organization"] = self.organization
        if self.project:
            headers["OpenAI-Project"] = self.project
        return {**headers, **self.headers}


def guess_profile(url: str) -> Profile:
    """The profile of the host in ``url``."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return GENERIC
    if host == "api.openai.com":
        return OPENAI
    if host == "api.x.ai":
        return XAI
    return AZURE if host.endswith(".openai.azure.com") else GENERIC


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidEndpoint(f"The address cannot be read ({error}). Write it as {OPENAI_URL}.") from None
    return parts


def _shown(parts: SplitResult) -> str:
    """The address without credentials and query."""
    netloc = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    return repr(f"{parts.scheme}://{netloc}{parts.path}" if parts.scheme else f"{netloc}{parts.path}")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
