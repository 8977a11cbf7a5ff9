"""What is shown meanwhile: now and then a line in a pipe, one line that changes on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rejoinder.cli.fuzz_screen import LiveFuzzScreen, PlainFuzzScreen, fuzz_screen_for
from rejoinder.testing.fuzz.campaign_records import Figures


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def figures(seconds: float, failures: int = 0) -> Figures:
    return Figures(seconds, seconds, int(100 * seconds), int(2000 * seconds), 7, 150, 800, failures)


def test_pipe_gets_a_line_each_ten_seconds() -> None:
    said: list[str] = []
    with PlainFuzzScreen(said.append) as screen:
        for second in range(35):
            screen.progress(figures(float(second)))

    assert 3 == len(said)
    assert said[0].startswith("   10.0 s: 1,000 programs (100/s), 20,000 steps (2,000/s), 150 of ")
    assert said[0].endswith(" rows, 800 pairs, 0 failures")


def test_terminal_gets_one_line_that_changes_and_goes() -> None:
    stream = Terminal()
    with LiveFuzzScreen(Console(file=stream, force_terminal=True, width=140, color_system="standard")) as screen:
        screen.progress(figures(1.0))
        screen.progress(figures(62.0, failures=2))

    assert "\x1b[32m   1.0 s: 100 programs" in stream.getvalue()
    assert "\x1b[31m   1 min 2 s: 6,200 programs" in stream.getvalue()
    assert stream.getvalue().rstrip("\n").endswith("\x1b[2K")


@pytest.mark.parametrize(
    "stream, term, kind",
    [
        (io.StringIO(), "xterm", PlainFuzzScreen),
        (Terminal(), "dumb", PlainFuzzScreen),
        (Terminal(), "xterm", LiveFuzzScreen),
    ],
    ids=["pipe", "dumb", "terminal"],
)
def test_screen_is_chosen_by_the_stream(stream: io.StringIO, term: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)

    assert kind is type(fuzz_screen_for(stream, print))
