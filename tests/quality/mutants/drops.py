"""Which effects each rule asks for, and a rule that loses one class of them.

Rules of this file
* An effect is listed with the rule that asks for it, also where it takes another machine's row to emit it: ``completed`` finishes
  the request, so a ``completed`` that forgets to do so is a fault of its own.
* ``Moved`` is left out: nothing is done because of it, and no rule emits it.
* Effects are lost when the rule has run, so whatever it changed in the records stays changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from quality.mutants.mutant import Rule
from rejoinder.states.effects import (
    Close,
    Deliver,
    Dial,
    Effect,
    Finish,
    HandOver,
    Note,
    Ping,
    Send,
    SendCancel,
    SendSteer,
    Settled,
    Steered,
    Withdraw,
)
from rejoinder.states.steps import Step

__all__ = ["EFFECTS", "without"]

EFFECTS: Final[Mapping[str, tuple[type[Effect], ...]]] = MappingProxyType(
    {
        # -- links -------------------------------------------------------------------------------------------------------
        "link_dialled": (Dial,),
        "link_opened": (),
        "dial_failed": (),
        "dial_given_up": (Finish,),
        "dial_expired": (Close, Finish),
        "link_dropped": (Close, Finish),
        "backoff_over": (Dial,),
        "link_forgotten": (),
        "successor_dialled": (Dial, Close, Note),
        "link_doubted": (Ping,),
        "link_retired": (),
        "link_doomed": (),
        "link_proved": (),
        "link_presumed_dead": (Close, Note),
        "link_presumed_dead_wanted": (Close, Note),
        "link_lost": (),
        "link_lost_wanted": (),
        # -- responses: sending, and the first answer ----------------------------------------------------------------------
        "create_sent": (),
        "created_arrived": (Deliver, SendSteer),
        "error_doubted": (Note,),
        "cache_missed": (Note,),
        "create_rejected": (Finish,),
        "create_rejected_unclean": (Withdraw, Finish),
        "create_rejected_replayed": (Note,),
        "create_unsendable": (Finish,),
        "create_handed_over": (HandOver, Note),
        "create_unreachable": (Finish,),
        "create_unreachable_replayed": (Note,),
        "create_withdrawn": (),
        # -- responses that run --------------------------------------------------------------------------------------------
        "output_began": (Deliver,),
        "output_began_after_gap": (Deliver, Note),
        "sequence_gap": (Deliver, Note),
        "sequence_repeated": (Note,),
        "late_frame": (Note,),
        "cancel_answered": (Note,),
        "completed": (Deliver, Finish),
        "failed": (Deliver, Finish),
        "incomplete": (Deliver, Finish),
        "fault_reported": (Deliver,),
        "failed_as_reported": (Deliver, Finish),
        "failed_without_terminal": (Finish,),
        "failed_by_foreign": (Finish,),
        "failed_by_loss": (Finish,),
        # -- responses that end from outside -------------------------------------------------------------------------------
        "overdue": (Withdraw, Finish, SendCancel),
        "overdue_replayed": (Withdraw, SendCancel, Note),
        "doubt_unresolved": (Withdraw, Finish),
        "doubt_unresolved_replayed": (Withdraw, Note),
        "foreign_began": (Withdraw, Finish),
        "foreign_began_replayed": (Withdraw, Note),
        "damaged": (Withdraw, Finish, SendCancel),
        "damaged_replayed": (Withdraw, SendCancel, Note),
        "doomed": (Withdraw, Finish),
        "doomed_replayed": (Withdraw, Note),
        "lost": (Finish,),
        "lost_replayed": (Note,),
        # -- responses that were abandoned ---------------------------------------------------------------------------------
        "caller_left_early": (Withdraw, Close, Dial),
        "caller_left": (SendCancel, Close, Dial),
        "abandoned_created": (SendCancel,),
        "abandoned_rejected": (Note,),
        "abandoned_lost": (),
        "drained": (Settled,),
        "drained_whole": (Settled,),
        "drain_overdue": (Note,),
        "quarantined_created": (Note, SendCancel),
        "foreign_seen": (Note,),
        "foreign_again": (Note,),
        "stranger_began": (Note,),
        "foreign_for_abandoned": (Note,),
        # -- responses that are steered ------------------------------------------------------------------------------------
        "steer_sent": (SendSteer,),
        "steer_held": (),
        "steer_refused": (Steered,),
        "steer_answered": (Steered, Deliver),
        "ended_steered": (Deliver,),
        "failed_as_reported_steered": (Deliver, Finish, Steered),
        "drained_steered": (Settled,),
        "quarantined_steered": (Settled,),
        "successor_began": (Steered, Deliver, SendSteer),
        "ended_without_successor": (Steered, Deliver, Finish),
        "successor_overdue": (Note, Finish, Steered),
        "successor_lost": (Finish, Steered),
        "successor_damaged": (Finish, Steered),
        "successor_foreign": (Finish, Steered),
        "successor_abandoned": (SendCancel,),
        "successor_spared": (),
        "caller_left_steered": (Close, Dial),
        # -- requests ------------------------------------------------------------------------------------------------------
        "request_sent": (Send, Close),
        "hedge_dialled": (Dial,),
        "retry_allowed": (),
        "request_replayed": (Note,),
        "request_paused": (Note,),
        "request_finished": (Finish, Steered),
        "request_given_up": (Finish, Steered),
        "request_steered": (),
        "request_steered_early": (),
        "request_handed_over": (HandOver, Note, Steered),
        "request_cancelled": (Finish, Steered),
        "request_overflowed": (Finish, Steered),
        "request_expired": (Finish, Steered),
        "request_closed": (Finish, Steered),
    }
)
"""For each moving rule, the classes of effects it asks for."""


def without(rule: Rule, lost: type[Effect]) -> Rule:
    """``rule``, less its effects of one class."""

    def dropping(session: Any, record: Any, step: Step) -> None:  # noqa: ANN401 - rules of all three machines have this place
        before = len(session.effects)
        rule(session, record, step)
        session.effects[before:] = [effect for effect in session.effects[before:] if type(effect) is not lost]

    return dropping
