"""What is kept in the repository is what the tables give now.

Rule: nothing is repaired here. A failure names the command that draws anew.
"""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from rejoinder.diagrams.pictures import NAMES, draw_picture
from rejoinder.diagrams.rendered import (
    ENDINGS,
    EXAMPLES,
    FOLDER,
    LAYOUTS,
    README,
    RENDERED,
    NoPlaceError,
    refresh,
    show,
    with_diagrams,
)
from rejoinder.states.chart import CHARTS

REPOSITORY: Final = Path(__file__).parents[2]
ALL_ANEW: Final = "python -m rejoinder.diagrams"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what a refresh needs of a clone."""
    shutil.copytree(REPOSITORY / FOLDER, tmp_path / FOLDER)
    shutil.copy(REPOSITORY / README, tmp_path / README)
    (tmp_path / LAYOUTS.parent).mkdir(parents=True)
    shutil.copy(REPOSITORY / LAYOUTS, tmp_path / LAYOUTS)
    refresh(tmp_path)
    return tmp_path


@pytest.mark.parametrize("file", RENDERED)
def test_kept_picture_is_up_to_date(file: str) -> None:
    name, form = RENDERED[file]
    path = FOLDER / file
    command = f"rejoinder draw {name} --format {form} -o {path.as_posix()}"

    assert draw_picture(name, form) == (REPOSITORY / path).read_bytes().decode(), f"Draw it anew: {command} (all: {ALL_ANEW})"


@pytest.mark.parametrize("file", EXAMPLES)
def test_kept_example_is_up_to_date(file: str) -> None:
    assert EXAMPLES[file]() == (REPOSITORY / FOLDER / file).read_bytes().decode(), f"Draw it anew: {ALL_ANEW}"


@pytest.mark.parametrize("name", CHARTS)
def test_picture_in_the_readme_is_up_to_date(name: str) -> None:
    readme = (REPOSITORY / README).read_bytes().decode()
    _, _, rest = readme.partition(f"<!-- diagram:{name} -->\n")
    block, _, _ = rest.partition(f"<!-- /diagram:{name} -->\n")

    assert show(name) == block, f"Draw it anew: {ALL_ANEW}"


def test_nothing_else_is_kept() -> None:
    assert sorted([*RENDERED, *EXAMPLES]) == sorted(path.name for path in (REPOSITORY / FOLDER).iterdir())


def test_every_picture_is_kept() -> None:
    assert {f"{name}.{ending}" for name in CHARTS for ending in ENDINGS} | {f"{name}.md" for name in NAMES} == set(RENDERED)


@pytest.mark.parametrize("name", CHARTS)
def test_the_readme_shows_what_is_kept(name: str) -> None:
    found = re.fullmatch(r"\[!\[(.+)\]\((.+)\)\]\((.+)\)\n", show(name))

    assert found is not None
    text, picture, table = found.groups()

    assert text.startswith(f"The {name} machine: {len(CHARTS[name].table.phases)} phases")
    assert {Path(picture).name, Path(table).name} <= set(RENDERED)
    assert (REPOSITORY / picture).is_file()
    assert (REPOSITORY / table).is_file()


def test_nothing_to_refresh_after_a_refresh(clone: Path) -> None:
    assert () == refresh(clone)


def test_what_was_changed_by_hand_is_drawn_anew(clone: Path) -> None:
    before = {path: path.read_bytes() for path in clone.rglob("*.*")}
    (clone / FOLDER / "link.mmd").write_text("scribble", "utf-8")
    (clone / FOLDER / "request.md").unlink()
    readme = (clone / README).read_text("utf-8")
    (clone / README).write_text(readme.replace("The link machine: ", "The chain: "), "utf-8")

    changed = refresh(clone)

    assert (clone / FOLDER / "link.mmd", clone / FOLDER / "request.md", clone / README) == changed
    assert before == {path: path.read_bytes() for path in clone.rglob("*.*")}


def test_the_rest_of_the_readme_is_left_alone() -> None:
    blocks = [f"before {name}\n<!-- diagram:{name} -->\nold\n<!-- /diagram:{name} -->\nafter {name}\n" for name in CHARTS]
    drawn = [block.replace("old\n", show(name)) for name, block in zip(CHARTS, blocks, strict=True)]

    assert "".join(drawn) == with_diagrams("".join(blocks))


@pytest.mark.parametrize(
    "marker, instead",
    [
        ("<!-- diagram:request -->\n", ""),
        ("<!-- /diagram:request -->\n", ""),
        ("<!-- diagram:request -->\n", "<!-- diagram:request -->\n<!-- /diagram:request -->\n<!-- diagram:request -->\n"),
        ("<!-- /diagram:request -->\n", "<!-- /diagram:request -->\n<!-- /diagram:request -->\n"),
        ("<!-- /diagram:request -->\n", "<!-- /diagram:request -->\n<!-- diagram:request -->\n"),
        ("<!-- diagram:request -->\n", "<!-- /diagram:request -->\n<!-- diagram:request -->\n"),
    ],
    ids=["no_opening", "no_closing", "two_places", "two_closings", "opening_again", "closing_first"],
)
def test_a_readme_without_a_single_place_is_left_alone(clone: Path, marker: str, instead: str) -> None:
    readme = (clone / README).read_text("utf-8")
    (clone / README).write_text(readme.replace(marker, instead), "utf-8")
    (clone / FOLDER / "link.mmd").write_text("scribble", "utf-8")

    with pytest.raises(NoPlaceError, match=r"README\.md has no single place for the request\. Put <!-- diagram:request -->"):
        refresh(clone)

    assert "scribble" == (clone / FOLDER / "link.mmd").read_text("utf-8")


@pytest.mark.parametrize("missing", [FOLDER, README, LAYOUTS], ids=["no_folder", "no_readme", "no_layouts"])
def test_a_folder_that_is_no_clone_is_left_alone(clone: Path, missing: Path) -> None:
    (clone / missing).rename(clone / "elsewhere")

    with pytest.raises(NoPlaceError, match=r"holds no diagrams/rendered and README\.md\. Name the top of a clone"):
        refresh(clone)
