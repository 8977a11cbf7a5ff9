"""What a pure pair keeps of a caller: its words are the text deltas, in order."""

from __future__ import annotations

from rejoinder.states import RequestContent
from rejoinder.states.codec import decode
from rejoinder.testing.pure_records import Caller


def test_text_of_a_caller_is_its_deltas() -> None:
    caller = Caller(1, RequestContent([], {}))
    for piece in ("One ", "two"):
        caller.frames.append(decode(f'{{"type":"response.output_text.delta","item_id":"m","delta":"{piece}"}}'))
        caller.frames.append(decode('{"type":"keepalive"}'))

    assert "One two" == caller.text
    assert not Caller(2, RequestContent([], {})).text
