"""The text of a guest's traceback, as Python would have printed it.

Built of plain text and numbers that C took from the exception inside the
guest (Python/restrict_describe.c), and of the source, which the host has.
"""

from __future__ import annotations

import sys
from itertools import groupby
from textwrap import dedent
from typing import TYPE_CHECKING

from restrict._carets import mark
from restrict._errors import GuestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Frame = tuple[str | None, int, str | None, int, int, int]
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


def _lines(sources: Mapping[str, str], filename: str, first: int,
           last: int) -> list[str]:
    source = sources.get(filename)
    if source is None or first < 1:
        return []
    return source.splitlines()[first - 1:max(first, last)]


def _shown_source(frame: Frame, sources: Mapping[str, str]) -> list[str]:
    """Return what stands below a frame's line, with marks."""
    filename, line, _, column, end_line, end_column = frame
    lines = _lines(sources, filename or "", line, end_line)
    if not any(lines):
        return []
    if end_column < 0 or sum(map(len, lines)) > _MAX_MARKED:
        return [lines[0].strip()]
    return dedent("\n".join(mark(lines, column, end_column))).split("\n")


# --- A traceback ------------------------------------------------------------

def _format_frame(frame: Frame, sources: Mapping[str, str]) -> str:
    filename, line, name = frame[:3]
    if filename is None or name is None:
        return f"  [{line} frames not shown]\n"
    text = f'  File "{filename}", line {line}, in {name}\n'
    return text + "".join(f"    {shown}\n"
                          for shown in _shown_source(frame, sources))


# Of one line that calls itself, so many calls are shown.
_MAX_CALLS = 3


def _format_calls(frames: list[Frame], sources: Mapping[str, str]) -> str:
    """Return the text of calls in a row by one line of one function."""
    result = "".join(_format_frame(frame, sources)
                     for frame in frames[:_MAX_CALLS])
    more = len(frames) - _MAX_CALLS
    if more > 0:
        result += (f"  [Previous line repeated {more} more "
                   f"time{'s' if more > 1 else ''}]\n")
    return result


def _format_syntax(syntax: Syntax, sources: Mapping[str, str]) -> str:
    _, filename, line, offset, text, end_line, end = syntax
    if line is None:
        return ""
    source = text or "".join(_lines(sources, filename, line, line))
    shown = source.strip("\n").lstrip()
    result = f'  File "{filename}", line {line}\n'
    if shown:
        result += f"    {shown}\n"
        skipped = len(source) - len(source.lstrip())
        if offset is not None and 0 < offset <= len(source) + 1:
            if end_line != line or end is None:
                end = offset + 1 if end_line in (line, None) else len(source)
            count = max(1, min(end, len(source.rstrip()) + 1) - offset)
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


def _format_part(part: Part, sources: Mapping[str, str]) -> str:
    _, type_name, message, frames, notes, syntax, members, suggestion = part
    result = "Traceback (most recent call last):\n" if frames else ""
    if frames and members is not None:
        result = "Exception Group " + result
    for _, same in groupby(frames, key=lambda frame: frame[:3]):
        result += _format_calls(list(same), sources)
    if syntax is not None:
        result += _format_syntax(syntax, sources)
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


def _member_lines(members: Members, sources: Mapping[str, str],
                  depth: int) -> list[str]:
    chains, count = members
    lines: list[str] = []
    for i, chain in enumerate(chains):
        lines.append("  " * depth + ("  " if i else "+-")
                     + f"+---------------- {i + 1} ----------------")
        lines += _chain_lines(chain, sources, depth + 1)
    if count > len(chains):
        more = count - len(chains)
        lines.append("  " * depth + ("  " if chains else "+-")
                     + "+---------------- ... ----------------")
        lines += _with_margin(f"and {more} more exception"
                              f"{'s' if more > 1 else ''}", depth + 1)
    if lines and not lines[-1].endswith(_END):
        lines.append("  " * (depth + 1) + _END)
    return lines


def _part_lines(part: Part, sources: Mapping[str, str],
                depth: int) -> list[str]:
    members = part[6]
    if members is None:
        return _with_margin(_format_part(part, sources), depth)
    lines = _with_margin(_format_part(part, sources), max(depth, 1))
    if depth == 0:
        lines[0] = lines[0].replace("|", "+", 1)
    return lines + _member_lines(members, sources, max(depth, 1))


def _chain_lines(parts: Sequence[Part], sources: Mapping[str, str],
                 depth: int = 0) -> list[str]:
    """Return the lines of an exception, after those that led to it."""
    lines: list[str] = []
    for i in reversed(range(len(parts))):
        lines += _part_lines(parts[i], sources, depth)
        if i > 0:
            lines += _with_margin(_RELATIONS[parts[i][0]], depth)
    return lines


def _name(text: str) -> str:
    """Return a name that is one line of a log, whatever the guest gave."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _encodable(text: str) -> str:
    """Return text that can be printed: half characters are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def guest_error(description: Description,
                sources: Mapping[str, str]) -> GuestError:
    """Make the error from what C says of the exception.

    sources: the text of the guest's files, by name.
    """
    name, message, exit_status, parts = description
    result = "".join(line + "\n" for line in _chain_lines(parts, sources))
    return GuestError(_name(name), _encodable(message), _encodable(result),
                      exit_status)
