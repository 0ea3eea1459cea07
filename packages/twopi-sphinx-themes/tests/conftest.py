import contextlib
import io
import warnings
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

SITE = Path(__file__).parent / "site"


@contextlib.contextmanager
def warnings_of_others():
    """Bear what myst-parser still does in a way that Sphinx 9 warns of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'myst_parser")
        yield


class Built:
    """A site as Sphinx has built it."""

    def __init__(self, folder, status, warnings, errors):
        self.folder = folder
        self.status = status
        self.warnings = warnings
        self.errors = errors

    def page(self, name):
        return (self.folder / f"{name}.html").read_text("utf-8")

    def file(self, name):
        return self.folder / "_static" / name


@pytest.fixture
def build(tmp_path):
    """Return what builds the site in tests/site, or the one in a folder."""

    def build(source=SITE, builder="html", **settings):
        status, complaints = io.StringIO(), io.StringIO()
        folder = tmp_path / "html"
        doctrees = tmp_path / "doctrees"
        with docutils_namespace(), warnings_of_others():
            app = Sphinx(
                *(source, source, folder, doctrees, builder),
                confoverrides=settings,
                status=status,
                warning=complaints,
                freshenv=True,
                warningiserror=True,
            )
            app.build(force_all=True)
        text = (
            complaints.getvalue().replace("\x1b[91m", "").replace("\x1b[39;49;00m", "")
        )
        return Built(folder, status.getvalue(), text, app.statuscode)

    return build


@pytest.fixture
def write(tmp_path):
    """Return what writes the files of a small site, and says where."""

    def write(conf="", index="Title\n=====\n", **files):
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        files = {"conf.py": conf, "index.rst": index, **files}
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return folder

    return write
