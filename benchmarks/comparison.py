"""Whether a run is worse than an earlier one: ratios are compared, never times, because computers differ and ratios do not."""

from __future__ import annotations

import attrs

from .figures import ratio_to_baseline
from .results import Results
from .workloads import MEASURES

__all__ = ["Change", "changes", "worse"]


@attrs.frozen
class Change:
    """One ratio in two runs."""

    workload: str
    """What was measured."""
    case: str
    """The size, or the kind of server."""
    contender: str
    """Of whom."""
    measure: str
    """Which measure."""
    before: float
    """The median ratio to the baseline in the earlier run."""
    now: float
    """The same in this one."""

    @property
    def factor(self) -> float:
        """How many times as much it is now."""
        return self.now / self.before


def changes(before: Results, now: Results) -> list[Change]:
    """Every ratio that both runs have, of this project's own contenders: what others do is not ours to regress."""
    found: list[Change] = []
    for figure in now.figures:
        earlier = before.find(figure.workload, figure.case, figure.contender, figure.measure)
        if earlier is None or not figure.contender.startswith(("rejoinder", "the machine")):
            continue
        ratio, earlier_ratio = ratio_to_baseline(now, figure), ratio_to_baseline(before, earlier)
        if ratio is not None and earlier_ratio is not None and earlier_ratio.median:
            found.append(Change(figure.workload, figure.case, figure.contender, figure.measure, earlier_ratio.median, ratio.median))
    return found


def worse(found: list[Change], tolerance: float) -> list[Change]:
    """Those that grew by more than ``tolerance``, a part of what they were: 0.25 for a quarter. See ``Measure.slack``."""
    return [change for change in found if change.factor > 1 + tolerance * MEASURES[change.measure].slack]
