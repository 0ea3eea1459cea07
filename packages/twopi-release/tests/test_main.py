import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from twopi_release.__main__ import main


@pytest.fixture(autouse=True)
def working_directory(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    return checkout


def test_show_says_where(working_directory, capsys):
    assert main(["show"]) == 0

    assert capsys.readouterr().out == f"v1.3.0  (git {working_directory})\n"


def test_show_as_json(working_directory, capsys):
    file = working_directory / "version.txt"
    file.write_text("2.0")

    assert main(["show", "--json"]) == 0

    facts = {"release": "2.0", "source": "file", "path": str(file)}
    assert json.loads(capsys.readouterr().out) == facts


def test_show_of_a_distribution(capsys):
    assert main(["show", "--dist", "pytest", "--no-git"]) == 0

    assert capsys.readouterr().out.endswith("  (dist:pytest)\n")


@pytest.mark.parametrize("command", ["show", "labels"])
def test_no_release(command, capsys):
    assert main([command, "--no-git"]) == 1

    assert capsys.readouterr() == ("", "twopi_release: no release found\n")


def test_stamp(working_directory, capsys):
    assert main(["stamp"]) == 0
    assert main(["stamp", "other.txt", "3.0", "--json"]) == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first == "v1.3.0"
    assert json.loads(second) == {"release": "3.0", "path": "other.txt"}
    assert (working_directory / "version.txt").read_text() == "v1.3.0\n"
    assert (working_directory / "other.txt").read_text() == "3.0\n"


@pytest.mark.parametrize("arguments", [["missing/version.txt", "1"], ["v.txt", ""]])
def test_stamp_says_what_is_wrong_in_one_line(arguments, capsys):
    assert main(["stamp", *arguments]) == 1

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_change_for_sentry_is_said(working_directory, capsys, monkeypatch):
    assert main(["stamp", "v.txt", "release/3.0"]) == 0

    out, err = capsys.readouterr()
    assert out == "release-3.0\n"
    assert err.endswith(
        "'release/3.0' is written 'release-3.0', as Sentry accepts it\n"
    )
    monkeypatch.setenv("TWOPI_RELEASE", "release/4.0")
    assert main(["show"]) == 0
    assert main(["show", "--json"]) == 0
    plain, as_json = capsys.readouterr().out.splitlines()
    assert plain == "release-4.0  (env:TWOPI_RELEASE written release/4.0)"
    assert json.loads(as_json)["original"] == "release/4.0"


def test_tags_that_count(working_directory, git, capsys):
    git(working_directory, "commit", "-q", "--allow-empty", "-m", "Second")
    git(working_directory, "tag", "other-9.0")

    assert main(["show", "--match", "v*", "--match", "w*"]) == 0
    assert main(["stamp", "--match", "other-*"]) == 0

    shown, stamped = capsys.readouterr().out.splitlines()
    assert shown.startswith("v1.3.0-1-g")
    assert stamped == "other-9.0"


def test_its_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"twopi-release {version('twopi-release')}\n"


def test_labels(capsys):
    assert main(["labels"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["labels", "--json"]) == 0
    labels = json.loads(capsys.readouterr().out)

    assert lines == [f"{name}={text}" for name, text in labels.items()]
    assert labels["org.opencontainers.image.version"] == "v1.3.0"
    assert len(labels["org.opencontainers.image.revision"]) == 40


def test_labels_without_git(working_directory, capsys):
    (working_directory / "version.txt").write_text("2.0")

    assert main(["labels", "--no-git"]) == 0

    assert capsys.readouterr().out == "org.opencontainers.image.version=2.0\n"


def test_the_command():
    command = [sys.executable, "-m", "twopi_release", "show"]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("v1.3.0 ")
