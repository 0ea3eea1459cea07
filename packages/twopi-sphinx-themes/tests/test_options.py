import pytest

WRONG = [
    (
        {"github_frok": "a/b"},
        "there is no option 'github_frok'; did you mean 'github_fork'?",
    ),
    ({"index_logo": "gone.png"}, "index_logo is 'gone.png', which is in no folder of"),
    ({"touch_icon": "gone.png"}, "touch_icon is 'gone.png', which is in no folder of"),
    ({"index_logo": "../conf.py"}, "it must be the name of a picture in _static"),
    ({"index_logo_height": "120"}, "it must be a CSS length such as 120px or 8rem"),
    ({"index_logo_height": "1px; color: red"}, "it must be a CSS length"),
    ({"github_fork": "https://github.com/a/b"}, "it must be owner/repository"),
    ({"github_ribbon_color": "blue"}, "it must be a colour such as #121621"),
    ({"github_ribbon_color": "red;_ff0000"}, "it must be a colour such as #121621"),
    ({"color_mode": "night"}, "it must be auto or light or dark"),
    ({"edit_url": "javascript:{path}"}, "it must be an http(s) URL with {path}"),
    ({"edit_url": "https://example.org/"}, "it must be an http(s) URL with {path}"),
    ({"github_fork": 5}, "github_fork is 5; it must be owner/repository"),
]


@pytest.mark.parametrize(("chosen", "message"), WRONG)
@pytest.mark.parametrize("theme", ["twopi", "flask_small"])
def test_a_wrong_option_fails_a_strict_build_and_breaks_no_page(
    build, write, theme, chosen, message
):
    folder = write(f"html_theme = {theme!r}\nhtml_theme_options = {chosen!r}\n")
    built = build(folder)

    assert built.errors
    assert message in built.warnings
    assert ">Title<" in built.page("index")


def test_the_warnings_can_be_suppressed(build, write):
    folder = write(
        'html_theme = "twopi"\nsuppress_warnings = ["twopi_theme.option"]\n'
        'html_theme_options = {"color_mode": "night"}\n'
    )

    assert build(folder).warnings == ""


def test_an_empty_option_is_an_unset_one(build, write):
    folder = write(
        'html_theme = "flask"\n'
        'html_theme_options = {"index_logo": "", "touch_icon": "", "github_fork": ""}\n'
    )

    assert build(folder).warnings == ""
