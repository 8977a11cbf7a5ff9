"""Turns with tools, any of them: whatever handlers do and whenever the user interrupts, the conversation can be sent.

Rules of this file
* Each example runs on the virtual clock. What handlers do, how calls are grouped, and when the user speaks is drawn.
* The promises are looked up in what reached the server and in the conversation, not in the engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import pytest
import trio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from harness.loopback import tasks
from harness.pair import open_pair
from harness.tool_turns import FINE, take_turn
from harness.turns import LINK
from rejoinder.engine import Conversation, ToolCall, ToolResult, Tools
from rejoinder.testing import Answer, Call, ModelServer, Text, scripted

CALLS: Final = frozenset({"function_call", "custom_tool_call"})
TIMES: Final = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0])


@attrs.frozen
class Work:
    """What one call does."""

    kind: str
    """How it ends: ``return``, ``raise``, ``quiet`` (nobody has to be asked again), ``unknown``, ``broken`` (its arguments)."""
    seconds: float
    """How long it takes."""
    background: bool
    """Whether an interruption leaves it alone."""

    @property
    def name(self) -> str:
        """The function it calls."""
        return "unknown" if self.kind == "unknown" else "background" if self.background else "foreground"

    @property
    def arguments(self) -> str:
        """Its arguments, as the model writes them."""
        return "{broken" if self.kind == "broken" else f'{{"kind": "{self.kind}", "seconds": {self.seconds}}}'


@attrs.frozen
class Program:
    """A conversation of two turns, the first of which may be interrupted."""

    rounds: Sequence[Sequence[Work]]
    """What the model calls in each response of the first turn."""
    parallel: bool = True
    """Whether the calls of a response run at the same time."""
    grouped: bool = True
    """Whether the model is asked again after the last of them."""
    timeout: float = 100.0
    """Seconds that a handler may take."""
    interrupted_at: float | None = None
    """When the user interrupts; None for not at all."""
    later: float = 0.0
    """Seconds until the user speaks again."""


FOREGROUND: Final = Work("return", 1.0, background=False)
WORK: Final = st.builds(Work, st.sampled_from(["return", "raise", "quiet", "unknown", "broken"]), TIMES, st.booleans())
PROGRAMS: Final = st.builds(
    Program,
    st.lists(st.lists(WORK, min_size=1, max_size=3), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
    st.sampled_from([1.0, 100.0]),
    st.none() | TIMES,
    TIMES,
)


async def perform(program: Program) -> tuple[Conversation, Sequence[Mapping[str, Any]], Counter[str]]:
    """Run a program; returns the conversation, the creates that reached the server, and what became of calls, counted."""
    tools = Tools(timeout=program.timeout, parallel=program.parallel, group_results=program.grouped)

    async def work(kind: str, seconds: float, call: ToolCall) -> ToolResult:
        await trio.sleep(seconds)
        call.progress("halfway")
        if kind == "raise":
            raise RuntimeError("planned")
        return ToolResult({}, run_again=kind != "quiet")

    tools.add(work, name="foreground")
    tools.add(work, name="background", cancel_on_interruption=False)
    answers = [
        Answer(
            [Text("Hm. "), *(Call(each.name, each.arguments, call_id=f"call_{turn}_{place}") for place, each in enumerate(works))]
        )
        for turn, works in enumerate(program.rounds)
    ]
    conversation = Conversation("Go")
    async with open_pair(ModelServer(answer=scripted([*answers, *[FINE] * 20]))) as pair:
        with trio.CancelScope() as scope:
            if program.interrupted_at is not None:
                scope.deadline = trio.current_time() + program.interrupted_at
            await take_turn(pair.session, conversation, tools)
        await trio.sleep(program.later)
        conversation.user("And?")
        last = await take_turn(pair.session, conversation, tools)
        assert last.error is None
        creates = pair.creates
        statistics = pair.session.statistics()
    return conversation, creates, Counter({name: n for name, n in statistics.counts.items() if name.startswith("rejoinder.")})


def run(program: Program) -> tuple[Conversation, Sequence[Mapping[str, Any]], Counter[str]]:
    """Run a program in a trio of its own."""
    left: list[object] = []

    async def main() -> tuple[Conversation, Sequence[Mapping[str, Any]], Counter[str]]:
        before = tasks()
        done = await perform(program)
        left.extend(tasks() - before)
        return done

    done = trio.run(main, clock=MockClock(autojump_threshold=0))
    assert [] == left
    return done


def violations(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a server would refuse: a call without an output or with two, an output before its call or without one."""
    calls = [item["call_id"] for item in items if item.get("type") in CALLS]
    outputs = [item["call_id"] for item in items if str(item.get("type", "")).endswith("_output")]
    found = [f"{call} has {outputs.count(call)} outputs" for call in calls if outputs.count(call) != 1]
    found += [f"{output} answers nothing" for output in outputs if output not in calls]
    seen: set[str] = set()
    for item in items:
        if item.get("type") in CALLS:
            seen.add(item["call_id"])
        elif str(item.get("type", "")).endswith("_output") and item["call_id"] not in seen:
            found.append(f"{item['call_id']} is answered before it is asked")
    return found


