import re

import pytest

THEMES = ["twopi", "twopi_small", "flask", "flask_small"]


@pytest.mark.parametrize("theme", THEMES)
def test_a_site_of_everything_builds_without_a_warning(build, theme):
    built = build(html_theme=theme)

    assert (built.errors, built.warnings) == (0, "")
    assert 'class="small"' in built.page("page") or not theme.endswith("small")


@pytest.mark.parametrize("theme", ["twopi", "twopi_small"])
def test_pages_load_nothing_from_elsewhere(build, theme):
    built = build(html_theme=theme, html_theme_options={"github_fork": "a/b"})

    for file in built.folder.rglob("*.html"):
        text = file.read_text("utf-8")
        loaded = re.findall(
            r'<(?:link|script|img|source)\b[^>]*(?:src|href)="([^"]*)', text
        )
        assert loaded
        assert not [url for url in loaded if re.match(r"(\w+:)?//", url)]
    for file in (built.file("twopi.css"), built.file("twopi.js")):
        assert not re.search(r"https?://|@import|url\(", file.read_text("utf-8"))


def test_the_theme_is_light(build):
    built = build()

    sheets = ["twopi.css", "pygments.css", "pygments_dark.css"]
    assert sum(built.file(name).stat().st_size for name in sheets) <= 40_000
    assert built.file("twopi.js").stat().st_size <= 6_000


def test_there_is_one_viewport_and_it_can_be_zoomed(build):
    text = build().page("page")

    [viewport] = re.findall(r'<meta name="viewport"[^>]*>', text)
    assert "maximum-scale" not in viewport
    assert "user-scalable" not in viewport


def test_code_is_coloured_for_both_modes(build):
    built = build()

    text = built.page("code")
    assert 'media="(prefers-color-scheme: dark)"' in text
    light, dark = (
        built.file(name).read_text("utf-8")
        for name in ("pygments.css", "pygments_dark.css")
    )
    assert "#f5f6f8" in light
    assert "#1c2027" in dark


@pytest.mark.parametrize(("mode", "media"), [("light", "not all"), ("dark", "all")])
def test_a_fixed_mode_needs_no_script(build, mode, media):
    text = build(html_theme_options={"color_mode": mode}).page("code")

    assert f'data-color-mode="{mode}"' in text
    assert f'id="pygments_dark_css" media="{media}"' in text


@pytest.mark.parametrize("style", ["FlaskyStyle", "TwopiStyle", "TwopiDarkStyle"])
def test_a_style_can_be_named_in_conf_py(build, style):
    built = build(pygments_style=f"twopi_sphinx_themes.pygments.{style}")

    color = {"TwopiDarkStyle": "#1c2027"}.get(style, "#f5f6f8")
    assert color in built.file("pygments.css").read_text("utf-8")


def test_index_logo(build):
    chosen = {"index_logo": "logo.svg", "index_logo_height": "7rem"}
    built = build(html_theme_options=chosen)

    heading = re.search(r"<h1.*?</h1>", built.page("index"), re.DOTALL)[0]
    assert 'src="_static/logo.svg"' in heading
    assert "7rem" in heading
    assert ">Sample<" in heading
    assert "<img" not in re.search(r"<h1.*?</h1>", built.page("page"), re.DOTALL)[0]


def test_index_logo_on_a_first_page_of_another_name(build, write):
    folder = write(
        'html_theme = "flask"\nroot_doc = "start"\nhtml_static_path = ["static"]\n'
        'html_theme_options = {"index_logo": "a b.svg"}\n',
        index=":orphan:\n\nOther\n=====\n",
        **{"start.rst": "Title\n=====\n", "static/a b.svg": "<svg/>"},
    )
    built = build(folder)

    assert built.warnings == ""
    assert 'src="_static/a%20b.svg"' in built.page("start")
    assert "index-logo" not in built.page("index")


