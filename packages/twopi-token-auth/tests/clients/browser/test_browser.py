"""The module in Chromium, against a real server."""

import json

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

pytestmark = pytest.mark.browser

OPTIONS = """
    --headless=new --no-sandbox --disable-gpu --no-first-run --disable-sync
    --disable-background-networking --disable-component-update --disable-dev-shm-usage
"""


class Browser:
    """Does things in the tab in front; each tab has a page with its own `auth`."""

    def __init__(self, driver):
        self.driver = driver

    def run(self, script):
        """Return what the body of an asynchronous function returns."""
        return self.driver.execute_script(f"return (async () => {{ {script} }})()")

    def open(self, url):
        self.driver.get(url)
        self.wait_until("window.events !== undefined")

    def open_tab(self, url):
        self.driver.switch_to.new_window("tab")
        self.open(url)
        return self.driver.current_window_handle

    def wait_until(self, condition):
        WebDriverWait(self.driver, 60, 0.02).until(
            lambda _: self.run(f"return {condition}")
        )

    def complaints(self):
        """Return what the console shows, but for answers that are meant to be so."""
        return [
            entry
            for entry in self.driver.get_log("browser")
            if "the server responded with a status of 401" not in entry["message"]
        ]


@pytest.fixture(scope="module")
def driver(find, tmp_path_factory):
    chromium, chromedriver = find("chromium", "chromedriver")
    options = ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for option in [*OPTIONS.split(), f"--user-data-dir={profile}"]:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, Service(chromedriver))
    try:
        driver.set_script_timeout(60)
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(driver):
    """A browser with one empty tab, which remembers nobody."""
    before = driver.window_handles
    driver.switch_to.new_window("tab")
    fresh = driver.current_window_handle
    for tab in before:
        driver.switch_to.window(tab)
        driver.close()
    driver.switch_to.window(fresh)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    driver.get_log("browser")
    return Browser(driver)


@pytest.fixture(params=["cookie", "json"])
def server(request, make_page_server):
    server = make_page_server(request.param)
    server.transport = request.param
    return server


@pytest.fixture
def page(browser, server):
    """Somebody who has logged in."""
    browser.open(f"{server.origin}/page")
    browser.run("await auth.logIn('ada', 'right', 'Chromium')")
    browser.server = server
    return browser


ME = "(await (await auth.fetch('/me')).json()).user"
THREE = """
    const answers = await Promise.all([1, 2, 3].map(() => auth.fetch("/me")));
    return answers.map((answer) => answer.status);
"""


def test_a_session_from_its_start_to_its_end(page, server):
    assert page.run(f"return {ME}") == "ada"

    page.run("skew += 3600")
    assert page.run(THREE) == [200] * 3
    assert server.renewals() == 1
    server.refuse_tokens()
    assert page.run(THREE) == [200] * 3
    assert server.renewals() == 2

    page.driver.refresh()
    page.wait_until("window.events !== undefined")
    assert page.run("return [auth.signedIn, await auth.resume()]") == [True, True]
    assert page.run(f"return {ME}") == "ada"
    assert server.renewals() == 3

    page.run("await auth.logOut()")
    assert page.run("return events") == ["renewed", "signedout"]
    assert page.run("return localStorage.length + document.cookie.length") == 0
    page.driver.refresh()
    page.wait_until("window.events !== undefined")
    assert page.run("return await auth.resume()") is False
    assert server.renewals() == 3
    assert not page.driver.get_cookies()
    assert not page.complaints()


def test_scripts_cannot_read_the_cookie(browser, make_page_server):
    server = make_page_server("cookie")
    browser.open(f"{server.origin}/page")
    browser.run("await auth.logIn('ada', 'right')")

    assert browser.run("return document.cookie") == ""
    kept = json.loads(browser.run("return Object.values(localStorage)[0]"))
    assert "refreshToken" not in kept
    browser.run("localStorage.clear()")
    browser.driver.refresh()
    browser.wait_until("window.events !== undefined")
    assert browser.run("return await auth.resume()") is False
    browser.run("await auth.renew()")
    assert browser.run(f"return {ME}") == "ada"
    assert not browser.complaints()


def test_a_session_that_was_revoked(page, server):
    server.end_sessions()
    page.run("skew += 3600")

    assert (
        page.run("""
        const asked = [1, 2].map(() => auth.fetch("/me"));
        const results = await Promise.allSettled(asked);
        return results.map(({ reason }) => reason.constructor.name);
    """)
        == ["SessionOverError"] * 2
    )
    assert page.run("return [auth.signedIn, events]") == [
        False,
        ["signedin", "signedout"],
    ]
    assert server.renewals() == 1
    assert not page.complaints()


