import pytest

from twopi_release import UNKNOWN, get_release


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
