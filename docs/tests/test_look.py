"""The site in Chromium: axe-core finds nothing, and no page is wider than a screen."""

import os
import shutil
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

pytestmark = pytest.mark.browser
SWITCHES = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tmp_path_factory.mktemp("profile")
    for switch in [*SWITCHES.split(), f"--user-data-dir={profile}"]:
        options.add_argument(switch)
    driver = Chrome(options, Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_everybody_can_use_every_page(site, browser, scheme, width):
    axe = Path(os.environ["TWOPI_TEST_AXE"]).read_text("utf-8")
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    colors = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": colors})
    pages = [page for page in site.rglob("*.html") if "_modules" not in page.parts]
    assert pages
    browser.get_log("browser")
    for page in pages:
        browser.get(page.as_uri())
        wide, inner = browser.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        assert wide <= inner, page
        assert browser.get_log("browser") == [], page
        browser.execute_script(axe)
        found = browser.execute_async_script(
            "axe.run({runOnly: arguments[0]}).then(arguments[1])", WCAG
        )
        assert found["violations"] == [], page
        browser.get_log("browser")  # axe-core has read the style sheets as files
