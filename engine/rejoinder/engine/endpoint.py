"""Where the server is, who is asking, and what that provider can do.

Everything that cannot work is refused here, before anything is dialled, with a sentence that says what to do. The key is never in a
repr, a message or a trace.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import attrs

from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, PROFILES, XAI, Profile

from .errors import InvalidEndpoint
from .given import shown_type

__all__ = ["OPENAI_URL", "Endpoint", "KeyProvider"]

KeyProvider = Callable[[], Awaitable[str]]
"""Gives the key for each dial: an async function without arguments. It may take as long as the connect deadline allows."""

OPENAI_URL: Final = "wss://api.openai.com/v1/responses"
"""OpenAI's own endpoint (OpenAI WebSocket guide)."""

KEY_VARIABLE: Final = "OPENAI_API_KEY"
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110, 5.6.2)."""
HEADER_VALUE: Final = re.compile(r"(?:[\x21-\x7e]+(?:[ \t]+[\x21-\x7e]+)*)?")
"""The value of a header: printable ASCII, no white space around it (RFC 9110, 5.5)."""
GRAPHIC: Final = re.compile(r"[\x21-\x7e]+")
"""Printable ASCII without the space: what a path and a query may consist of on the wire."""


def _check_type(where: str, value: object, kind: type | tuple[type, ...], words: str) -> None:
    """Refuse what is no ``kind``, by its type alone: it may be secret."""
    if not isinstance(value, kind):
        shown = "None" if value is None else shown_type(value)
        raise InvalidEndpoint(f"{where} is {shown}. Give {words}.")


def _string(url: str) -> str:
    _check_type("Endpoint(url=…)", url, str, f"the address as a string, such as {OPENAI_URL}")
    return url


def _given_or_environment(key: str | KeyProvider | None) -> str | KeyProvider:
    if key is None:
        return os.environ.get(KEY_VARIABLE, "")
    if not callable(key):
        _check_type(
            "Endpoint(api_key=…)",
            key,
            str,
            "the key as a string (of bytes key.decode() makes one), or an async function that returns it",
        )
    return key


@attrs.frozen
class Endpoint:
    """One Responses endpoint. Raises ``InvalidEndpoint`` if it cannot work; nothing is dialled until a session needs it."""

    url: str = attrs.field(default=OPENAI_URL, converter=_string, repr=lambda url: _shown(_split(str(url))))
    """``wss://…``; ``ws://`` only to this machine, unless ``allow_plaintext``."""
    api_key: str | KeyProvider | None = attrs.field(default=None, repr=False, converter=_given_or_environment)
    """The key; None takes ``OPENAI_API_KEY`` from the environment, once, when the endpoint is made. An async function is asked for
    the key at each dial, so that it can be renewed; if it raises, the dial has failed and is tried again as any other."""
    profile: Profile = attrs.field(
        default=attrs.Factory(lambda self: guess_profile(self.url), takes_self=True), repr=lambda profile: profile.name
    )
    """What the provider can do; guessed from the host, ``GENERIC`` for hosts nobody knows."""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    """Further headers of the handshake; they replace those of the same name."""
    organization: str | None = None
    """``OpenAI-Organization``."""
    project: str | None = None
    """``OpenAI-Project``."""
    allow_plaintext: bool = False
    """Whether ``ws://`` may leave this machine, the key in clear text with it."""

    def __attrs_post_init__(self) -> None:
        self._check_types()
        self._check_address()
        if not (self.key or callable(self.api_key)):
            raise InvalidEndpoint(f"There is no API key. Set {KEY_VARIABLE}, or give api_key to Endpoint.")
        for name, value in self.handshake_headers().items():
            if not TOKEN.fullmatch(name):
                raise InvalidEndpoint(f"{name!r} cannot be the name of a header. Use letters, digits and hyphens.")
            if not HEADER_VALUE.fullmatch(value):
                raise InvalidEndpoint(
                    f"The header {name!r} contains a line break, or another character that no header may have, or begins or ends in"
                    " a space. Remove it; keys often end in a line break when read from a file."
                )

    def _check_types(self) -> None:
        profiles = ", ".join(name.upper() for name in PROFILES)
        _check_type("Endpoint(profile=…)", self.profile, Profile, f"a Profile, one of {profiles} or your own; or leave it out")
        _check_type("Endpoint(headers=…)", self.headers, Mapping, "a mapping of names to values")
        for name, value in self.headers.items():
            for each in (name, value):
                _check_type("A name or a value in Endpoint(headers=…)", each, str, "strings alone")
        for name in ("organization", "project"):
            _check_type(f"Endpoint({name}=…)", getattr(self, name), (str, type(None)), "a string, or None for none")
        _check_type("Endpoint(allow_plaintext=…)", self.allow_plaintext, bool, "True or False")

    def _check_address(self) -> None:
        parts = _split(self.url)
        shown = _shown(parts)
        if parts.scheme not in {"ws", "wss"}:
            raise InvalidEndpoint(
                f"The address {shown} does not begin with wss://, so it is no WebSocket. Write it as {OPENAI_URL}."
            )
        if not parts.hostname:
            raise InvalidEndpoint(f"The address {shown} names no host. Write it as {OPENAI_URL}.")
        if parts.username is not None or parts.password is not None:
            raise InvalidEndpoint(f"The address {shown} carries credentials. Give the key as api_key instead.")
        if parts.port == 0:
            raise InvalidEndpoint(f"The address {shown} names port 0, which is no port. Leave it out, or name the right one.")
        if not _is_host(parts.hostname) or not GRAPHIC.fullmatch(self.resource):
            raise InvalidEndpoint(
                f"The address {shown} contains characters that no address may have. Write its path and query percent-encoded."
            )
        if parts.scheme == "ws" and not (self.allow_plaintext or _is_loopback(parts.hostname)):
            raise InvalidEndpoint(f"The address {shown} would send the key in clear text. Use wss://, or say allow_plaintext=True.")

    @property
    def key(self) -> str:
        """The key in force; empty if there is none, or if it is asked for at each dial."""
        return self.api_key.strip(" \t") if isinstance(self.api_key, str) else ""

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
    def http_url(self) -> str:
        """The same address for HTTP: ``https://…``, or ``http://…`` where the address is ``ws://…``."""
        scheme, _, rest = self.url.partition("://")
        return f"http{scheme[2:].lower()}://{rest}"

    @property
    def resource(self) -> str:
        """Path and query of the upgrade request."""
        parts = _split(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def handshake_headers(self) -> dict[str, str]:
        """The headers of the upgrade request, key included: never to be shown."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if self.organization:
            headers["OpenAI-Organization"] = self.organization
        if self.project:
            headers["OpenAI-Project"] = self.project
        given = {name.lower() for name in self.headers}
        return {**{name: value for name, value in headers.items() if name.lower() not in given}, **self.headers}


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
    except ValueError:
        # Not chained and not quoted: what urllib says repeats parts of the address, and those may be secret.
        raise InvalidEndpoint(f"The host or the port of the address cannot be read. Write it as {OPENAI_URL}.") from None
    return parts


def _is_host(host: str) -> bool:
    """Whether a name server or a socket could be asked for it at all."""
    try:
        return GRAPHIC.fullmatch(host.encode("idna").decode()) is not None
    except UnicodeError:
        return False


def _shown(parts: SplitResult) -> str:
    """The address without credentials and query."""
    host = parts.hostname or ""
    netloc = (f"[{host}]" if ":" in host else host) + ("" if parts.port is None else f":{parts.port}")
    return repr(f"{parts.scheme}://{netloc}{parts.path}" if parts.scheme else f"{netloc}{parts.path}")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
