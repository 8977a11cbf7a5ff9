"""A recording holds what happened to a session, as long as the session lives, and never harms it.

Rule: the writer is a thread. Where its pace matters it is held by its file, not by time.
"""

from __future__ import annotations

import errno
import io
import os
import threading
from pathlib import Path
from typing import Any, Self

import pytest
import trio
import trio.testing

from harness.pair import KEY, open_pair, user
from rejoinder.engine import Conversation, Recording, RecordingFailed, SessionClosed, Settings, recorder
from rejoinder.engine.recorder import PAYLOADS_VARIABLE, VARIABLE, record_if_asked, start_recording
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Cancel, Create, Event, Expired, Preconnect, Shutdown
from rejoinder.states.profiles import AZURE, Policy
from rejoinder.states.session import Session as Lifecycle
from rejoinder.states.trace import Fed, Gap, Header, Trace, read_lines, replay
from rejoinder.states.withheld import LONGEST
from rejoinder.testing import Answer, ModelServer, Stall, Text, scripted

HEADER = Header("1.2.3", AZURE, Policy())


def read(path: Path) -> Trace:
    with path.open(encoding="ascii") as lines:
        return read_lines(lines)


def events(trace: Trace) -> list[type[Event]]:
    return [type(fed.event) for fed in trace.feds]


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def join_writers() -> None:
    """Wait until every thread that writes a trace has ended; nothing else tells when one has met its disk."""
    for thread in threading.enumerate():
        if thread.name == "rejoinder trace":
            thread.join()


class HeldFile(io.StringIO):
    """A file that writes when it is let, and whose text survives its closing."""

    def __init__(self, failing: OSError | None = None) -> None:
        super().__init__()
        self.let = threading.Event()
        self.text = ""
        self._failing = failing

    def write(self, text: str, /) -> int:
        if self.text:
            # The header is not held, so that its writing is not part of any test.
            self.let.wait()
            if self._failing is not None:
                raise self._failing
        self.text += text
        return len(text)

    def __enter__(self) -> Self:
        return self

    def trace(self) -> Trace:
        return read_lines(self.text.splitlines(keepends=True))


def take(recording: Recording, *numbers: int, size: int = 0) -> None:
    """Let it take cancels of requests with these numbers, each at its number."""
    for number in numbers:
        recording.take(float(number), Cancel(number), (), size)


# What is in it.


