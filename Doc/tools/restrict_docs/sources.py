"""The map of the code: files of ours by their opening, patches by header."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from restrict_docs import build, tables

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDERS = ("Include", "Lib", "Modules", "Objects", "Parser", "Programs",
           "Python")


def opening(path: Path) -> str:
    """Return the first paragraph of a file's opening comment or docstring."""
    text = path.read_text()
    match = re.match(r'\s*(?:/\*|"""|#)(.*?)(?:\n\s*\n|\*/|""")', text, re.S)
    if match is None:
        return ""
    return " ".join(match[1].replace("\n#", "\n").split()).rstrip("/*")


def patches() -> list[tuple[str, str, str]]:
    """Return (file, why, guards) of every patch and appended text."""
    found = []
    for folder in FOLDERS:
        for path in sorted((tables.TOP / folder).rglob("*.patch")):
            head = path.read_text().partition("\n---")[0]
            match = re.match(r"Why:(.*?)^Guards:(.*)", head, re.S | re.M)
            why, guards = match.groups() if match else ("", "")
            name = path.relative_to(tables.TOP).with_suffix("")
            found.append((str(name), " ".join(why.split()),
                          " ".join(guards.split())))
    return found


class SourceMap(SphinxDirective):
    """`.. source-map::`, patterns in its content: what each file is for."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        rows = []
        for pattern in self.content:
            for path in sorted(tables.TOP.glob(pattern.strip())):
                self.env.note_dependency(str(path))
                name = str(path.relative_to(tables.TOP))
                rows.append((nodes.literal("", name), opening(path)))
        return [build.table(["File", "What it opens with"], [35, 65], rows)]


class PatchMap(SphinxDirective):
    """`.. patch-map::`: every patch, why it is there, what it guards."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        rows = [(nodes.literal("", name), why, guards)
                for name, why, guards in patches()]
        return [build.table(["CPython's file", "Why", "Guards"],
                            [30, 45, 25], rows)]


def setup(app: Sphinx) -> None:
    app.add_directive("source-map", SourceMap)
    app.add_directive("patch-map", PatchMap)
