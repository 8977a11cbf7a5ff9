"""What a program starts with: which provider, which policies, and what the server does with a cancel.

Rules of this file
* A ``Setup`` is data, drawn once for each program. The limits of age, size and lanes are small ones, so that a short program
  reaches them.
* Whoever asks puts its nonce into ``metadata``, which a server echoes on the response object; the model server puts it into every
  word it says as well. So each frame shows whose it is, and nothing in ``states`` looks at that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, XAI, AfterCancel, CancelPolicy, Policy, Profile, ReplayPolicy
from rejoinder.states.session import Session
from rejoinder.testing import AZURE as AZURE_SERVER
from rejoinder.testing import GENERIC as GENERIC_SERVER
from rejoinder.testing import OPENAI as OPENAI_SERVER
from rejoinder.testing import XAI as XAI_SERVER
from rejoinder.testing import AnswerFunction, CancelMode, ModelServer, ServerFaults, ServerProfile
from rejoinder.testing.fuzz.brevity import Brief
from rejoinder.testing.pure_pair import PurePair

__all__ = ["INBOUND_LIMIT", "OF_PROFILE", "SETUPS", "Setup", "fields_of", "nonce", "nonces_in"]

MAX_AGE: Final = 100.0
INBOUND_LIMIT: Final = 20_000

PROVIDERS: Final[Mapping[str, tuple[Profile, ServerProfile]]] = {
    "serial": (AZURE, AZURE_SERVER),
    "lanes": (OPENAI, OPENAI_SERVER),
    # It takes ``stream_id`` and never echoes it: such a link is never proven, and counts as serial.
    "lanes without an echo": (OPENAI, GENERIC_SERVER),
    "serial and lax": (GENERIC, GENERIC_SERVER),
    "xai": (XAI, XAI_SERVER),
}
"""Client and server by a name that failing programs show."""

DRAWN: Final = ("serial", "lanes", "lanes without an echo", "serial and lax")
"""Providers that any program may draw. With the small limits of a program, xAI behaves as any other serial one."""

OF_PROFILE: Final[Mapping[str, tuple[str, ...]]] = {
    profile.name: tuple(name for name, (client, _) in PROVIDERS.items() if client is profile)
    for profile in (OPENAI, AZURE, XAI, GENERIC)
}
"""For each profile of a client, by its name, the providers that it may meet."""

NONCE: Final = re.compile(r"<(\d+)>")


@attrs.frozen(repr=False)
class Setup(Brief):
    """Everything about a program that does not change while it runs."""

    provider: str = "serial"
    """Which client meets which server: a name of ``PROVIDERS``."""
    then: CancelPolicy = CancelPolicy.HEDGE
    """The cancel policy."""
    signal: bool = False
    """Whether a cancel is also sent."""
    after_cancel: AfterCancel = AfterCancel.FULL
    """Whether the parent of an abandoned response may be named."""
    replay: ReplayPolicy = ReplayPolicy.UNCOMMITTED
    """Whether requests are sent again."""
    tight: bool = False
    """Whether the provider allows 2 responses in flight and 3 lane names (and in truth 2), instead of 16 and 32."""
    cancel_mode: CancelMode = CancelMode.HONOUR
    """What the server does with a cancel."""
    cancel_delay: float = 0.0
    """When it does that, in seconds."""
    goes_on: bool = True
    """Whether a response whose cancel is answered by an error goes on."""
    keeps_parent: bool = False
    """Whether the server keeps what a lane held before an unclean end."""
    forgets: int = 0
    """How many continuations the server has forgotten."""
    limit_after: int | None = None
    """After how many creates the server says that a connection has reached its limit."""

    @property
    def serial(self) -> bool:
        """Whether the server runs one response at a time on a connection."""
        return not PROVIDERS[self.provider][1].lanes

    @property
    def profile(self) -> Profile:
        """What the client believes of the provider."""
        profile = attrs.evolve(PROVIDERS[self.provider][0], max_age=MAX_AGE, inbound_limit=INBOUND_LIMIT)
        return attrs.evolve(profile, in_flight=2, names=3) if self.tight and profile.lanes else profile

    @property
    def policy(self) -> Policy:
        """What the user chose."""
        return Policy(
            signal=self.signal,
            then=self.then,
            after_cancel=self.after_cancel,
            replay=self.replay,
            rotate_before=0.4 * MAX_AGE,
        )

    def server(self, answer: AnswerFunction) -> ModelServer:
        """The server, which answers as ``answer`` says."""
        profile = attrs.evolve(PROVIDERS[self.provider][1], max_age=MAX_AGE, keeps_parent=self.keeps_parent)
        faults = ServerFaults(forget_continuations=self.forgets, age_limit_after_creates=self.limit_after)
        return ModelServer(
            attrs.evolve(profile, max_in_flight=2, max_lane_names=2) if self.tight else profile,
            answer,
            self.cancel_mode,
            faults=faults,
            cancel_delay=self.cancel_delay,
            cancel_stream_goes_on=self.goes_on,
        )

    def pair(self, answer: AnswerFunction) -> PurePair:
        """A session and a server that have not met yet."""
        return PurePair(Session(self.profile, self.policy), self.server(answer))


SETUPS: Final = st.builds(
    Setup,
    provider=st.sampled_from(DRAWN),
    then=st.sampled_from([CancelPolicy.HEDGE, CancelPolicy.LANE, CancelPolicy.DRAIN, CancelPolicy.RETIRE]),
    signal=st.sampled_from([False, True, True]),
    after_cancel=st.sampled_from(AfterCancel),
    replay=st.sampled_from(ReplayPolicy),
    tight=st.booleans(),
    cancel_mode=st.sampled_from(CancelMode),
    cancel_delay=st.sampled_from([0.0, 1.0, 6.0]),
    goes_on=st.sampled_from([True, False]),
    keeps_parent=st.booleans(),
    forgets=st.sampled_from([0, 0, 0, 1, 2]),
    limit_after=st.sampled_from([None, None, None, None, None, 1, 3]),
)
"""Any setup."""


def nonce(number: int) -> str:
    """The mark that everything about request ``number`` carries; 0 marks what is nobody's."""
    return f"<{number}>"


def nonces_in(text: str) -> set[int]:
    """The requests that a text is about."""
    return {int(found) for found in NONCE.findall(text)}


def fields_of(number: int) -> dict[str, Any]:
    """The fields of request ``number``."""
    return {"model": "test", "metadata": {"nonce": nonce(number)}}
