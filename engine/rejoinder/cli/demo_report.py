"""The end of the demo: what happened, what became of each promise, what was saved; for people and for programs.

Rule: the demo has succeeded if everything it is to show has happened and every promise was kept, and not otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from .demo_screen import label
from .demo_talk import Savings
from .happenings import Happening
from .judge import Finding
from .printable import printable

__all__ = ["Report"]


@attrs.frozen
class Report:
    """What the demo came to."""

    profile: str
    """The provider that was imitated."""
    seconds: float
    """How long it took."""
    happenings: Sequence[Happening]
    """What it is to show."""
    findings: Sequence[Finding]
    """What became of each promise."""
    savings: Savings
    """What did not have to be sent."""

    @property
    def succeeded(self) -> bool:
        """Whether everything was shown and every promise kept."""
        return all(shown.happened for shown in self.happenings) and all(finding.kept for finding in self.findings)

    def lines(self) -> Iterator[str]:
        """The report for people, line by line."""
        yield ""
        yield "What happened, by the logs of the server and of the callers"
        for shown in self.happenings:
            where = " ".join(shown.tags) if shown.happened else "DID NOT HAPPEN"
            yield label("yes" if shown.happened else "NO", f"{shown.title}: {where}")
        yield ""
        yield "What was promised, judged from the same two logs"
        for finding in self.findings:
            yield label("kept", f"{finding.title}: {finding.evidence}") if finding.kept else label("BROKEN", finding.title)
            for violation in finding.violations:
                yield label("", f"- {printable(violation)}")
        yield ""
        yield self._total()
        yield self._verdict()

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "succeeded": self.succeeded,
            "profile": self.profile,
            "seconds": round(self.seconds, 3),
            "happened": {each.name: list(each.tags) for each in self.happenings},
            "promises": [
                {
                    "name": each.name,
                    "title": each.title,
                    "kept": each.kept,
                    "evidence": each.evidence,
                    "violations": list(each.violations),
                }
                for each in self.findings
            ],
            "savings": attrs.asdict(self.savings),
        }

    def _total(self) -> str:
        saved = self.savings
        items, size = saved.items - saved.items_sent, saved.size - saved.size_sent
        return (
            f"In total {saved.creates} requests in {self.seconds:.1f} s. {saved.continued} of them sent only what was new: that"
            f" saved {items} of {saved.items} items and {size} of {saved.size} bytes."
        )

    def _verdict(self) -> str:
        if self.succeeded:
            return "Every promise was kept."
        broken = [each.title for each in self.findings if not each.kept]
        missing = [each.title for each in self.happenings if not each.happened]
        said = [f"broken: {', '.join(broken)}"] if broken else []
        said += [f"not shown: {', '.join(missing)}"] if missing else []
        return f"The demo failed ({'; '.join(said)}). Please report this with the output above."