@given(PROGRAMS)
@example(Program([[FOREGROUND, attrs.evolve(FOREGROUND, seconds=3.0)]], parallel=False, grouped=False, interrupted_at=2.0))
@example(Program([[attrs.evolve(FOREGROUND, seconds=3.0, background=True)], [FOREGROUND]], interrupted_at=0.5, later=3.0))
@settings(max_examples=3 * settings().max_examples)
def test_every_call_is_answered_once_whatever_happens(program: Program) -> None:
    conversation, creates, counts = run(program)
    announced = {item["call_id"] for item in conversation.items if item.get("type") in CALLS}
    ends = sum(counts[f"rejoinder.call.{end}"] for end in ("finished", "refused", "failed", "timed_out", "cancelled"))

    assert [] == violations(conversation.items)
    assert ends <= len(announced)
    assert 0 == counts["rejoinder.call.dropped"]
    # What is sent is what the server does not have yet, and it is told of every output exactly once.
    told = Counter(item["call_id"] for create in creates for item in create["input"] if item.get("type") == "function_call_output")
    if all("previous_response_id" in create for create in creates[1:]):
        assert set(told.values()) <= {1}


@pytest.mark.parametrize("parallel", [True, False])
def test_a_turn_that_is_cancelled_at_any_step_leaves_a_conversation_that_can_be_sent(*, parallel: bool) -> None:
    works = [Work("return", 0.5, background=False), Work("raise", 0.5, background=False), Work("return", 1.0, background=True)]
    cancelled = 0
    for step in range(1, 500):
        if not _cancelled_at(step, works, parallel=parallel):
            break
        cancelled += 1

    assert cancelled > 15


def _cancelled_at(step: int, works: Sequence[Work], *, parallel: bool) -> bool:
    """Cancel a turn when its task is about to take its ``step``-th step; False if the turn had ended by then."""

    async def main() -> bool:
        tools = Tools(parallel=parallel)

        async def work(kind: str, seconds: float) -> str:
            await trio.sleep(seconds)
            if kind == "raise":
                raise RuntimeError("planned")
            return kind

        tools.add(work, name="foreground")
        tools.add(work, name="background", cancel_on_interruption=False)
        calls = [Call(each.name, each.arguments, call_id=f"call_{place}") for place, each in enumerate(works)]
        conversation = Conversation("Go")
        speech = Text("one two three four five six", interval=0.1)
        answers = [Answer([speech, *calls]), Answer([speech]), *[FINE] * 5]
        async with open_pair(ModelServer(answer=scripted(answers)), default=LINK) as pair:
            scope = trio.CancelScope()
            instrument = CancelAtStep(trio.lowlevel.current_task(), step, scope)
            trio.lowlevel.add_instrument(instrument)
            with scope:
                await take_turn(pair.session, conversation, tools)
            trio.lowlevel.remove_instrument(instrument)
            conversation.user("And?")
            last = await take_turn(pair.session, conversation, tools)

            assert last.error is None
            assert last.text
            assert [] == violations(conversation.items)
        assert [] == violations(conversation.items)
        return scope.cancelled_caught

    return trio.run(main, clock=MockClock(autojump_threshold=0))


class CancelAtStep(trio.abc.Instrument):
    """Cancels a scope when a task is about to take a step."""

    def __init__(self, task: trio.lowlevel.Task, step: int, scope: trio.CancelScope) -> None:
        self.task = task
        self.left = step
        self.scope = scope

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Count down."""
        if task is self.task:
            self.left -= 1
            if self.left == 0:
                self.scope.cancel()
