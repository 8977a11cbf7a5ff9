"""Running a campaign as the command line orders it, and telling what came of it.

Rules of this file
* What cannot work (a target, a database, a report) is said before anything runs, with status 2.
* What a handler prints goes to the error stream: the output is ours, and may be JSON.
* Status 1 if anything failed, 130 after Ctrl-C, whatever was found; both with all that a whole run says.
"""

from __future__ import annotations

import json
import secrets
import sys
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import attrs
import typer

from .files import check_folder, check_report, write_report
from .refusals import CannotDo, Refusal, refuse

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from rejoinder.testing.fuzz.campaign import Campaign
    from rejoinder.testing.fuzz.campaign_records import Outcome, Target

__all__ = ["Order", "run_fuzz"]

STEPS: Final = 50
"""The most steps of a program, unless it is said: as pytest has it."""
INTERRUPTED: Final = 130
SEEDS: Final = 10**9


@attrs.frozen
class Order:
    """What the command line says."""

    target: str | None = None
    """``MODULE:NAME``; None for the lifecycle or the engine itself."""
    engine: bool = False
    """Whether the whole engine is fuzzed."""
    profile: str | None = None
    """The one profile to meet; None for all."""
    seconds: float | None = None
    """When it is over; also:"""
    examples: int | None = None
    """How many programs."""
    steps_total: int | None = None
    """How many steps in all."""
    steps: int | None = None
    """The most steps of each program; None for the usual."""
    seed: int | None = None
    """What is drawn; None for anything."""
    database: str | None = None
    """Where failing programs are kept, as given."""
    report: str | None = None
    """The file for the report; ``-`` for the output."""
    traces: Path | None = None
    """The folder for traces; None for the report's, or else the current one."""

    @property
    def folder(self) -> Path:
        """Where traces are written."""
        if self.traces is not None:
            return self.traces
        return Path() if self.report in {None, "-"} else Path(str(self.report)).parent


def run_fuzz(order: Order) -> int:
    """Do it; returns the exit status. Leaves with status 2 if it cannot be done."""
    try:
        _check_files(order)
        target, database = _prepare(order)
    except CannotDo as error:
        _refuse(error)
    return _Run(order, target, database).run()


def _refuse(error: CannotDo) -> NoReturn:
    refuse(Refusal(error.status, str(error)))


def _check_files(order: Order) -> None:
    check_report(order.report, "--report")
    if order.traces is None:
        return
    # The folder itself, or the one in which it is made if something fails.
    there = next(folder for folder in [order.traces, *order.traces.absolute().parents] if folder.exists())
    if not there.is_dir():
        raise CannotDo(f"--traces {str(order.traces)!r} is not a folder. Name one, or leave it out.", 2)
    check_folder(there, f"--traces {str(order.traces)!r}")


def _prepare(order: Order) -> tuple[Target, ExampleDatabase | None]:
    if find_spec("hypothesis") is None or find_spec("pytest") is None:
        raise CannotDo("Fuzzing needs packages that are not installed. Run: python3 -m pip install 'rejoinder[testing]'", 2)
    from rejoinder.testing.fuzz.targets import NoTarget, meeting, of_steps

    from .fuzz_database import open_database
    from .fuzz_target import find_target

    with redirect_stdout(sys.stderr):
        target = find_target(order.target, engine=order.engine)
    if order.steps is not None and target.whole_engine:
        try:
            target = of_steps(target, order.steps)
        except NoTarget as wrong:
            raise CannotDo(str(wrong), 2) from wrong
    if order.profile is not None:
        target = meeting(target, order.profile)
    return target, None if order.database is None else open_database(order.database)


class _Run:
    """One campaign, from its first line to its last."""

    def __init__(self, order: Order, target: Target, database: ExampleDatabase | None) -> None:
        self._order = order
        self._target = target
        self._database = database
        self._seed = secrets.randbelow(SEEDS) if order.seed is None else order.seed
        self._aside = order.report == "-"
        """Whether the output is the report's alone."""

    def run(self) -> int:
        """Run it, tell it, and return the status."""
        from rejoinder.testing.fuzz.campaign import CampaignError
        from rejoinder.testing.fuzz.example_database import DatabaseError

        self._say(self._heading())
        try:
            outcome = self._perform()
        except CampaignError as error:
            _refuse(CannotDo(f"Hypothesis cannot run {self._target.name}: {error}", 2))
        except DatabaseError as error:
            said = str(error).rstrip(".")
            _refuse(CannotDo(f"The database failed: {said}. Mend it, or leave out --database."))
        try:
            self._tell(outcome)
        except CannotDo as error:
            _refuse(error)
        if outcome.interrupted:
            return INTERRUPTED
        return 1 if outcome.findings else 0

    def _perform(self) -> Outcome:
        from rejoinder.testing.fuzz.campaign import Campaign
        from rejoinder.testing.fuzz.campaign_records import Limits

        from .fuzz_screen import fuzz_screen_for

        order = self._order
        stream = sys.stderr if self._aside else sys.stdout
        with fuzz_screen_for(stream, self._say) as screen, redirect_stdout(sys.stderr):
            campaign: Campaign = Campaign(
                self._target,
                Limits(order.seconds, order.examples, order.steps_total),
                self._seed,
                steps=order.steps or STEPS,
                database=self._database,
                progress=screen.progress,
            )
            return campaign.run()

    def _tell(self, outcome: Outcome) -> None:
        from .fuzz_report import Written, as_json, summary, told, write_finding

        written: list[Written] = []
        for number, finding in enumerate(outcome.findings, 1):
            written.append(write_finding(finding, f"fuzz-{self._target.name}-{number}", self._order.folder))
            for line in told(number, finding, written[-1]):
                self._say(line)
            self._say("")
        for line in summary(outcome):
            self._say(line)
        if self._order.report is not None:
            text = json.dumps(as_json(self._settings(), outcome, written), indent=2) + "\n"
            write_report(self._order.report, text, "--report")

    def _heading(self) -> str:
        order = self._order
        level = "on the whole engine" if self._target.whole_engine else "on the pure lifecycle"
        meets = "every profile" if order.profile is None else f"profile {order.profile}"
        return f"{self._target.name} {level}, {meets}, seed {self._seed}"

    def _settings(self) -> dict[str, Any]:
        order = self._order
        return {
            "target": order.target,
            "level": "engine" if self._target.whole_engine else "lifecycle",
            "profile": order.profile,
            "seconds": order.seconds,
            "examples": order.examples,
            "steps_total": order.steps_total,
            "steps": order.steps if self._target.whole_engine else order.steps or STEPS,
            "seed": self._seed,
            "database": order.database is not None,
        }

    def _say(self, line: str) -> None:
        typer.echo(line, err=self._aside)
