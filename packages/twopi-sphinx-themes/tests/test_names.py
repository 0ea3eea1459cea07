"""Who gets the names flask and flask_small where several packages want them."""

import sys

import pytest

EXTENSION = """
def setup(app):
    app.add_html_theme("flask", {folder!r})
"""
THEME = '[theme]\ninherit = "basic"\nstylesheets = ["basic.css"]\n'


@pytest.fixture
def site(write):
    """Return what writes a site beside another package's theme, with its extension."""

    def site(conf):
        folder = write(conf)
        theme = folder / "their_theme"
        theme.mkdir()
        (theme / "theme.toml").write_text(THEME)
        (theme / "layout.html").write_text(
            '{% extends "basic/layout.html" %}{% block header %}THEIRS{% endblock %}'
        )
        (folder / "their_extension.py").write_text(EXTENSION.format(folder=str(theme)))
        return folder

    return site


@pytest.fixture
def _path(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "source")
    yield
    sys.modules.pop("their_extension", None)


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("theme", ["flask", "flask_small", "twopi"])
@pytest.mark.parametrize(
    "extensions",
    [
        ["their_extension"],
        ["their_extension", "twopi_sphinx_themes"],
    ],
)
def test_an_extension_that_came_first_keeps_its_name(build, site, extensions, theme):
    built = build(site(f"html_theme = {theme!r}\nextensions = {extensions!r}\n"))

    assert built.warnings == ""
    assert ("THEIRS" in built.page("index")) == (theme == "flask")
    if theme == "flask_small" or "twopi_sphinx_themes" in extensions:
        assert "The theme 'flask' is that in" in built.status


@pytest.mark.usefixtures("_path")
def test_a_package_that_registers_later_overrides_the_alias_alone(build, site):
    extensions = ["twopi_sphinx_themes", "their_extension"]
    built = build(site(f'html_theme = "flask"\nextensions = {extensions!r}\n'))

    assert "THEIRS" in built.page("index")


@pytest.mark.usefixtures("_path")
@pytest.mark.parametrize("theme", ["twopi", "twopi_small"])
def test_our_own_names_are_ours_beside_another_entry_point(
    build, site, tmp_path, monkeypatch, theme
):
    folder = site(f"html_theme = {theme!r}\n")
    metadata = folder / "their_dist-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: their-dist\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[sphinx.html_themes]\nflask = their_extension\n"
    )
    built = build(folder)

    assert built.warnings == ""
    assert "THEIRS" not in built.page("index")
    assert 'src="_static/twopi.js' in built.page("index")


def test_no_style_of_another_project_is_shadowed():
    from importlib.metadata import entry_points

    names = {
        point.name
        for point in entry_points(group="pygments.styles")
        if point.dist.name == "twopi-sphinx-themes"
    }
    assert names == {"twopi", "twopi-dark"}
