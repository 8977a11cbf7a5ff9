"""The live screen: the conversation scrolls, and the table below it shows every machine's phase."""

import io

from rich.console import Console

from rejoinder.cli.demo_live import LiveScreen
from rejoinder.engine import Moved, Note, Sent
from rejoinder.states.continuation import Full, NoPrevious


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120, height=40, color_system=None, legacy_windows=False)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def rendered(screen: LiveScreen) -> str:
    """What the moving part shows now."""
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(screen.render())
    return printed(console)


def words(line: str) -> list[str]:
    return line.split()


def test_table_shows_where_each_machine_is() -> None:
    screen = LiveScreen(terminal())
    with screen:
        screen.observed(Moved("link", "connecting", "Opened", "open", 1), 1)
        screen.observed(Moved("response", "idle", "Send", "awaiting_created", 1, "lane-1", 1), 1)
        screen.observed(Moved("response", "streaming", "Cancel", "draining", 1, "lane-2", 2), 1)
        screen.observed(Moved("request", "waiting", "LaneFree", "sent", request=1), 1)
        shown = rendered(screen).splitlines()

    assert words("links phase lanes phase requests phase") == words(shown[2])
    assert words("link 1 open link 1, lane-1 awaiting_created request 1 sent") == words(shown[3])
    assert words("link 1, lane-2 draining") == words(shown[4])


def test_answer_grows_below_and_is_printed_once_it_is_whole() -> None:
    console = terminal()
    screen = LiveScreen(console)
    with screen:
        screen.piece("So ")
        screen.piece("it is.\x1b")
        growing = rendered(screen)
        screen.heard("So it is.\x1b")
        screen.heard("")
        over = rendered(screen)

    assert r"hears    So it is.\x1b" in growing
    assert "hears" not in over
    assert r"   hears    So it is.\x1b" in printed(console)


def test_conversation_scrolls_and_ended_machines_go() -> None:
    console = terminal()
    screen = LiveScreen(console)
    with screen:
        screen.heading("1. First [bold]")
        screen.line("asks", "Well? [q1]")
        screen.observed(Sent(1, 1, None, Full(NoPrevious()), 1, 90), 1)
        screen.observed(Note("Replay"), 1)
        screen.observed(Moved("request", "sent", "Finished", "ended", request=1), 1)
        before = rendered(screen)
        screen.turn_over()
        after = rendered(screen)
    everything = printed(console)

    assert "1. First [bold]" in everything
    assert "   asks     Well? [q1]" in everything
    assert "   sends    1 item, 90 bytes, on link 1: in full" in everything
    assert "   notes    Replay" in everything
    assert "request 1" in before
    assert "request 1" not in after
