"""What stands in the documents is what the kept results say."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import benchmarks.publication
import pytest
from benchmarks.plots import digest_of
from benchmarks.publication import (
    DOCUMENTS,
    NOT_MEASURED,
    PLOTS,
    NotWhole,
    blocks,
    check_whole,
    kept_results,
    publish,
    with_blocks,
)
from benchmarks.results import Skipped, read_results

from harness.benchmark_results import flood, results_of, whole_results


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_are_what_the_kept_results_render_to(document: Path) -> None:
    text = document.read_text("utf-8")

    assert "<!-- benchmarks:" in text
    assert text == with_blocks(text, blocks(kept_results(), document)), (
        "Render them: python -m benchmarks --from benchmarks/results.json --publish"
    )


def test_pictures_are_those_of_the_kept_results() -> None:
    results = kept_results()
    shown = {name for document in DOCUMENTS for name in re.findall(r"performance/(\w+)\.svg", document.read_text("utf-8"))}
    drawn = {path.stem: path.read_text("utf-8") for path in PLOTS.glob("*.svg")}

    assert shown == set(drawn)
    assert [] == [name for name, picture in drawn.items() if results is None or digest_of(results) not in picture]


def test_a_run_and_what_was_kept_of_it_render_alike() -> None:
    run = attrs.evolve(whole_results(), computer={"system": "Linux", "cores": "2", "Python": "3.11"})
    kept = attrs.evolve(run, computer=dict(sorted(run.computer.items())))

    assert blocks(kept, DOCUMENTS[0]) == blocks(run, DOCUMENTS[0])


def test_a_whole_run_fills_every_block() -> None:
    content = blocks(whole_results(), DOCUMENTS[0])

    assert "overview.svg" in content["summary"]
    assert "docs/performance/overview.svg" in content["summary"]
    assert "](performance/deltas.svg)" in blocks(whole_results(), DOCUMENTS[1])["figures"]
    assert "* rounds: 5\n" in content["computer"]
    assert "| rejoinder[fast] | rejoinder, wire='websockets' | Python 3.11.7, trio 0.30 | as it comes |" in content["contenders"]


def test_what_was_not_measured_is_said() -> None:
    results = attrs.evolve(whole_results(), skipped=(Skipped("openai SDK", "flood", "it hangs"),))

    assert "* Not measured: openai SDK, flood: it hangs.\n" in blocks(results, DOCUMENTS[1])["contenders"]


def test_without_results_each_block_says_so() -> None:
    assert {NOT_MEASURED} == set(blocks(None, DOCUMENTS[0]).values())


def test_only_blocks_are_replaced() -> None:
    text = "before\n<!-- benchmarks:goals -->\nold\n<!-- /benchmarks:goals -->\nafter\n"

    assert text.replace("old", "new") == with_blocks(text, {"goals": "new\n"})


@pytest.mark.parametrize(
    "text,words",
    [("<!-- benchmarks:gaols -->\n<!-- /benchmarks:gaols -->", "no block 'gaols'"), ("<!-- benchmarks:goals -->\n", "no end")],
)
def test_a_block_that_cannot_be_filled_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        with_blocks(text, {"goals": "new\n"})


def test_only_a_full_run_is_published() -> None:
    check_whole(whole_results())
    with pytest.raises(NotWhole, match="a quick one"):
        check_whole(attrs.evolve(whole_results(), quick=True))
    with pytest.raises(NotWhole, match="one without paced, history"):
        check_whole(results_of(flood("rejoinder", *range(5))))
    with pytest.raises(NotWhole, match="Medians of 4 rounds"):
        check_whole(attrs.evolve(whole_results(), rounds=4))


@pytest.mark.long
def test_publishing_writes_results_pictures_and_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="the pictures need the dependency group `benchmarks`")
    document = tmp_path / "README.md"
    document.write_text("<!-- benchmarks:goals -->\n<!-- /benchmarks:goals -->\n", "utf-8")
    monkeypatch.setattr(benchmarks.publication, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(benchmarks.publication, "PLOTS", tmp_path / "performance")
    monkeypatch.setattr(benchmarks.publication, "DOCUMENTS", (document,))
    results = whole_results()

    publish(results)

    assert results == read_results((tmp_path / "results.json").read_text("utf-8"))
    assert {"overview", "deltas", "interruption", "history", "width"} == {
        path.stem for path in (tmp_path / "performance").iterdir()
    }
    assert "| what | goal | measured | spread | met |" in document.read_text("utf-8")
