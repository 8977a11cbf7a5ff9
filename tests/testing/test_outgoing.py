"""What a server hands out compares by what was said, and always encodes."""

import json

import pytest

from rejoinder.testing import Close, Drop, HandshakeRefused, LogEntry, Message
from rejoinder.testing.outgoing import decoded, encoded, type_of


def test_time_takes_no_part_in_comparisons() -> None:
    assert Message(0, "x", at=1.0) == Message(0, "x", at=2.0)
    assert Close(0, 1000, at=1.0) == Close(0, 1000, at=2.0)
    assert Drop(0, at=1.0) == Drop(0, at=2.0)


def test_a_message_shows_its_body() -> None:
    message = Message(0, '{"type":"error"}')

    assert message.body == {"type": "error"}
    assert message.type == "error"


@pytest.mark.parametrize("data", ["", "{", "[1,", "NaN", '{"a":Infinity}', b"\xff\xfe", "[" * 100_000])
def test_what_is_not_json_has_no_body(data: str | bytes) -> None:
    assert Message(0, data).body is None
    assert Message(0, data).type is None


def test_binary_json_has_a_body() -> None:
    assert decoded(b'{"a":1}') == {"a": 1}


@pytest.mark.parametrize("body", [None, [], "text", {}, {"type": 3}, {"type": None}])
def test_what_has_no_string_for_a_type_has_none(body: object) -> None:
    assert type_of(body) is None
    assert LogEntry(0.0, 0, "in", "", body).type is None


def test_text_stays_readable() -> None:
    assert encoded({"text": "grüß 👋", "n": [1, 2]}) == '{"text":"grüß 👋","n":[1,2]}'


def test_a_lone_surrogate_is_escaped() -> None:
    text = encoded({"text": "\ud800"})

    assert text.encode() == b'{"text":"\\ud800"}'
    assert json.loads(text) == {"text": "\ud800"}


def test_a_refusal_says_the_status() -> None:
    refused = HandshakeRefused(503, {"retry-after": "1"})

    assert refused.status == 503
    assert refused.headers == {"retry-after": "1"}
    assert "503" in str(refused)
    assert HandshakeRefused(401).headers == {}
