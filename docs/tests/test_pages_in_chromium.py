"""The scripts that how-to pages show, in Chromium, with the server of the same page."""

import re
import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

pytestmark = pytest.mark.browser
HOWTO = Path(__file__).parent.parent / "howto"
SWITCHES = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"


def blocks(page, language):
    text = (HOWTO / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def browser(tmp_path):
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for switch in [*SWITCHES.split(), f"--user-data-dir={tmp_path / 'profile'}"]:
        options.add_argument(switch)
    driver = Chrome(options, Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def serve():
    """Serve applications on ports of their own."""
    running = []

    def start(app):
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        running.append((server, thread))
        return server.port

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def test_single_page_application(browser, serve, tmp_path):
    page = "single-page-application.md"
    (tmp_path / "index.html").write_text(blocks(page, "html")[0], "utf-8")
    (tmp_path / "app.mjs").write_text(blocks(page, "js")[0], "utf-8")
    namespace = {"__name__": "notes"}
    exec(blocks(page, "python")[0], namespace)
    app = namespace["app"]
    app.static_folder = str(tmp_path)

    def find(selector):
        return browser.find_element(By.CSS_SELECTOR, selector)

    def wait(condition):
        WebDriverWait(browser, 60).until(lambda _: condition())

    def log_in(password):
        wait(find("#login").is_displayed)
        for name, text in (("username", "ada"), ("password", password)):
            find(f"#login [name={name}]").clear()
            find(f"#login [name={name}]").send_keys(text)
        find("#login button").click()

    browser.get(f"http://127.0.0.1:{serve(app)}/")
    log_in("nothing")
    wait(lambda: find("#problem").text == "Wrong user name or password.")
    log_in("right")
    wait(find("#page").is_displayed)
    assert not find("#login").is_displayed()
    assert find("#problem").text == ""

    find("#add input").send_keys("<b>water</b> the plants")
    find("#add button").click()
    wait(lambda: find("#notes").text == "<b>water</b> the plants")

    browser.refresh()
    wait(lambda: find("#notes").text == "<b>water</b> the plants")

    with app.app_context():
        namespace["auth"].sessions.revoke_all("ada")
    browser.refresh()
    log_in("right")
    wait(lambda: find("#notes").text == "<b>water</b> the plants")

    find("#logout").click()
    wait(find("#login").is_displayed)
    assert find("#notes").text == ""


def test_cors_with_credentials(browser, serve):
    page = "cors-with-credentials.md"
    namespace = {"__name__": "api"}
    exec(blocks(page, "python")[0], namespace)
    api = f"http://localhost:{serve(namespace['app'])}"
    script = blocks(page, "js")[0].replace("https://api.shop.example", api)
    html = f'<title>-</title><script type="module">{script}document.title = me.user;'
    html += "await auth.renew(); document.title += ' renewed';</script>"

    def show(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [html.encode()]

    origin = f"http://localhost:{serve(show)}"
    namespace["PAGES"].add(origin)
    browser.get(origin)
    WebDriverWait(browser, 60).until(lambda driver: driver.title == "ada renewed")


def test_event_streams(browser, serve):
    page = "websockets-and-sse.md"
    namespace = {"__name__": "shop"}
    code = "\n".join(blocks(page, "python"))
    exec(code[: code.index("client = app.test_client()")], namespace)
    app = namespace["app"]
    scripts = [each for each in blocks(page, "js") if "function listen" in each]
    html = "<title>-</title>"
    for script in scripts:
        html += f"""<script type="module">
            const headers = {{ Authorization: "{namespace["bearer"]}" }};
            const auth = {{ fetch: (url, init) => fetch(url, {{ ...init, headers }}) }};
            const show = (message) => (document.title += ` ${{message}}`);
            {script}
            await listen();
        </script>"""
    app.add_url_rule("/", "index", lambda: html)
    browser.get(f"http://127.0.0.1:{serve(app)}/")
    expected = Counter({"paid": 2, "sent": 2})  # and more when it connects again
    wait = WebDriverWait(browser, 60)
    wait.until(lambda driver: Counter(driver.title.split()) >= expected)
    assert len(scripts) == 2
