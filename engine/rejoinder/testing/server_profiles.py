"""How each provider's WebSocket server behaves, as data that `ModelServer` follows.

Rules of this file: a field is a difference that a client can notice. Where no document and no recording says what a
provider does, the field's docstring says "assumption".
"""

from typing import Final

import attrs

from rejoinder.testing.script import ErrorShape

MINUTE: Final = 60.0


@attrs.frozen
class ServerProfile:
    """What one provider's server does."""

    name: str
    """The profile's name, as used on the command line."""
    lanes: bool = False
    """Whether `stream_id` names lanes that run concurrently. A serial server accepts the field and never echoes it."""
    max_age: float | None = 60 * MINUTE
    """Seconds after which a connection is ended with `websocket_connection_limit_reached`, or None for never."""
    max_in_flight: int = 16
    """Responses that run at once on one connection; further creates wait (OpenAI WebSocket guide)."""
    max_lane_names: int = 32
    """Distinct lane names in the life of one connection; the default lane is not counted (OpenAI WebSocket guide)."""
    inbound_limit: int = 16 * 1024 * 1024
    """Bytes of the largest message it reads. A larger one closes the connection with 1009 and no event (reported)."""
    error_type: bool = True
    """Whether error frames carry `error.type`. The documented ones of xAI and Azure do not."""
    error_shape: ErrorShape = "wrapped"
    """The shape of the errors the server makes by itself."""
    remembers_stored: bool = False
    """Whether a response with `store: true` (the default of the field) can be continued from any connection."""
    steering: bool = False
    """Whether it takes `response.steer` (OpenAI steering guide: the GPT-6 family)."""
    keeps_parent: bool = False
    """Whether what a lane held before an incomplete or cancelled response can still be continued. Assumption either
    way: no document says so, and False is the stricter server."""
    age_close_code: int = 1001
    """The close code after the age limit. Assumption: no document or recording names it."""


OPENAI: Final = ServerProfile("openai", lanes=True, steering=True)
"""api.openai.com with lanes, 60 minutes (OpenAI WebSocket guide)."""
AZURE: Final = ServerProfile("azure", error_type=False)
"""Azure: serial, 60 minutes, documented errors without `error.type`."""
XAI: Final = ServerProfile("xai", max_age=25 * MINUTE, error_type=False)
"""xAI: serial, 25 minutes, documented errors without `error.type`."""
GENERIC: Final = ServerProfile("generic")
"""A serial server that promises nothing else: the early text of the OpenAI guide."""

SERVER_PROFILES: Final = {profile.name: profile for profile in (OPENAI, AZURE, XAI, GENERIC)}
"""Every profile by its name."""
