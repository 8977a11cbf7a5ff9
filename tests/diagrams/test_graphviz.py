"""Graphviz is asked as a program; when it cannot help, that is one line for a person.

Rule: what the program says is real where it is installed. Where a failure is wanted, a program of that name is put in its place.
"""

import sys
from pathlib import Path

import pytest

from rejoinder.diagrams import graphviz as asking
from rejoinder.diagrams.graphviz import GraphvizError, lay_out, render, version


def put_in_place(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let ``dot`` be a Python program of that text."""
    path = folder / "dot"
    path.write_text(f"#!{sys.executable}\n{program}\n", "utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def complaint() -> str:
    with pytest.raises(GraphvizError) as refused:
        render("digraph {}", "svg")
    return str(refused.value)


def test_a_layout_is_in_pixels_from_the_top(graphviz: str) -> None:
    layout = lay_out(
        'digraph { node [shape=box, fixedsize=true, width=1, height=0.5, label=""]; a -> b [id=way, label=<<TABLE FIXEDSIZE="TRUE"'
        ' WIDTH="30" HEIGHT="20" BORDER="0"><TR><TD></TD></TR></TABLE>>] }'
    )
    curve = layout.curves["way"]

    assert layout.boxes["a"][1] < layout.boxes["b"][1] < layout.height
    assert (18.0, 36.0) == (layout.boxes["a"][1], layout.boxes["a"][0])
    assert 1 == len(curve.points) % 3
    assert curve.points[0][1] < curve.points[-1][1] < curve.tip[1]
    assert curve.label is not None


def test_an_arrow_without_a_label_has_none(graphviz: str) -> None:
    assert lay_out("digraph { a -> b [id=way] }").curves["way"].label is None


def test_a_version_has_numbers(graphviz: str) -> None:
    assert graphviz.split(".", maxsplit=1)[0].isdigit()


def test_a_text_that_is_none_is_told(graphviz: str) -> None:
    with pytest.raises(
        GraphvizError, match=r"^Graphviz failed \(.*syntax error.*\)\. Install another version of it, or ask for dot\.$"
    ):
        render("digraph {", "svg")


def test_what_to_install_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = complaint()

    assert said.startswith("Graphviz is not installed: there is no program named dot. Install it (apt-get install graphviz")
    assert "\n" not in said


@pytest.mark.parametrize("program, reason", [("raise SystemExit(3)", "3"), ("raise SystemExit('no\\nmore')", "no")])
def test_a_program_that_fails_is_told(program: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(tmp_path, monkeypatch, program)

    assert f"Graphviz failed ({reason}). Install another version of it, or ask for dot." == complaint()


def test_a_program_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(tmp_path, monkeypatch, "import threading; threading.Event().wait()")
    monkeypatch.setattr(asking, "PATIENCE", 0)

    assert "Graphviz was not done after 0 s and was stopped. Try again, or ask for dot." == complaint()


def test_a_program_that_cannot_be_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dot").write_bytes(b"\x7fELF nothing")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert complaint().startswith("Graphviz cannot be run (")


def test_another_program_of_that_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(tmp_path, monkeypatch, "print('I paint dots')")

    with pytest.raises(GraphvizError, match="does not say which version of Graphviz it is"):
        version()
