"""The figures in README.md and docs/performance.md: blocks between markers that a full run writes, and nobody else.

``<!-- benchmarks:NAME -->`` and ``<!-- /benchmarks:NAME -->`` enclose a block. What stands there is rendered from
``benchmarks/results.json`` alone, and a test checks that it is: figures cannot be polished by hand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from .plots import draw_plots
from .processes import REPOSITORY
from .results import Results, read_results, write_results
from .scale import scale_sheet
from .tables import Sheet, goal_sheet, markdown, workload_sheets
from .workloads import WORKLOADS

__all__ = ["DOCUMENTS", "PLOTS", "RESULTS", "NotWhole", "blocks", "check_whole", "kept_results", "publish", "with_blocks"]

RESULTS: Final = REPOSITORY / "benchmarks" / "results.json"
"""The kept results of the last full run."""
PLOTS: Final = REPOSITORY / "docs" / "performance"
"""Where their pictures are."""
DOCUMENTS: Final = (REPOSITORY / "README.md", REPOSITORY / "docs" / "performance.md")
"""The documents with blocks."""
ENOUGH: Final = 5
NOT_MEASURED: Final = (
    "This version has not been measured yet: `uv run --group benchmarks python -m benchmarks --publish` does it.\n"
)
"""What stands in each block where there are no results."""


class NotWhole(Exception):
    """Results that are not fit to be published; says why."""


def check_whole(results: Results) -> None:
    """Raise ``NotWhole`` unless this is a full run: published figures come from one run, or they cannot be compared."""
    missing = [name for name in WORKLOADS if not any(figure.workload == name for figure in results.figures)]
    if results.quick or missing:
        what = "a quick one" if results.quick else f"one without {', '.join(missing)}"
        raise NotWhole(f"Only a full run can be published, and this is {what}. Leave out --quick and --only.")
    if results.rounds < ENOUGH:
        raise NotWhole(f"Medians of {results.rounds} rounds are not published. Measure at least {ENOUGH}.")


def kept_results() -> Results | None:
    """The results that are kept in the repository, if this version was measured. Raises ``ValueError`` if they cannot be read."""
    return read_results(RESULTS.read_text("utf-8")) if RESULTS.exists() else None


def blocks(results: Results | None, document: Path) -> dict[str, str]:
    """What stands in each block of a document."""
    names = ("summary", "computer", "contenders", "goals", "scale", "figures")
    if results is None:
        return dict.fromkeys(names, NOT_MEASURED)
    folder = "docs/performance" if document.parent == REPOSITORY else "performance"
    tuned = tuple((each.contender, each.name, _versions(each.versions), each.settings) for each in results.descriptions)
    missing = "".join(
        f"* Not measured: {each.contender}, {each.workload or 'everything'}: {each.reason}.\n" for each in results.skipped
    )
    goals = goal_sheet(results)
    few = Sheet(goals.title, goals.columns[:3], tuple(row[:3] for row in goals.rows), words=1)
    tables = "\n".join(f"### {sheet.title}\n\n{markdown(sheet)}" for sheet in workload_sheets(results))
    pictures = "\n\n".join(f"![{title}]({folder}/{name}.svg)" for name, title in PICTURES.items())
    return {
        "summary": f"{markdown(few)}\n![{OVERVIEW}]({folder}/overview.svg)\n",
        # In an order of their own: what was kept in a file comes back in another than it was found in.
        "computer": "".join(f"* {name}: {value}\n" for name, value in sorted(results.computer.items()))
        + f"* rounds: {results.rounds}\n",
        "contenders": markdown(Sheet("", ("who", "what", "versions", "tuned"), tuned, words=4))
        + (f"\n{missing}" if missing else ""),
        "goals": markdown(goals),
        "scale": markdown(scale_sheet(results)),
        "figures": f"{pictures}\n\n{tables}",
    }


OVERVIEW: Final = (
    "What a delta costs, how long an interruption is silent, what a turn costs behind a long history, how late deltas come"
)
PICTURES: Final = {
    "deltas": "CPU for a delta, as a flood and paced",
    "interruption": "Until the next create after an interruption",
    "history": "CPU for a turn behind a long history",
    "width": "Delay of deltas against the number of sessions",
}


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def with_blocks(text: str, content: dict[str, str]) -> str:
    """The text of a document, its blocks replaced. Raises ``ValueError`` for a block that nobody knows, or that has no end."""

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in content:
            raise ValueError(f"There is no block {name!r}. Use one of {', '.join(content)}.")
        return f"<!-- benchmarks:{name} -->\n{content[name]}<!-- /benchmarks:{name} -->"

    if len(re.findall(r"<!-- benchmarks:", text)) != len(re.findall(r"<!-- /benchmarks:", text)):
        raise ValueError("A block has no end. Close it with <!-- /benchmarks:NAME -->.")
    return re.sub(r"<!-- benchmarks:(?P<name>\w+) -->\n.*?<!-- /benchmarks:(?P=name) -->", replaced, text, flags=re.DOTALL)


def publish(results: Results) -> None:
    """Keep the results, draw their pictures and write the blocks. Raises ``ImportError`` where matplotlib is not installed."""
    pictures = draw_plots(results)
    RESULTS.write_text(write_results(results), "utf-8")
    PLOTS.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        (PLOTS / f"{name}.svg").write_text(picture, "utf-8")
    for document in DOCUMENTS:
        document.write_text(with_blocks(document.read_text("utf-8"), blocks(results, document)), "utf-8")
