"""Each row of the documentation's table names tests that are there."""

import ast
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import corpus

HERE = Path(__file__).absolute().parent
PAGE = HERE.parents[1] / "Doc" / "guarded.rst"


def rows():
    """Return the names in the last column, row by row."""
    page = PAGE.read_text()
    table = page[page.index(".. list-table::"):page.index("Beyond the list")]
    return [re.findall("``(.+?)``", row.split("     - ")[2])
            for row in table.split("   * - ")[2:]]


def names_of_tests():
    return {node.name for path in HERE.glob("test_*.py")
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef)}


def test_every_row_has_its_proof():
    known = names_of_tests() | {attack.name for attack in corpus.ATTACKS}
    assert len(rows()) == 17
    for names in rows():
        assert names
        assert set(names) <= known


def test_names_after_the_table():
    page = PAGE.read_text()
    after = page[page.index("Beyond the list"):page.index("What it does not")]
    names = re.findall("``([a-z_]+)``", after)
    assert len(names) >= 8
    assert set(names) <= {attack.name for attack in corpus.ATTACKS}
