"""How a command ends that cannot be carried out: with a sentence on the error stream, and a status.

Rule of this file: it imports nothing that a command may do without.
"""

from __future__ import annotations

from typing import NoReturn

import attrs
import typer

from .printable import printable

__all__ = ["CannotDo", "Refusal", "refuse"]


class CannotDo(Exception):
    """The command cannot be carried out; the text is a sentence on what happened and one on what to do."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
        """The exit status."""


@attrs.frozen
class Refusal:
    """How a command ends that cannot be carried out."""

    status: int
    """The exit status."""
    message: str = ""
    """What is said; may be empty."""


def refuse(refusal: Refusal) -> NoReturn:
    """Say it and leave."""
    if refusal.message:
        typer.echo(printable(refusal.message), err=True)
    raise typer.Exit(refusal.status)
