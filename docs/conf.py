"""How the documentation site is built: ``sphinx-build -W docs build/docs``. Every warning is an error."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import Any

project = "Rejoinder"
author = "Rejoinder contributors"
copyright = "Rejoinder contributors"  # noqa: A001 - Sphinx's own name
release = version = version_of("rejoinder")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinxcontrib.mermaid",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist"]
# The same fences as on a code host, where they are drawn, too.
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
autodoc_default_options = {
    "members": True,
    "undoc-members": False,
    "show-inheritance": True,
    "exclude-members": "__init__, __new__",
}
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# No network while building: links into other projects are plain names.
intersphinx_mapping: dict[str, tuple[str, None]] = {}

html_theme = "furo"
html_title = f"Rejoinder {release}"
html_static_path: list[str] = []
html_show_sphinx = False


def plain_types(_app: Any, doctree: Any) -> None:  # noqa: ANN401 - Sphinx is in no environment that checks types
    """Make plain text of each reference to Python's own ``type``, which Sphinx would take for one of our fields of that name."""
    for reference in list(doctree.findall(lambda node: node.tagname == "pending_xref" and node.get("reftarget") == "type")):
        reference.replace_self(reference.children)


def setup(app: Any) -> None:  # noqa: ANN401 - Sphinx is in no environment that checks types
    """Called by Sphinx."""
    app.connect("doctree-read", plain_types)
