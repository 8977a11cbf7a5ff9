"""``python -m rejoinder.diagrams [CLONE]`` draws anew what a clone keeps: ``diagrams/rendered``, and the README's pictures.

Rule: it is for people who change a table. What a user wants drawn, ``rejoinder draw`` prints.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from .graphviz import GraphvizError
from .rendered import NoPlaceError, refresh

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Refresh the clone that is named, or else the current folder; returns the exit status: 0, or 2 with one line why."""
    match arguments:
        case [] | [_]:
            clone = Path(*arguments)
        case _:
            sys.stderr.write("More than one folder is named. Name the top of one clone, or none if you are in it.\n")
            return 2
    try:
        changed = refresh(clone)
    except (NoPlaceError, GraphvizError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"The pictures could not be kept ({error}). Make their files readable and writable.\n")
        return 2
    for path in changed:
        sys.stdout.write(f"drawn anew: {path}\n")
    if not changed:
        sys.stdout.write("Every picture is as it should be.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
