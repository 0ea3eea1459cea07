import os
import re
import subprocess
import sys
import tarfile
import zipfile

import pytest

PROJECT = """
[build-system]
requires = ["hatchling", "twopi-release"]
build-backend = "hatchling.build"

[project]
name = "acme-app"
version = "1.2.0"

[tool.hatch.build.hooks.twopi-release]
"""


@pytest.fixture
def project(checkout, git):
    """Return a project, committed and tagged v1.3.0, though its version is 1.2.0."""
    package = checkout / "src" / "acme_app"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (checkout / "pyproject.toml").write_text(PROJECT)
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Second")
    git(checkout, "tag", "-f", "v1.3.0")
    return checkout


def build(project, *options, above=None):
    """Build *project* for real, offline, and return the folder of the files."""
    out = project.parent / "dist"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    subprocess.run(
        [*command, *options, str(project)],
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(above or project.parent)},
    )
    return out


@pytest.fixture
def with_hatch_vcs(project, git):
    """Let git's tags make the version, one commit after the last of them."""
    text = (project / "pyproject.toml").read_text()
    text = text.replace('version = "1.2.0"', 'dynamic = ["version"]')
    text += '[tool.hatch.version]\nsource = "vcs"\n'
    (project / "pyproject.toml").write_text(text)
    git(project, "commit", "-q", "-a", "-m", "Third")
    return project


def in_wheel(out, name="acme_app/version.txt"):
    with zipfile.ZipFile(next(out.glob("*.whl"))) as archive:
        assert archive.namelist().count(name) == 1
        return archive.read(name).decode()


def in_sdist(out):
    with tarfile.open(next(out.glob("*.tar.gz"))) as archive:
        name = "acme_app-1.2.0/version.txt"
        assert archive.getnames().count(name) == 1
        return archive.extractfile(name).read().decode()


def test_the_sdist_and_the_wheel_made_from_it_have_gits_release(project):
    out = build(project)

    assert (in_sdist(out), in_wheel(out)) == ("v1.3.0\n", "v1.3.0\n")
    status = ["git", "status", "--porcelain"]
    assert subprocess.check_output(status, cwd=project) == b""


def test_an_old_stamp_in_the_sources_is_not_shipped(project, git):
    (project / "version.txt").write_text("old")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "Third")
    git(project, "tag", "v1.4.0")

    out = build(project)

    assert (in_sdist(out), in_wheel(out)) == ("v1.4.0\n", "v1.4.0\n")


def test_a_wheel_alone_at_the_place_wanted(project, git):
    with (project / "pyproject.toml").open("a") as file:
        file.write('path = "acme_app/data/release.txt"\n')
    git(project, "commit", "-q", "-a", "-m", "Third")
    git(project, "tag", "v1.4.0")

    out = build(project, "--wheel")

    assert in_wheel(out, "acme_app/data/release.txt") == "v1.4.0\n"


def test_a_project_of_several_has_its_own_tags(project, git):
    below = project / "packages" / "acme-app"
    below.mkdir(parents=True)
    for name in ("src", "pyproject.toml", "README.md"):
        (project / name).rename(below / name)
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "Third")
    git(project, "tag", "acme-app-1.4.0")
    git(project, "tag", "acme-9.0.0")
    git(project, "commit", "-q", "--allow-empty", "-m", "Fourth")
    git(project, "tag", "other-9.0.0")

    out = build(below, "--wheel", above=project.parent)
    assert in_wheel(out).startswith("acme-app-1.4.0-1-g")
    with (below / "pyproject.toml").open("a") as file:
        file.write('match = ["x", "acme-[0-9]*"]\n')
    out = build(below, "--wheel", above=project.parent)
    assert in_wheel(out).startswith("acme-9.0.0-1-g")


def worktree(project, git):
    git(project, "worktree", "add", "-q", "../place")


def submodule(project, git):
    (project.parent / "outer").mkdir()
    git(project.parent / "outer", "init", "-q")
    allow = ["-c", "protocol.file.allow=always"]
    git(project.parent / "outer", *allow, "submodule", "add", project, "place")
    (project.parent / "place").symlink_to(project.parent / "outer" / "place")


def detached(project, git):
    git(project, "commit", "-q", "--allow-empty", "-m", "Third")
    git(project, "tag", "v2.0.0")
    git(project, "worktree", "add", "-q", "--detach", "../place", "v1.3.0")


def shallow(project, git):
    url = project.as_uri()
    git(project.parent, "clone", "-q", "--depth=1", "--no-tags", url, "place")


def changed(project, git):
    git(project.parent, "clone", "-q", project, "place")
    (project.parent / "place" / "README.md").write_text("changed")


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (worktree, "v1.3.0\n"),
        (submodule, "v1.3.0\n"),
        (detached, "v1.3.0\n"),
        (shallow, "[0-9a-f]{7,}\n"),
        (changed, "v1.3.0-dirty\n"),
    ],
)
def test_a_wheel_from_each_kind_of_checkout(project, git, make, expected):
    make(project, git)

    out = build(project.parent / "place", "--wheel", above=project.parent)

    assert re.fullmatch(expected, in_wheel(out))


@pytest.mark.parametrize("match", ['""', "[]", "5", "[5]"])
def test_bad_tags_fail_the_build_and_name_the_setting(project, match):
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"match = {match}\n")

    with pytest.raises(subprocess.CalledProcessError) as caught:
        build(project, "--wheel")

    output = caught.value.stdout + caught.value.stderr
    assert b"hooks.twopi-release.match must be" in output


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root may give a file to another user",
)
def test_gits_refusal_is_said_and_the_version_taken(project, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    subprocess.run(["chown", "-R", "1234", str(project / ".git")], check=True)
    subprocess.run(["chown", "1234", str(project)], check=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel"]

    done = subprocess.run(
        [*command, "--outdir", str(project.parent / "dist"), str(project)],
        check=True,
        capture_output=True,
        text=True,
    )

    assert "safe.directory" in done.stdout + done.stderr
    assert in_wheel(project.parent / "dist") == "1.2.0\n"


def test_the_version_where_git_is_not(project, tmp_path):
    (project / ".git").rename(tmp_path / "elsewhere")

    assert in_wheel(build(project, "--wheel")) == "1.2.0\n"


def test_the_version_of_hatch_vcs_is_the_release(with_hatch_vcs):
    out = build(with_hatch_vcs)

    [wheel] = out.glob("*.whl")
    version = wheel.name.split("-")[1]
    assert version.startswith("1.3.1.dev1+g")
    assert in_wheel(out) == f"{version}\n"


def test_a_chosen_release_beats_hatch_vcs(with_hatch_vcs, monkeypatch):
    monkeypatch.setenv("TWOPI_RELEASE", "chosen")

    assert in_wheel(build(with_hatch_vcs, "--wheel")) == "chosen\n"


@pytest.mark.parametrize("path", ['""', "5"])
def test_a_bad_place_fails_the_build_and_names_the_setting(project, path):
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"path = {path}\n")

    with pytest.raises(subprocess.CalledProcessError) as caught:
        build(project, "--wheel")

    output = caught.value.stdout + caught.value.stderr
    assert b"hooks.twopi-release.path must be" in output
