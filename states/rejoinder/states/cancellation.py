"""The cancel policies: what a profile and a policy come to on one link.

A policy names what the user wants; what can be had depends on what the link has proven. Nothing here has state.
"""

from __future__ import annotations

from .profiles import CancelPolicy, Policy, Profile

__all__ = ["effective_policy", "signals"]


def effective_policy(profile: Profile, policy: Policy, *, proven: bool) -> CancelPolicy:
    """The cancel policy on a link; ``proven`` says whether it has shown that it multiplexes.

    ``LANE`` needs a second lane: on a link that has not echoed a lane's name yet, or a provider without lanes, it is ``HEDGE``.
    """
    wanted = profile.then if policy.then is None else policy.then
    if wanted is CancelPolicy.LANE and not (profile.lanes and proven):
        return CancelPolicy.HEDGE
    return wanted


def signals(profile: Profile, policy: Policy, *, refused: bool) -> bool:
    """Whether a cancel is also sent to the server; never again on a link that answered one with an error.

    Where each response has a stream of its own, ending that is the cancel.
    """
    return not refused and not profile.streams and (profile.signal if policy.signal is None else policy.signal)
