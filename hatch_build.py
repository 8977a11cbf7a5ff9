"""The compiled build: with ``REJOINDER_COMPILED=1`` in the environment, the machines and their explorer become C, by mypyc.

Rules of this file
* The sources are what they are without it; the compiled build differs in speed and in nothing else.
* Without the variable, and in editable installs, nothing is compiled: the wheel has Python alone, and is for every computer.
* ``COMPILED`` has what is run millions of times and can be compiled. Modules of attrs values cannot; they stay Python.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SWITCH: Final = "REJOINDER_COMPILED"
"""The variable that asks for it."""
ROOTS: Final = ("states", "engine")
"""The source roots, which share one package."""
COMPILED: Final = (
    *(
        f"rejoinder/states/{name}.py"
        for name in (
            "cancellation",
            "canonical",
            "deadlines",
            "explore",
            "facts",
            "failures",
            "intake",
            "link_rules",
            "placement",
            "records",
            "request_rules",
            "response_rules",
            "session",
            "steering",
            "steering_rules",
            "steps",
        )
    ),
    *(
        f"rejoinder/testing/explore/{name}.py"
        for name in (
            "accounts",
            "bookkeeping",
            "endings",
            "exact",
            "happening",
            "judge",
            "known_server",
            "known_sessions",
            "misbehaviour",
            "outcomes",
            "promptness",
            "rows",
            "run",
            "settlement",
            "signalling",
            "waits",
            "watch",
            "wire_frames",
            "world",
            "world_key",
        )
    ),
)
"""The modules that are compiled."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Compiles, if it is asked to."""

    folder: TemporaryDirectory[str] | None = None
    """Where the libraries are until they are in the wheel; it goes by itself where compiling fails."""

    def dependencies(self) -> list[str]:
        """What compiling needs, beside a C compiler: attrs because mypy reads its types."""
        return ["attrs>=24", "mypy>=1.19", "setuptools>=77"] if self._is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile into a folder of its own, and put what comes of it beside the sources in the wheel."""
        if version == "editable" or not self._is_wanted():
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        self.folder = TemporaryDirectory()
        folder = Path(self.folder.name)
        for library in compiled(Path(self.root), folder):
            build_data["force_include"][str(library)] = library.relative_to(folder / "made").as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Throw the folder away."""
        del version, build_data, artifact_path
        if self.folder is not None:
            self.folder.cleanup()

    def _is_wanted(self) -> bool:
        return self.target_name == "wheel" and os.environ.get(SWITCH) == "1"


def compiled(root: Path, folder: Path) -> list[Path]:
    """Compile the modules of the tree at ``root``: the libraries, in ``folder``/made, where the wheel wants them."""
    # Not imported above: they are there only where something is compiled.
    from mypyc.build import mypycify  # noqa: PLC0415
    from setuptools import Distribution  # noqa: PLC0415
    from setuptools.errors import CompileError, LinkError, PlatformError  # noqa: PLC0415

    for source in ROOTS:
        shutil.copytree(root / source, folder / "sources", dirs_exist_ok=True)
    with _inside(folder / "sources"):
        options = ["--namespace-packages", "--explicit-package-bases", "--ignore-missing-imports", "--config-file="]
        extensions = mypycify([*options, *COMPILED], group_name="rejoinder")
        distribution = Distribution({"name": "rejoinder", "ext_modules": extensions})
        command: Any = distribution.get_command_obj("build_ext")
        command.build_lib, command.build_temp = str(folder / "made"), str(folder / "objects")
        command.parallel = os.cpu_count()
        command.ensure_finalized()
        try:
            command.run()
        except (CompileError, LinkError, PlatformError) as error:
            raise RuntimeError(f"{error}. Compiling needs a C compiler; without {SWITCH} nothing is compiled.") from error
    return [path for path in (folder / "made").rglob("*") if path.is_file()]


@contextmanager
def _inside(folder: Path) -> Generator[None]:
    """Work in a folder, and let mypy find the sources there."""
    before, path = Path.cwd(), os.environ.get("MYPYPATH")
    os.chdir(folder)
    os.environ["MYPYPATH"] = "."
    try:
        yield
    finally:
        os.chdir(before)
        if path is None:
            del os.environ["MYPYPATH"]
        else:
            os.environ["MYPYPATH"] = path
