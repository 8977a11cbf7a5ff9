"""What can be fuzzed, and what cannot: each refusal says why, and what can."""

from __future__ import annotations

import os
from typing import Any, ClassVar

import pytest
from hypothesis.stateful import RuleBasedStateMachine, rule

from rejoinder.states import Session
from rejoinder.states.profiles import Profile
from rejoinder.testing.fuzz.campaign import Campaign
from rejoinder.testing.fuzz.campaign_records import ENGINE, LIFECYCLE, Limits, Target
from rejoinder.testing.fuzz.engine_diary import Diary
from rejoinder.testing.fuzz.engine_plots import Plot
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.engine_strategies import PLOTS, plots
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.setups import OF_PROFILE, Setup
from rejoinder.testing.fuzz.targets import NoTarget, meeting, of_steps, target_of
from testing.fuzz.handlers import Dropping, DroppingProgram, HoldingProgram, Right, listen


class Stranger(RuleBasedStateMachine):
    @rule()
    def step(self) -> None:
        pass


class Closing(Right):
    """Counts those that were let go."""

    open = 0

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        Closing.open += 1

    def close(self) -> None:
        Closing.open -= 1


def number_of(session: Session) -> int:
    return len(session.links)


MADE: dict[str, Any] = {}
exec("def itself(session): return session", MADE)  # noqa: S102 - a function whose source nobody has


class Bare:
    """A handler that believes nothing."""

    def __init__(self, session: Session) -> None:
        self.feed = session.feed


@pytest.mark.parametrize("thing", [DroppingProgram, DroppingProgram.TestCase])
def test_programs_and_their_test_cases_are_run_as_pytest_runs_them(thing: object) -> None:
    target = target_of("tests:Thing", thing)

    assert Target("DroppingProgram", DroppingProgram) == target
    assert not target.whole_engine


def test_engine_program_is_for_the_whole_engine() -> None:
    assert target_of("tests:Holding", HoldingProgram).whole_engine


@pytest.mark.long
def test_factory_of_a_handler_is_fuzzed_with_its_transcript() -> None:
    target = target_of("tests.handlers:Dropping", Dropping)
    outcome = Campaign(target, Limits(programs=300), 1).run()

    assert "Dropping" == target.name
    assert [10] == [finding.promise for finding in outcome.findings]


def test_handlers_are_let_go() -> None:
    Campaign(target_of("tests:Closing", Closing), Limits(programs=5), 1).run()

    assert 0 == Closing.open


def test_handler_without_a_transcript_is_judged_by_the_other_promises() -> None:
    outcome = Campaign(target_of("tests:Bare", Bare), Limits(programs=20), 1).run()

    assert () == outcome.findings


def test_async_function_consumes_responses_of_the_whole_engine() -> None:
    target = target_of("tests.handlers:listen", listen)
    outcome = Campaign(target, Limits(programs=20), 1).run()

    assert target.whole_engine
    assert () == outcome.findings
    assert "response streaming Content" in outcome.rows


def test_handlers_of_other_names_or_sources_have_keys_of_their_own() -> None:
    keys = {target_of(name, thing).key for name, thing in [("a:Right", Right), ("b:Right", Right), ("a:Right", Dropping)]}

    assert 3 == len(keys)
    assert target_of("a:made", MADE["itself"]).key


@pytest.mark.parametrize(
    "thing, why",
    [
        ("text", "thing is a str. Name a subclass of"),
        (Stranger, "is a state machine of its own, and no program"),
        (Stranger.TestCase, "is a state machine of its own, and no program"),
        (os.getcwd, "was called with a Session, and raised TypeError"),
        (number_of, "returned a int, which has no feed(event, now). Name a subclass of"),
    ],
)
def test_what_cannot_be_fuzzed_is_refused_with_what_can(thing: object, why: str) -> None:
    with pytest.raises(NoTarget) as caught:
        target_of("thing", thing)

    assert why in str(caught.value)


# -- narrower ------------------------------------------------------------------------------------------------------------------


class Met(Program):
    """Writes down whom it meets."""

    names: ClassVar[set[str]] = set()

    def start(self, setup: Setup) -> None:
        super().start(setup)
        self.names.add(self.pair.session.profile.name)


class MetByTheEngine(EngineProgram):
    profiles: ClassVar[set[Profile]] = set()

    @classmethod
    def run(cls, plot: Plot) -> Diary:
        cls.profiles.add(plot.setup.profile)
        return super().run(plot)


@pytest.mark.parametrize("profile", OF_PROFILE)
def test_one_profile_meets_its_servers_only(profile: str) -> None:
    Met.names.clear()
    MetByTheEngine.profiles.clear()
    for program in (Met, MetByTheEngine):
        narrow = meeting(Target("Met", program), profile)
        Campaign(narrow, Limits(programs=15), 1).run()

        assert program.__name__ == narrow.program.__name__

    assert {profile} == Met.names == {met.name for met in MetByTheEngine.profiles}


def test_each_profile_has_a_key_of_its_own() -> None:
    assert 5 == len({LIFECYCLE.key, *(meeting(LIFECYCLE, profile).key for profile in OF_PROFILE)})


def test_plots_can_be_shorter() -> None:
    one = Campaign(of_steps(ENGINE, 1), Limits(programs=20), 1).run().figures

    assert one.steps <= one.programs
    assert EngineProgram.plots is PLOTS


class OwnPlots(EngineProgram):
    plots = plots(most_steps=2)


@pytest.mark.parametrize("target", [LIFECYCLE, Target("OwnPlots", OwnPlots)], ids=lambda target: target.name)
def test_plots_of_ones_own_stay_as_they_are(target: Target) -> None:
    with pytest.raises(NoTarget, match="draws plots of its own"):
        of_steps(target, 3)
