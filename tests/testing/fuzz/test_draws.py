"""What the rules draw: the simplest of it is what a failing program is shown with."""

from __future__ import annotations

import pytest
from hypothesis import find, settings

from rejoinder.testing.fuzz import LifecycleProgram, Setup
from rejoinder.testing.fuzz.draws import ASK, FIRST_WORD
from rejoinder.testing.fuzz.manners import PLAIN
from rejoinder.testing.fuzz.wishes import Wish


@pytest.mark.parametrize("frames, words", [(FIRST_WORD - 1, []), (FIRST_WORD, ["<1> word "])])
def test_first_word_comes_with_so_many_frames(frames: int, words: list[str]) -> None:
    program = LifecycleProgram()
    program.start(Setup())

    program.ask(Wish.NEW, 0, PLAIN, frames, leave=False)

    assert words == program.delivered.get(1, [])
    program.teardown()


@pytest.mark.parametrize("most, smallest", [(8, FIRST_WORD), (FIRST_WORD - 1, FIRST_WORD - 1)])
def test_frames_shrink_to_the_first_word(most: int, smallest: int) -> None:
    def fails(frames: int) -> bool:
        return 1 < frames <= most

    assert smallest == find(ASK["frames"], fails, settings=settings(database=None))
