"""Real repositories of each kind: what `find_release` and `stamp` say there."""

import os
import re
import shutil
import subprocess

import pytest

from twopi_release import UNKNOWN, ReleaseError, find_release, stamp

PYPROJECT = '[project]\nname = "{}"\n'


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    """Hide git's settings of the machine, and its repositories."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


def add(git, folder, *tags):
    """Make a commit with these tags."""
    git(folder, "commit", "-q", "--allow-empty", "-m", "More")
    for tag in tags:
        git(folder, "tag", tag)


def both(folder, monkeypatch, **options):
    """Return what is found and what is stamped in *folder*; the two must agree."""
    monkeypatch.chdir(folder)
    dist = options.pop("dist", None)
    found = find_release(dist, search=False, git=True, **options)
    assert found.source == "git"
    if dist is None:
        stamped = stamp(folder.parent / "stamped.txt", found.value, **options)
        assert stamped == found.value
        assert stamp(folder / "version.txt", **options) == found.value
        (folder / "version.txt").unlink()
    return found.value


class TestKinds:
    def test_a_worktree(self, checkout, git, monkeypatch):
        git(checkout, "worktree", "add", "-q", "../tree")

        assert both(checkout.parent / "tree", monkeypatch) == "v1.3.0"

    def test_a_worktree_without_its_repository(self, checkout, git, monkeypatch):
        git(checkout, "worktree", "add", "-q", "../tree")
        shutil.rmtree(checkout)

        with pytest.raises(ReleaseError, match="git: fatal: not a git repository: "):
            stamp(checkout.parent / "tree" / "version.txt")

    def test_a_submodule(self, checkout, git, monkeypatch, tmp_path):
        outer = tmp_path / "outer"
        outer.mkdir()
        git(outer, "init", "-q")
        git(outer, "-c", "protocol.file.allow=always", "submodule", "add", checkout)
        add(git, outer, "v9.0.0")

        assert both(outer / "checkout", monkeypatch) == "v1.3.0"
        assert both(outer, monkeypatch) == "v9.0.0"

    def test_a_detached_commit(self, checkout, git, monkeypatch):
        add(git, checkout, "v2.0.0")
        git(checkout, "checkout", "-q", "--detach", "v1.3.0")

        assert both(checkout, monkeypatch) == "v1.3.0"

    def test_a_shallow_clone_without_tags(self, checkout, git, monkeypatch, tmp_path):
        add(git, checkout)
        url = checkout.as_uri()
        git(tmp_path, "clone", "-q", "--depth=1", "--no-tags", url, "shallow")

        assert re.fullmatch("[0-9a-f]{7,}", both(tmp_path / "shallow", monkeypatch))

    def test_changes_that_are_not_committed(self, checkout, monkeypatch):
        (checkout / "README.md").write_text("changed")

        assert both(checkout, monkeypatch) == "v1.3.0-dirty"

    def test_a_repository_without_a_commit(self, tmp_path, git, monkeypatch):
        git(tmp_path, "init", "-q")

        with pytest.raises(ReleaseError, match=r"\(git: fatal: "):
            stamp(tmp_path / "version.txt")

    def test_outside_of_a_checkout(self, git, tmp_path, caplog, monkeypatch):
        folder = tmp_path / "plain"
        folder.mkdir()
        monkeypatch.chdir(folder)

        assert find_release(git=True).value == UNKNOWN
        with pytest.raises(ReleaseError, match=r"run in a git checkout$"):
            stamp()
        assert caplog.text == ""

    def test_without_git(self, checkout, monkeypatch, caplog):
        monkeypatch.chdir(checkout)
        monkeypatch.setenv("PATH", "")

        assert find_release(git=True).value == UNKNOWN
        assert "git is not installed" in caplog.text
        with pytest.raises(ReleaseError, match=r"\(git is not installed\)"):
            stamp()

    def test_git_that_cannot_be_run(self, checkout, monkeypatch, caplog):
        monkeypatch.chdir(checkout)

        assert find_release(git=True, match="a\0b").value == UNKNOWN
        assert "git could not be run: " in caplog.text
        assert stamp(checkout / "v.txt", "1") == "1"
        with pytest.raises(ReleaseError, match="no release to write"):
            stamp(checkout / "missing" / "v.txt")

    def test_git_that_is_slow(self, checkout, monkeypatch, tmp_path):
        slow = tmp_path / "bin" / "git"
        slow.parent.mkdir()
        slow.write_text("#!/bin/sh\nexec sleep 100\n")
        slow.chmod(0o755)
        monkeypatch.setenv("PATH", str(slow.parent), prepend=os.pathsep)
        monkeypatch.setattr("twopi_release.git.SECONDS", 0.05)

        with pytest.raises(ReleaseError, match="git did not answer within"):
            stamp(checkout / "version.txt")

    @pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0,
        reason="only root may give a file to another user",
    )
    def test_a_checkout_of_another_user(self, checkout, monkeypatch, caplog):
        subprocess.run(["chown", "-R", "1234", str(checkout)], check=True)
        monkeypatch.chdir(checkout)

        assert find_release(git=True).value == UNKNOWN
        remedy = f"git config --global --add safe.directory {checkout}"
        assert remedy in caplog.text
        assert "dubious ownership" in caplog.text
        with pytest.raises(ReleaseError, match=r"safe\.directory"):
            stamp()
        monkeypatch.setenv("GITHUB_SHA", "abc")
        assert stamp() == "abc"


class TestSeveralProjects:
    @pytest.fixture
    def repository(self, checkout, git):
        """Tags of two projects, of which the newest is not acme's."""
        for name in ("acme", "acme-b", "none"):
            (checkout / "packages" / name).mkdir(parents=True)
            (checkout / "packages" / name / "pyproject.toml").write_text(
                PYPROJECT.format(name)
            )
        git(checkout, "add", ".")
        git(checkout, "tag", "-d", "v1.3.0")
        add(git, checkout, "acme-1.4.0")
        add(git, checkout, "acme-b-9.0.0")
        return checkout

    def test_a_distribution_has_its_own_tags(self, repository, monkeypatch):
        found = both(repository, monkeypatch, dist="acme")

        assert found.startswith("acme-1.4.0-1-g")
        assert both(repository, monkeypatch, dist="acme-b") == "acme-b-9.0.0"
        assert both(repository, monkeypatch, dist="Acme_B") == "acme-b-9.0.0"

    def test_a_folder_has_the_tags_of_its_project(self, repository, monkeypatch):
        packages = repository / "packages"

        found = both(packages / "acme", monkeypatch)

        assert found.startswith("acme-1.4.0-1-g")
        assert both(packages / "acme-b", monkeypatch) == "acme-b-9.0.0"

    def test_a_project_without_tags_gets_no_others(self, repository, monkeypatch):
        found = both(repository / "packages" / "none", monkeypatch)

        assert re.fullmatch("[0-9a-f]{7,}", found)

    def test_a_version_of_all_counts(self, repository, git, monkeypatch):
        add(git, repository, "v5.0")
        add(git, repository, "other-6.0")

        found = both(repository / "packages" / "none", monkeypatch)

        assert found.startswith("v5.0-1-g")

    def test_tags_to_match(self, repository, git, monkeypatch):
        add(git, repository, "deploy/7")
        add(git, repository, "x")

        found = both(repository, monkeypatch, match="deploy/*")
        several = both(repository, monkeypatch, match=["y", "acme-[0-9]*"])
        none = both(repository, monkeypatch, match="nothing-*")

        assert found.startswith("deploy-7-1-g")
        assert several.startswith("acme-1.4.0-3-g")
        assert re.fullmatch("[0-9a-f]{7,}", none)

    @pytest.mark.parametrize(
        "tag", ["acme-v2.0", "acme@2.0", "acme/2.0", "acme_2.0", "acme/v2.0"]
    )
    def test_ways_to_write_a_tag(self, repository, git, monkeypatch, tag):
        add(git, repository, tag)
        add(git, repository, "acme-b-9.1.0")

        found = both(repository / "packages" / "acme", monkeypatch)

        assert found.startswith(f"{tag.replace('/', '-')}-1-g")

    @pytest.mark.parametrize("tag", ["release-5", "v5", "5.0", "checkout-5"])
    def test_one_project_has_whatever_tags_it_likes(
        self, tag, checkout, git, monkeypatch
    ):
        (checkout / "pyproject.toml").write_text(PYPROJECT.format("other-name"))
        git(checkout, "add", ".")
        git(checkout, "tag", "-d", "v1.3.0")
        add(git, checkout, tag)

        assert both(checkout, monkeypatch) == tag

    @pytest.mark.parametrize("name", ["[*", "a\0b", "-x", "", "../x"])
    def test_a_name_that_is_not_one(self, name, repository, monkeypatch):
        monkeypatch.chdir(repository)

        assert find_release(name, git=True).value == "acme-b-9.0.0"

    @pytest.mark.parametrize(
        "text",
        ["[project", "[project]\nname = 5\n", "project = 5\n", "x" * 2**17],
        ids=["no TOML", "no string", "no table", "too long"],
    )
    def test_a_pyproject_that_names_nothing(self, text, repository, monkeypatch):
        (repository / "pyproject.toml").write_text(text)

        assert both(repository, monkeypatch) == "acme-b-9.0.0"
