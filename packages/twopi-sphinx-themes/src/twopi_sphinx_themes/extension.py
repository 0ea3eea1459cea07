"""What Sphinx calls: the themes' names, the checks of their options, and the pages."""

from __future__ import annotations

import html
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeGuard
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

from twopi_sphinx_themes.options import badge_style, faults

THEMES = Path(__file__).parent / "themes"
NAMES = {
    "twopi": "twopi",
    "twopi_small": "twopi_small",
    "flask": "twopi",
    "flask_small": "twopi_small",
}
"""The names of the themes, and their folders; the last two if nobody else has them."""

VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\n?')
"""What docutils says once more."""

CAPTION = (
    '<p class="caption" role="heading">',
    '<p class="caption" role="heading" aria-level="2">',
)
"""A heading has a level (WAI-ARIA 1.2); that of a toctree, from Sphinx, has none."""

log = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the themes (Sphinx calls this).

    ``flask`` and ``flask_small`` are left to another package that has registered them.
    """
    for name, folder in NAMES.items():
        taken = app.registry.html_themes.get(name)
        if taken is None:
            app.add_html_theme(name, str(THEMES / folder))
        else:
            log.info("The theme %r is that in %s", name, taken)
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", complete)
    return {
        "version": version("twopi-sphinx-themes"),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def uses_twopi(builder: object) -> TypeGuard[StandaloneHTMLBuilder]:
    """Tell whether *builder* writes HTML with a theme of ours, or one made of it."""
    return isinstance(builder, StandaloneHTMLBuilder) and any(
        Path(folder) == THEMES / "twopi" for folder in builder.theme.get_theme_dirs()
    )


def prepare(app: Sphinx) -> None:
    """Add the script, and warn of options that cannot work."""
    builder = app.builder
    if not uses_twopi(builder):
        return
    app.add_js_file("twopi.js")
    static = [Path(app.confdir, folder) for folder in app.config.html_static_path]
    options = app.config.html_theme_options
    known = builder.theme.get_options()
    for fault in faults(options, known, static):
        log.warning(
            "html_theme_options: %s", fault, type="twopi_theme", subtype="option"
        )


def complete(
    app: Sphinx, pagename: str, _: str, context: dict[str, Any], __: object
) -> None:
    """Give a page what the templates cannot work out."""
    if not uses_twopi(app.builder):
        return
    context["github_ribbon_style"] = badge_style(context["theme_github_ribbon_color"])
    context["metatags"] = VIEWPORT.sub("", context.get("metatags", ""))
    fix_color_mode(context)
    if "body" in context:
        context["body"] = context["body"].replace(*CAPTION)
        if pagename == app.config.root_doc and context["theme_index_logo"]:
            context["body"] = put_logo(context)


def fix_color_mode(context: dict[str, Any]) -> None:
    """Let the dark style of code follow ``color_mode`` where scripts do not run."""
    media = {"light": "not all", "dark": "all"}.get(context["theme_color_mode"])
    for sheet in context.get("css_files", ()):
        if media and getattr(sheet, "attributes", {}).get("id") == "pygments_dark_css":
            sheet.attributes["media"] = media


def put_logo(context: dict[str, Any]) -> str:
    """Return the page's text with a picture in its first heading."""
    file = "_static/" + quote(context["theme_index_logo"])
    source = context["pathto"](file, resource=True)
    height = html.escape(context["theme_index_logo_height"])

    def picture(heading: re.Match[str]) -> str:
        return (
            f'<h1 class="index-logo" style="--index-logo-height: {height}">'
            f'<img src="{html.escape(source)}" alt="">'
            f'<span class="visually-hidden">{heading[1]}</span></h1>'
        )

    body: str = context["body"]
    return re.sub(r"<h1>(.*?)</h1>", picture, body, count=1, flags=re.DOTALL)
