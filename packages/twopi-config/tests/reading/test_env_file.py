"""``.env`` files: what cannot be read is said, and nothing is read in its place."""

import os
import threading

import pytest

from twopi_config import Settings, SettingsError
from twopi_config.reading import bounded_file


class Shop(Settings, prefix="SHOP_"):
    motto: str = "none"
    page_size: int = 50


def load(tmp_path, content):
    file = tmp_path / ".env"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Shop.load({}, file)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ('SHOP_MOTTO="never closed\nSHOP_PAGE_SIZE=9\n', [1]),
        ("\n\n  SHOP_MOTTO='never closed\n", [3]),
        ("SHOP_MOTTO: zq\n", [1]),
        ("SHOP_MOTTO:zq\n", [1]),
        ("SHOP_MOTTO 'zq'\n", [1]),
        ("A=1\nset SHOP_MOTTO=zq\n", [2]),
        ("=zq\n\n=zq\n", [1, 3]),
        ('"SHOP_MOTTO"=zq\n', [1]),
        ("SHOP_MOTTO='zq' zq\n", [1]),
        ("A='\n\n'\nSHOP_MOTTO=\"zq\\\"\n", [4]),
        ("{\n", [1]),
        ("1SHOP=zq\n", [1]),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_its_number(content, lines, tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, content)

    assert [each.name for each in caught.value.problems] == [
        f".env:{line}" for line in lines
    ]
    assert "zq" not in str(caught.value)
    assert "never" not in str(caught.value)


def test_the_other_lines_are_checked_too(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, "SHOP_MOTTO: x\nSHOP_PAGE_SIZE=many\n")

    assert str(caught.value) == (
        "2 settings cannot be used:\n"
        "  .env:1 is not a line like NAME=value; check its name and its quotes\n"
        "  SHOP_PAGE_SIZE must be a whole number"
    )


def test_many_bad_lines_are_counted(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, "?\n" * 1000)

    assert len(caught.value.problems) == 11
    assert str(caught.value.problems[-1]) == ".env has 990 more such lines"


@pytest.mark.parametrize(
    ("content", "motto"),
    [
        ("export SHOP_MOTTO=a\n", "a"),
        ("SHOP_MOTTO = a \n", "a"),
        ("SHOP_MOTTO=a # b\n", "a"),
        ("SHOP_MOTTO=a#b\n", "a#b"),
        ("SHOP_MOTTO='a # b' # c\n", "a # b"),
        ('SHOP_MOTTO="a\\nb"\n', "a\nb"),
        ("SHOP_MOTTO='a\\nb'\n", "a\\nb"),
        ('SHOP_MOTTO="1\r\n2"\r\n', "1\n2"),
        (b"\xef\xbb\xbfSHOP_MOTTO=a\r\n", "a"),
        ("# it's \"a\n\tSHOP_MOTTO=a", "a"),
        ("SHOP_MOTTO=$HOME ${HOME}\n", "$HOME ${HOME}"),
        ("SHOP_MOTTO\nother.name-1=2\n", "none"),
        ("SHOP_MOTTO=\n", "none"),
        ("SHOP_MOTTO= # nothing\n", "none"),
        ("SHOP_MOTTO=1\nSHOP_MOTTO=2\n", "2"),
        ("", "none"),
    ],
)
def test_what_a_line_says(content, motto, tmp_path):
    assert load(tmp_path, content).motto == motto


@pytest.mark.parametrize("content", [b"\xff", b"S=1\n" * 2**18 + b"A"])
def test_a_file_that_cannot_be_read(content, tmp_path):
    with pytest.raises(SettingsError, match="env_file must be a readable UTF-8 file"):
        load(tmp_path, content)


class TestSeveral:
    def test_the_last_one_that_sets_a_variable_counts(self, tmp_path):
        (tmp_path / ".env").write_text("SHOP_MOTTO=a\nSHOP_PAGE_SIZE=1\n")
        (tmp_path / "local.env").write_text("SHOP_PAGE_SIZE=2\nSHOP_MOTTO=\n")
        files = [tmp_path / ".env", str(tmp_path / "local.env"), tmp_path / "none"]

        settings = Shop.load({}, files)

        assert settings == Shop(motto="a", page_size=2)
        assert Shop.origins({}, files) == {
            "SHOP_MOTTO": ".env",
            "SHOP_PAGE_SIZE": "local.env",
        }

    def test_the_environment_comes_first(self, tmp_path):
        (tmp_path / ".env").write_text("SHOP_PAGE_SIZE=1\n")

        assert Shop.load({"SHOP_PAGE_SIZE": "2"}, [tmp_path / ".env"]).page_size == 2

    def test_problems_of_each_are_told(self, tmp_path):
        (tmp_path / "a.env").write_text("?\n")
        (tmp_path / "b.env").write_text("\n?\n")

        with pytest.raises(SettingsError) as caught:
            Shop.load({}, [tmp_path / "a.env", tmp_path / "b.env"])

        names = [each.name for each in caught.value.problems]
        assert names == ["a.env:1", "b.env:2"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no name here")
class TestPipes:
    def test_what_a_process_writes_is_read(self, tmp_path):
        os.mkfifo(tmp_path / ".env")
        write = (tmp_path / ".env").write_text
        thread = threading.Thread(target=write, args=["SHOP_MOTTO=a\n"])
        thread.start()

        settings = Shop.load({}, tmp_path / ".env")

        thread.join(60)
        assert settings.motto == "a"

    def test_one_that_is_written_already(self):
        reader, writer = os.pipe()
        os.write(writer, b"SHOP_MOTTO=a\n")
        os.close(writer)

        settings = Shop.load({}, f"/dev/fd/{reader}")

        os.close(reader)
        assert settings.motto == "a"

    def test_one_without_a_writer_does_not_hang(self, tmp_path, monkeypatch):
        monkeypatch.setattr(bounded_file, "SECONDS", 0.01)
        os.mkfifo(tmp_path / "pipe")

        with pytest.raises(SettingsError) as caught:
            Shop.load({"SHOP_MOTTO_FILE": str(tmp_path / "pipe")})

        assert caught.value.problems[0].name == "SHOP_MOTTO_FILE"

    def test_one_that_is_never_done_does_not_hang(self, monkeypatch):
        monkeypatch.setattr(bounded_file, "SECONDS", 0.01)
        reader, writer = os.pipe()
        os.write(writer, b"SHOP_MOTTO=a\n")

        with pytest.raises(SettingsError, match="env_file must be"):
            Shop.load({}, f"/dev/fd/{reader}")

        os.close(reader)
        os.close(writer)

    def test_a_file_without_end(self):
        with pytest.raises(SettingsError, match="SHOP_MOTTO_FILE must name a file"):
            Shop.load({"SHOP_MOTTO_FILE": "/dev/zero"})
