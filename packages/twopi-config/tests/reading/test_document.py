"""What `example()` writes is read back, whatever the default is."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from twopi_config import Settings, variable
from twopi_config.reading import document

texts = st.text(st.characters(codec="utf-8"), min_size=1)


@given(texts, st.lists(texts), st.text())
def test_any_default_reads_back(text, several, doc):
    class Shop(Settings):
        text_value: str = variable(default=text, doc=doc)
        several: list[str] = variable(default_factory=lambda: several)

    lines = Shop.example().split("\n")
    marks = ("# TEXT_VALUE=", "# SEVERAL=")
    kept = [line.removeprefix("# ") for line in lines if line.startswith(marks)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, ".env")
        file.write_text("\n".join(kept[-2:]), encoding="utf-8", newline="\n")

        assert Shop.load({}, file) == Shop()


@given(st.text(), st.text())
def test_an_example_is_always_readable(title, doc):
    """Whatever the documentation says, it is in comments."""

    class Shop(Settings):
        size: int = variable(default=5, doc=doc)

    lines = document.example(title, Shop.variables).split("\n")

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_a_cell_of_the_table_may_have_backticks():
    class Shop(Settings):
        quote: str = "a`b"

    assert "| `` a`b `` |" in Shop.table()