@pytest.mark.parametrize("payloads", [True, False])
async def test_a_conversation_is_recorded_whole_and_replays(
    *, payloads: bool, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    path = tmp_path / "a.trace.jsonl"
    conversation = Conversation("one")
    async with open_pair(ModelServer()) as pair:
        recording = pair.session.record(path, payloads=payloads)
        for text in ("two", "three"):
            await pair.ask(conversation)
            conversation.user(text)
        await pair.ask([*conversation.items, user("four")])

    trace = read(path)
    creates = [fed.event for fed in trace.feds if isinstance(fed.event, Create)]

    assert replay(trace) is None
    assert 0 == recording.dropped
    assert [1, 3, 6] == [len(create.content.items) for create in creates]
    assert not payloads or [*conversation.items[:5], user("four")] == list(creates[-1].content.items)


@pytest.mark.parametrize("payloads", [True, False])
async def test_a_session_is_recorded_to_its_end_and_replays(
    *, payloads: bool, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    path = tmp_path / "a.trace.jsonl"
    async with open_pair(
        ModelServer(answer=scripted([Answer([Text("the words of the model")]), Answer([Text("more"), Stall()])]))
    ) as pair:
        recording = pair.session.record(path, payloads=payloads)
        await pair.ask("the words of the caller")
        async with pair.session.respond("and more") as response:
            await pair.deltas(response, 1)

    trace = read(path)
    text = path.read_text("ascii")

    assert replay(trace) is None
    assert (True, False, payloads) == (trace.header.whole, trace.torn, trace.header.payloads)
    assert (Create, Shutdown) == (events(trace)[0], events(trace)[-1])
    assert Cancel in events(trace)
    assert trace.header.began.endswith("Z")
    assert (payloads, payloads) == ("the words of the caller" in text, "the words of the" in text)
    assert KEY not in text
    assert (0, None) == (recording.dropped, recording.failure)
    assert repr(recording) == f"<Recording {str(path)!r}, {len(trace.feds)} written, 0 dropped>"


async def test_a_session_that_is_cancelled_is_recorded_to_its_end(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    path = tmp_path / "a.trace.jsonl"
    with trio.CancelScope() as scope:
        async with open_pair(ModelServer()) as pair:
            pair.session.record(path)
            async with pair.session.respond("Hi") as response:
                await pair.deltas(response, 1)
                scope.cancel()
                await trio.sleep_forever()

    trace = read(path)

    assert scope.cancelled_caught
    assert Shutdown is events(trace)[-1]
    assert replay(trace) is None


async def test_a_recording_that_begins_in_the_middle_says_so(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        await pair.ask("Hi")
        pair.session.record(tmp_path / "late")

    assert not read(tmp_path / "late").header.whole


async def test_a_recording_can_be_closed_before_its_session(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        async with pair.session.record(tmp_path / "first") as first:
            await pair.ask("Hi")
        text = (tmp_path / "first").read_text("ascii")
        await pair.ask("Hi again")
        first.stop()
        await first.aclose()

    closed = events(read(tmp_path / "first"))

    assert text == (tmp_path / "first").read_text("ascii")
    assert 1 == closed.count(Create)
    assert Shutdown not in closed


async def test_several_recordings_see_the_same(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        for name in ("one", "two"):
            pair.session.record(tmp_path / name)
        await pair.ask("Hi")

    one, two = ((tmp_path / name).read_text("ascii").splitlines()[1:] for name in ("one", "two"))

    assert one == two


# What does not fit.


async def test_feeds_that_come_too_fast_are_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_FEEDS", 3)
    file = HeldFile()
    recording = Recording(Path("held"), file, HEADER)
    take(recording, 1, 2, 3, 4, 5)
    before = recording.dropped
    file.let.set()
    await recording.aclose()

    assert 2 == before == recording.dropped
    assert [Fed(float(number), Cancel(number), ()) for number in (1, 2, 3)] == list(file.trace().feds)
    assert Gap(4.0, 2) == file.trace().entries[-1]


async def test_what_comes_after_a_gap_is_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_FEEDS", 1)
    file = HeldFile()
    recording = Recording(Path("held"), file, HEADER)
    take(recording, 1, 2)
    monkeypatch.setattr(recorder, "MOST_FEEDS", 9)
    take(recording, 3)
    file.let.set()
    await recording.aclose()

    assert [1.0, 2.0, 3.0] == [entry.at for entry in file.trace().entries]
    assert [Fed, Gap, Fed] == [type(entry) for entry in file.trace().entries]


async def test_frames_that_are_too_large_together_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_CHARACTERS", 100)
    file = HeldFile()
    recording = Recording(Path("held"), file, HEADER)
    take(recording, 1, size=1000)
    take(recording, 2, size=1)
    file.let.set()
    await recording.aclose()

    assert [Fed(1.0, Cancel(1), ()), Gap(2.0, 1)] == list(file.trace().entries)


async def test_many_lines_are_written_in_order(tmp_path: Path) -> None:
    recording = start_recording(tmp_path / "many", Lifecycle(), payloads=True, whole=True)
    numbers = range(1, 3 * recorder.BATCH)
    take(recording, *numbers)
    await recording.aclose()

    assert [float(number) for number in numbers] == [fed.at for fed in read(tmp_path / "many").feds]


async def test_what_is_no_json_is_counted_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recording = start_recording(tmp_path / "odd", Lifecycle(), payloads=True, whole=True)
    odd: Any = object()
    recording.take(1.0, Create(1, RequestContent([{"odd": odd}])), (), 0)
    recording.take(2.0, Expired(), (), 0)
    await recording.aclose()

    assert (Gap(1.0, 1), Fed(2.0, Expired(), ())) == read(tmp_path / "odd").entries
    assert 1 == recording.dropped
    assert "a feed could not be written into the trace" in caplog.text


async def test_what_is_missing_is_in_the_statistics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_pair(ModelServer()) as pair:
        recording = pair.session.record(tmp_path / "none")
        before = pair.session.statistics().counts
        monkeypatch.setattr(recorder, "MOST_FEEDS", 0)
        await pair.ask("Hi")
        after = pair.session.statistics().counts

    assert "NotRecorded" not in before
    assert 0 < after["NotRecorded"] <= recording.dropped


# What goes wrong.


async def test_a_disk_that_is_full_ends_the_recording_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    file = HeldFile(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    recording = Recording(Path("full"), file, HEADER)
    take(recording, 1)
    file.let.set()
    await recording.aclose()

    assert "The trace 'full' cannot be written any more (No space left on device)." == recording.failure
    assert caplog.messages == [f"{recording.failure} The session goes on without it."]


async def test_after_a_failure_everything_is_counted_as_missing() -> None:
    file = HeldFile(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    recording = Recording(Path("full"), file, HEADER)
    take(recording, 1)
    file.let.set()
    await trio.to_thread.run_sync(join_writers)
    take(recording, 2, 3)
    await recording.aclose()

    assert 2 == recording.dropped


async def test_a_disk_that_hangs_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "PATIENCE", 0)
    file = HeldFile()
    recording = Recording(Path("slow"), file, HEADER)
    take(recording, 1)
    await recording.aclose()
    failure = recording.failure
    file.let.set()
    await trio.to_thread.run_sync(join_writers)

    assert "The trace 'slow' was not written within 0 s." == failure
    assert [f"{failure} Its end is missing."] == caplog.messages


@pytest.mark.parametrize(
    "name, reason", [("", "Is a directory"), ("none/a", "No such file or directory"), ("a\0b", "embedded null byte")]
)
async def test_a_place_that_cannot_be_written_is_told(
    name: str, reason: str, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_pair(ModelServer()) as pair:
        path = f"{tmp_path}/{name}".rstrip("/")
        with pytest.raises(RecordingFailed) as refused:
            pair.session.record(path)
        await pair.ask("Hi")

    assert f"A trace cannot be written to {path!r} ({reason}). Name a file that can." == str(refused.value)


async def test_a_session_that_is_closed_is_not_recorded(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        pass
    with pytest.raises(SessionClosed):
        pair.session.record(tmp_path / "none")

    assert [] == files_in(tmp_path)


# What the environment asks for.


async def test_the_environment_asks_for_every_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "a.jsonl"))
    for _ in range(3):
        async with open_pair(ModelServer()) as pair:
            await pair.ask("a secret of the caller")

    assert ["a-2.jsonl", "a-3.jsonl", "a.jsonl"] == files_in(tmp_path)
    for path in (tmp_path / name for name in files_in(tmp_path)):
        assert read(path).header.whole
        assert replay(read(path)) is None
        assert "secret" not in path.read_text("ascii")


async def test_the_environment_asks_for_what_was_said_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "a"))
    monkeypatch.setenv(PAYLOADS_VARIABLE, "1")
    async with open_pair(ModelServer()) as pair, pair.session.respond([user("something said")]) as response:
        await response.text()

    assert "something said" in (tmp_path / "a").read_text("ascii")


async def test_a_preconnect_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "a"))
    async with open_pair(ModelServer(), settings=Settings(preconnect=True)):
        pass

    assert [Preconnect, Shutdown] == [event for event in events(read(tmp_path / "a")) if event in {Preconnect, Shutdown}]


async def test_a_place_that_the_environment_names_in_vain_is_logged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    autojump_clock: trio.testing.MockClock,
) -> None:
    path = str(tmp_path / "none" / "a")
    monkeypatch.setenv(VARIABLE, path)
    async with open_pair(ModelServer()) as pair:
        await pair.ask("Hi")

    (said,) = caplog.messages

    assert said.startswith(f"Nothing is recorded: A trace cannot be written to {path!r} (No such file or directory).")
    assert said.endswith("It is the value of REJOINDER_TRACE.")


def test_too_many_traces_in_one_place_are_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder, "MOST_FILES", 2)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "a"))
    (tmp_path / "a").touch()

    assert [] == record_if_asked(Lifecycle())
    assert ["Nothing is recorded: " in message for message in caplog.messages] == [True]


