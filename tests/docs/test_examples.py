"""The examples of the documentation, run as printed.

On a page, `:class: run` marks a block that is run; if the block after it is
marked `output`, that is what it prints.  `:class: file` with a caption is a
file that lies beside the example when it runs; so is every earlier one of the
same page.  A console block holds its own output.
"""

import examples
import pytest
from examples import Block

DOC = examples.Path(__file__).absolute().parents[2] / "Doc"
CODE = {"python", "c", "console", "toml"}
# The text of an exit status, a help text, commands that build.
PROSE = {"none", "text", "sh"}


def pages():
    return sorted(path for path in DOC.rglob("*.rst")
                  if "examples" not in path.parts)


def marked():
    """Return (blocks before, block, block after) for all that is run."""
    found = []
    for page in pages():
        blocks = examples.page_blocks(page.read_text())
        for i, block in enumerate(blocks):
            if "run" in block.classes:
                after = blocks[i + 1] if i + 1 < len(blocks) else Block("", "")
                found.append(pytest.param(
                    blocks[:i], block, after,
                    id=f"{page.relative_to(DOC)}:{block.line}"))
    return found


@pytest.fixture
def run(top, python, build_dir, tmp_path):
    def run(block):
        if block.language == "c":
            return examples.run_c(top, build_dir, block.text, tmp_path)
        if block.language == "console":
            return examples.run_console(python, block.text, tmp_path)
        return examples.run_python(python, block.text, tmp_path)
    return run


@pytest.mark.parametrize(("before", "block", "after"), marked())
def test_example(before, block, after, run, build_dir, tmp_path):
    if build_dir.name == "plain":
        pytest.skip("examples are about restricted mode")
    for file in before:
        if "file" in file.classes:
            (tmp_path / file.caption).write_text(file.text)
    printed = run(block)
    if block.language == "console":
        assert printed == block.text
    else:
        assert "output" in after.classes, "an example shows what it prints"
        assert printed == after.text


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)
def test_every_block_is_tested(page):
    """No example gets onto a page without being run."""
    blocks = examples.page_blocks(page.read_text())
    assert len(blocks) == page.read_text().count(".. code-block::")
    for block in blocks:
        assert block.language in CODE | PROSE, block
        if block.language in CODE:
            assert {"run", "file"} & set(block.classes), block
        if "file" in block.classes:
            assert block.caption, block


def test_there_are_examples():
    assert len(marked()) >= 15
