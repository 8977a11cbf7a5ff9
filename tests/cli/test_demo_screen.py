"""The plain screen prints what happens, line by line, in order."""

from rejoinder.cli.demo_screen import PlainScreen, Screen, SilentScreen
from rejoinder.engine import Moved, Note, Sent
from rejoinder.states.continuation import Full, NoPrevious


def show(screen: Screen) -> None:
    """Everything that can be shown, once."""
    with screen:
        screen.heading("1. First")
        screen.line("asks", "Well?")
        screen.observed(Moved("link", "closed", "Needed", "connecting", 1), 1)
        screen.observed(Sent(1, 1, None, Full(NoPrevious()), 1, 90), 1)
        screen.observed(Note("Replay", detail="request 1: connection lost"), 1)
        screen.observed(Moved("request", "waiting", "LaneFree", "sent", request=1), 1)
        screen.piece("So ")
        screen.piece("it is.\x1b")
        screen.heard("So it is.\x1b")
        screen.heard("")
        screen.turn_over()
        screen.turn_over()


def test_plain_screen_prints_line_after_line() -> None:
    lines: list[str] = []
    show(PlainScreen(lines.append))

    assert [
        "\n1. First",
        "   asks     Well?",
        "   sends    1 item, 90 bytes, on link 1: in full, because there is nothing to continue yet",
        "   notes    Replay: request 1: connection lost",
        r"   hears    So it is.\x1b",
        "   machines link 1: closed -> connecting",
        "            request 1: waiting -> sent",
    ] == lines


def test_silent_screen_takes_everything_and_says_nothing() -> None:
    show(SilentScreen())
