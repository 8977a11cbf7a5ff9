"""Programs find what a handler does wrong, shrink it to a few steps, and tell its story; a right handler passes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rejoinder.states import OutcomeKind, Session
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.effects import Deliver, Effect, Finish
from rejoinder.states.events import Event, Received
from rejoinder.states.trace import read_lines, replay
from rejoinder.testing.fuzz import BrokenPromise, LifecycleProgram
from rejoinder.testing.fuzz.broken_promise import TRANSCRIPT
from rejoinder.testing.fuzz.failures import TRACES, Failure

BRIEFLY: Final = settings(max_examples=max(settings().max_examples // 4, 10), stateful_step_count=30)
FINDING: Final = settings(max_examples=1000, stateful_step_count=15, phases=[Phase.generate])
SHRINKING: Final = settings(FINDING, phases=[Phase.generate, Phase.shrink])
FEW: Final = 4
"""Steps that a shrunk program may have, besides its start."""


@pytest.fixture(autouse=True)
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for the traces of each test."""
    monkeypatch.setenv(TRACES, str(tmp_path / "traces"))
    return tmp_path / "traces"


class Notebook:
    """Takes down what is delivered; each way of being wrong is a method to override."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.words: dict[int, str] = {}

    def feed(self, event: Event, now: float) -> Sequence[Effect]:
        effects = self.session.feed(event, now)
        for effect in effects:
            if isinstance(effect, Deliver) and isinstance(event, Received) and isinstance(event.frame, OutputTextDelta):
                self.take_down(effect.request, event.frame.delta)
            elif isinstance(effect, Finish):
                self.finish(effect)
        return effects

    def take_down(self, request: int, delta: str) -> None:
        self.words[request] = self.words.get(request, "") + delta

    def finish(self, effect: Finish) -> None:
        pass


class NotebookProgram(LifecycleProgram):
    kind: ClassVar[type[Notebook]] = Notebook

    def make_handler(self, session: Session) -> Notebook:
        return self.kind(session)

    def transcript(self, handler: Notebook, request: int) -> str | None:
        return handler.words.get(request, "")


class Careful(NotebookProgram):
    pass


class Forgetful(Notebook):
    """Drops the last delta of an answer that was interrupted."""

    last: dict[int, str]

    def take_down(self, request: int, delta: str) -> None:
        super().take_down(request, delta)
        self.last = {request: delta}

    def finish(self, effect: Finish) -> None:
        if effect.outcome.kind is OutcomeKind.CANCELLED and effect.request in self.words:
            self.words[effect.request] = self.words[effect.request].removesuffix(self.last.get(effect.request, ""))


class Muddled(Notebook):
    """Takes down everything on one page."""

    def take_down(self, request: int, delta: str) -> None:
        super().take_down(max(self.words, default=request), delta)


class Stammering(Notebook):
    """Says the beginning again when an answer fails."""

    def finish(self, effect: Finish) -> None:
        if effect.outcome.kind is OutcomeKind.FAILED:
            self.words[effect.request] = self.words.get(effect.request, "") * 2


class Secretive(Notebook):
    """Keeps a delivery to itself, so that nobody can compare."""

    def feed(self, event: Event, now: float) -> Sequence[Effect]:
        return [effect for effect in self.session.feed(event, now) if not isinstance(effect, Deliver)]


class Twofold(Notebook):
    """Feeds each cancel twice."""

    def feed(self, event: Event, now: float) -> Sequence[Effect]:
        self.session.feed(event, now)
        return self.session.feed(event, now)


class Raising(Notebook):
    """Cannot cope with an outcome that has no response."""

    def finish(self, effect: Finish) -> None:
        if effect.outcome.response is None:
            raise KeyError("response")


def find(wrong: type[Notebook], error: type[Exception] = BrokenPromise, how: settings = FINDING) -> Failure:
    class Wrong(NotebookProgram):
        kind = wrong

    with pytest.raises(error) as caught:
        run_state_machine_as_test(Wrong, settings=how)
    assert Wrong.last_failure is not None
    assert caught.value is Wrong.last_failure.error
    return Wrong.last_failure


def test_right_handler_passes_and_is_put_to_the_test() -> None:
    run_state_machine_as_test(Careful, settings=BRIEFLY)

    assert Careful.counted["programs"] >= BRIEFLY.max_examples
    assert min(Careful.counted["events"], Careful.counted["steps"]) > 5 * BRIEFLY.max_examples
    assert Careful.sometimes["outcome: cancelled"]
    assert Careful.last_failure is None


def test_last_delta_dropped_after_an_interruption_is_found_and_shrunk(traces: Path) -> None:
    failure = find(Forgetful, how=SHRINKING)

    assert isinstance(failure.error, BrokenPromise)
    assert TRANSCRIPT == failure.error.promise
    notes = "\n".join(failure.error.__notes__)
    assert "\n".join(failure.story) in notes
    assert "leaves" in failure.story[-1]
    steps = [line for line in notes.splitlines() if line.startswith("state.")]
    rules = [step for step in steps if not step.startswith(("state.start", "state.promises_hold", "state.teardown"))]
    assert 1 <= len(rules) <= FEW
    assert traces / "Wrong.jsonl" == failure.trace
    assert f"The trace is {failure.trace}." in notes


def test_trace_of_a_failure_can_be_read_and_replayed() -> None:
    failure = find(Forgetful)
    assert failure.trace is not None

    with failure.trace.open(encoding="utf-8") as file:
        trace = read_lines(file)

    assert len(failure.feds) == len(trace.feds)
    assert replay(trace) is None


def test_trace_that_cannot_be_written_does_not_hide_the_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(TRACES, str(tmp_path / "file"))

    failure = find(Forgetful)

    assert failure.trace is None
    assert any("No trace was written" in note and TRACES in note for note in failure.error.__notes__)


@pytest.mark.parametrize("kind", [Muddled, Stammering])
def test_wrong_transcript_is_found(kind: type[Notebook]) -> None:
    assert str(find(kind).error).startswith("promise 10: the handler has ")


@pytest.mark.parametrize("kind", [Secretive, Twofold])
def test_handler_that_does_not_pass_on_what_its_session_said_is_found(kind: type[Notebook]) -> None:
    said = str(find(kind).error)

    assert said.startswith("promise 10: the handler returned for ")
    assert "feed it once" in said


def test_exception_of_a_handler_is_told_as_a_story() -> None:
    failure = find(Raising, KeyError)

    assert any(note.startswith("What happened:") for note in failure.error.__notes__)


class Asynchronous:
    """Each request has a task, which takes down what comes through a queue."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.loop = asyncio.new_event_loop()
        self.words: dict[int, str] = {}
        self.queues: dict[int, asyncio.Queue[str]] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def handle(self, event: Event, now: float) -> Sequence[Effect]:
        effects = self.session.feed(event, now)
        for effect in effects:
            if isinstance(effect, Deliver) and isinstance(event, Received) and isinstance(event.frame, OutputTextDelta):
                if effect.request not in self.tasks:
                    self.queues[effect.request] = asyncio.Queue()
                    self.tasks[effect.request] = asyncio.create_task(self.take_down(effect.request))
                self.queues[effect.request].put_nowait(event.frame.delta)
        await asyncio.gather(*(queue.join() for queue in self.queues.values()))
        return effects

    async def take_down(self, request: int) -> None:
        while True:
            delta = await self.queues[request].get()
            self.words[request] = self.words.get(request, "") + delta
            self.queues[request].task_done()

    async def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


class AsynchronousProgram(LifecycleProgram):
    def make_handler(self, session: Session) -> Asynchronous:
        return Asynchronous(session)

    def feed(self, handler: Asynchronous, event: Event, now: float) -> Sequence[Effect]:
        return handler.loop.run_until_complete(handler.handle(event, now))

    def transcript(self, handler: Asynchronous, request: int) -> str | None:
        return handler.words.get(request, "")

    def end_handler(self, handler: Asynchronous) -> None:
        handler.loop.run_until_complete(handler.close())
        handler.loop.close()


def test_asyncio_handler_passes_and_leaves_nothing_behind() -> None:
    # A loop that stays open is a ResourceWarning, which is an error here.
    run_state_machine_as_test(AsynchronousProgram, settings=BRIEFLY)

    assert AsynchronousProgram.counted["programs"] >= BRIEFLY.max_examples


def test_session_is_its_own_handler_by_default() -> None:
    run_state_machine_as_test(LifecycleProgram, settings=settings(BRIEFLY, max_examples=10))

    assert LifecycleProgram.counted["programs"] >= 10
