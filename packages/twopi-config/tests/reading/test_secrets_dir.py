"""A folder with a file for each variable, as Docker and Kubernetes mount it."""

import pytest

from twopi_config import Secret, Settings, SettingsError


class Shop(Settings, prefix="SHOP_"):
    secret_key: Secret
    page_size: int = 50


@pytest.mark.parametrize("name", ["SHOP_SECRET_KEY", "shop_secret_key"])
def test_a_file_has_the_name_of_the_variable(name, tmp_path):
    (tmp_path / name).write_text("k\n")
    (tmp_path / "SHOP_PAGE_SIZE").write_text("9")
    (tmp_path / "SHOP_OTHER").write_text("not ours")

    settings = Shop.load({}, secrets_dir=tmp_path)

    assert settings == Shop(secret_key=Secret("k"), page_size=9)
    assert Shop.origins({}, secrets_dir=tmp_path) == {
        "SHOP_SECRET_KEY": "secrets_dir",
        "SHOP_PAGE_SIZE": "secrets_dir",
    }


def test_a_link_as_kubernetes_makes_it(tmp_path):
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "SHOP_SECRET_KEY").write_text("k")
    (tmp_path / "SHOP_SECRET_KEY").symlink_to("..data/SHOP_SECRET_KEY")

    assert Shop.load({}, secrets_dir=str(tmp_path)).secret_key == Secret("k")


def test_it_comes_last(tmp_path):
    (tmp_path / "SHOP_SECRET_KEY").write_text("k")
    (tmp_path / "SHOP_PAGE_SIZE").write_text("1")
    (tmp_path / ".env").write_text("SHOP_PAGE_SIZE=2\n")

    settings = Shop.load(
        {"SHOP_SECRET_KEY": "e"}, tmp_path / ".env", secrets_dir=tmp_path
    )

    assert settings == Shop(secret_key=Secret("e"), page_size=2)


def test_a_folder_that_is_not_there_has_nothing(tmp_path):
    with pytest.raises(SettingsError, match="SHOP_SECRET_KEY is missing"):
        Shop.load({}, secrets_dir=tmp_path / "none")


@pytest.mark.parametrize("content", [b"", b"\xff", None])
def test_a_file_that_cannot_be_read(content, tmp_path):
    file = tmp_path / "SHOP_SECRET_KEY"
    file.mkdir() if content is None else file.write_bytes(content)

    with pytest.raises(SettingsError) as caught:
        Shop.load({}, secrets_dir=tmp_path)

    assert [each.name for each in caught.value.problems] == ["SHOP_SECRET_KEY"]


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="secrets_dir must be a folder"):
        Shop.load({}, secrets_dir=tmp_path / "file")
