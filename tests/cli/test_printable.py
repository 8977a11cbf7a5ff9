"""Nothing that a server says is obeyed by a terminal."""

import pytest

from rejoinder.cli.printable import printable


@pytest.mark.parametrize(
    "text",
    ["", "plain", "two\nlines\tand a tab", "Grüße, 你好", "👩‍👩‍👧", "a b", "naïve \N{EM DASH} yes"],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert text == printable(text)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb\bc\x00d\x7f", r"a\rb\x08c\x00d\x7f"),
        ("\u202eevil", r"\u202eevil"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_terminal_obeys_is_shown_as_an_escape(text: str, expected: str) -> None:
    assert expected == printable(text)


def test_every_result_can_be_encoded() -> None:
    assert printable("".join(map(chr, range(0x11000)))).encode()
