import shutil
from importlib.metadata import version

import pytest

from twopi_release import UNKNOWN, Release, find_release


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    monkeypatch.chdir(folder)
    return folder


def test_nothing_found():
    assert find_release() == Release(UNKNOWN, "unknown", None)


def test_the_release_is_its_text():
    assert str(Release("1.0", "git")) == "1.0"


def test_each_place_is_asked_after_the_one_before(project, monkeypatch, git):
    given = project / "given.txt"
    given.write_text("from path")
    monkeypatch.setenv("ACME_RELEASE", "from variable")
    (project / "version.txt").write_text("from file")
    git(project, "init", "-q")
    git(project, "add", "pyproject.toml")
    git(project, "commit", "-q", "-m", "First")
    git(project, "tag", "from-git")

    def find():
        return find_release("pytest", given, ["ACME_RELEASE"], git=True)

    assert find() == Release("from path", "path", given)
    given.unlink()
    assert find() == Release("from variable", "env:ACME_RELEASE")
    monkeypatch.delenv("ACME_RELEASE")
    assert find() == Release("from file", "file", project / "version.txt")
    (project / "version.txt").unlink()
    assert find() == Release(version("pytest"), "dist:pytest")
    assert find_release("no-such-dist", git=True) == Release("from-git", "git", project)


@pytest.mark.parametrize(
    "name",
    [
        "TWOPI_RELEASE",
        "SENTRY_RELEASE",
        "K_REVISION",
        "CONTAINER_APP_REVISION",
        "SCM_COMMIT_ID",
        "BUILD_SOURCEVERSION",
        "CF_PAGES_COMMIT_SHA",
        "WORKERS_CI_COMMIT_SHA",
    ],
)
def test_variables_of_hosts(name, monkeypatch):
    monkeypatch.setenv(name, " abc \n")

    assert find_release() == Release("abc", f"env:{name}")


def test_one_variable_by_its_name(monkeypatch):
    monkeypatch.setenv("R", "wrong")
    monkeypatch.setenv("RR", "right")

    assert find_release(env="RR").value == "right"


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("TWOPI_RELEASE", " ")
    monkeypatch.setenv("GITHUB_SHA", "abc")

    assert find_release().source == "env:GITHUB_SHA"


def test_a_variable_that_is_no_text(monkeypatch):
    monkeypatch.setenv("TWOPI_RELEASE", "1\udcff")

    assert find_release().value == "1?"


def test_a_file_above_up_to_the_project(project, monkeypatch):
    (project / "version.txt").write_text("1.0\nbuilt yesterday\n")
    deep = project / "src" / "acme"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)

    assert find_release() == Release("1.0", "file", project / "version.txt")
    assert find_release(search=False).value == UNKNOWN


def test_a_file_above_the_project_is_not_its(project):
    (project.parent / "version.txt").write_text("of another")

    assert find_release().value == UNKNOWN


def test_without_a_project_only_the_working_directory_counts(
    project, monkeypatch, tmp_path
):
    monkeypatch.setattr("twopi_release.project.MARKERS", ("no-such-marker",))
    (project / "version.txt").write_text("of a stranger")
    deep = project / "deep"
    deep.mkdir()
    monkeypatch.chdir(deep)

    assert find_release().value == UNKNOWN
    (deep / "version.txt").write_text("ours")
    assert find_release().value == "ours"


@pytest.mark.parametrize("path", ["missing", "a\0b", ".", "\udcff"])
def test_a_path_that_cannot_be_read(path):
    assert find_release(path=path).value == UNKNOWN


@pytest.mark.parametrize("dist", ["", "no such", "../x", "a\0b"])
def test_a_distribution_that_is_not_there(dist):
    assert find_release(dist).value == UNKNOWN


def test_a_working_directory_that_was_removed(project):
    shutil.rmtree(project)

    assert find_release(git=True).value == UNKNOWN


def test_git_outside_of_a_checkout(monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))

    assert find_release(git=True).value == UNKNOWN


def test_git_in_another_repositorys_hook(checkout, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another" / ".git"))
    monkeypatch.chdir(checkout)

    assert find_release(git=True) == Release("v1.3.0", "git", checkout)


def test_git_says_what_was_changed(checkout, monkeypatch):
    (checkout / "README.md").write_text("changed")
    monkeypatch.chdir(checkout)

    assert find_release(git=True).value == "v1.3.0-dirty"


def test_git_is_not_installed(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PATH", "")

    assert find_release(git=True).value == UNKNOWN


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("registry.fly.io/app:deployment-01H", "registry.fly.io-app:deployment-01H"),
        ("release\\2.0", "release-2.0"),
        ("1.0\t2", "1.0-2"),
        (".", "release-."),
        ("..", "release-.."),
        ("Latest", "release-Latest"),
        ("x" * 201, "x" * 200),
    ],
)
def test_what_sentry_rejects_is_changed_and_said(given, value, monkeypatch, caplog):
    monkeypatch.setenv("FLY_IMAGE_REF", given)
    caplog.set_level("INFO", "twopi_release")

    found = find_release()

    assert (found.value, found.original) == (value, given)
    assert str(found) == value
    assert repr(given) in caplog.text


@pytest.mark.parametrize("given", ["shop@1.0+5", "v1.0-2-gabc-dirty", "é 1"])
def test_what_sentry_accepts_is_unchanged(given, monkeypatch, caplog):
    monkeypatch.setenv("TWOPI_RELEASE", given)
    caplog.set_level("INFO", "twopi_release")

    assert find_release() == Release(given, "env:TWOPI_RELEASE")
    assert caplog.text == ""
