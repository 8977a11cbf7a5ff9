"""How the documentation site is built: ``sphinx-build -W docs build/docs``. Every warning is an error."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "Rejoinder"
author = "Rejoinder contributors"
copyright = "Rejoinder contributors"  # noqa: A001 - Sphinx's own name
release = version = version_of("rejoinder")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.intersphinx", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist"]
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
