"""A refusal is a sentence and a status."""

import pytest
import typer

from rejoinder.cli.refusals import Refusal, refuse


def test_refusal_leaves_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        refuse(Refusal(2, "No."))

    assert 2 == left.value.exit_code
    assert "No.\n" == capsys.readouterr().err


def test_refusal_without_words_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        refuse(Refusal(141))

    assert 141 == left.value.exit_code
    assert "" == capsys.readouterr().err
