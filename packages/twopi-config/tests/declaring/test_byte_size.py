import pytest
from hypothesis import given
from hypothesis import strategies as st

from twopi_config import ByteSize, Settings, SettingsError


class Shop(Settings):
    upload: ByteSize = ByteSize("16 MiB")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("64 MiB", 64 * 2**20),
        ("64mib", 64 * 2**20),
        ("64Mi", 64 * 2**20),
        (" 1.5 GB ", 1_500_000_000),
        ("1.5KiB", 1536),
        ("10kB", 10_000),
        ("7 B", 7),
        ("1PiB", 2**50),
        ("0.000000000000001 PB", 1),
    ],
)
def test_a_size_is_read(text, size):
    assert Shop.load({"UPLOAD": text}).upload == size


@pytest.mark.parametrize(
    "text", ["5M", "5 k", "-1", "1.0001 kB", "1e3", "MB", "1,5 MB", "1 MB 2", "٣", ""]
)
def test_what_is_not_a_size(text):
    with pytest.raises(ValueError, match="a size must"):
        ByteSize(text)
    if text:
        with pytest.raises(SettingsError, match='UPLOAD must be a size like "64 MiB"'):
            Shop.load({"UPLOAD": text})


def test_a_number_must_not_be_negative():
    with pytest.raises(ValueError, match="negative"):
        ByteSize(-1)


@given(st.integers(0, 2**60))
def test_it_is_written_exactly(size):
    assert ByteSize(str(ByteSize(size))) == size


def test_it_is_a_number_in_a_configuration():
    assert Shop.example().endswith("# UPLOAD='16 MiB'\n")
    assert f"{Shop().upload:d}" == "16777216"
    assert Shop().upload + 1 == 16 * 2**20 + 1
