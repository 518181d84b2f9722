"""Marks below the lines of a traceback, as Python draws them.

The traceback module finds the operator that failed by parsing the source.  A
host does not want its parser, nor the parser's warnings, at work on a guest's
text; a look at brackets and operators is enough to tell a sum from a call and
a subscript.  Where it is not, all of the expression is marked alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import east_asian_width

_TOKEN = re.compile(r"""
    (?P<space>   \s+ | \\\n | \#[^\n]* )
  | (?P<operand> [rbuf]{0,2}(?:'''(?:\\.|[^\\])*?''' | '(?:\\.|[^\\'\n])*'
                              |\"""(?:\\.|[^\\])*?\""" | "(?:\\.|[^\\"\n])*")
               | \d(?:[eE][+-]\d|\w|\.)* | [\w.]+ )
  | (?P<open>    [(\[{] )
  | (?P<close>   [)\]}] )
  | (?P<sign>    \*\* | // | << | >> | [-+*/%@&|^~] )
  | (?P<other>   . )
""", re.VERBOSE | re.DOTALL | re.IGNORECASE)

_KEYWORDS = {"and", "assert", "await", "else", "for", "from", "if", "import",
             "in", "is", "lambda", "not", "or", "raise", "yield"}
_PRECEDENCE = {"|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5,
               "*": 6, "/": 6, "//": 6, "%": 6, "@": 6, "**": 8}
_UNARY = 7                          # binds less than **, more than the rest

Span = tuple[int, int]


class _Shape(NamedTuple):
    """What an expression consists of at its outermost level."""

    operator: Span | None           # of a sum, a product and their kind
    trailer: Span | None            # the brackets that end a call, a subscript


def _read(text: str) -> _Shape | None:
    """Return the shape of an expression; None where it has no such parts."""
    depth, weakest, start = 0, 99, -1
    operator = trailer = None
    after_operand = False
    for match in _TOKEN.finditer(text):
        kind, word = match.lastgroup, match[0]
        if kind == "close":
            depth -= 1
            if depth < 0:
                return None
            trailer = (start, match.end()) if start >= 0 else None
            after_operand = True
        elif kind == "open":
            if depth == 0:
                start = match.start() if after_operand else -1
            depth += 1
        elif depth > 0 or kind == "space":
            continue
        elif kind == "other" or word in _KEYWORDS:
            return None
        elif kind == "operand":
            after_operand, trailer = True, None
        else:
            strength = _PRECEDENCE.get(word, _UNARY) if after_operand \
                else _UNARY
            # Of equals the last is the outermost, but for **.
            if strength < weakest or (strength == weakest < _UNARY):
                weakest = strength
                operator = match.span() if after_operand else None
            after_operand = False
    if depth or not after_operand or weakest == _UNARY:
        return None
    return _Shape(operator, trailer)


def _anchor(text: str) -> Span | None:
    """Return what of a failed expression to point at; None: all of it."""
    shape = _read(text)
    if shape is None:
        return None
    if shape.operator is not None:
        return shape.operator
    return shape.trailer if shape.trailer and shape.trailer[1] == len(text) \
        else None


# --- Is it worth it? --------------------------------------------------------

_WHOLE_CALL = re.compile(r"\s*(?:return\s+(?=\w+\s*\()|\w+\s*=\s*)")


def _says_something(text: str, start: int, end: int,
                    anchor: Span | None) -> bool:
    """Not below `x = f()` and `return f()`, nor below a whole line."""
    if anchor is None:
        return bool(text[:start].strip() or text[end:].strip())
    match = _WHOLE_CALL.match(text)
    is_call = text[anchor[0]] == "("
    return not (is_call and match and match.end() == start
                and not text[end:].strip())


# --- Drawing ----------------------------------------------------------------

def _width(char: str) -> int:
    if char.isascii():
        return 1
    return 2 if east_asian_width(char) in "WF" else 1


def _draw(line: str, offset: int, inside: Span, anchor: Span | None) -> str:
    """Return the marks below a line that begins at offset of the text."""
    marks = ""
    for i, char in enumerate(line, offset):
        marked = inside[0] <= i < inside[1] and (
            bool(marks.strip()) or not char.isspace())
        mark = " " if not marked else "^" if anchor is None \
            or anchor[0] <= i < anchor[1] else "~"
        marks += mark * _width(char)
    return marks.rstrip()


def _line_of(lines: list[str], offset: int) -> int:
    for i, line in enumerate(lines):
        if offset <= len(line):
            return i
        offset -= len(line) + 1
    return len(lines) - 1


def _significant(lines: list[str], anchor: Span | None) -> list[int]:
    """Return which lines to show: the ends, and around what is pointed at."""
    shown = {0, len(lines) - 1}
    for offset in anchor or ():
        line = _line_of(lines, offset)
        shown.update(range(max(0, line - 1), min(len(lines), line + 2)))
    return sorted(shown | {i for i in range(1, len(lines) - 1)
                           if {i - 1, i + 1} <= shown})


def mark(lines: list[str], column: int, end_column: int) -> list[str]:
    """Return lines of source with marks below what failed.

    It begins at byte `column` of the first line and ends before byte
    `end_column` of the last.  Only the lines that say something are there.
    """
    def chars(line: str, column: int) -> int:
        return len(line.encode("utf-8", "replace")[:column]
                   .decode("utf-8", "replace"))

    lines = [line.rstrip() for line in lines]
    text = "\n".join(lines)
    last = len(text) - len(lines[-1])
    start, end = chars(lines[0], column), last + chars(lines[-1], end_column)
    anchor = _anchor(text[start:end])
    if anchor is not None:
        anchor = start + anchor[0], start + anchor[1]
    marked = _says_something(text, start, end, anchor)
    result: list[str] = []
    previous = -1
    for i in _significant(lines, anchor):
        if i > previous + 1:
            result.append(f"...<{i - previous - 1} lines>...")
        result.append(lines[i])
        if marked:
            offset = sum(len(line) + 1 for line in lines[:i])
            result.append(_draw(lines[i], offset, (start, end), anchor))
        previous = i
    return result
