"""Run the examples of the README and of the documentation, as printed."""

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from programs import link_program


@dataclass
class Block:
    """A block of code on a page."""

    language: str
    text: str
    line: int = 0
    classes: list[str] = field(default_factory=list)
    caption: str = ""


FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
DIRECTIVE = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<language>\S+)\n"
    r"(?P<options>(?:(?P=indent)   :.*\n)*)\n"
    r"(?P<body>(?:(?P=indent)   .*\n|[ ]*\n)+)", re.M)


def markdown_blocks(text):
    """Return the fenced blocks of a Markdown page."""
    return [Block(language, body) for language, body in FENCE.findall(text)]


def _dedent(body, indent):
    lines = [line[indent:] for line in body.splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


def page_blocks(text):
    """Return the code-block directives of a reStructuredText page."""
    blocks = []
    for match in DIRECTIVE.finditer(text):
        options = dict(re.findall(r":(\w+): *(.*)", match["options"]))
        blocks.append(Block(
            match["language"],
            _dedent(match["body"], len(match["indent"]) + 3),
            text.count("\n", 0, match.start()) + 1,
            options.get("class", "").split(), options.get("caption", "")))
    return blocks


def run_python(python, source, folder):
    """Run a script in folder; return what it printed."""
    script = Path(folder) / "example.py"
    script.write_text(source)
    done = subprocess.run([python, script.name], text=True, cwd=folder,
                          capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_c(top, build_dir, source, folder):
    """Compile a program against the built libpython and run it; return what
    it printed."""
    path = Path(folder) / "example.c"
    path.write_text(source)
    program = link_program(build_dir / "python", build_dir, path,
                           path.with_suffix(""))
    done = subprocess.run(
        [program], text=True, capture_output=True, cwd=folder,
        env={**os.environ, "PYTHONHOME": str(build_dir),
             "PYTHONPATH": f"{top}/build/cpython/Lib"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_console(python, text, folder):
    """Run the commands after "$ "; return them with what they printed."""
    result = ""
    (Path(folder) / "bin").mkdir(exist_ok=True)
    link = Path(folder) / "bin" / "python3.13"
    if not link.exists():
        # A link would be taken for an installation of its own.
        link.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
        link.chmod(0o755)
    path = f"{link.parent}:{os.environ['PATH']}"
    for line in text.splitlines():
        if line.startswith("$ "):
            done = subprocess.run(
                line[2:], shell=True, text=True, cwd=folder,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**os.environ, "PATH": path})
            result += f"{line}\n{done.stdout}"
    return result
