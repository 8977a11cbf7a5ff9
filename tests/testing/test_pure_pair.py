"""A pure pair does what its program says and nothing else, and names what a session must not order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rejoinder.states import AZURE, OPENAI, LinkPhase, OutcomeKind, Session
from rejoinder.states.continuation import Full, NoPrevious
from rejoinder.states.effects import Deliver, Dial, Effect, Ping, Send, SendCancel, Withdraw
from rejoinder.states.events import Event, Expired, Received, Unsendable, Withdrawn
from rejoinder.states.profiles import Profile
from rejoinder.testing import AZURE as AZURE_SERVER
from rejoinder.testing import OPENAI as OPENAI_SERVER
from rejoinder.testing import ModelServer, ServerFaults
from rejoinder.testing.input_items import assistant, user
from rejoinder.testing.pure_pair import Drive, PurePair
from rejoinder.testing.pure_records import Impossible, Stuck


def pair_of(server: ModelServer | None = None, profile: Profile = AZURE) -> PurePair:
    return PurePair(Session(profile), ModelServer(AZURE_SERVER) if server is None else server)


def open_link(pair: PurePair) -> int:
    """Ask, and let the dial succeed; the link's number."""
    pair.ask([user("Hi")])
    (link,) = pair.dials
    assert pair.open_dial(link)
    return link


def always(*orders: Effect) -> Drive:
    """A session that orders the same, whatever happens."""

    def drive(event: Event, now: float) -> Sequence[Effect]:
        return orders

    return drive


def test_nothing_travels_by_itself() -> None:
    pair = pair_of()
    link = open_link(pair)
    pair.wait(1.0)

    assert 1 == len(pair.sockets[link].outbox)
    assert [] == pair.server.creates()


def test_frames_travel_one_by_one_in_each_direction() -> None:
    pair = pair_of()
    link = open_link(pair)
    pair.client_speaks(link)
    pair.server_speaks(link, 2)

    assert ["response.created", "response.in_progress"] == [frame.type for frame in pair.callers[1].frames]
    pair.server_speaks(link)
    assert "You said: Hi" == pair.callers[1].text
    assert [OutcomeKind.COMPLETED] == [outcome.kind for outcome in pair.callers[1].outcomes]


def test_next_turn_names_the_response_before() -> None:
    pair = pair_of(ModelServer(OPENAI_SERVER), OPENAI)
    pair.ask([user("Hi")])
    pair.flow(0.0)
    pair.ask([user("Hi"), assistant(pair.callers[1].text), user("Go on")])
    pair.flow(0.0)
    first, second = pair.server.creates()

    assert "previous_response_id" not in first
    assert 1 == len(second["input"])
    assert second["previous_response_id"].startswith("resp_")


def test_refused_dial_is_told() -> None:
    pair = pair_of(ModelServer(AZURE_SERVER, faults=ServerFaults(refuse_status=401)))
    pair.ask([user("Hi")])
    (link,) = pair.dials

    assert not pair.open_dial(link)
    assert [OutcomeKind.INTERRUPTED] == [outcome.kind for outcome in pair.callers[1].outcomes]


def test_dial_that_fails_on_its_way_is_tried_again() -> None:
    pair = pair_of()
    pair.preconnect()
    pair.ask([user("Hi")])
    (link,) = pair.dials
    pair.refuse_dial(link, 503)
    pair.wait_for_deadline()

    assert 1 == len(pair.dials)


def test_lost_socket_takes_what_was_in_flight_with_it() -> None:
    pair = pair_of()
    link = open_link(pair)
    pair.client_speaks(link)
    pair.lose(link, received=1)

    assert {} == pair.sockets
    assert 1 == len(pair.callers[1].frames)
    assert "Lost" in {type(fed.event).__name__ for fed in pair.diary}


def test_losing_a_socket_whose_server_hung_up_first_is_one_loss() -> None:
    pair = pair_of(ModelServer(AZURE_SERVER, faults=ServerFaults(age_limit_after_creates=0)))
    link = open_link(pair)
    pair.lose(link, read=1, received=9)

    assert 1 == sum(type(fed.event).__name__ == "Lost" for fed in pair.diary)


def test_create_is_taken_back_while_it_has_not_left() -> None:
    pair = pair_of()
    link = open_link(pair)
    pair.cancel(1)

    assert not pair.sockets[link].outbox
    assert any(isinstance(fed.event, Withdrawn) for fed in pair.diary)


def test_create_that_is_too_large_is_not_put_on_the_socket() -> None:
    pair = pair_of()
    pair.ask([user("x" * AZURE.inbound_limit)])
    pair.open_dial(next(iter(pair.dials)))

    assert any(isinstance(fed.event, Unsendable) for fed in pair.diary)
    assert [OutcomeKind.FAILED] == [outcome.kind for outcome in pair.callers[1].outcomes]


def test_idle_link_is_pinged_and_answers() -> None:
    pair = pair_of()
    pair.ask([user("Hi")])
    pair.flow(200.0)
    pair.ask([user("Hi again")])
    (link,) = pair.pings

    assert LinkPhase.PROVING is pair.session.links[link].phase
    pair.flow(1.0)
    assert [OutcomeKind.COMPLETED] == [outcome.kind for outcome in pair.callers[2].outcomes]


def test_injected_frame_goes_ahead_or_behind() -> None:
    pair = pair_of()
    link = open_link(pair)
    pair.client_speaks(link)
    pair.inject(link, '{"type":"keepalive"}', ahead=True)
    pair.inject(link, '{"type":"keepalive"}')
    pair.server_speaks(link)
    types = [fed.event.frame.type for fed in pair.diary if isinstance(fed.event, Received)]

    assert "keepalive" == types[0] == types[-1]
    assert "response.created" == types[1]


def test_full_buffer_ends_the_request() -> None:
    pair = pair_of()
    open_link(pair)
    pair.overflow(1)

    assert [OutcomeKind.INTERRUPTED] == [outcome.kind for outcome in pair.callers[1].outcomes]


def test_driver_stands_between_the_pair_and_its_session() -> None:
    pair = pair_of()
    seen: list[Event] = []

    def drive(event: Event, now: float) -> Sequence[Effect]:
        seen.append(event)
        return pair.session.feed(event, now)

    pair.drive = drive
    open_link(pair)

    assert [fed.event for fed in pair.diary] == seen
    assert seen


@pytest.mark.parametrize(
    "order",
    [
        Deliver(1),
        Dial(1),
        Ping(9),
        Send(9, 1, None, Full(NoPrevious())),
        SendCancel(9, "resp_1"),
        Withdraw(9, 1, None),
    ],
    ids=lambda order: type(order).__name__,
)
def test_order_that_cannot_be_carried_out_is_named(order: Effect) -> None:
    pair = pair_of()
    link = open_link(pair)
    assert 1 == link
    pair.drive = always(order)

    with pytest.raises(Impossible, match=type(order).__name__):
        pair.feed(Expired())


def test_deadline_that_is_due_for_ever_is_named() -> None:
    pair = pair_of()
    pair.ask([user("Hi")])
    pair.drive = always()

    with pytest.raises(Stuck, match="is due again"):
        pair.wait_for_deadline()
