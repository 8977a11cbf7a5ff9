"""The facts of a frame, and the replay rule among them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from harness import frames
from harness.in_phase import RESPONSE_PHASES, awaiting_created
from harness.lifecycle import Bench
from rejoinder.states.classify import FACTS, Certainty, Debt, Fate, Item, Sequence, Subject
from rejoinder.states.facts import (
    CERTAIN_CODES,
    CREATE_FIELDS,
    UNCOMMITTED,
    Sighting,
    facts_of,
    fate,
    item_of,
    reaction_to,
    sequence_of,
)
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, Policy, ReplayPolicy
from rejoinder.states.records import Lane
from rejoinder.states.stream_events import ErrorEvent, StreamEvent
from rejoinder.states.verdicts import ERRORS, Cause, ErrorRule, Reaction, Where

POLICY: Final = Policy()


def error_of(**fields: Any) -> ErrorEvent:  # noqa: ANN401 - fields of an error
    """An error frame."""
    frame = frames.error(**fields)
    assert isinstance(frame, ErrorEvent)
    return frame


def facts_on(bench: Bench, frame: StreamEvent) -> tuple[object, ...]:
    """The facts of ``frame`` on the lane of the latest request."""
    session = bench.session
    lane = bench.lane(bench.requests)
    request = None if lane.request is None else session.requests[lane.request]
    return facts_of(Sighting(frame, lane, session.links[lane.link], request, session.policy, session.profile))


# -- the replay rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ResponsePhase)
def test_only_before_output_may_a_request_be_sent_again(phase: ResponsePhase) -> None:
    bench = RESPONSE_PHASES[phase]()
    request = bench.session.requests.get(bench.requests)
    committed = phase not in {"awaiting_created", "doubted", "acknowledged"}

    assert committed == (fate(bench.lane(bench.requests), request, POLICY, Cause.LOST) is Fate.FINAL)
    assert committed == (phase not in UNCOMMITTED)


@pytest.mark.parametrize(
    "changes, policy, expected",
    [
        pytest.param({}, POLICY, Fate.REPLAYABLE, id="nothing is against it"),
        pytest.param({"replays": (Cause.OVERDUE,)}, POLICY, Fate.REPLAYABLE, id="once for another cause"),
        pytest.param({"replays": (Cause.LOST,)}, POLICY, Fate.FINAL, id="once for this cause"),
        pytest.param({"replays": (Cause.OVERDUE, Cause.REJECTED)}, POLICY, Fate.FINAL, id="twice in all"),
        pytest.param({"warm_up": True}, POLICY, Fate.FINAL, id="a warm-up"),
        pytest.param({}, Policy(replay=ReplayPolicy.NEVER), Fate.FINAL, id="the policy says never"),
    ],
)
def test_replay_rule(changes: dict[str, Any], policy: Policy, expected: Fate) -> None:
    bench = awaiting_created()
    request = replace(bench.session.requests[1], **changes)

    assert expected == fate(bench.lane(1), request, policy, Cause.LOST)


def test_without_a_caller_nothing_is_sent_again() -> None:
    bench = awaiting_created()
    request = bench.session.requests[1]
    lane = bench.lane(1)
    bench.cancel(1)

    assert Fate.FINAL == fate(lane, None, POLICY, Cause.LOST)
    assert Fate.FINAL == fate(Lane(1, None, ResponsePhase.AWAITING_CREATED), request, POLICY, Cause.LOST)


# -- items and numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "last, number, expected",
    [
        (3, 4, Sequence.NEXT),
        (3, 5, Sequence.GAP),
        (3, 3, Sequence.REPEATED),
        (3, 0, Sequence.REPEATED),
        (3, None, Sequence.ABSENT),
        (None, 4, Sequence.ABSENT),
    ],
)
def test_sequence_number_is_compared_with_the_last(last: int | None, number: int | None, expected: Sequence) -> None:
    lane = Lane(1, None, sequence=last)

    assert expected == sequence_of(lane, frames.delta(sequence=number))


@pytest.mark.parametrize(
    "name, announcing, lenient",
    [
        ("item_1", Item.ANNOUNCED, Item.ANNOUNCED),
        ("item_0", Item.EARLIER, Item.EARLIER),
        ("item_9", Item.UNANNOUNCED, Item.ADOPTABLE),
        (None, Item.ANONYMOUS, Item.ANONYMOUS),
    ],
)
def test_item_is_looked_for_among_those_announced(name: str | None, announcing: Item, lenient: Item) -> None:
    lane = Lane(1, None, items={"item_1"}, earlier=frozenset({"item_0"}))

    assert announcing == item_of(lane, frames.delta(item=name), AZURE)
    assert lenient == item_of(lane, frames.delta(item=name), GENERIC)


# -- errors ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, expected",
    [
        pytest.param({"status": 503}, Reaction.PASSING, id="a status that passes"),
        pytest.param({"status": 400}, Reaction.PERMANENT, id="a status that does not"),
        pytest.param({"status": 503, "headers": {"x-should-retry": "false"}}, Reaction.PERMANENT, id="the server says no"),
        pytest.param({"status": 400, "headers": {"X-Should-Retry": "true"}}, Reaction.PASSING, id="the server says yes"),
        pytest.param({"status": 400, "headers": {"x-should-retry": "maybe"}}, Reaction.PERMANENT, id="the server says neither"),
        pytest.param({"status": 429, "headers": {"retry-after": "60"}}, Reaction.PASSING, id="a pause within the limit"),
        pytest.param({"status": 429, "headers": {"retry-after": "61"}}, Reaction.PERMANENT, id="a pause beyond the limit"),
        pytest.param({"status": 429, "headers": {"retry-after-ms": "61000"}}, Reaction.PERMANENT, id="the same in milliseconds"),
        pytest.param(
            {"status": 400, "headers": {"x-should-retry": "true", "retry-after": "61"}},
            Reaction.PERMANENT,
            id="the server says yes, after too long a pause",
        ),
        pytest.param(
            {"code": "previous_response_not_found", "headers": {"x-should-retry": "false"}},
            Reaction.CACHE_MISS,
            id="a cache miss is answered in full whatever is said",
        ),
        pytest.param(
            {"code": "websocket_stream_limit_reached", "headers": {"x-should-retry": "false"}},
            Reaction.LANE_LIMIT,
            id="so is a limit on lanes",
        ),
    ],
)
def test_reaction_heeds_the_servers_headers(error: dict[str, Any], expected: Reaction) -> None:
    assert expected == reaction_to(error_of(**error), POLICY)


def test_reaction_heeds_the_users_rows_and_limit() -> None:
    mine = ErrorRule(Where.CREATE, ("new_code",), (), Reaction.PASSING, "Ask me.")
    policy = Policy(errors=(mine, *ERRORS), retry_after_limit=1)

    assert Reaction.PASSING == reaction_to(error_of(code="new_code", status=400), policy)
    assert Reaction.PERMANENT == reaction_to(error_of(code="new_code", headers={"retry-after": "2"}), policy)


@pytest.mark.parametrize("code", sorted(CERTAIN_CODES))
def test_an_error_with_a_code_of_creates_is_certain(code: str) -> None:
    assert Certainty.CERTAIN in facts_on(awaiting_created(), frames.error(code))


@pytest.mark.parametrize("param", sorted(CREATE_FIELDS))
def test_an_error_about_a_field_of_the_create_is_certain(param: str) -> None:
    assert Certainty.CERTAIN in facts_on(awaiting_created(), frames.error("invalid_value", param=param))


def test_an_error_with_the_name_of_the_lane_owes_nothing_to_cancels_of_others() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.session.links[1].debt = 1

    assert Debt.NONE in facts_on(bench, frames.error(lane=bench.lane(1).name))
    assert Debt.OWED in facts_on(bench, frames.error())
    bench.lane(1).owed = 1
    assert Debt.OWED in facts_on(bench, frames.error(lane=bench.lane(1).name))


def test_an_error_that_says_nothing_of_the_create_is_uncertain() -> None:
    bench = awaiting_created()

    assert Certainty.UNCERTAIN in facts_on(bench, frames.error("server_error", param="response_id", status=400))
    assert Debt.NONE in facts_on(bench, frames.error())


def test_a_cache_miss_of_a_create_that_named_nothing_is_about_something_else() -> None:
    first = awaiting_created()
    second = awaiting_created()
    second.answer(1)
    second.reply(1)
    miss = frames.error("previous_response_not_found")

    assert Subject.OTHER in facts_on(first, miss)
    assert Fate.FINAL in facts_on(first, miss)
    assert Subject.CONTINUATION in facts_on(second, miss)
    assert Fate.REPLAYABLE in facts_on(second, miss)


def test_an_error_with_a_sequence_number_is_a_fault() -> None:
    assert Subject.FAULT in facts_on(awaiting_created(), frames.error("previous_response_not_found", sequence=3))


def test_facts_are_of_the_domains_that_their_kind_of_frame_asks_for() -> None:
    bench = awaiting_created()
    for frame in (
        frames.created(),
        frames.created(wire_type="response.queued"),
        frames.item_added(),
        frames.delta(),
        frames.completed(),
        frames.error(),
        frames.keepalive(),
        frames.unknown(),
        frames.garbage(),
    ):
        assert FACTS[frame.kind] == tuple(type(fact) for fact in facts_on(bench, frame))
