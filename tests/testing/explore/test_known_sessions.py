"""Sessions that are taken for one answer alike, and none that is known is ever changed."""

from __future__ import annotations

import gc
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from weakref import ref

import pytest

from harness.lifecycle import snapshot
from rejoinder.states.canonical import key
from rejoinder.states.effects import Effect
from rejoinder.states.events import Cancel, Create, Event, Expired, Opened
from rejoinder.states.profiles import AZURE
from rejoinder.states.session import Session
from rejoinder.testing.explore import QUICK, explore_configuration
from rejoinder.testing.explore import wire_frames as wire
from rejoinder.testing.explore.endings import Endings
from rejoinder.testing.explore.judge import Judge
from rejoinder.testing.explore.known_sessions import KnownSession, KnownSessions, Reaction
from rejoinder.testing.explore.watch import Watch
from rejoinder.testing.explore.world import ExploredWorld, content_of

CONFIGURATIONS: Final = {configuration.name: configuration for configuration in QUICK}
TWINS: Final = 3
"""Sessions that are kept beside the one that is known."""


def asked() -> Session:
    session = Session(AZURE)
    session.feed(Create(1, content_of((), 1, warm_up=False)), 0.0)
    return session


def without_fractions(effects: Sequence[Effect]) -> str:
    """Effects in words; how long something took differs in the last digits by when it was."""
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.6f}", str(effects))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["serial-loss", "lanes-quarantine", "lanes-given-up", "serial-holes", "at-the-limit"])
def test_sessions_that_are_taken_for_one_answer_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that came to a session on other ways are asked beside it, as far as a few thousand states go."""
    twins: defaultdict[KnownSession, list[tuple[Session, float]]] = defaultdict(list)
    met, react = KnownSessions.met, KnownSessions.react
    compared: list[Event] = []

    def meeting(sessions: KnownSessions, session: Session, now: float) -> KnownSession:
        known = met(sessions, session, now)
        if known.session is not session and len(twins[known]) < TWINS:
            twins[known].append((session.copy(), now))
        return known

    def reacting(sessions: KnownSessions, known: KnownSession, event: Event) -> Reaction:
        reaction = react(sessions, known, event)
        for twin, now in ((session.copy(), now) for session, now in twins[known]):
            at = now + (reaction.at - known.now)
            effects = tuple(twin.feed(event, at))
            assert without_fractions(reaction.effects) == without_fractions(effects), event
            assert key(reaction.after.session, reaction.after.now) == key(twin, at), event
            compared.append(event)
        return reaction

    monkeypatch.setattr(KnownSessions, "met", meeting)
    monkeypatch.setattr(KnownSessions, "react", reacting)
    looks = iter(range(4))
    report = explore_configuration(CONFIGURATIONS[name], patience=lambda: next(looks) < 3)

    assert report.broken is None
    assert len(compared) > 100


def test_known_session_is_never_changed() -> None:
    sessions = KnownSessions()
    known = sessions.met(asked(), 0.0)
    before = snapshot(known.session)
    after = sessions.fed(known, Opened(1)).after

    assert before == snapshot(known.session)
    assert before != snapshot(after.session)


def test_the_code_is_asked_once_for_each_session_and_event(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = KnownSessions()
    known = sessions.met(asked(), 0.0)
    first, same = sessions.fed(known, Opened(1)), asked()
    monkeypatch.setattr(Session, "feed", None)

    assert known is sessions.met(same, 0.0)
    assert first is sessions.fed(known, Opened(1))


def test_sessions_at_other_instants_are_others_where_clocks_are_read() -> None:
    sessions = KnownSessions(clocks=True)

    assert sessions.met(Session(AZURE), 0.0) is not sessions.met(Session(AZURE), 1.0)
    assert sessions.met(Session(AZURE), 0.0).number == sessions.met(Session(AZURE), 1.0).number


def test_sessions_at_other_instants_are_the_same_where_none_is_read() -> None:
    sessions = KnownSessions()
    known = sessions.met(Session(AZURE), 0.0)

    assert known is sessions.met(Session(AZURE), 1.0)
    assert 0.0 == known.now


def test_clock_is_fed_when_the_next_deadline_has_come() -> None:
    sessions = KnownSessions()
    known = sessions.met(asked(), 0.0)
    reaction = sessions.fed(known, Expired())

    assert known.due is not None
    assert known.due == reaction.at == reaction.after.now


def test_what_is_let_go_of_is_freed_without_a_search_for_cycles() -> None:
    sessions = KnownSessions()
    known = sessions.met(asked(), 0.0)
    held = ref(sessions.fed(known, Expired()).after.session.counts)
    gc.disable()
    try:
        sessions.forget()
        del sessions, known
        freed = held() is None
    finally:
        gc.enable()

    assert freed


def test_frame_on_a_link_is_one_event() -> None:
    sessions = KnownSessions()
    frame = wire.created("resp_1", None, 0, None)

    assert sessions.of_frame(1, frame) is sessions.of_frame(1, frame)
    assert sessions.of_frame(1, frame) is not sessions.of_frame(2, frame)


def test_what_is_raised_is_remembered_and_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(session: Session, event: Event, now: float) -> None:
        del session, event, now
        raise LookupError("there is none")

    world = ExploredWorld(Watch(CONFIGURATIONS["serial-hedge"], Judge(), Endings()))
    monkeypatch.setattr(Session, "feed", raising)
    sessions = KnownSessions()
    known = sessions.met(Session(AZURE), 0.0)
    reaction = sessions.fed(known, Cancel(1))

    assert known is reaction.after
    assert isinstance(reaction.raised, LookupError)
    assert "promise 7: LookupError was raised: there is none" == world.after(world.steps()[0]).broken
