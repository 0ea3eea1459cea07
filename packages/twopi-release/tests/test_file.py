import os
from pathlib import Path

import pytest

from twopi_release import UNKNOWN, find_release, get_release


@pytest.fixture(autouse=True)
def working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_text_is_stripped(working_directory):
    (working_directory / "version.txt").write_bytes(b"  1.4.2-g0a1b2c\r\n\n")

    assert get_release() == "1.4.2-g0a1b2c"


def test_missing_file():
    assert get_release() == UNKNOWN == "__UNKNOWN__"


@pytest.mark.parametrize("content", [b"", b" \n\t", b"\xef\xbb\xbf", b"\xff\xfe1"])
def test_nothing_readable_in_the_file(working_directory, content):
    (working_directory / "version.txt").write_bytes(content)

    assert get_release() == UNKNOWN


def test_a_folder_of_that_name(working_directory):
    (working_directory / "version.txt").mkdir()

    assert get_release() == UNKNOWN


def test_byte_order_mark_is_not_part_of_the_release(working_directory):
    (working_directory / "version.txt").write_bytes(b"\xef\xbb\xbf2.0\n")

    assert get_release() == "2.0"


def test_the_locale_does_not_matter(working_directory, monkeypatch):
    (working_directory / "version.txt").write_bytes("café".encode())
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "ascii")

    assert get_release() == "café"


def test_a_new_file_is_seen_at_once(working_directory):
    file = working_directory / "version.txt"
    file.write_text("1")
    before = get_release()
    file.write_text("2")

    assert (before, get_release()) == ("1", "2")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no name here")
def test_a_pipe_is_not_waited_for(working_directory):
    os.mkfifo(working_directory / "version.txt")

    assert get_release() == UNKNOWN
    assert find_release(path="version.txt").value == UNKNOWN


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no such device")
def test_a_device_is_not_read():
    assert find_release(path="/dev/zero").value == UNKNOWN


def test_a_huge_file_is_not_read(working_directory):
    with (working_directory / "version.txt").open("wb") as file:
        file.truncate(10**12)  # it has no blocks on the disk

    assert get_release() == UNKNOWN
    assert find_release().value == UNKNOWN


def test_a_long_file_is_read(working_directory):
    (working_directory / "version.txt").write_text("1.0\n" + "notes\n" * 10_000)

    assert find_release().value == "1.0"
