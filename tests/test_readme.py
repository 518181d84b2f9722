"""The examples of README.md, run as printed."""

import re
import subprocess
import sysconfig

import pytest


@pytest.fixture(scope="module")
def blocks(top):
    """The fenced blocks of the README, as (language, text)."""
    text = (top / "README.md").read_text()
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)


def test_python_example(blocks, python, tmp_path):
    """Its output is the block that follows it."""
    at = [language for language, _ in blocks].index("python")
    script = tmp_path / "example.py"
    script.write_text(blocks[at][1])
    done = subprocess.run([python, script], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks[at + 1][1]
    assert len(blocks[at][1].strip().splitlines()) <= 10


def test_c_example(blocks, top, build_dir, tmp_path):
    source = tmp_path / "example.c"
    source.write_text(dict(blocks)["c"])
    config = sysconfig.get_config_vars()
    subprocess.run(
        [*config["CC"].split(), source, "-o", tmp_path / "example",
         f"-I{top}/build/cpython/Include", f"-I{build_dir}",
         f"-L{build_dir}", f"-lpython{config['LDVERSION']}",
         *config["LIBS"].split(), *config["SYSLIBS"].split(),
         "-Wl,-export-dynamic"], check=True)
    done = subprocess.run(
        [tmp_path / "example"], text=True, capture_output=True,
        env={"PYTHONHOME": str(build_dir),
             "PYTHONPATH": f"{top}/build/cpython/Lib"})
    assert done.returncode == 0, done.stderr
    assert done.stdout == "True 42\n"
