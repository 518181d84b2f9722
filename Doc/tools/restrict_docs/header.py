"""The C API: signatures and comments of the header, with notes of the page.

    .. c-section:: Limits

       PyRestrict_SetMemoryCap
          :param bytes: what the page adds to the header's comment

shows all that the header declares under "--- Limits ---"; `.. c-rest::` shows
the sections that no c-section named, so that the page is never short of one.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from restrict_docs import tables

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)


def _plain(text: str) -> str:
    text = re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", text)
    return re.sub(r"\b(PyRestrict_\w+)\(\)", r":c:func:`\1`", text)


def to_rst(comment: str) -> str:
    """Return a C comment as reStructuredText; `x` is code."""
    parts = re.split(r"`([^`]+)`", comment)
    return "".join(f"``{part}``" if i % 2 else _plain(part)
                   for i, part in enumerate(parts))


def _indent(text: str, by: int = 3) -> list[str]:
    return [" " * by + line if line else "" for line in text.splitlines()]


def _signature(declaration: tables.Declaration) -> str:
    return declaration.signature.replace("( ", "(")


def _members(declaration: tables.Declaration) -> list[str]:
    lines = []
    for member, comment in declaration.members:
        lines += ["", f"   .. c:member:: {member}", ""]
        lines += _indent(to_rst(comment), 6)
    return lines


def _entry(declarations: list[tables.Declaration], comment: str,
           notes: str) -> list[str]:
    """One description of declarations that share a comment."""
    first = declarations[0]
    directive = f".. c:{first.kind}:: "
    lines = [directive + _signature(first)]
    lines += [" " * len(directive) + _signature(other)
              for other in declarations[1:]]
    lines += ["", *_indent(to_rst(comment)), ""]
    lines += [*_indent(notes), *_members(first), ""]
    return lines


def _parse_notes(content: list[str]) -> dict[str, str]:
    """Split the directive's content: a name alone, then an indented note."""
    notes: dict[str, list[str]] = {}
    current: list[str] = []
    for line in content:
        if line and not line.startswith(" "):
            current = notes.setdefault(line.strip(), [])
        else:
            current.append(line[3:])
    return {name: "\n".join(lines).strip("\n")
            for name, lines in notes.items()}


def _shared(declaration: tables.Declaration) -> tuple[str, ...]:
    """What declarations that are described together have in common."""
    if declaration.kind in ("struct", "type"):
        return (declaration.name,)
    return (declaration.kind, declaration.comment)


def section_rst(section: tables.HeaderSection, notes: dict[str, str]) -> str:
    """Return a section of the header as reStructuredText."""
    lines = [to_rst(section.comment), ""]
    before = ""
    for _, group in groupby(section.declarations, _shared):
        members = list(group)
        comment = members[0].comment
        note = "\n\n".join(notes[member.name] for member in members
                           if member.name in notes)
        # A macro after its setter, say: the comment is about the first.
        repeated = comment == before and bool(note)
        lines += _entry(members, "" if repeated else comment, note)
        before = comment
    return "\n".join(lines)


class CSection(SphinxDirective):
    """Show one section of the header."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(tables.HEADER))
        title = self.arguments[0]
        self.env.temp_data.setdefault("c-sections", set()).add(title)
        found = [section for section in tables.read_header()
                 if section.title == title]
        if not found:
            logger.warning("pyrestrict.h has no section %r", title,
                           location=self.get_location())
            return []
        notes = _parse_notes(list(self.content))
        known = {declaration.name for declaration in found[0].declarations}
        for name in notes.keys() - known:
            logger.warning("pyrestrict.h has no %s under %r", name, title,
                           location=self.get_location())
        return self.parse_text_to_nodes(section_rst(found[0], notes))


class CRest(SphinxDirective):
    """Show the sections of the header that the page did not show yet."""

    def run(self) -> list[nodes.Node]:
        shown = self.env.temp_data.get("c-sections", set())
        result: list[nodes.Node] = []
        for section in tables.read_header():
            if section.title not in shown:
                result.append(nodes.rubric("", section.title))
                result += self.parse_text_to_nodes(section_rst(section, {}))
        return result or [nodes.paragraph("", "Nothing else.")]


def setup(app: Sphinx) -> None:
    app.add_directive("c-section", CSection)
    app.add_directive("c-rest", CRest)
