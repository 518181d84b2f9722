"""Read what the documentation is generated from: our own source files.

    read_surface   Python/restrict_surface/*.tbl  -> groups of rows
    read_frozen    Python/restrict_frozen.txt     -> sections of modules
    read_header    Include/pyrestrict.h           -> sections of declarations

Standard library only; the tests use it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).absolute().parents[3]
SURFACE = TOP / "Python" / "restrict_surface"
FROZEN = TOP / "Python" / "restrict_frozen.txt"
HEADER = TOP / "Include" / "pyrestrict.h"


# --- The surface table ------------------------------------------------------

@dataclass
class Row:
    """One reviewed name."""

    verdict: str            # "allow", "refuse", "absent", ...
    name: str
    reason: str             # without its marks
    marks: list[str]        # "path", "init", ...: see surface.awk


@dataclass
class Group:
    """The rows of one type or module."""

    kind: str               # "type" or "module"
    name: str
    comment: str            # what stands above the group
    rows: list[Row] = field(default_factory=list)

    def count(self, verdict: str) -> int:
        return sum(row.verdict == verdict for row in self.rows)


@dataclass
class Table:
    """One file of the surface table."""

    name: str               # of the file, without .tbl
    comment: str            # its head
    groups: list[Group]

    def count(self, verdict: str) -> int:
        return sum(group.count(verdict) for group in self.groups)


def surface_files() -> list[Path]:
    """Return the files of the table, in order of their names."""
    return sorted(SURFACE.glob("*.tbl"))


def _row(verdict: str, name: str, text: str) -> Row:
    marks = []
    while match := re.match(r"\[(\w+)\]\s*", text):
        marks.append(match[1])
        text = text[match.end():]
    return Row(verdict, name, text, marks)


def read_surface(path: Path) -> Table:
    """Return one file of the table."""
    table = Table(path.stem, "", [])
    comment: list[str] = []
    for line in path.read_text().splitlines():
        words = line.split(None, 2)
        if not words:
            if comment and not table.groups and not table.comment:
                table.comment = " ".join(comment)
                comment = []
        elif words[0].startswith("#"):
            comment.append(line.strip().lstrip("#").strip())
        elif words[0] in ("type", "module"):
            name = line.split(None, 1)[1].strip()
            table.groups.append(Group(words[0], name, " ".join(comment)))
            comment = []
        else:
            text = words[2] if len(words) > 2 else ""
            table.groups[-1].rows.append(_row(words[0], words[1], text))
            comment = []
    return table


# --- The standard library of guests -----------------------------------------

@dataclass
class Section:
    """Modules that stand together, under the comment above them."""

    title: str
    modules: list[tuple[str, bool]]     # name, and whether the source is ours


def read_frozen(path: Path = FROZEN) -> list[Section]:
    """Return the pure-Python modules of guests, by section."""
    sections: list[Section] = []
    title: list[str] = []
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            title.append(line.lstrip("# ").strip())
        elif not line.strip():
            # The head of the file is no section's title.
            title = title if sections else []
        else:
            if title or not sections:
                sections.append(Section(" ".join(title), []))
                title = []
            name, _, source = line.partition("=")
            sections[-1].modules.append((name.strip(), bool(source.strip())))
    return sections


# --- The C header -----------------------------------------------------------

@dataclass
class Declaration:
    """A public function, macro, struct or type of the header."""

    kind: str               # "function", "macro", "struct" or "type"
    name: str
    signature: str          # as C source, on one line
    comment: str            # what stands above it
    members: list[tuple[str, str]]      # of a struct: (declaration, comment)


@dataclass
class HeaderSection:
    """What stands under one "--- Title ---" line."""

    title: str
    comment: str            # about the section as a whole
    declarations: list[Declaration]


TOKEN = re.compile(
    r"/\* --- (?P<section>.*?) -+ \*/"
    r"|/\*(?P<comment>[\s\S]*?)\*/"
    r"|^#define (?P<macro>PyRestrict_\w+\([^)]*\))(?P<body>(?:.*\\\n)*.*)"
    r"|^(?P<skip>#.*(?:\\\n.*)*)"
    r"|^typedef struct \{(?P<members>[\s\S]*?)^\} (?P<struct>\w+);"
    r"|^typedef (?P<type>[^;{]*\(\*\w+\)[^;]*);"
    r"|^PyAPI_FUNC\((?P<returns>[^)]*)\)\s*(?P<function>\w+)"
    r"(?P<arguments>\([^;]*\));",
    re.M)


def _text(comment: str) -> str:
    """A comment as paragraphs: no stars, no indentation."""
    lines = [line.strip() for line in comment.strip().splitlines()]
    return "\n".join(lines)


def _members(text: str) -> list[tuple[str, str]]:
    pattern = re.compile(r"^\s*([^/;]+);[ \t]*(?:/\*(.*?)\*/)?", re.M | re.S)
    return [(" ".join(match[1].split()), " ".join((match[2] or "").split()))
            for match in pattern.finditer(text)]


def _declaration(match: re.Match[str], comment: str) -> Declaration | None:
    if match["macro"]:
        name = match["macro"].partition("(")[0]
        return Declaration("macro", name, match["macro"], comment, [])
    if match["struct"]:
        return Declaration("struct", match["struct"], match["struct"],
                           comment, _members(match["members"]))
    if match["type"]:
        signature = " ".join(match["type"].split())
        name = re.search(r"\(\*(\w+)\)", signature)[1]
        return Declaration("type", name, signature, comment, [])
    if match["function"] and not match["function"].startswith("_"):
        arguments = " ".join(match["arguments"].split())
        space = "" if match["returns"].endswith("*") else " "
        signature = f"{match['returns']}{space}{match['function']}{arguments}"
        return Declaration("function", match["function"], signature, comment,
                           [])
    return None


def _tokens(text: str) -> Iterator[re.Match[str]]:
    start = text.index("#ifndef Py_LIMITED_API")
    return TOKEN.finditer(text, start)


def read_header(path: Path = HEADER) -> list[HeaderSection]:
    """Return the public declarations of the header, by section.

    A comment belongs to the declarations that follow without an empty line,
    or, if an empty line follows it, to the section.
    """
    text = path.read_text()
    sections: list[HeaderSection] = []
    comment = ""
    for match in _tokens(text):
        gap = text[match.end():match.end() + 2] == "\n\n"
        if match["section"]:
            sections.append(HeaderSection(match["section"], "", []))
            comment = ""
        elif match["comment"] is not None:
            comment = _text(match["comment"])
            if gap and sections and not sections[-1].declarations:
                sections[-1].comment = comment
                comment = ""
        elif sections and (found := _declaration(match, comment)):
            sections[-1].declarations.append(found)
        if gap and match["comment"] is None:
            comment = ""
    return [section for section in sections if section.declarations]


def public_names(path: Path = HEADER) -> list[str]:
    """Return the names of all public declarations of the header."""
    return [declaration.name for section in read_header(path)
            for declaration in section.declarations]
