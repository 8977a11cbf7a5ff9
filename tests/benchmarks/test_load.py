"""What the load generator says is what a client may expect of a server."""

from __future__ import annotations

import json

import pytest
from benchmarks.clients.workload_rounds import NotWhole, check_stamped, check_whole
from benchmarks.load.frames import INSTANT, Command, answer_to, command_of, error_frame, framed, spoken, terminal_frame
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from rejoinder.states.codec import decode


def payloads(frames: bytes) -> list[str]:
    """The texts in a row of frames, as a client reads them."""
    client = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=OPEN, max_size=None)
    client.receive_data(frames)
    return [bytes(event.data).decode() for event in client.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("lane", [None, "lane-1"])
def test_an_answer_is_a_whole_response(lane: str | None) -> None:
    answer = answer_to(Command(deltas=120), lane).of(255)
    events = [json.loads(text) for text in payloads(answer.opening + b"".join(answer.deltas) + answer.ending)]

    assert list(range(128)) == [event["sequence_number"] for event in events]
    assert {lane} == {event.get("stream_id") for event in events}
    assert "resp_00000000000000ff" == events[0]["response"]["id"] == events[-1]["response"]["id"]
    assert "msg_00000000000000ff" == events[-1]["response"]["output"][0]["id"]
    said = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    assert said == events[-1]["response"]["output"][0]["content"][0]["text"] == "".join(map(spoken, range(120)))


def test_every_event_is_one_that_the_codec_knows() -> None:
    answer = answer_to(Command(deltas=2), None).of(1)
    texts = payloads(answer.opening + b"".join(answer.deltas) + answer.ending + terminal_frame(None, 7, 1) + error_frame())

    assert [] == [text for text in texts if type(decode(text)).__name__.startswith(("Malformed", "Unknown"))]


@pytest.mark.parametrize("length", [1, 125, 126, 65_535, 65_536])
def test_frames_of_every_length_are_read_whole(length: int) -> None:
    assert ["x" * length] == payloads(framed("x" * length))


def test_a_stamp_takes_the_room_that_is_kept_for_it() -> None:
    (delta,) = answer_to(Command(stamp="sent"), None).deltas
    stamp = b"@%016.6f" % 12_345.678_9

    assert len(INSTANT) == len(stamp)
    (text,) = payloads(delta.replace(INSTANT, stamp))
    assert "@000012345.678900" == json.loads(text)["delta"]


def test_the_last_words_of_the_user_are_the_command() -> None:
    asked = json.dumps({"deltas": 5, "every": 0.5, "cancel": "slow"})
    parts = [{"type": "input_text", "text": asked}]
    said = [{"role": "user", "content": "hello"}, {"role": "user", "content": parts}, {"role": "assistant", "content": "yes"}]

    assert Command(5, 0.5, "", "slow") == command_of({"input": said})
    assert Command(5, 0.5, "", "slow") == command_of({"input": [{"role": "user", "content": asked}]})


def test_text_that_is_not_whole_voids_the_measurement() -> None:
    whole = [spoken(number) for number in range(3)]

    check_whole(whole, 3)
    check_whole(["".join(whole)], 3)
    for pieces in (whole[:2], [*whole, whole[0]], whole[::-1]):
        with pytest.raises(NotWhole):
            check_whole(pieces, 3)
    check_stamped([1.0, 1.0, 2.0], 3)
    for stamps in ([1.0, 2.0], [1.0, 3.0, 2.0]):
        with pytest.raises(NotWhole):
            check_stamped(stamps, 3)
