"""The examples of README.md, run as printed."""

import examples
import pytest


@pytest.fixture
def blocks(top, build_dir):
    """The fenced blocks of the README."""
    if build_dir.name == "plain":
        pytest.skip("the examples are about restricted mode")
    return examples.markdown_blocks((top / "README.md").read_text())


def index(blocks, language):
    return [block.language for block in blocks].index(language)


def test_python_example(blocks, python, tmp_path):
    """Its output is the block that follows it."""
    at = index(blocks, "python")
    printed = examples.run_python(python, blocks[at].text, tmp_path)
    assert printed == blocks[at + 1].text
    assert len(blocks[at].text.strip().splitlines()) <= 10


def test_c_example(blocks, top, build_dir, tmp_path):
    source = blocks[index(blocks, "c")].text
    assert examples.run_c(top, build_dir, source, tmp_path) == "True 42\n"
