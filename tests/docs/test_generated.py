"""What the pages are generated from is read in full."""

import re
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).absolute().parents[2]
sys.path.insert(0, str(TOP / "Doc" / "tools" / "restrict_docs"))

import tables  # noqa: E402


def test_c_page_has_every_name_of_the_header():
    """The names that a plain search finds are those that the page shows."""
    text = tables.HEADER.read_text()
    names = set(re.findall(
        r"^#define (PyRestrict_\w+)\(|"
        r"^PyAPI_FUNC\([^)]*\)\s*(PyRestrict_\w+)", text, re.M))
    assert {a or b for a, b in names} <= set(tables.public_names())


def test_c_page_names_nothing_else():
    page = (TOP / "Doc" / "c-api.rst").read_text()
    mentioned = set(re.findall(r"\bPyRestrict_\w+", page))
    assert mentioned <= set(tables.public_names())


@pytest.mark.parametrize("path", tables.surface_files(),
                         ids=lambda path: path.stem)
def test_surface_page(path):
    """Each file of the table has a page, and no row is lost on it."""
    table = tables.read_surface(path)
    words = [line.split() for line in path.read_text().splitlines()]
    rows = [line for line in words
            if line and not line[0].startswith("#")
            and line[0] not in ("type", "module")]
    assert sum(len(group.rows) for group in table.groups) == len(rows)
    page = TOP / "Doc" / "surface" / f"{path.stem}.rst"
    assert f".. surface-table:: {path.stem}" in page.read_text()


def test_module_list():
    """Each line of the list of frozen modules is on the page."""
    lines = [line.split()[0] for line in tables.FROZEN.read_text().split("\n")
             if line.strip() and not line.startswith("#")]
    shown = [name for section in tables.read_frozen()
             for name, _ in section.modules]
    assert shown == lines
    assert all(section.modules for section in tables.read_frozen())
