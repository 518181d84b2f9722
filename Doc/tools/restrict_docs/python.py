"""The Python side: the policy's fields, docstrings, the program's help."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from restrict_docs import build

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

# "name, name   text": a row of an aligned table in a docstring.
ROW = re.compile(r"(?P<names>\w+(?:, \w+)*) {2,}(?P<text>\S.*)")
# "name: text", about an argument.
ARGUMENT = re.compile(r"(?P<names>[a-z_]\w*): (?P<text>\S.*)")


# --- Docstrings -------------------------------------------------------------

def _inline(text: str) -> str:
    """Return text as reStructuredText: single backticks are code."""
    text = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)
    text = re.sub(r"\\(?!\w)|(?<![\w`*])\*(?=\w)", r"\\\g<0>", text)
    return re.sub(r"\b(\w+\.)?(exec|eval|run|call|cancel|close|to_toml"
                  r"|from_toml)\(\)", r"``\g<0>``", text)


def rows(block: list[str]) -> list[tuple[str, str]] | None:
    """Return (names, text) of an aligned table; None if it is none."""
    found: list[tuple[str, str]] = []
    for line in block:
        if match := ROW.fullmatch(line):
            found.append((match["names"], match["text"]))
        elif found and line.startswith("   "):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            return None
    return found


def _dedent(block: list[str]) -> list[str]:
    return textwrap.dedent("\n".join(block)).splitlines()


def _table(found: list[tuple[str, str]]) -> list[str]:
    result = []
    for names, text in found:
        result.append(", ".join(f"``{name}``" for name in names.split(", ")))
        result.append("   " + _inline(text))
    return [*result, ""]


def _paragraph(block: list[str]) -> list[str]:
    """Each argument and what is raised on a line of its own."""
    result: list[str] = []
    for line in block:
        argument = ARGUMENT.fullmatch(line)
        if argument or line.startswith("Raises "):
            result.append("")
        if argument:
            line = f"``{argument['names']}``: {argument['text']}"
        result.append(_inline(line) if not argument else line)
    return [*result, ""]


def _block(block: list[str]) -> list[str]:
    if block[0].startswith(" "):
        return ["::", "", *block, ""]
    if found := rows(block):
        return _table(found)
    if len(block) > 1 and block[0].endswith(":"):
        inside = _dedent(block[1:])
        if found := rows(inside):
            return [_inline(block[0]), "", *_table(found)]
    return _paragraph(block)


def blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield the paragraphs of a docstring."""
    for blank, block in groupby(lines, lambda line: not line.strip()):
        if not blank:
            yield list(block)


def docstring_rst(lines: list[str]) -> list[str]:
    """Return a docstring as reStructuredText: its aligned tables become
    definition lists, indented text becomes code."""
    return [line for block in blocks(lines) for line in _block(block)]


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any,
             lines: list[str]) -> None:
    lines[:] = docstring_rst(lines)


# --- The policy -------------------------------------------------------------

SIZES = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


def _default(value: object, text: str) -> str:
    """Return a default as a person would write it."""
    if isinstance(value, int) and "bytes" in text:
        for unit, size in SIZES:
            if value and value % size == 0:
                return f'"{value // size}{unit}"'
    return repr(dict(value)) if isinstance(value, Mapping) else repr(value)


def _planned() -> nodes.Node:
    return nodes.paragraph("", "", nodes.strong(
        "", "Planned: this version does not enforce it, and refuses a policy "
        "with it (NotImplementedError)."))


def policy_tables() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (title, rows) of the tables in the docstring of Policy."""
    policy = importlib.import_module("restrict").Policy
    found = []
    for block in blocks(inspect.getdoc(policy).splitlines()):
        inside = rows(_dedent(block[1:])) if len(block) > 1 else None
        if inside:
            found.append((block[0].rstrip(":"), inside))
    return found


SAMPLES: dict[str, object] = {
    "files": {sys.executable: "r"}, "directories": {"/": "r"},
    "path": ["/"], "addresses": [("127.0.0.1", 1)],
    "hosts": [("localhost", 1)], "network_info": True,
    "filesystem_info": True, "extended": {("group", "type"): True},
}


def is_enforced(field: str) -> bool:
    """Return whether the build at hand can enforce a field."""
    restrict = importlib.import_module("restrict")
    native = importlib.import_module("restrict._native")
    if field not in SAMPLES or not native.AVAILABLE:
        return True
    try:
        policy = restrict.Policy(**{field: SAMPLES[field]})
        restrict.Interpreter(policy).close()
    except NotImplementedError:
        return False
    except Exception:
        logger.info("%s: tried, and understood", field)
    return True


class PolicyFields(SphinxDirective):
    """`.. policy-fields::`: each field with its default and its meaning."""

    def run(self) -> list[nodes.Node]:
        policy = importlib.import_module("restrict").Policy
        parameters = dict(inspect.signature(policy).parameters)
        result: list[nodes.Node] = []
        for title, fields in policy_tables():
            body = []
            for names, text in fields:
                for name in names.split(", "):
                    default = _default(parameters.pop(name).default, text)
                    body.append((nodes.literal("", name),
                                 nodes.literal("", default),
                                 text if is_enforced(name)
                                 else [nodes.paragraph("", text), _planned()]))
            result.append(nodes.rubric("", title))
            result.append(build.table(["Field", "Default", "Meaning"],
                                      [22, 20, 58], body))
        if parameters:
            logger.warning("the docstring of Policy says nothing of %s",
                           ", ".join(parameters))
        return result


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


class HostErrors(SphinxDirective):
    """`.. host-errors::`: the classes that a host function may raise."""

    def run(self) -> list[nodes.Node]:
        names = sorted(importlib.import_module(
            "restrict._errors").SAME_IN_GUEST.values())
        paragraph = nodes.paragraph()
        for name in names:
            paragraph += nodes.literal("", name)
            paragraph += nodes.Text("." if name == names[-1] else ", ")
        return [paragraph]


# --- What this build has ----------------------------------------------------

class When(SphinxDirective):
    """`.. when:: guarded_exec`: the content, if the package has the name."""

    required_arguments = 1
    has_content = True
    expected = True

    def run(self) -> list[nodes.Node]:
        package = importlib.import_module("restrict")
        if hasattr(package, self.arguments[0]) is not self.expected:
            return []
        return self.parse_content_to_nodes()


class Unless(When):
    """`.. unless:: guarded_exec`: the content, if it has not."""

    expected = False


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", _process)
    app.add_directive("policy-fields", PolicyFields)
    app.add_directive("program-help", ProgramHelp)
    app.add_directive("host-errors", HostErrors)
    app.add_directive("when", When)
    app.add_directive("unless", Unless)
