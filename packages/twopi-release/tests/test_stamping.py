import stat

import pytest

from twopi_release import ReleaseError, find_release, get_release, stamp


def test_what_is_stamped_is_read_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert stamp(value=" 1.0é \n") == "1.0é"

    assert get_release() == "1.0é"
    assert find_release().value == "1.0é"
    assert (tmp_path / "version.txt").read_bytes() == "1.0é\n".encode()


def test_git_is_asked_in_the_files_folder(checkout, monkeypatch):
    monkeypatch.setenv("GITHUB_SHA", "abc")

    assert stamp(checkout / "version.txt") == "v1.3.0"


def test_an_old_stamp_is_not_stamped_again(checkout, monkeypatch, git):
    monkeypatch.chdir(checkout)
    stamp()
    git(checkout, "tag", "-d", "v1.3.0")
    git(checkout, "tag", "v1.4.0")

    assert stamp() == "v1.4.0"


def test_a_chosen_release_comes_before_git(checkout, monkeypatch):
    monkeypatch.setenv("TWOPI_RELEASE", "chosen")

    assert stamp(checkout / "version.txt") == "chosen"


def test_what_sentry_rejects_is_not_written(tmp_path):
    assert stamp(tmp_path / "version.txt", "release/2.0") == "release-2.0"
    assert (tmp_path / "version.txt").read_text() == "release-2.0\n"


def test_hosts_where_git_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GITHUB_SHA", "abc")

    assert stamp(tmp_path / "version.txt") == "abc"


def test_nothing_to_stamp_leaves_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    file = tmp_path / "version.txt"
    file.write_text("old")

    with pytest.raises(ReleaseError, match="set TWOPI_RELEASE"):
        stamp(file)

    assert file.read_text() == "old"


@pytest.mark.parametrize("value", ["", " \n", "1\n2", "1\x002", "1\udcff"])
def test_no_line_of_text(value, tmp_path):
    with pytest.raises(ReleaseError):
        stamp(tmp_path / "version.txt", value)

    assert list(tmp_path.iterdir()) == []


def test_other_users_may_read_it(tmp_path):
    (tmp_path / "model").touch()
    stamp(tmp_path / "version.txt", "1")

    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "version.txt").mkdir()

    with pytest.raises(OSError, match=r"version\.txt"):
        stamp(tmp_path / "version.txt", "1")

    assert [file.name for file in tmp_path.iterdir()] == ["version.txt"]
