"""Plots are drawn in all kinds, and most have a server that says nothing wrong."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from rejoinder.testing.fuzz.engine_plots import Ask, Cut, End, Freeze, Interrupt, Plot, Say, Settle, Wait, WarmUp
from rejoinder.testing.fuzz.engine_strategies import PLOTS, plots
from rejoinder.testing.fuzz.manners import Late, Manner, Trouble
from rejoinder.testing.fuzz.setups import Setup


def drawn(strategy: st.SearchStrategy[Plot], count: int) -> list[Plot]:
    found: list[Plot] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None)
    @given(plot=strategy)
    def draw(plot: Plot) -> None:
        found.append(plot)

    draw()
    return found


def test_every_kind_of_step_is_drawn_and_most_servers_are_right() -> None:
    found = drawn(PLOTS, 500)

    kinds = Counter(type(step) for plot in found for step in plot.steps)
    assert {Ask, Cut, End, Freeze, Interrupt, Say, Settle, Wait, WarmUp} == set(kinds)
    assert kinds[Ask] == max(kinds.values())
    assert 250 < sum(plot.right for plot in found) < 500


def test_no_frame_is_one_that_nobody_could_tell_from_the_right_one() -> None:
    manners = [step.manner for plot in drawn(PLOTS, 500) for step in plot.steps if isinstance(step, Ask)]

    assert {(), (Late.KEEPALIVE,)} == {manner.late for manner in manners}
    assert Trouble.ERROR not in {manner.trouble for manner in manners}


def test_narrower_plots() -> None:
    found = drawn(plots(st.just(Setup(provider="lanes")), most_steps=2), 100)

    assert {"lanes"} == {plot.setup.provider for plot in found}
    assert 2 == max(len(plot.steps) for plot in found)


def test_what_makes_a_plot_unruly() -> None:
    def right(manner: Manner) -> bool:
        return Plot(steps=(Wait(), Ask(manner=manner))).right

    assert right(Manner(trouble=Trouble.STALL, terminal=None))
    assert not right(Manner(created=2))
    assert not right(Manner(trouble=Trouble.GARBAGE))
    assert not Plot(steps=(Say(),)).right
