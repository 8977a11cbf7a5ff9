"""Every code example of the docs runs: each block of Python is a whole program, and prints what the page says it prints.

Rules of this file
* A block is run as a reader would run it, but for the server: ``Endpoint()`` and the tutorial's address are those of a simulator.
* A block of text right behind it is what it prints.
* A page whose examples another test runs is named in ``ELSEWHERE``, with that test. No page with Python in it is in neither list.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import trio

import rejoinder.engine
import rejoinder.engine.pool
import rejoinder.engine.session
from rejoinder.engine import Endpoint
from rejoinder.states.profiles import OPENAI
from rejoinder.testing import Answer, ModelServer, Received, Text
from rejoinder.testing.simulator import serve

REPOSITORY: Final = Path(__file__).parents[2]
DOCS: Final = REPOSITORY / "docs"
ELSEWHERE: Final = {
    "fuzz-your-handler.md": "tests/testing/fuzz/test_examples.py",
    "observability.md": "tests/quality/test_observability_docs.py",
    "structured-output.md": "tests/docs/test_structured_output_page.py",
    "traces.md": "tests/quality/test_traces_page.py",
    "tools.md": "tests/examples/test_tools_page.py",
}
"""Pages whose examples are run by another test."""
BLOCK: Final = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n(?P<printed>.*?)```\n)?", re.DOTALL)

INTERRUPTED: Final = re.compile(r"with trio\.move_on_after\([\d.]+\):")
"""What an example is interrupted with."""


@attrs.frozen
class Example:
    """One block of a page."""

    page: str
    number: int
    code: str = attrs.field(repr=False)
    printed: str | None = attrs.field(repr=False)


def examples() -> list[Example]:
    return [
        Example(path.relative_to(DOCS).as_posix(), number, block["code"], block["printed"])
        for path in sorted(DOCS.rglob("*.md"))
        if path.name not in ELSEWHERE
        for number, block in enumerate(BLOCK.finditer(path.read_text("utf-8")), 1)
    ]


def spoken(received: Received) -> Answer:
    """The simulated model: it repeats what it heard, a word at a time, as fast as a person speaks."""
    words = f"You said: {received.text}".split(" ")
    pieces = [f"{word} " for word in words[:-1]] + words[-1:]
    return Answer([Text("".join(pieces), pieces=pieces, interval=0.01)])


def served(received: Received) -> Answer:
    """What ``rejoinder serve`` says, in its pieces: readers of the tutorial have it beside them."""
    return Answer([Text(f"You said: {received.text}", interval=0.01)])


async def run(example: Example, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run it as a reader would, in ``folder``."""
    answer = served if example.page == "tutorial.md" else spoken
    async with serve(ModelServer(answer=answer)) as simulator:

        def endpoint(url: str = simulator.url, **options: Any) -> Endpoint:  # noqa: ANN401 - as it is given
            known: dict[str, Any] = {"api_key": "none", "profile": OPENAI, **options}
            return Endpoint(url, **known)

        monkeypatch.chdir(folder)
        monkeypatch.setenv("REJOINDER_TUTORIAL_URL", simulator.url)
        monkeypatch.setattr(rejoinder.engine, "Endpoint", endpoint)
        monkeypatch.setattr(rejoinder.engine.session, "Endpoint", endpoint)
        monkeypatch.setattr(rejoinder.engine.pool, "Endpoint", endpoint)
        code = compile(example.code, f"{example.page}, block {example.number}", "exec", dont_inherit=True)
        # The examples call trio.run, so each gets a thread of its own.
        await trio.to_thread.run_sync(exec, code, {"__name__": "__main__"})


@pytest.mark.parametrize("example", examples(), ids=lambda example: f"{example.page}-{example.number}")
async def test_example_runs_and_prints_what_the_page_says(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(example, tmp_path, monkeypatch)

    if example.printed is not None:
        assert example.printed == capsys.readouterr().out


@pytest.mark.parametrize("page", ["cancel.md", "coming-from-pipecat.md"])
async def test_who_is_interrupted_before_anything_was_asked_is_told_so(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = (each for each in examples() if each.page == page and INTERRUPTED.search(each.code))

    await run(attrs.evolve(example, code=INTERRUPTED.sub("with trio.move_on_at(0):", example.code)), tmp_path, monkeypatch)

    assert "not asked" in capsys.readouterr().out


def test_every_page_with_such_an_interruption_is_among_those() -> None:
    assert {"cancel.md", "coming-from-pipecat.md"} == {each.page for each in examples() if INTERRUPTED.search(each.code)}


def test_there_are_examples() -> None:
    assert len(examples()) >= 10


def test_pages_whose_examples_run_elsewhere_say_where() -> None:
    for page, test in ELSEWHERE.items():
        assert "```python" in (DOCS / page).read_text("utf-8")
        assert page.removesuffix(".md") in (REPOSITORY / test).read_text("utf-8")


def test_every_page_is_reachable() -> None:
    listed = "\n".join(path.read_text("utf-8") for path in DOCS.rglob("index.md"))
    missing = [path.name for path in DOCS.rglob("*.md") if path.name != "index.md" and path.stem not in listed]

    assert [] == missing
