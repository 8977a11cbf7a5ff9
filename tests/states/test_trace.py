"""Traces: written, read, replayed; torn, damaged, foreign and changed ones; and none of them tells a secret."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from harness.frames import created, delta, item_added
from harness.telling import asks, interrupted, lost_early, tell, turned
from rejoinder.states.effects import Deliver, Dial, Effect
from rejoinder.states.events import Cancel, Create, Event, Opened, Received, StreamEnded
from rejoinder.states.profiles import AZURE, HTTP, OPENAI, CancelPolicy, Deadlines, Policy
from rejoinder.states.session import Session
from rejoinder.states.trace import Difference, Fed, Header, Trace, TraceError, read_lines, replay, write_lines
from rejoinder.states.trace_lines import to_plain
from rejoinder.testing.fuzz.program import Program

SERIAL = Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN))
LANES = Header("1.2.3", OPENAI, Policy())
TALES: tuple[tuple[Header, Callable[[], list[Fed]]], ...] = (
    (SERIAL, interrupted),
    (LANES, lost_early),
    (Header("1.2.3", AZURE, Policy()), turned),
)
each_tale = pytest.mark.parametrize("header, tale", TALES, ids=["interrupted", "lost_early", "turned"])


def header_of(**changes: object) -> str:
    plain = json.loads(next(write_lines(SERIAL, [])))
    return json.dumps({**plain, **changes})


def fault(*lines: str) -> TraceError:
    with pytest.raises(TraceError) as refused:
        read_lines(lines)
    return refused.value


# There and back.


@each_tale
@pytest.mark.parametrize("payloads", [True, False])
def test_a_trace_comes_back_and_replays(header: Header, tale: Callable[[], list[Fed]], *, payloads: bool) -> None:
    header = attrs.evolve(header, payloads=payloads)
    lines = list(write_lines(header, tale()))
    trace = read_lines(lines)

    assert header == trace.header
    assert (header.profile, header.policy) == (trace.profile, trace.policy)
    assert [fed.at for fed in tale()] == [fed.at for fed in trace.feds]
    assert [type(fed.event) for fed in tale()] == [type(fed.event) for fed in trace.feds]
    assert not trace.torn
    assert replay(trace) is None
    assert lines == list(write_lines(header, tale()))


@each_tale
def test_effects_come_back_as_they_were(header: Header, tale: Callable[[], list[Fed]]) -> None:
    assert [fed.effects for fed in tale()] == [fed.effects for fed in read_lines(write_lines(header, tale())).feds]


class Recorded(Program):
    """Programs whose diary is written, read and replayed at the end, with and without payloads."""

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "pair"):
            for payloads in (True, False):
                header = Header("1.2.3", self.pair.session.profile, self.pair.session.policy, payloads)
                lines = list(write_lines(header, self.pair.diary))
                trace = read_lines(lines)

                assert replay(trace) is None
                assert len(self.pair.diary) == len(trace.feds)
                if payloads:
                    assert [fed.effects for fed in self.pair.diary] == [fed.effects for fed in trace.feds]
                else:
                    words = [word for word in ("word", "Go on", "muchmuch", "Hi", "<1>") if any(word in line for line in lines)]

                    assert [] == words


def test_every_program_replays() -> None:
    run_state_machine_as_test(Recorded, settings=settings(stateful_step_count=40))


# What a replay finds.


@each_tale
@pytest.mark.parametrize("payloads", [True, False])
def test_every_changed_effect_is_found(header: Header, tale: Callable[[], list[Fed]], *, payloads: bool) -> None:
    header = attrs.evolve(header, payloads=payloads)
    feds = read_lines(write_lines(header, tale())).feds
    for index, fed in enumerate(feds):
        for changed in (fed.effects[1:], (*fed.effects, Deliver(9)), *_others(fed.effects)):
            altered = attrs.evolve(fed, effects=changed)
            difference = replay(Trace(header, (*feds[:index], altered, *feds[index + 1 :])))
            if changed != fed.effects:
                assert difference is not None
                assert (index + 2, fed.at) == (difference.line, difference.at)
                assert (changed, to_plain(fed.event)) == (difference.expected, to_plain(difference.event))
                assert not payloads or fed.effects == difference.got


def _others(effects: tuple[Effect, ...]) -> list[tuple[Effect, ...]]:
    """The effects with one number of each raised, one after the other."""
    altered: list[tuple[Effect, ...]] = []
    for place, effect in enumerate(effects):
        for name in ("link", "request"):
            number = getattr(effect, name, None)
            if number is not None:
                changed: Any = attrs.evolve(effect, **{name: number + 1})
                altered.append((*effects[:place], changed, *effects[place + 1 :]))
    return altered


def test_a_difference_tells_both_sides() -> None:
    feds = tell(AZURE, Policy(), [(0.0, asks(1)), (1.0, Cancel(7))])
    trace = read_lines(write_lines(LANES, [feds[0], attrs.evolve(feds[1], effects=(Dial(9),))]))

    assert Difference(3, 1.0, Cancel(7), (Dial(9),), ()) == replay(trace)


def test_sentences_are_compared_where_they_are() -> None:
    lines = list(write_lines(SERIAL, interrupted()))
    altered = [line.replace("no terminal within", "nothing within") for line in lines]

    assert lines != altered
    assert replay(read_lines(altered)) is not None


def test_the_number_of_new_items_is_compared() -> None:
    lines = list(write_lines(TALES[2][0], turned()))
    altered = [line.replace('"items":1,"saved":2', '"items":2,"saved":2') for line in lines]

    assert lines != altered
    assert replay(read_lines(altered)) is not None


def test_settings_of_the_header_are_the_ones_that_count() -> None:
    slower = attrs.evolve(SERIAL, policy=attrs.evolve(SERIAL.policy, deadlines=Deadlines(drain=50.0)))

    assert replay(read_lines(write_lines(slower, interrupted()))) is not None


# The file.


def test_lines_are_ascii_json_and_end_with_a_break() -> None:
    lines = list(write_lines(LANES, [Fed(0.0, asks(1, "\u00e9\u2028\ud800 \x1b"), ())]))

    assert all(line.isascii() and line.endswith("}\n") and line.count("\n") == 1 for line in lines)
    assert "\u00e9\u2028\ud800 \x1b" == _first_create(read_lines(lines)).content.items[0]["content"]


def _first_create(trace: Trace) -> Create:
    event = trace.feds[0].event
    assert isinstance(event, Create)
    return event


def test_the_header_holds_every_setting() -> None:
    plain = json.loads(next(write_lines(SERIAL, [])))

    assert ["format", "version", "rejoinder", "payloads", "whole", "began", "profile", "policy"] == list(plain)
    assert ("rejoinder trace", 1, "1.2.3", True) == tuple(plain.values())[:4]
    assert {field.name for field in attrs.fields(type(AZURE))} == set(plain["profile"])
    assert {field.name for field in attrs.fields(Policy)} == set(plain["policy"])


def test_a_torn_last_line_is_left_out_and_said() -> None:
    lines = list(write_lines(SERIAL, interrupted()))
    for length in (1, 10, len(lines[-1]) - 2):
        trace = read_lines([*lines[:-1], lines[-1][:length]])

        assert trace.torn
        assert len(lines) - 2 == len(trace.feds)
        assert replay(trace) is None


def test_a_last_line_that_only_lacks_its_break_is_whole() -> None:
    lines = list(write_lines(SERIAL, interrupted()))
    trace = read_lines([*lines[:-1], lines[-1].rstrip("\n")])

    assert (False, len(lines) - 1) == (trace.torn, len(trace.feds))


def test_an_empty_last_line_is_nothing() -> None:
    text = "".join(write_lines(SERIAL, interrupted()))
    trace = read_lines(text.split("\n"))

    assert (False, len(interrupted())) == (trace.torn, len(trace.feds))


def test_a_header_alone_is_a_trace() -> None:
    assert Trace(SERIAL, ()) == read_lines(write_lines(SERIAL, []))


@pytest.mark.parametrize(
    "lines, line, words",
    [
        ([], 0, "The trace is empty. "),
        (["\n"], 1, "Line 1: The trace is empty. "),
        (['{"format": "rejoin'], 1, "Line 1: The first line is not JSON, so this is no trace. "),
        (["[]"], 1, "Line 1: The first line does not say that the format is 'rejoinder trace'. "),
        ([header_of(format="other")], 1, "Line 1: The first line does not say that the format is 'rejoinder trace'. "),
        ([header_of(version=2)], 1, "Line 1: The trace is not of version 1 of the format, the only one that is known here. "),
        ([header_of(version=True)], 1, "Line 1: The trace is not of version 1 of the format, the only one that is known here. "),
        ([header_of(profile={})], 1, "Line 1: The header.profile.name is missing. "),
        ([header_of(key="sk-1")], 1, "Line 1: The header has a field that this version does not know. "),
        ([header_of(), "{", "{}"], 2, "Line 2: It is not JSON. Only the last line may break off"),
        ([header_of(), "", "{}"], 2, "Line 2: It is not JSON. Only the last line may break off"),
        ([header_of(), "{\n"], 2, "Line 2: It is not JSON. Only the last line may break off"),
        ([header_of(), '{"at": 1e999}\n'], 2, "Line 2: It is not JSON. Only the last line may break off"),
        ([header_of(), '{"at": NaN}\n'], 2, "Line 2: It is not JSON. Only the last line may break off"),
        ([header_of(), "[" * 100_000 + "\n"], 2, "Line 2: It is not JSON. Only the last line may break off"),
        ([header_of(), "5"], 2, "Line 2: It does not have exactly the fields at, event and effects. "),
        ([header_of(), '{"at": 1}'], 2, "Line 2: It does not have exactly the fields at, event and effects. "),
        ([header_of(), '{"at": "1", "event": {}, "effects": []}'], 2, "Line 2: at is not a number. "),
        (
            [header_of(), '{"at": 1, "event": {"is": "Sneezed"}, "effects": []}'],
            2,
            "Line 2: event is of a kind that this version does not know. Read it with the release that wrote it;",
        ),
        (
            [header_of(), '{"at": 1, "event": {"is": "Expired"}, "effects": [{"is": "Dial"}]}'],
            2,
            "Line 2: effects[0].link is missing. ",
        ),
    ],
)
def test_what_is_no_trace_is_told_with_its_line(lines: list[str], line: int, words: str) -> None:
    error = fault(*lines)

    assert line == error.line
    assert str(error).startswith(words)
    assert str(error).endswith(".")


@given(lines=st.lists(st.text() | st.just(header_of()) | st.just('{"at":0,"event":{"is":"Expired"},"effects":[]}'), max_size=4))
def test_any_text_is_a_trace_or_an_error(lines: list[str]) -> None:
    with contextlib.suppress(TraceError):
        assert len(read_lines(lines).feds) < len(lines)


def test_what_replays_need_not_have_been_recorded_from_the_start() -> None:
    """A trace that begins in the middle is read, and differs where the session knows nothing of what came before."""
    trace = read_lines(write_lines(SERIAL, interrupted()[1:]))
    difference = replay(trace)

    assert difference is not None
    assert (2, Opened(1)) == (difference.line, difference.event)


def test_a_tale_over_http_is_read_back_and_replayed() -> None:
    """Its frames do not name their lane; the stream does, and the trace with it."""
    header = Header("1.2.3", HTTP, Policy())
    session, feds = Session(HTTP), list[Fed]()
    frames = (created("resp_1"), item_added("msg_1", sequence=1), delta("Hello", item="msg_1", sequence=2))
    events: list[Event] = [asks(1), Opened(1), *(Received(1, attrs.evolve(frame, stream_id="lane-1")) for frame in frames)]
    for at, event in enumerate([*events, StreamEnded(1, "lane-1", "it broke")]):
        feds.append(Fed(float(at), event, tuple(session.feed(event, float(at)))))
    trace = read_lines(write_lines(header, feds))

    assert HTTP == trace.profile
    assert replay(trace) is None
    assert "lane-1" == getattr(trace.feds[2].event, "frame", delta()).stream_id
