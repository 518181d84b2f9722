"""The Python side: the policy's fields, docstrings, the program's help."""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from restrict_docs import build

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# "name, name   text": a row of an aligned table in a docstring.
ROW = re.compile(r"^(?P<names>[\w*]+(?:, [\w*]+)*)(?: {2,}|\s*$)(?P<text>.*)$")


def _is_table(block: list[str]) -> bool:
    match = ROW.match(block[0])
    if match is None or not match["text"]:
        return False
    column = match.start("text")
    return all((row := ROW.match(line)) and row.start("text") == column
               or line.startswith(" " * column) for line in block)


def _definitions(block: list[str]) -> list[str]:
    column = ROW.match(block[0]).start("text")
    result = []
    for line in block:
        name = line[:column].strip()
        if name:
            result.append(" / ".join(f"``{part.strip()}``"
                                     for part in name.split(",")))
        result.append("   " + _inline(line[column:]))
    return result


def _inline(text: str) -> str:
    """Single backticks are code in our docstrings."""
    text = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)
    return re.sub(r"(?<![\w`*])\*(?=\w)", r"\\*", text)


def docstring_rst(lines: list[str]) -> list[str]:
    """Return a docstring as reStructuredText: its aligned tables become
    definition lists, indented text becomes code."""
    result: list[str] = []
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
            continue
        if block and block[0].startswith(" "):
            result += ["::", "", *block, ""]
        elif block and _is_table(block):
            result += [*_definitions(block), ""]
        elif block:
            result += [*map(_inline, block), ""]
        block = []
    return result


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any,
             lines: list[str]) -> None:
    lines[:] = docstring_rst(lines)


# --- The policy -------------------------------------------------------------

def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return repr(field.default)
    if field.default_factory is not dataclasses.MISSING:
        return repr(field.default_factory())
    return "(required)"


class PolicyFields(SphinxDirective):
    """`.. policy-fields::`: each field with its type and default."""

    def run(self) -> list[nodes.Node]:
        policy = importlib.import_module("restrict").Policy
        rows = [(nodes.literal("", field.name),
                 nodes.literal("", str(field.type)),
                 nodes.literal("", _default(field)))
                for field in dataclasses.fields(policy)]
        return [build.table(["Field", "Type", "Default"], [25, 50, 25],
                            rows)]


# --- The program ------------------------------------------------------------

class ProgramHelp(SphinxDirective):
    """`.. program-help:: run`: what `python -m restrict run --help` says."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        command = [sys.executable, "-m", "restrict", *self.arguments,
                   "--help"]
        done = subprocess.run(
            command, text=True, capture_output=True, check=True,
            env={**os.environ, "COLUMNS": "78", "NO_COLOR": "1"})
        return [nodes.literal_block(done.stdout, done.stdout,
                                    language="none")]


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", _process)
    app.add_directive("policy-fields", PolicyFields)
    app.add_directive("program-help", ProgramHelp)
