"""The module in Node.js, against a real server; the tests are in module.test.mjs."""

import os
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

JS = files("twopi_token_auth") / "web" / "js"


@pytest.mark.browser
def test_the_module(make_page_server, find):
    (node,) = find("node")
    tests = Path(__file__).parent / "module.test.mjs"

    result = subprocess.run(
        [node, "--test", "--test-reporter=tap", tests],
        env={
            **os.environ,
            "MODULE": (JS / "token-auth.mjs").as_uri(),
            "SERVER": make_page_server().origin,
            "COOKIE_SERVER": make_page_server("cookie").origin,
            "STRANGER": make_page_server().origin,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0, result.stdout
    assert "# fail 0" in result.stdout
