"""The text of a guest's traceback, as Python would have printed it.

Built of plain text and numbers that C took from the exception inside the
guest (Python/restrict_describe.c), lines of source among them.
"""

from __future__ import annotations

import sys
from itertools import groupby
from textwrap import dedent
from typing import TYPE_CHECKING

from restrict._carets import mark
from restrict._errors import GuestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Frame = tuple[str | None, int, str | None, int, int, int, str]
    Syntax = tuple[str, str, int | None, int | None, str, int | None,
                   int | None]
    Members = tuple[Sequence[Sequence["Part"]], int]
    Suggestion = tuple[str | None, str | None]
    Part = tuple[int, str, str, Sequence[Frame], Sequence[str],
                 Syntax | None, Members | None, Suggestion]
    Description = tuple[str, str, int | None, Sequence[Part]]

_RELATIONS = {
    1: "\nThe above exception was the direct cause of the following "
       "exception:\n\n",
    2: "\nDuring handling of the above exception, another exception "
       "occurred:\n\n",
}


# --- Source lines -----------------------------------------------------------

# To mark a part of more is not worth the work.
_MAX_MARKED = 2000


def _shown_source(frame: Frame) -> list[str]:
    """Return what stands below a frame's line, with marks."""
    _, line, _, column, end_line, end_column, text = frame
    if not text.strip():
        return []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    whole = len(lines) == end_line - line + 1
    if end_column < 0 or len(text) > _MAX_MARKED or not whole:
        return [lines[0].strip()]
    return dedent("\n".join(mark(lines, column, end_column))).split("\n")


# --- A traceback ------------------------------------------------------------

def _format_frame(frame: Frame) -> str:
    filename, line, name = frame[:3]
    if filename is None or name is None:
        return f"  [{line} frames not shown]\n"
    text = f'  File "{filename}", line {line}, in {name}\n'
    return text + "".join(f"    {shown}\n" for shown in _shown_source(frame))


# Of one line that calls itself, so many calls are shown.
_MAX_CALLS = 3


def _format_calls(frames: list[Frame]) -> str:
    """Return the text of calls in a row by one line of one function."""
    result = "".join(map(_format_frame, frames[:_MAX_CALLS]))
    more = len(frames) - _MAX_CALLS
    if more > 0:
        result += (f"  [Previous line repeated {more} more "
                   f"time{'s' if more > 1 else ''}]\n")
    return result


def _format_syntax(syntax: Syntax) -> str:
    _, filename, line, offset, text, end_line, end = syntax
    if line is None:
        return ""
    shown = text.strip("\n").lstrip()
    result = f'  File "{filename}", line {line}\n'
    if shown:
        result += f"    {shown}\n"
        skipped = len(text) - len(text.lstrip())
        if offset is not None and 0 < offset <= len(text) + 1:
            if end_line != line or end is None:
                end = offset + 1 if end_line in (line, None) else len(text)
            count = max(1, min(end, len(text.rstrip()) + 1) - offset)
            result += (" " * (4 + max(0, offset - 1 - skipped)) + "^" * count
                       + "\n")
    return result


def _format_suggestion(suggestion: Suggestion) -> str:
    """Return what stands behind a message about a name."""
    variable, meant = suggestion
    result = f". Did you mean: '{meant}'?" if meant is not None else ""
    if variable in sys.stdlib_module_names:
        result += (" Or did" if result else ". Did")
        result += f" you forget to import '{variable}'?"
    return result


def _format_part(part: Part) -> str:
    _, type_name, message, frames, notes, syntax, members, suggestion = part
    result = "Traceback (most recent call last):\n" if frames else ""
    if frames and members is not None:
        result = "Exception Group " + result
    for _, same in groupby(frames, key=lambda frame: frame[:3]):
        result += _format_calls(list(same))
    if syntax is not None:
        result += _format_syntax(syntax)
        message = syntax[0]
    message += _format_suggestion(suggestion)
    result += f"{type_name}: {message}\n" if message else f"{type_name}\n"
    return result + "".join(f"{note}\n" for note in notes)


# --- A chain, and groups in it ----------------------------------------------

_END = "+------------------------------------"


def _with_margin(text: str, depth: int) -> list[str]:
    """Return lines with the margin of a group that they are in."""
    margin = "  " * depth + "| " if depth else ""
    return [margin + line for line in text.removesuffix("\n").split("\n")]


def _member_lines(members: Members,
                  depth: int) -> list[str]:
    chains, count = members
    lines: list[str] = []
    for i, chain in enumerate(chains):
        lines.append("  " * depth + ("  " if i else "+-")
                     + f"+---------------- {i + 1} ----------------")
        lines += _chain_lines(chain, depth + 1)
    if count > len(chains):
        more = count - len(chains)
        lines.append("  " * depth + ("  " if chains else "+-")
                     + "+---------------- ... ----------------")
        lines += _with_margin(f"and {more} more exception"
                              f"{'s' if more > 1 else ''}", depth + 1)
    if lines and not lines[-1].endswith(_END):
        lines.append("  " * (depth + 1) + _END)
    return lines


def _part_lines(part: Part,
                depth: int) -> list[str]:
    members = part[6]
    if members is None:
        return _with_margin(_format_part(part), depth)
    lines = _with_margin(_format_part(part), max(depth, 1))
    if depth == 0:
        lines[0] = lines[0].replace("|", "+", 1)
    return lines + _member_lines(members, max(depth, 1))


def _chain_lines(parts: Sequence[Part],
                 depth: int = 0) -> list[str]:
    """Return the lines of an exception, after those that led to it."""
    lines: list[str] = []
    for i in reversed(range(len(parts))):
        lines += _part_lines(parts[i], depth)
        if i > 0:
            lines += _with_margin(_RELATIONS[parts[i][0]], depth)
    return lines


def _name(text: str) -> str:
    """Return a name that is one line of a log, whatever the guest gave."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _encodable(text: str) -> str:
    """Return text that can be printed: half characters are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def guest_error(description: Description) -> GuestError:
    """Make the error from what C says of the exception."""
    name, message, exit_status, parts = description
    result = "".join(line + "\n" for line in _chain_lines(parts))
    return GuestError(_name(name), _encodable(message), _encodable(result),
                      exit_status)