def test_touch_icon(build):
    text = build(html_theme_options={"touch_icon": "logo.svg"}).page("nested/deep")

    assert '<link rel="apple-touch-icon" href="../_static/logo.svg" />' in text


@pytest.mark.parametrize(
    ("chosen", "style"),
    [
        ({}, "--fork: #121621; --fork-text: #ffffff"),
        (
            {"github_ribbon_color": "orange_ff7600"},
            "--fork: #ff7600; --fork-text: #000000",
        ),
        ({"github_ribbon_color": "#fff"}, "--fork: #ffffff; --fork-text: #000000"),
    ],
)
def test_github_fork(build, chosen, style):
    options = {"github_fork": "owner/repo", **chosen}
    text = build(html_theme_options=options).page("page")

    assert f'href="https://github.com/owner/repo" style="{style}"' in text


def test_edit_url(build):
    options = {"edit_url": "https://example.org/edit/{path}"}
    built = build(html_theme_options=options)

    assert 'href="https://example.org/edit/nested/deep.rst"' in built.page(
        "nested/deep"
    )
    assert 'href="https://example.org/edit/markdown.md"' in built.page("markdown")
    assert "Edit this page" not in built.page("genindex")


def test_relations_in_the_sidebar(build):
    built = build(html_sidebars={"**": ["globaltoc.html", "relations.html"]})

    text = built.page("nested/deep")
    relations = text[text.index("Related Topics") :]
    relations = relations[: relations.index("</nav>")]
    assert re.findall(r'href="([^"]+)">([^<]+)<', relations) == [
        ("../index.html", "Documentation overview"),
        ("index.html", "Nested"),
        ("index.html", "Nested"),
    ]
    assert 'rel="prev"' in relations
    assert 'rel="next"' not in relations


def test_the_way_to_the_page_is_open_in_the_navigation(build):
    text = build().page("nested/deep")

    navigation = text[text.index('id="navigation"') : text.index("</nav>")]
    assert (
        'aria-current="page" class="current reference internal" href="#"' in navigation
    )
    assert "Cards and tabs" in navigation


def test_the_small_theme_keeps_search_footer_and_neighbours(build):
    text = build(html_theme="twopi_small").page("page")

    assert 'role="search"' in text
    assert "Copyright" in text
    assert 'rel="next"' in text
    assert 'id="navigation"' not in text


def test_a_child_theme_of_one_s_own(build, write):
    folder = write(
        'html_theme = "mine"\nhtml_theme_path = ["."]\n'
        'html_theme_options = {"github_fork": "no slash"}\n',
        **{
            "mine/theme.toml": '[theme]\ninherit = "twopi"\n',
            "mine/layout.html": '{% extends "twopi/layout.html" %}'
            "{% block footer %}<footer>Mine</footer>{% endblock %}",
        },
    )
    built = build(folder)

    assert "<footer>Mine</footer>" in built.page("index")
    assert "github_fork is 'no slash'" in built.warnings
    assert 'src="_static/twopi.js' in built.page("index")


def test_other_themes_are_left_alone(build, write):
    folder = write('html_theme = "alabaster"\nextensions = ["twopi_sphinx_themes"]\n')
    built = build(folder)

    assert (built.warnings, built.errors) == ("", 0)
    assert "twopi" not in built.page("index")


def test_other_builders_are_left_alone(build, write):
    folder = write('extensions = ["twopi_sphinx_themes"]\nhtml_theme = "twopi"\n')

    assert build(folder, "text").errors == 0


def test_one_page_with_everything(build, write):
    built = build(write('html_theme = "twopi"\n'), "singlehtml")

    assert built.errors == 0
    assert 'role="search"' not in built.page("index")


def test_what_is_said_is_translated(build, write):
    folder = write('html_theme = "twopi"\nlanguage = "de"\n')
    text = build(folder).page("index")

    assert 'lang="de"' in text
    assert 'aria-label="Suche"' in text
