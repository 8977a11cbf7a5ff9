"""The key at the moment of a dial: as it was given, or asked of whoever renews it.

Rules of this file
* The provider is asked anew for every dial, so a key that is renewed is used from the next connection on.
* Nothing that the provider says is shown, in a message, a chain of exceptions or the log: it may contain the key.
"""

from __future__ import annotations

import inspect
from typing import Any, cast

import attrs

from .endpoint import Endpoint
from .errors import InvalidEndpoint
from .wire import HandshakeFailed

__all__ = ["with_key"]


async def with_key(endpoint: Endpoint) -> Endpoint:
    """Return ``endpoint`` with a key in it: itself, unless its ``api_key`` is a provider, which is then asked.

    Takes as long as the provider; whoever dials bounds it. Raises ``HandshakeFailed``: permanent if what it gave cannot be a key,
    otherwise worth another attempt.
    """
    provider = endpoint.api_key
    if isinstance(provider, str) or provider is None:
        return endpoint
    name: str | None = None
    key: Any = None
    try:
        asked = cast("object", provider())
        key = await asked if inspect.isawaitable(asked) else asked
    except Exception as error:  # noqa: BLE001 - whatever it raises, the dial has failed and the session goes on
        name = type(error).__name__
    if name is not None:
        raise HandshakeFailed(f"The key provider raised {name}, so there is no key to connect with. Correct what api_key calls.")
    if not isinstance(key, str) or not key.strip():
        shown = "an empty string" if isinstance(key, str) else f"a {type(key).__name__}"
        raise HandshakeFailed(f"The key provider gave {shown}. It has to give the key as a string.", permanent=True)
    message: str | None = None
    try:
        return attrs.evolve(endpoint, api_key=key)
    except InvalidEndpoint as error:
        message = str(error)
    raise HandshakeFailed(f"The key provider gave a key that cannot be sent. {message}", permanent=True)
