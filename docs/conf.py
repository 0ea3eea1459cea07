"""The documentation of all packages: one site, built offline, on our own theme."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "twopi"
author = "the twopi authors"
copyright = f"{author}, MIT licence"  # noqa: A001
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "reference",
]
exclude_patterns = ["_build", "examples"]

html_theme = "twopi"
html_theme_options = {"index_logo_height": "4rem"}
html_static_path = ["_static"]
html_sidebars = {"**": ["globaltoc.html"]}
html_title = project

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "none"
autodoc_member_order = "groupwise"
napoleon_google_docstring = True
default_role = "code"  # docstrings name things as `this`
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
nitpick_ignore = [("py:class", "twopi_config.declaring.kind.Kind")]  # not public
nitpick_ignore_regex = [("py:.*", r"(?!twopi_).*")]  # names of other projects
suppress_warnings = ["config.cache"]
