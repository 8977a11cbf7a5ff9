"""What is explored: one client, one kind of server, one class of trouble, and how much of each.

Rule of this file: data only. Everything in a configuration is a bound that keeps it finite, or a choice that keeps it small; what
is explored within it is everything.
"""

from __future__ import annotations

import attrs

from rejoinder.states.profiles import Policy, Profile

__all__ = ["Configuration"]


@attrs.frozen
class Configuration:
    """A small world to be explored whole."""

    name: str
    """Its name on the command line."""
    about: str
    """What it is there to show, in one sentence."""
    profile: Profile
    """What the client believes of the server."""
    policy: Policy = attrs.field(factory=Policy)
    """What the user chose."""
    # -- callers ---------------------------------------------------------------------------------------------------------------
    requests: int = 2
    """Requests in all."""
    together: int = 2
    """Requests whose callers wait at one time."""
    cancels: int = 0
    """Callers that leave."""
    steers: int = 0
    """Words that callers add to their running responses."""
    overflows: int = 0
    """Callers that read too slowly."""
    too_large: frozenset[int] = frozenset()
    """The requests that are larger than the server takes."""
    warm_ups: frozenset[int] = frozenset()
    """The requests that the session makes for itself."""
    shutdown: bool = False
    """Whether the session may be closed."""
    preconnect: bool = False
    """Whether a link may be asked for before there is a request."""
    after_the_end: bool = False
    """Whether callers may also leave, or overflow, when they have their outcome."""
    # -- network and clock -----------------------------------------------------------------------------------------------------
    losses: int = 0
    """Sockets that are lost; over HTTP, streams that end."""
    refusals: int = 0
    """Dials that fail, now for a passing reason, now for good; over HTTP, streams that cannot be opened."""
    refusal: int = 401
    """The status of a dial that fails for good."""
    expiries: int = 0
    """Deadlines that pass."""
    idles: int = 0
    """Long silences in which nothing is due."""
    # -- the server ------------------------------------------------------------------------------------------------------------
    echo: bool = True
    """Whether frames name their lane, where lanes are used."""
    numbered: bool = True
    """Whether frames carry sequence numbers."""
    words: int = 1
    """Deltas of an answer, at most."""
    thoughts: int = 0
    """Reasoning items of an answer, at most, before its message or after."""
    progress: bool = False
    """Whether ``response.in_progress`` may follow ``response.created``."""
    ends: frozenset[str] = frozenset()
    """How responses may end, beside ``completed``: ``failed``, ``incomplete``."""
    rejections: tuple[str, ...] = ()
    """Errors that may come instead of a response."""
    forgets: bool = False
    """Whether a continuation may be gone."""
    faults_inside: bool = False
    """Whether a fault may be reported inside a response."""
    refuses_cancels: bool = False
    """Whether an error may answer a cancel."""
    limit: bool = False
    """Whether the server may say that a connection has reached its limit."""
    server_names: int | None = None
    """How many lane names a connection takes, if fewer than the client believes."""
    misbehaviours: int = 0
    """How often the server breaks the protocol."""
    misbehaves: tuple[str, ...] = ()
    """How it may: names of ``misbehaviour.MISBEHAVIOUR``."""
