"""The classification table: total, without dead rows, and each row shown by a frame in a session."""

from collections.abc import Callable
from itertools import product
from typing import Final

import attrs
import pytest

from harness import frames
from harness.in_phase import acknowledged, awaiting_created, awaiting_successor, draining, idle, streaming
from harness.lifecycle import Bench
from rejoinder.states.classify import (
    CLASSIFICATION,
    CLASSIFIED,
    FACTS,
    Certainty,
    Classification,
    ClassificationError,
    Debt,
    Echo,
    Fate,
    Foreign,
    History,
    Identity,
    Item,
    Sequence,
    Stage,
    Status,
    Steering,
    SteerNews,
    Subject,
    compile_classification,
)
from rejoinder.states.effects import Moved
from rejoinder.states.facts import Sighting, facts_of
from rejoinder.states.profiles import AZURE, Policy, ReplayPolicy
from rejoinder.states.stream_events import FrameKind as K
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.triggers import ResponseEvent as E


def continued(policy: Policy | None = None) -> Bench:
    """A create went out that names the response before it, ``resp_1``."""
    bench = Bench(AZURE, policy)
    first = bench.ask()
    bench.opened()
    bench.answer(first)
    bench.reply(first)
    return bench


def streaming_again() -> Bench:
    """A second response runs on the lane, after one whose item was ``item_0``."""
    bench = streaming()
    bench.lane(1).earlier = frozenset({"item_0"})
    return bench


def in_debt() -> Bench:
    """A create went out on a link that owes the answer to a cancel."""
    bench = Bench(AZURE, Policy(signal=True))
    first = bench.ask()
    bench.opened()
    bench.created(first)
    bench.cancel(first)
    bench.complete(first)
    bench.ask()
    return bench


def begun_in_debt() -> Bench:
    """The same, and the create was acknowledged."""
    bench = in_debt()
    bench.created(bench.requests)
    return bench


def begun_without_numbers() -> Bench:
    """A response of a server that does not number its frames."""
    bench = awaiting_created()
    bench.receive(frames.created("resp_1", sequence=None))
    return bench


def draining_with_a_stranger() -> Bench:
    """Somebody else's terminal was seen on a lane that drains."""
    bench = draining()
    bench.receive(frames.completed("resp_9"))
    return bench


def steered() -> Bench:
    """A caller has added words to its response."""
    bench = streaming()
    bench.steer(1)
    return bench


def steered_twice() -> Bench:
    """The same, and more words."""
    bench = steered()
    bench.steer(1)
    return bench


NEVER: Final = Policy(replay=ReplayPolicy.NEVER)

