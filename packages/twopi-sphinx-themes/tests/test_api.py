import re

import twopi_sphinx_themes
from twopi_sphinx_themes import options


def test_all_is_what_is_there():
    assert all(
        hasattr(twopi_sphinx_themes, name) for name in twopi_sphinx_themes.__all__
    )
    assert sorted(twopi_sphinx_themes.__all__) == twopi_sphinx_themes.__all__


def test_the_options_are_those_of_the_theme(build):
    from twopi_sphinx_themes.extension import THEMES

    text = (THEMES / "twopi" / "theme.toml").read_text("utf-8")
    listed = dict(re.findall(r'(?m)^(\w+) = "(.*)"$', text.partition("[options]")[2]))

    assert listed == {name: each.default for name, each in options.OPTIONS.items()}


def test_the_readme_tells_every_option(request):
    readme = (request.path.parents[1] / "README.md").read_text("utf-8")

    for name, option in options.OPTIONS.items():
        assert f"| `{name}` |" in readme
        assert not option.default or f"`{option.default}`" in readme
