"""The built site: nothing is missing from it, and no link of it leads nowhere."""

import importlib
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import inventory
import pytest

pytestmark = pytest.mark.docs


class Page(HTMLParser):
    """The text of a page, its anchors, and where it leads."""

    def __init__(self, file):
        super().__init__()
        self.anchors = {""}
        self.links = set()
        self.loaded = set()
        self.words = []
        self.feed(file.read_text("utf-8"))
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.update(
            attributes[name] for name in ("id", "name") if name in attributes
        )
        if tag == "a" and attributes.get("href"):
            self.links.add(attributes["href"])
        elif source := attributes.get("src") or attributes.get("href"):
            self.loaded.add(source)

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="session")
def pages(site):
    return {file: Page(file) for file in site.rglob("*.html")}


@pytest.fixture(params=inventory.PROJECTS)
def package(request):
    return request.param


@pytest.fixture
def told(pages, site, package):
    """The text of a package's own page."""
    return pages[site / "packages" / f"{package}.html"].text


def test_links_and_anchors_lead_somewhere(pages):
    lost = []
    for file, page in pages.items():
        for link in page.links | page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (
                (file.parent / unquote(parts.path)).resolve() if parts.path else file
            )
            anchor = unquote(parts.fragment)
            if not target.exists() or anchor not in getattr(
                pages.get(target), "anchors", {anchor}
            ):
                lost.append((file.name, link))
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(pages):
    assert {
        url for page in pages.values() for url in page.loaded if "//" in url
    } == set()


def test_every_public_name_is_there(pages, site, package):
    module = package.replace("-", "_")
    anchors = pages[site / "reference" / f"{package}.html"].anchors
    names = {f"{module}.{name}" for name in importlib.import_module(module).__all__}

    assert names - anchors == set()


def test_every_setting_is_there(package, told):
    assert [name for name in inventory.settings(package) if name not in told] == []


def test_every_error_code_is_there(package, told):
    assert [code for code in inventory.error_codes(package) if code not in told] == []


def test_every_command_is_there(package, told):
    assert [line for line in inventory.commands(package) if line not in told] == []


def test_the_inventory_finds_what_is_known_to_be_there():
    assert "TOKEN_AUTH_LEEWAY" in inventory.settings("twopi-token-auth")
    assert "expired" in inventory.error_codes("twopi-token-auth")
    assert "flask token-auth sessions list" in inventory.commands("twopi-token-auth")
    assert inventory.commands("twopi-demo") == ["twopi-demo"]
