"""The surface table: a summary, all refusals, and one page for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from restrict_docs import build, tables

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

VERDICTS = {"allow": "allowed", "refuse": "refused", "absent": "absent",
            "guard": "guarded"}
MARKS = {
    "path": "refused as a file is",
    "init": "gone again when the type is ready",
    "late": "set when it first happens",
    "debug": "debug builds only",
}


def _note(row: tables.Row) -> str:
    notes = [MARKS.get(mark, f"{mark} only") for mark in row.marks]
    if row.reason:
        notes.insert(0, row.reason)
    return "; ".join(notes)


def _summary(group: tables.Group) -> str:
    counts = {}
    for row in group.rows:
        word = VERDICTS.get(row.verdict, row.verdict)
        counts[word] = counts.get(word, 0) + 1
    return ", ".join(f"{n} {word}" for word, n in counts.items()) or "empty"


def _explained(group: tables.Group) -> nodes.Node:
    return build.table(
        ["Name", "Verdict", "Why"], [30, 15, 55],
        [(nodes.literal("", row.name),
          VERDICTS.get(row.verdict, row.verdict), _note(row))
         for row in group.rows if row.verdict != "allow" or _note(row)])


def _obvious(group: tables.Group) -> list[nodes.Node]:
    plain = [row.name for row in group.rows
             if row.verdict == "allow" and not _note(row)]
    if not plain:
        return []
    listing = build.names(plain)
    if len(plain) <= 12:
        return [nodes.paragraph("", "Allowed: ", *listing.children)]
    return build.folded(f"{len(plain)} names allowed", listing)


def _group(group: tables.Group) -> nodes.section:
    content: list[nodes.Node] = [nodes.paragraph("", _summary(group) + ".")]
    if group.comment:
        content.insert(0, nodes.paragraph("", group.comment))
    if any(row.verdict != "allow" or _note(row) for row in group.rows):
        content.append(_explained(group))
    return build.section(f"{group.kind} {group.name}",
                         f"{group.kind}-{group.name}",
                         *content, *_obvious(group))


class SurfaceTable(SphinxDirective):
    """`.. surface-table:: FILE`, without .tbl: all groups of one file."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        path = tables.SURFACE / f"{self.arguments[0]}.tbl"
        self.env.note_dependency(str(path))
        table = tables.read_surface(path)
        result: list[nodes.Node] = [nodes.paragraph("", table.comment)]
        result += [_group(group) for group in table.groups]
        for section in result[1:]:
            section["classes"].append("surface")
            self.state.document.note_implicit_target(section)
        return result


class SurfaceSummary(SphinxDirective):
    """`.. surface-summary::`: a row for each file, linked to its page."""

    def run(self) -> list[nodes.Node]:
        lines = [".. list-table::", "   :header-rows: 1",
                 "   :widths: 14 36 10 10 10 10 10", ""]
        self._row(lines, "File", "What it holds", "Groups", "Allowed",
                  "Guarded", "Refused", "Absent, with a reason")
        for path in tables.surface_files():
            self.env.note_dependency(str(path))
            if f"surface/{path.stem}" not in self.env.found_docs:
                logger.warning("%s has no page: add Doc/surface/%s.rst",
                               path.name, path.stem)
            table = tables.read_surface(path)
            self._row(lines, f":doc:`{path.stem}`", table.comment,
                      str(len(table.groups)),
                      *(str(table.count(verdict)) for verdict in
                        ("allow", "guard", "refuse", "absent")))
        return self.parse_text_to_nodes("\n".join(lines))

    @staticmethod
    def _row(lines: list[str], *cells: str) -> None:
        for i, cell in enumerate(cells):
            lines.append(f"   {'-' if i else '* -':>3} {cell}")


class SurfaceRefusals(SphinxDirective):
    """`.. surface-refusals::`: every row that refuses, in one table."""

    def run(self) -> list[nodes.Node]:
        rows = []
        for path in tables.surface_files():
            self.env.note_dependency(str(path))
            for group in tables.read_surface(path).groups:
                rows += [(nodes.literal("", f"{group.name}.{row.name}"),
                          _note(row))
                         for row in group.rows if row.verdict == "refuse"]
        return [build.table(["Name", "Why"], [45, 55], rows)]


def setup(app: Sphinx) -> None:
    app.add_directive("surface-table", SurfaceTable)
    app.add_directive("surface-summary", SurfaceSummary)
    app.add_directive("surface-refusals", SurfaceRefusals)
