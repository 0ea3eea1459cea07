import pytest
from flask import Flask

from twopi_release import find_release, release_blueprint


def client_of(**arguments):
    app = Flask(__name__)
    app.register_blueprint(release_blueprint(**arguments))
    return app.test_client()


def test_release_of_the_start_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "version.txt").write_text("1.0")
    client = client_of()
    (tmp_path / "version.txt").write_text("1.1")

    answer = client.get("/release")

    assert answer.json == {"release": "1.0"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_explicit_release():
    assert client_of(release="7").get("/release").json == {"release": "7"}


def test_a_release_that_was_found(tmp_path):
    (tmp_path / "release.txt").write_text("8")
    found = find_release(path=tmp_path / "release.txt")

    answer = client_of(release=found, header="X-Release").get("/release")

    assert answer.json == {"release": "8"}
    assert answer.headers["X-Release"] == "8"


def test_healthy_without_checks():
    answer = client_of().get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok", "checks": {}})


def broken():
    raise RuntimeError("password=hunter2")


def test_a_failed_check_is_503_and_stays_in_the_log(caplog):
    answer = client_of(checks={"database": broken, "disk": list(range(1)).copy}).get(
        "/healthz"
    )

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "status": "failed",
        "checks": {"database": "failed", "disk": "ok"},
    }
    assert "hunter2" in caplog.text


@pytest.mark.parametrize("path", ["/release", "/livez", "/readyz", "/healthz"])
def test_prefix(path):
    client = client_of(url_prefix="/internal")

    assert client.get(f"/internal{path}").status_code == 200
    assert client.get(path).status_code == 404


def test_a_header_on_every_response_of_the_app():
    client = client_of(release="1.0\n\u00e9", header="X-Release")

    answers = [client.get("/release"), client.get("/missing")]

    assert [each.headers["X-Release"] for each in answers] == ["1.0??", "1.0??"]


def test_no_header_unless_asked_for():
    assert "X-Release" not in client_of().get("/release").headers