def test_nothing_is_recorded_unasked() -> None:
    assert [] == record_if_asked(Lifecycle())


async def test_a_recording_ends_in_time_though_all_threads_are_taken(tmp_path: Path) -> None:
    release = threading.Event()
    limiter = trio.to_thread.current_default_thread_limiter()

    async def occupy() -> None:
        await trio.to_thread.run_sync(release.wait, 30, abandon_on_cancel=True)

    async with open_pair(ModelServer()) as pair, trio.open_nursery() as nursery:
        for _ in range(int(limiter.total_tokens)):
            nursery.start_soon(occupy)
        await trio.testing.wait_all_tasks_blocked()
        recording = pair.session.record(tmp_path / "trace.jsonl")
        await pair.ask("Hi")
        await recording.aclose()
        taken = limiter.available_tokens
        release.set()

    assert 0 == taken
    assert (recording.failure, recording.dropped) == (None, 0)


async def test_recordings_that_are_over_are_let_go_of_and_what_they_dropped_stays_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_FEEDS", 0)
    async with open_pair(ModelServer()) as pair:
        for number in range(5):
            async with pair.session.record(tmp_path / f"{number}.jsonl"):
                await pair.ask("Hi")
        dropped = pair.session.statistics().counts["NotRecorded"]
        session: Any = pair.session
        kept: set[Recording] = set(session._driver.all_recordings)  # noqa: SLF001 - nobody else can count them
        monkeypatch.undo()
        async with pair.session.record(tmp_path / "last.jsonl") as last:
            kept_now = list(session._driver.all_recordings)  # noqa: SLF001 - nobody else can count them

            assert 1 >= len(kept)
            assert [last] == kept_now
            assert dropped == pair.session.statistics().counts["NotRecorded"]


async def test_texts_are_not_kept_whole_to_know_them_again(tmp_path: Path) -> None:
    text = "a long text " * 10
    async with open_pair(ModelServer()) as pair, pair.session.record(tmp_path / "trace.jsonl") as recording:
        for _ in range(2):
            await pair.ask([user(text)])
    held: Any = recording
    remembered = [mark for mark in held._veil.marks if isinstance(mark, str | bytes)]  # noqa: SLF001 - what this is about

    assert "long text" not in (tmp_path / "trace.jsonl").read_text("ascii")
    assert any(isinstance(mark, bytes) for mark in remembered)
    assert all(len(mark) <= LONGEST for mark in remembered)
