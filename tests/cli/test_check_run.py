"""What a run over everything judges beside the promises: rows that nothing took, and what never happened."""

from __future__ import annotations

from pathlib import Path

from rejoinder.cli.check_run import chosen, run_checks


def test_rows_that_were_never_taken_fail_a_whole_run(tmp_path: Path) -> None:
    said: list[str] = []
    status = run_checks(chosen(["serial-failures"], deep=False), 1, tmp_path, said.append, whole=True)

    assert 1 == status
    assert "  never taken: link proving Alive" in said
    assert any("NEVER SEEN" in line for line in said)
    assert said[-1].endswith("NOT everything holds; see above.")


def test_deep_configurations_have_the_same_names() -> None:
    assert [one.name for one in chosen([], deep=False)] == [one.name for one in chosen([], deep=True)]
