"""What a session asks of whoever performs its requests: one driver, or a pool of several.

Rules of this file
* The protocol has what a session needs and nothing more: requests and words go in, observations and figures come out. Which link
  carries what is decided behind it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Protocol

from rejoinder.states.profiles import Profile
from rejoinder.states.snapshot import SessionState

from .endpoint import Endpoint
from .observations import Observation, Observer, Statistics
from .recorder import Recording
from .response import Response
from .settings import Settings
from .steering import Steering

__all__ = ["Dispatch"]


class Dispatch(Protocol):
    """Performs the requests of a session."""

    @property
    def endpoint(self) -> Endpoint:
        """Where the server is."""
        ...

    @property
    def settings(self) -> Settings:
        """The settings that the session was opened with."""
        ...

    @property
    def profile(self) -> Profile:
        """What can be expected of the connection that requests go over."""
        ...

    @property
    def observers(self) -> list[Observer]:
        """Who is told what happens; whoever is added is told from then on."""
        ...

    @property
    def all_recordings(self) -> list[Recording]:
        """The traces that are written, or were."""
        ...

    def ask(self, response: Response, *, warm_up: bool) -> None:
        """Let a request begin; its number is new."""
        ...

    def cancel(self, number: int) -> None:
        """The caller of a request has left. One that has ended is left alone."""
        ...

    def steer(self, number: int, steering: Steering) -> None:
        """Add words to the response of a request."""
        ...

    def preconnect(self) -> None:
        """Dial now, rather than with the first request."""
        ...

    def shut_down(self) -> None:
        """End what runs and take nothing more; the links close by themselves."""
        ...

    async def keep_time(self) -> None:
        """Let deadlines pass; runs until it is cancelled."""
        ...

    def start_soon(self, function: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Run a task for as long as the session lives, at most."""
        ...

    def tell(self, observation: Observation) -> None:
        """Tell the log and all observers."""
        ...

    def record(self, path: str | os.PathLike[str], *, payloads: bool, whole: bool) -> Recording:
        """Write what happens from now on into a trace. Raises ``RecordingFailed`` where there is none to be written."""
        ...

    def statistics(self) -> Statistics:
        """The counters as they are now."""
        ...

    def state(self) -> SessionState:
        """Every link, lane and request as it is now."""
        ...

    def describe(self) -> str:
        """The phases of all machines, in a line, for ``repr``."""
        ...
