"""What a command line may choose from. Rule: names only, so that ``--help`` imports nothing."""

from __future__ import annotations

from enum import StrEnum, unique

__all__ = ["CancelModeName", "CancelPolicyName", "ProfileName", "ServerKindName", "WireChoice"]


@unique
class ProfileName(StrEnum):
    """The providers that there are profiles for."""

    OPENAI = "openai"
    AZURE = "azure"
    XAI = "xai"
    GENERIC = "generic"


@unique
class CancelPolicyName(StrEnum):
    """What the next request does while an interrupted answer still runs."""

    LANE = "lane"
    HEDGE = "hedge"
    DRAIN = "drain"
    RETIRE = "retire"


@unique
class CancelModeName(StrEnum):
    """What a simulated server does with a ``response.cancel``."""

    HONOUR = "honour"
    IGNORE = "ignore"
    ERROR = "error"
    LATE_ERROR = "late-error"


@unique
class ServerKindName(StrEnum):
    """The kinds of server that scenarios are run against."""

    LANES = "lanes"
    SERIAL = "serial"
    BOTH = "both"


@unique
class WireChoice(StrEnum):
    """The libraries that carry the frames of a WebSocket."""

    AUTO = "auto"
    TRIO_WEBSOCKET = "trio-websocket"
    WEBSOCKETS = "websockets"