def test_of_two_tabs_one_renews(page, server):
    first = page.driver.current_window_handle
    second = page.open_tab(f"{server.origin}/page")
    assert page.run(f"return {ME}") == "ada"
    before = server.renewals()
    server.gate.clear()
    for tab in (first, second):
        page.driver.switch_to.window(tab)
        page.run(f"skew += 3600; window.answer = (async () => {ME})()")
    assert server.renewing.wait(10)
    server.gate.set()

    for tab in (first, second):
        page.driver.switch_to.window(tab)
        assert page.run("return await answer") == "ada"
    assert server.renewals() == before + 1
    page.run("await auth.logOut()")
    page.driver.switch_to.window(first)
    page.wait_until("events.includes('signedout')")
    assert page.run("return auth.signedIn") is False
    assert not page.complaints()


def test_both_tabs_hear_that_the_session_is_over(page, server):
    first = page.driver.current_window_handle
    second = page.open_tab(f"{server.origin}/page")
    server.end_sessions()
    server.gate.clear()
    script = "window.answer = auth.fetch('/me').catch((error) => error.message)"
    for tab in (first, second):
        page.driver.switch_to.window(tab)
        page.run(f"skew += 3600; {script}; return")
    server.gate.set()

    for tab in (first, second):
        page.driver.switch_to.window(tab)
        assert page.run("return await answer") == "The session has ended; log in"
    assert server.renewals() == 1


def test_two_tabs_without_web_locks_keep_their_session(page, server):
    page.open(f"{server.origin}/page?nolocks")
    first = page.driver.current_window_handle
    second = page.open_tab(f"{server.origin}/page?nolocks")
    assert page.run("return navigator.locks === undefined")
    server.gate.clear()
    for _ in range(3):
        for tab in (first, second):
            page.driver.switch_to.window(tab)
            page.run(f"skew += 3600; window.answer = (async () => {ME})()")
        server.gate.set()
        for tab in (first, second):
            page.driver.switch_to.window(tab)
            assert page.run("return await answer") == "ada"
    assert server.calls["POST", "/auth/renew", 401] == 0


def test_a_second_device_in_the_same_page(page, server):
    assert (
        page.run("""
        window.other = new TokenAuth({ storage: null });
        return other.signedIn;
    """)
        is False
    )
    if server.transport == "cookie":
        return
    page.run("await other.logIn('ada', 'right', 'second')")
    page.run("await auth.logOut()")
    assert page.run("return [other.signedIn, (await other.fetch('/me')).status]") == [
        True,
        200,
    ]


def test_strangers_get_no_token(page, make_page_server):
    stranger = make_page_server()

    statuses = page.run(f"""
        const answers = await Promise.all([
            auth.fetch("{stranger.origin}/open"),
            auth.fetch("/away?status=302&to={stranger.origin}/open"),
            auth.fetch("/away?status=307&to={stranger.origin}/open", {{
                method: "POST", body: "x",
            }}),
        ]);
        return answers.map((answer) => answer.status);
    """)

    assert statuses == [200] * 3
    assert len(stranger.seen) >= 3
    assert not any("Bearer" in str(headers) for _, headers, _ in stranger.seen)


def test_an_api_of_another_origin(browser, server, make_page_server):
    api = make_page_server()
    browser.open(f"{server.origin}/page")

    user = browser.run(f"""
        window.auth = new TokenAuth({{ url: "{api.url}" }});
        await auth.logIn("ada", "right");
        skew += 3600;
        return (await (await auth.fetch("{api.origin}/me")).json()).user;
    """)

    assert user == "ada"
    assert api.renewals() == 1
    assert not any("Bearer" in str(headers) for _, headers, _ in server.seen)
    assert not browser.complaints()


def switch(page, tab):
    page.driver.switch_to.window(tab)


WHO = f"window.answer = (async () => {ME})()"


def test_a_tab_that_is_stuck_does_not_stop_the_other(page, server):
    first = page.driver.current_window_handle
    second = page.open_tab(f"{server.origin}/page")
    switch(page, first)
    page.run("window.fetch = () => new Promise(() => {}); skew += 3600; auth.renew()")
    switch(page, second)
    page.run("""
        const { setTimeout } = window;  // the minute that it would wait is over at once
        window.setTimeout = (work, delay) => {
            window.setTimeout = setTimeout;
            return setTimeout(work, 0);
        };
    """)

    assert page.run(f"skew += 3600; return {ME}") == "ada"
    assert server.renewals() == 1


