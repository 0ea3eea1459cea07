"""A site with everything that themes have to draw; the tests choose its options."""

project = "Sample"
author = copyright = "The authors"  # noqa: A001
release = "2.0"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
]
myst_enable_extensions = ["colon_fence", "deflist"]
html_theme = "twopi"
html_static_path = ["_static"]
nitpicky = True
