"""Sphinx themes for Flask projects: light, dark, accessible, offline.

``html_theme = "twopi"`` or ``"twopi_small"`` in conf.py is all there is to do; Sphinx
finds this package by that name.
"""

from twopi_sphinx_themes.extension import setup
from twopi_sphinx_themes.pygments import FlaskyStyle, TwopiDarkStyle, TwopiStyle

__all__ = ["FlaskyStyle", "TwopiDarkStyle", "TwopiStyle", "setup"]