SHOWN: Final[tuple[tuple[Callable[[], Bench], StreamEvent, tuple[object, ...], E], ...]] = (
    # -- created
    (acknowledged, frames.created("resp_1", sequence=1), (K.CREATED, Identity.SAME), E.REPEAT_CREATED),
    (
        acknowledged,
        frames.created("resp_9"),
        (K.CREATED, Identity.OTHER, Fate.REPLAYABLE),
        E.FOREIGN_CREATED_REPLAYABLE,
    ),
    (streaming, frames.created("resp_9"), (K.CREATED, Identity.OTHER), E.FOREIGN_CREATED),
    (
        continued,
        frames.created("resp_9", previous="resp_8"),
        (K.CREATED, Echo.DIFFERS, Fate.REPLAYABLE),
        E.FOREIGN_CREATED_REPLAYABLE,
    ),
    (
        lambda: continued(NEVER),
        frames.created("resp_9", previous="resp_8"),
        (K.CREATED, Echo.DIFFERS),
        E.FOREIGN_CREATED,
    ),
    (continued, frames.created("resp_2", previous="resp_1"), (K.CREATED,), E.CREATED),
    # -- queued, in_progress
    (
        acknowledged,
        frames.created("resp_1", sequence=1, wire_type="response.in_progress"),
        (K.PROGRESS, Identity.SAME),
        E.PROGRESS,
    ),
    (awaiting_created, frames.created("resp_9", wire_type="response.queued"), (K.PROGRESS,), E.STRAY_CONTENT),
    # -- output_item.added
    (awaiting_created, frames.item_added(), (K.ITEM_ADDED, Stage.NOT_BEGUN), E.STRAY_CONTENT),
    (streaming_again, frames.item_added("item_0", sequence=3), (K.ITEM_ADDED, Item.EARLIER), E.STRAY_CONTENT),
    (acknowledged, frames.item_added(sequence=1), (K.ITEM_ADDED, Sequence.NEXT), E.CONTENT),
    (begun_without_numbers, frames.item_added(sequence=None), (K.ITEM_ADDED, Sequence.ABSENT), E.CONTENT),
    (
        acknowledged,
        frames.item_added(sequence=5),
        (K.ITEM_ADDED, Sequence.GAP, History.CLEAN),
        E.CONTENT_AFTER_GAP,
    ),
    (streaming, frames.item_added("item_9", sequence=1), (K.ITEM_ADDED,), E.STRAY_CONTENT),
    # -- other output
    (idle, frames.delta(sequence=4), (K.CONTENT, Stage.NOT_BEGUN), E.STRAY_CONTENT),
    (streaming, frames.delta(sequence=3), (K.CONTENT, Item.ANNOUNCED, Sequence.NEXT), E.CONTENT),
    (streaming, frames.delta(sequence=None), (K.CONTENT, Item.ANNOUNCED, Sequence.ABSENT), E.CONTENT),
    (streaming, frames.delta(sequence=7), (K.CONTENT, Item.ANNOUNCED, Sequence.GAP), E.CONTENT_AFTER_GAP),
    (streaming, frames.delta(sequence=2), (K.CONTENT, Item.ANNOUNCED, Sequence.REPEATED), E.CONTENT_REPEATED),
    (streaming_again, frames.delta(item="item_0", sequence=3), (K.CONTENT, Item.EARLIER), E.STRAY_CONTENT),
    (streaming, frames.delta(item="item_9", sequence=3), (K.CONTENT, Item.UNANNOUNCED), E.STRAY_CONTENT),
    (streaming, frames.delta(item=None, sequence=3), (K.CONTENT, Sequence.NEXT), E.CONTENT),
    (streaming, frames.delta(item=None, sequence=None), (K.CONTENT, Sequence.ABSENT), E.CONTENT),
    (streaming, frames.delta(item=None, sequence=7), (K.CONTENT,), E.STRAY_CONTENT),
    # -- terminals
    (streaming, frames.failed(), (K.TERMINAL, Identity.SAME, Status.FAILED), E.FAILED),
    (steered, frames.completed(), (K.TERMINAL, Identity.SAME, Steering.OPEN), E.ENDED_STEERED),
    (streaming, frames.completed(), (K.TERMINAL, Identity.SAME, Status.COMPLETED), E.COMPLETED),
    (streaming, frames.incomplete(), (K.TERMINAL, Identity.SAME, Status.INCOMPLETE), E.INCOMPLETE),
    (draining_with_a_stranger, frames.failed("resp_8"), (K.TERMINAL, Foreign.SEEN), E.FOREIGN_TERMINAL_AGAIN),
    (streaming, frames.completed("resp_9"), (K.TERMINAL,), E.FOREIGN_TERMINAL),
    # -- steering
    (steered, frames.steer("accepted"), (K.STEER, SteerNews.ACCEPTED), E.STEER_ACCEPTED),
    (steered_twice, frames.steer("failed"), (K.STEER, SteerNews.SOME), E.STEER_ANSWERED),
    (awaiting_successor, frames.steer("failed"), (K.STEER, SteerNews.LAST), E.STEER_SETTLED),
    (streaming, frames.steer("failed"), (K.STEER,), E.STRAY_STEER),
    # -- errors
    (streaming, frames.error("server_error", sequence=3), (K.ERROR, Stage.BEGUN, Subject.FAULT), E.FAULT),
    (begun_in_debt, frames.error(), (K.ERROR, Stage.BEGUN, Debt.OWED), E.DOUBTFUL),
    (streaming, frames.error("server_error"), (K.ERROR, Stage.BEGUN), E.FAULT),
    (
        continued,
        frames.error("previous_response_not_found", status=400),
        (K.ERROR, Subject.CONTINUATION, Fate.REPLAYABLE),
        E.CACHE_MISS,
    ),
    (
        lambda: continued(NEVER),
        frames.error("previous_response_not_found", status=400),
        (K.ERROR, Subject.CONTINUATION),
        E.REJECTED,
    ),
    (awaiting_created, frames.error(sequence=4), (K.ERROR, Subject.FAULT), E.REJECTED_UNCLEAN),
    (in_debt, frames.error(status=503), (K.ERROR, Certainty.UNCERTAIN, Debt.OWED), E.DOUBTFUL),
    (awaiting_created, frames.error(status=503), (K.ERROR, Fate.REPLAYABLE), E.REJECTED_REPLAYABLE),
    (awaiting_created, frames.error("invalid_prompt", status=400), (K.ERROR,), E.REJECTED),
    # -- the rest
    (streaming, frames.keepalive(sequence=3), (K.KEEPALIVE,), E.KEEPALIVE),
    (idle, frames.unknown(), (K.OTHER, Stage.NOT_BEGUN), E.OTHER),
    (streaming_again, frames.unknown(item="item_0", sequence=3), (K.OTHER, Item.EARLIER), E.STRAY_CONTENT),
    (streaming, frames.unknown(item="item_9", sequence=3), (K.OTHER, Item.UNANNOUNCED, Sequence.NEXT), E.OTHER),
    (streaming, frames.unknown(item="item_9", sequence=7), (K.OTHER, Item.UNANNOUNCED), E.STRAY_CONTENT),
    (streaming, frames.unknown(sequence=7), (K.OTHER, Sequence.GAP), E.STRAY_CONTENT),
    (streaming, frames.unknown(sequence=1), (K.OTHER, Sequence.REPEATED), E.STRAY_CONTENT),
    (streaming, frames.unknown(sequence=3), (K.OTHER,), E.OTHER),
    (awaiting_created, frames.garbage(), (K.GARBAGE, Fate.REPLAYABLE), E.GARBAGE_REPLAYABLE),
    (streaming, frames.garbage(), (K.GARBAGE,), E.GARBAGE),
)
"""For each row of the table, in its order: where the frame arrives, the frame, and the row that wins with its event."""


