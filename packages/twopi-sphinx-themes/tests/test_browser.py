"""The themes in Chromium; `python3 noxfile.py -s browser` brings what this needs."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        "TWOPI_ALLOW_NO_BROWSER" in os.environ and not shutil.which("chromium"),
        reason="there is no Chromium, which TWOPI_ALLOW_NO_BROWSER allows",
    ),
]
PAGES = ["index", "page", "code", "tables", "api", "design", "markdown", "longword"]
GENERATED = ["genindex", "search", "nested/deep"]
SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def which(program):
    found = shutil.which(program)
    assert found, f"install Debian's chromium and chromium-driver: no {program} is here"
    return found


@pytest.fixture(scope="module")
def chromium():
    with tempfile.TemporaryDirectory() as profile:
        options = ChromeOptions()
        options.binary_location = which("chromium")
        for switch in [*SWITCHES, f"--user-data-dir={profile}"]:
            options.add_argument(switch)
        driver = Chrome(options, Service(which("chromedriver")))
        try:
            yield driver
        finally:
            driver.quit()


@pytest.fixture
def browser(chromium):
    """A browser of 1280 pixels on a light system, with nothing stored."""
    look(chromium)
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.execute_script("try { localStorage.clear() } catch {}")


def look(browser, width=1280, scheme="light", media="screen"):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"media": media, "features": features}
    )


@pytest.fixture
def visit(browser):
    """Return what opens a page of a built site."""

    def visit(built, page="index"):
        browser.get((built.folder / f"{page}.html").as_uri())
        return browser

    return visit


def style(browser, selector, name):
    """Return the value that a property of an element has on the screen."""
    return browser.execute_script(
        "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]",
        selector,
        name,
    )


def find(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def background(browser):
    return style(browser, "body", "backgroundColor")


def code_background(browser):
    return style(browser, ".highlight", "backgroundColor")


LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 28)"
CODE_LIGHT, CODE_DARK = "rgb(245, 246, 248)", "rgb(28, 32, 39)"


@pytest.mark.parametrize("theme", ["twopi", "twopi_small"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_every_page(build, browser, visit, theme, scheme, width):
    """axe-core finds nothing, nothing is wider than the screen, nothing complains."""
    axe = Path(os.environ["TWOPI_TEST_AXE"]).read_text("utf-8")
    options = {"github_fork": "owner/repository", "index_logo": "logo.svg"}
    built = build(html_theme=theme, html_theme_options=options)
    look(browser, width, scheme)
    for page in PAGES + GENERATED:
        visit(built, page)
        assert background(browser) == (DARK if scheme == "dark" else LIGHT)
        wide, inner = browser.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        assert wide <= inner, page
        assert browser.get_log("browser") == [], page
        browser.execute_script(axe)
        found = browser.execute_async_script("axe.run().then(arguments[0])")
        assert found["violations"] == [], page
        assert found["passes"]
        browser.get_log("browser")  # axe-core has read the style sheets as files


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_button_changes_the_colours_and_the_page_remembers(
    build, browser, visit, system
):
    built = build()
    look(browser, scheme=system)
    visit(built, "code")
    systems = (DARK, CODE_DARK) if system == "dark" else (LIGHT, CODE_LIGHT)
    for mode, colors in (
        ("auto", systems),
        ("light", (LIGHT, CODE_LIGHT)),
        ("dark", (DARK, CODE_DARK)),
        ("auto", systems),
    ):
        for _ in range(2):
            button = find(browser, "#color-mode")
            assert button.accessible_name == f"Colours: {mode}"
            assert (background(browser), code_background(browser)) == colors
            browser.refresh()
        find(browser, "#color-mode").click()


def test_colours_are_right_before_the_first_drawing(build, browser, visit):
    """The script that chooses them stands in the head, and waits for nothing."""
    visit(build(), "code")
    browser.execute_script("localStorage.setItem('twopi-sphinx-theme', 'dark')")
    browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument",
        {
            "source": "new MutationObserver(() => { if (document.body && !window.first)"
            " window.first = getComputedStyle(document.documentElement).colorScheme })"
            ".observe(document, {childList: true, subtree: true})"
        },
    )
    browser.refresh()

    assert browser.execute_script("return window.first") == "dark"


@pytest.mark.parametrize("stored", ["purple", "", "light;x"])
def test_a_stored_mode_of_somebody_else_is_ignored(build, browser, visit, stored):
    built = build(html_theme_options={"color_mode": "dark"})
    visit(built)
    browser.execute_script(
        "localStorage.setItem('twopi-sphinx-theme', arguments[0]);"
        "localStorage.setItem('theme', 'light')",
        stored,
    )
    browser.refresh()

    assert background(browser) == DARK


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_color_mode_without_scripts(build, browser, visit, mode):
    built = build(html_theme_options={"color_mode": mode})
    look(browser, scheme="dark" if mode == "light" else "light")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    visit(built, "code")

    colors = background(browser), code_background(browser)
    assert colors == ((DARK, CODE_DARK) if mode == "dark" else (LIGHT, CODE_LIGHT))
    assert not find(browser, "#color-mode").is_displayed()


def test_navigation_on_a_small_screen_without_scripts(build, browser, visit):
    look(browser, 360)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    visit(build())
    navigation = find(browser, "#navigation")

    assert not navigation.is_displayed()
    find(browser, "button.narrow").click()
    assert navigation.is_displayed()
    navigation.find_element(By.LINK_TEXT, "Tables").click()
    assert browser.title.startswith("Tables")


def test_navigation_on_a_wide_screen_is_just_there(build, browser, visit):
    visit(build(), "nested/deep")

    assert find(browser, "#navigation").is_displayed()
    assert not find(browser, "button.narrow").is_displayed()
    assert find(browser, "#navigation [aria-current]").text == "Deep"


def test_the_keyboard_reaches_text_and_search(build, browser, visit):
    visit(build(), "page")
    find(browser, "body").send_keys(Keys.TAB)
    skip = browser.switch_to.active_element
    assert skip.text == "Skip to the text"
    assert skip.rect["y"] >= 0
    skip.send_keys(Keys.ENTER)
    assert browser.execute_script("return document.activeElement.id") == "content"
    find(browser, "body").send_keys("/")
    assert browser.switch_to.active_element.accessible_name == "Search"


def test_what_scrolls_sideways_is_reached_by_the_keyboard(build, browser, visit):
    look(browser, 360)
    visit(build(), "code")
    reached = browser.execute_script(
        "return [...document.querySelectorAll('pre')].map("
        "box => [box.scrollWidth > box.clientWidth, box.tabIndex === 0])"
    )

    assert {wide for wide, _ in reached} == {True, False}
    assert all(wide == focusable for wide, focusable in reached)


def test_the_contents_follow_the_reader(build, browser, visit):
    visit(build(), "page")
    browser.execute_script(
        "document.getElementById('quotes-and-pictures').scrollIntoView()"
    )
    browser.execute_async_script(
        "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
    )

    assert find(browser, ".page-contents [aria-current]").text == "Quotes and pictures"


@pytest.mark.parametrize("theme", ["twopi", "twopi_small"])
def test_search_finds(build, browser, visit, theme, tmp_path):
    built = build(html_theme=theme)
    visit(built, "search")
    browser.get(f"{(built.folder / 'search.html').as_uri()}?q=footnote")
    for _ in range(200):
        if found := browser.find_elements(By.CSS_SELECTOR, "ul.search li a"):
            break
        browser.execute_async_script("setTimeout(arguments[0], 25)")

    assert found[0].text == "Text of all kinds"


def test_index_logo_is_as_high_as_it_was_told(build, browser, visit):
    options = {"index_logo": "logo.svg", "index_logo_height": "77px"}
    visit(build(html_theme_options=options))
    logo = find(browser, "h1 img")

    assert logo.size["height"] == 77
    assert browser.execute_script("return arguments[0].naturalWidth > 0", logo)
    assert find(browser, "h1").accessible_name.startswith("Sample")


@pytest.mark.parametrize("width", [1280, 360])
def test_the_badge_has_its_colour_and_covers_nothing(build, browser, visit, width):
    options = {"github_fork": "owner/repo", "github_ribbon_color": "red_aa0000"}
    look(browser, width)
    visit(build(html_theme_options=options))
    badge = find(browser, ".fork")

    assert style(browser, ".fork", "backgroundColor") == "rgb(170, 0, 0)"
    assert badge.is_displayed()
    rect, heading = badge.rect, find(browser, "h1").rect
    assert rect["y"] + rect["height"] <= heading["y"]
    assert rect["x"] + rect["width"] <= width


def test_the_small_theme_is_centred(build, browser, visit):
    visit(build(html_theme="twopi_small"), "page")
    left, right = browser.execute_script(
        "const box = document.querySelector('.frame').getBoundingClientRect();"
        "return [box.left, document.documentElement.clientWidth - box.right]"
    )

    assert abs(left - right) <= 1
    assert left > 200


def test_on_paper_there_is_text_alone(build, browser, visit):
    look(browser, scheme="dark", media="print")
    visit(build(), "page")

    for selector in (".bar", "#navigation", ".page-contents", ".pager"):
        assert not find(browser, selector).is_displayed()
    assert background(browser) == LIGHT
    assert find(browser, "h1").is_displayed()