def test_a_page_that_is_left_lets_go_of_the_lock(page, server):
    first = page.driver.current_window_handle
    second = page.open_tab(f"{server.origin}/page")
    page.run("await auth.resume()")
    before = server.renewals()
    server.gate.clear()
    for tab in (first, second):
        switch(page, tab)
        page.run(f"skew += 3600; {WHO}; return")
    switch(page, first)
    page.driver.get(f"{server.origin}/open")
    switch(page, second)
    WebDriverWait(page.driver, 60, 0.05).until(
        lambda _: server.renewals_begun >= before + 2
    )
    server.gate.set()

    assert page.run("return await answer") == "ada"
    switch(page, first)
    page.driver.back()
    page.wait_until("window.events !== undefined")
    assert page.run(f"return {ME}") == "ada"


def test_a_renewal_that_failed_is_done_by_the_tab_that_waited(page, server):
    first = page.driver.current_window_handle
    second = page.open_tab(f"{server.origin}/page")
    page.run("await auth.resume()")
    switch(page, first)
    page.run("""
        const { fetch } = window;
        window.fetch = async () => {
            await new Promise((resolve) => { window.fail = resolve; });
            window.fetch = fetch;
            return new Response("{}", { status: 503 });
        };
        skew += 3600;
        window.answer = auth.renew().catch((error) => error.message);
    """)
    switch(page, second)
    page.run(f"skew += 3600; {WHO}; return")
    switch(page, first)
    page.wait_until("window.fail !== undefined")
    page.run("fail()")

    assert page.run("return await answer") == "The server answered with 503"
    switch(page, second)
    assert page.run("return await answer") == "ada"


def test_two_users_in_two_tabs(browser, server):
    tabs = {}
    for user in ("ada", "bob"):
        tabs[user] = browser.open_tab(f"{server.origin}/page")
        browser.run(f"""
            window.auth = new TokenAuth({{ storage: sessionStorage, timeout: 60 }});
            await auth.logIn("{user}", "right");
        """)
    for user, tab in tabs.items():
        switch(browser, tab)
        assert browser.run(f"return {ME}") == user

    switch(browser, tabs["ada"])
    renewed = browser.run(f"""
        skew += 3600;
        try {{ return {ME} }} catch (error) {{ return error.constructor.name }}
    """)
    # They have one cookie, which is of the login that came last.
    assert renewed == ("OtherSessionError" if server.transport == "cookie" else "ada")
    switch(browser, tabs["bob"])
    assert browser.run(f"skew += 3600; return {ME}") == "bob"


def test_a_request_object_is_sent_again(page, server):
    for body, sent in (("'abc'", "abc"), ("new Blob(['abc'])", "abc"), ("null", "")):
        server.refuse_tokens()
        answer = page.run(f"""
            const request = new Request("/me", {{ method: "POST", body: {body} }});
            return (await auth.fetch(request)).json();
        """)
        assert answer == {"user": "ada", "body": sent}


def test_a_log_out_that_failed_is_kept_over_a_reload(page, server):
    server.broken["/auth/logout"] = {"status": 503}
    failed = "await auth.logOut().catch((error) => error.constructor.name)"
    assert page.run(f"return [{failed}, auth.signedIn]") == ["UnavailableError", False]
    page.driver.refresh()
    page.wait_until("window.events !== undefined")
    assert page.run("return [await auth.resume(), auth.signedIn]") == [False, False]
    server.broken.clear()

    page.run("await auth.logOut()")
    with server.app.app_context():
        assert list(server.auth.sessions.list("ada")) == []
    assert page.run("return localStorage.length") == 0


def test_logging_in_again_ends_the_earlier_session(page, server):
    page.run("await auth.logIn('ada', 'right', 'again')")

    with server.app.app_context():
        (session,) = server.auth.sessions.list("ada")
    assert session.name == "again"


def test_a_cookie_that_the_browser_does_not_keep(browser, make_page_server):
    server = make_page_server("cookie")
    browser.open(f"{server.origin}/page")

    message = browser.run("""
        window.auth = new TokenAuth({ credentials: "omit" });
        await auth.logIn("ada", "right");
        skew += 3600;
        return auth.fetch("/me").catch((error) => error.message);
    """)
    assert "no cookie arrived" in message


def test_the_token_of_a_page(page, server):
    assert (
        page.run("""
        const headers = { Authorization: `Bearer ${await auth.getToken()}` };
        return (await (await fetch("/me", { headers })).json()).user;
    """)
        == "ada"
    )
