"""Make document nodes: what the directives share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes

Cell = str | nodes.Node | Sequence[nodes.Node]


def _cell(content: Cell) -> list[nodes.Node]:
    if isinstance(content, str):
        return [nodes.paragraph("", content)]
    if isinstance(content, nodes.Inline):
        return [nodes.paragraph("", "", content)]
    if isinstance(content, nodes.Node):
        return [content]
    return list(content)


def _row(cells: Iterable[Cell]) -> nodes.row:
    row = nodes.row()
    for content in cells:
        row += nodes.entry("", *_cell(content))
    return row


def table(head: Sequence[str], widths: Sequence[int],
          rows: Iterable[Sequence[Cell]]) -> nodes.table:
    """Return a table; widths are relative."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", _row(head))
    body = nodes.tbody()
    body += [_row(cells) for cells in rows]
    group += body
    result = nodes.table(classes=["colwidths-given"])
    result += group
    return result


def names(items: Iterable[str]) -> nodes.paragraph:
    """Return a paragraph of names in code font."""
    paragraph = nodes.paragraph(classes=["allowed"])
    for item in items:
        if len(paragraph):
            paragraph += nodes.Text(", ")
        paragraph += nodes.literal("", item)
    return paragraph


def folded(summary: str, content: nodes.Node) -> list[nodes.Node]:
    """Return content that the reader of a web page unfolds."""
    return [
        nodes.raw("", f'<details class="names"><summary>{summary}</summary>',
                  format="html"),
        content,
        nodes.raw("", "</details>", format="html"),
    ]


def section(title: str, ident: str,
            *content: nodes.Node) -> nodes.section:
    """Return a section; ident is its anchor in the page."""
    result = nodes.section(ids=[nodes.make_id(ident)], names=[ident.lower()])
    result += nodes.title("", title)
    result += list(content)
    return result