def winner(frame: StreamEvent, bench: Bench) -> Classification:
    """Return the first row that agrees with the facts of ``frame`` on the lane of the latest request."""
    session = bench.session
    lane = bench.lane(bench.requests)
    request = None if lane.request is None else session.requests[lane.request]
    facts = facts_of(Sighting(frame, lane, session.links[lane.link], request, session.policy, session.profile))
    known = set(zip(FACTS[frame.kind], facts, strict=True))
    return next(row for row in CLASSIFICATION if row.kind is frame.kind and {(type(fact), fact) for fact in row.facts} <= known)


def taken(bench: Bench, event: E) -> int:
    """How often the response machine has taken a row for ``event``."""
    moved = sum(move.machine == "response" and move.event == event for move in bench.all(Moved))
    return moved + sum(times for name, times in bench.session.counts.items() if name.split()[::2] == ["response", event])


@pytest.mark.parametrize(
    "arrange, frame, row, event",
    [pytest.param(*case, id=f"{number:02}-{case[3]}") for number, case in enumerate(SHOWN)],
)
def test_a_frame_shows_what_each_row_says(
    arrange: Callable[[], Bench], frame: StreamEvent, row: tuple[object, ...], event: E
) -> None:
    bench = arrange()
    won = winner(frame, bench)
    before = taken(bench, event)
    effects = bench.receive(frame)

    assert row == (won.kind, *won.facts)
    assert event == won.event
    # A delta in the middle of a stream takes the short way: it is delivered, and not counted.
    assert before + 1 == taken(bench, event) or (event is E.CONTENT and len(effects) == 1)
    assert "Illegal" not in bench.notes


def test_every_row_is_shown() -> None:
    assert [row for _, _, row, _ in SHOWN] == [(row.kind, *row.facts) for row in CLASSIFICATION]


def test_every_row_has_a_reason() -> None:
    assert [] == [row for row in CLASSIFICATION if not row.reason]


def changes_nothing(number: int) -> bool:
    """Whether the table means the same without one of its rows."""
    try:
        return CLASSIFIED == compile_classification((*CLASSIFICATION[:number], *CLASSIFICATION[number + 1 :]))
    except ClassificationError:
        return False


def test_only_rows_with_a_better_reason_for_the_same_can_be_dropped_unseen() -> None:
    spare = [CLASSIFICATION[number] for number in range(len(CLASSIFICATION)) if changes_nothing(number)]

    assert [(Item.ANNOUNCED, Sequence.NEXT), (Item.ANNOUNCED, Sequence.ABSENT)] == [row.facts for row in spare]


def test_the_table_is_total() -> None:
    for kind, domains in FACTS.items():
        assert set(product(*domains)) == set(CLASSIFIED[kind])
    assert set(K) == set(CLASSIFIED)


def test_a_hole_is_seen() -> None:
    table = tuple(row for row in CLASSIFICATION if row != CLASSIFICATION[-1])

    with pytest.raises(ClassificationError, match=r"^no row for garbage with final$"):
        compile_classification(table)


def test_a_row_that_never_wins_is_seen() -> None:
    dead = Classification(K.GARBAGE, (Fate.FINAL,), E.GARBAGE, "the row above has every garbage already")

    with pytest.raises(ClassificationError, match=r"^the row for garbage with final never wins$"):
        compile_classification((*CLASSIFICATION, dead))


def test_rows_in_the_wrong_order_are_seen() -> None:
    with pytest.raises(ClassificationError, match=r"never wins$"):
        compile_classification(CLASSIFICATION[::-1])


def test_a_row_that_stands_twice_is_seen() -> None:
    with pytest.raises(ClassificationError, match=r"never wins$"):
        compile_classification((*CLASSIFICATION, attrs.evolve(CLASSIFICATION[0])))
