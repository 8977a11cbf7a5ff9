"""What is fed finds its way: to its machine, in the right order, or into the counts."""

from __future__ import annotations

from typing import get_args

import pytest

from harness import frames
from harness.in_phase import acknowledged, connecting, idle, reconnecting, streaming
from harness.lifecycle import Bench
from rejoinder.states import events
from rejoinder.states.effects import Dial, Note, Send
from rejoinder.states.intake import INTAKE
from rejoinder.states.phases import LinkPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, OPENAI


def test_every_event_has_its_way_in() -> None:
    assert set(get_args(events.Event)) == set(INTAKE)


def test_loss_is_told_to_the_lanes_before_the_link() -> None:
    bench = acknowledged()
    bench.lost()
    story = [(machine, event) for machine, _, event, _ in bench.moves][-4:]

    assert [
        ("response", "LostReplayable"),
        ("request", "Replay"),
        ("link", "LostWanted"),
    ] == story[-3:]
    assert LinkPhase.RECONNECTING == bench.link(1)


def test_loss_with_nobody_waiting_closes_the_link() -> None:
    bench = streaming()
    bench.lost()

    assert ("link", "open", "Lost", "closed") in bench.moves
    assert {} == bench.session.links


def test_loss_while_another_dial_is_under_way_leaves_it_to_that() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    bench.lost(1)

    assert ("link", "open", "Lost", "closed") in bench.moves
    assert LinkPhase.CONNECTING == bench.link(2)


@pytest.mark.parametrize("arrange", [connecting, reconnecting])
def test_frame_on_a_link_that_is_not_open_is_late(arrange: type[Bench]) -> None:
    bench = arrange()
    bench.receive(frames.created())

    assert [Note("Late", None, None, "a frame on link 1, which is closed")] == bench.all(Note)


def test_output_of_an_item_that_was_not_announced_is_not_kept() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.receive(frames.item_done(frames.message("Hello", "item_9"), lane="lane-1", sequence=None))
    bench.receive(frames.delta("?", item=None, lane="lane-1", sequence=1))

    assert set() == bench.lane(1).items
    assert [] == bench.lane(1).output
    assert "?" == bench.text(1)
    assert ResponsePhase.STREAMING == bench.phase(1)


def test_item_that_is_finished_before_anything_else_was_said_is_output() -> None:
    bench = acknowledged()
    item = {"type": "message", "role": "assistant", "content": "Hello"}
    bench.receive(frames.item_done(item, sequence=1))

    assert [item] == bench.lane(1).output
    assert ResponsePhase.STREAMING == bench.phase(1)


def test_number_that_was_seen_does_not_move_the_number_back() -> None:
    bench = streaming()
    bench.receive(frames.error("server_error", sequence=0))
    bench.receive(frames.delta("!", sequence=3))

    assert "Hello!" == bench.text(1)
    assert 3 == bench.lane(1).sequence


def test_keepalive_uses_up_a_number() -> None:
    bench = streaming()
    bench.receive(frames.keepalive(sequence=3))
    bench.receive(frames.delta("!", sequence=4))

    assert "Hello!" == bench.text(1)
    assert [] == bench.notes


def test_frame_for_nobody_does_not_use_up_a_number() -> None:
    bench = streaming()
    bench.receive(frames.delta("stale", item="item_9", sequence=3))
    bench.receive(frames.delta("!", sequence=3))

    assert "Hello!" == bench.text(1)


def test_request_that_is_made_while_a_link_is_open_goes_out_in_the_same_feed() -> None:
    bench = idle()
    bench.reply(1)

    assert 2 == bench.last(Send).request
    assert [Dial(1)] == bench.all(Dial)


def test_preconnect_beside_an_open_link_does_nothing() -> None:
    bench = Bench(AZURE)
    bench.feed(events.Preconnect())
    bench.opened()

    assert [] == list(bench.feed(events.Preconnect()))
