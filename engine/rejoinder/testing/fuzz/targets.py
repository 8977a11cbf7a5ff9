"""What can be fuzzed: programs, or a handler for which programs are made here.

* a subclass of ``LifecycleProgram`` or ``EngineProgram`` (or the ``TestCase`` made of one): its programs, as pytest runs them;
* a callable that takes a ``Session`` and returns a handler with ``feed(event, now)``: programs on the pure lifecycle. Where the
  handler has ``transcript(request)``, its words are compared; where it has ``close()``, that is called after each program;
* an ``async def`` that takes a ``Response``: programs on the whole engine, in which it consumes the responses.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Awaitable, Callable
from types import new_class
from typing import Any, Final, cast

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from rejoinder.engine.response import Response
from rejoinder.states.session import Session
from rejoinder.testing.fuzz.campaign_records import Target
from rejoinder.testing.fuzz.engine_plots import Plot
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.engine_strategies import PLOTS, plots
from rejoinder.testing.fuzz.lifecycle_program import LifecycleProgram
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.setups import OF_PROFILE, Setup

__all__ = ["NoTarget", "meeting", "of_steps", "target_of"]

WANTED: Final = (
    "Name a subclass of LifecycleProgram or EngineProgram, a function that takes a Session and returns a handler with"
    " feed(event, now), or an async function that takes a Response."
)


class NoTarget(Exception):
    """Something cannot be fuzzed: a sentence on why, and one on what can."""


def target_of(name: str, thing: object) -> Target:
    """What there is to fuzz in ``thing``, which is called ``name``. Raises ``NoTarget``."""
    machine = getattr(getattr(thing, "runTest", None), "_hypothesis_state_machine_class", None)
    program = thing if machine is None else machine
    if isinstance(program, type) and issubclass(program, Program | EngineProgram):
        return Target(program.__name__, program)
    if isinstance(program, type) and issubclass(program, RuleBasedStateMachine):
        raise NoTarget(f"{name} is a state machine of its own, and no program of Rejoinder's. {WANTED}")
    if not callable(thing):
        raise NoTarget(f"{name} is a {type(thing).__name__}. {WANTED}")
    if inspect.iscoroutinefunction(thing):
        return Target(_short(name), _engine_program(name, thing), key=_key(name, thing))
    _try(name, thing)
    return Target(_short(name), _lifecycle_program(name, thing), key=_key(name, thing))


def meeting(target: Target, profile: str) -> Target:
    """The same, for servers of one profile only (``openai``, ``azure``, ``xai`` or ``generic``), by the client's name for it."""
    providers = st.sampled_from(OF_PROFILE[profile])

    def of(setup: Setup, provider: str) -> Setup:
        return attrs.evolve(setup, provider=provider)

    def of_plot(plot: Plot, provider: str) -> Plot:
        return attrs.evolve(plot, setup=of(plot.setup, provider))

    whole, key = target.program, f"{target.key} {profile}"
    if issubclass(whole, EngineProgram):
        narrow: dict[str, Any] = {"plots": st.builds(of_plot, whole.plots, providers)}
    else:
        narrow = {"setups": st.builds(of, whole.setups, providers)}
    return Target(target.name, _subclass(whole, narrow), key)


def of_steps(target: Target, steps: int) -> Target:
    """The same, with at most so many steps in each plot. Raises ``NoTarget`` for programs that draw plots of their own."""
    program = target.program
    if not issubclass(program, EngineProgram) or program.plots is not PLOTS:
        raise NoTarget(f"{target.name} draws plots of its own, and --steps would not reach them. Leave it out.")
    return Target(target.name, _subclass(program, {"plots": plots(most_steps=steps)}), f"{target.key} {steps} steps")


def _subclass(program: type[Any], namespace: dict[str, Any]) -> type[Any]:
    return new_class(program.__name__, (program,), exec_body=lambda body: body.update({"__doc__": program.__doc__, **namespace}))


def _lifecycle_program(name: str, factory: Callable[[Session], Any]) -> type[LifecycleProgram]:
    class HandlerProgram(LifecycleProgram):
        def make_handler(self, session: Session) -> Any:  # noqa: ANN401 - it is the user's
            return factory(session)

        def transcript(self, handler: Any, request: int) -> str | None:  # noqa: ANN401 - it is the user's
            asked = getattr(handler, "transcript", None)
            return None if asked is None else asked(request)

        def end_handler(self, handler: Any) -> None:  # noqa: ANN401 - it is the user's
            close = getattr(handler, "close", None)
            if close is not None:
                close()

    HandlerProgram.__name__ = HandlerProgram.__qualname__ = _short(name)
    return HandlerProgram


def _engine_program(name: str, handle: Callable[[Response], Awaitable[object]]) -> type[EngineProgram]:
    class HandlerProgram(EngineProgram):
        async def handle(self, response: Response) -> None:
            await handle(response)

    HandlerProgram.__name__ = HandlerProgram.__qualname__ = _short(name)
    return HandlerProgram


def _try(name: str, factory: Callable[[Session], Any]) -> None:
    """Make one handler, to see whether it is one."""
    try:
        handler = factory(Session())
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
        raise NoTarget(f"{name} was called with a Session, and raised {said}. {WANTED}") from error
    if not callable(getattr(handler, "feed", None)):
        raise NoTarget(f"{name} returned a {type(handler).__name__}, which has no feed(event, now). {WANTED}")
    close = getattr(handler, "close", None)
    if close is not None:
        close()


def _short(name: str) -> str:
    return name.rpartition(":")[2].rpartition(".")[2]


def _key(name: str, handler: object) -> str:
    """Under what the failing examples of a handler are kept: its name and its source, so that others' are not tried on it."""
    try:
        source = inspect.getsource(cast("Any", handler))
    except (OSError, TypeError):
        source = ""
    return f"{name} {hashlib.sha256(source.encode()).hexdigest()}"
