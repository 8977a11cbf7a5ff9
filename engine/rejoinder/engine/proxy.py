"""The address of a proxy: read, checked, and shown without its credentials.

Rules of this file
* What cannot work is refused where it is written, in words that repeat nothing of the address but its scheme.
* Credentials are in no repr and no message.
* SOCKS needs the library ``socksio``: ``rejoinder[socks]``. HTTP CONNECT needs nothing more.
"""

from __future__ import annotations

from importlib.util import find_spec
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

from .errors import InvalidSetting

__all__ = ["Proxy", "proxy_of"]

DEFAULT_PORTS: Final = MappingProxyType({"http": 80, "socks5": 1080, "socks5h": 1080})
"""The schemes there are, each with the port of an address that names none."""
LONGEST_CREDENTIAL: Final = 255
"""Bytes that SOCKS can carry of a user name, and of a password (RFC 1929)."""


@attrs.frozen
class Proxy:
    """One proxy, from an address that can work."""

    scheme: str
    """``http``, ``socks5`` or ``socks5h``."""
    host: str
    """Its host."""
    port: int
    """Its port."""
    username: str | None = attrs.field(default=None, repr=False)
    """Who is asking; None where it does not want to know."""
    password: str = attrs.field(default="", repr=False)
    """The password."""

    @property
    def place(self) -> str:
        """The proxy, for a sentence."""
        return f"the proxy {self.host} port {self.port}"

    @property
    def shown(self) -> str:
        """Its address without credentials."""
        return f"{self.scheme}://{_in_brackets(self.host)}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, as far as its address tells."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def proxy_of(address: str) -> Proxy:
    """Read an address, ``http://user:password@host:port``. Raises ``InvalidSetting``, whose words repeat at most the scheme."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
        username = None if parts.username is None else unquote(parts.username, errors="strict")
        password = unquote(parts.password or "", errors="strict")
        # A name that no name server could be asked for.
        (host or "").encode("idna")
    except ValueError:
        # Not chained: what urllib says repeats parts of the address, and those may be secret.
        raise InvalidSetting("Settings(proxy=…) cannot be read. Write it as http://host:port or socks5://host:port.") from None
    if scheme not in DEFAULT_PORTS:
        raise InvalidSetting(
            f"Settings(proxy=…) begins with {scheme + '://' if scheme.isalnum() else 'no scheme'}. Write it as http://host:port or"
            " socks5://host:port: a proxy is spoken to by HTTP CONNECT or by SOCKS 5."
        )
    if not host or port == 0 or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise InvalidSetting("Settings(proxy=…) is no address of a proxy. Write it as scheme://host:port, and nothing behind that.")
    if max(len((username or "").encode()), len(password.encode())) > LONGEST_CREDENTIAL:
        raise InvalidSetting(f"Settings(proxy=…) has credentials of more than {LONGEST_CREDENTIAL} bytes. No proxy takes them.")
    if scheme != "http" and find_spec("socksio") is None:
        raise InvalidSetting("Settings(proxy=…) names a SOCKS proxy, which needs the library socksio. Install rejoinder[socks].")
    return Proxy(scheme, host, port or DEFAULT_PORTS[scheme], username, password)


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host
