"""How a guest failed, told in text.

A guest's exception never reaches the host as an object: its class and its
methods are the guest's code.  C makes plain text and numbers of it inside the
guest (Python/restrict_describe.c); here they become a traceback to read.  The
host has the guest's source, so it fills in the lines itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restrict._native import (
    RestrictedAttributeError,
    RestrictedCallError,
    RestrictedError,
    RestrictedImportError,
    RestrictedPermissionError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from restrict._interpreter import Result
    from restrict._report import Usage

    Frame = tuple[str | None, int, str | None, int, int, int]
    Syntax = tuple[str, str, int | None, int | None, str]
    Part = tuple[int, str, str, Sequence[Frame], Sequence[str], Syntax | None]
    Description = tuple[str, str, int | None, Sequence[Part]]

__all__ = [
    "GuestError",
    "HostError",
    "LimitExceeded",
    "RestrictedAttributeError",
    "RestrictedCallError",
    "RestrictedError",
    "RestrictedImportError",
    "RestrictedPermissionError",
]


class GuestError(Exception):
    """Code of a guest raised an exception and did not handle it.

    All attributes are text or numbers of the host:

    type_name    the exception's class, without its module: "ValueError";
                 always printable
    message      what str() of the exception gave, with surrogates escaped
    traceback    the whole traceback, as Python would have printed it
    exit_status  what the process would have exited with, if the exception
                 was SystemExit; otherwise None
    result       from restrict.run(): the Result as far as there is one
    """

    type_name: str
    message: str
    traceback: str
    exit_status: int | None
    result: Result | None = None

    def __init__(self, type_name: str, message: str, traceback: str = "",
                 exit_status: int | None = None) -> None:
        super().__init__(type_name, message, traceback, exit_status)
        self.type_name = type_name
        self.message = message
        self.traceback = traceback
        self.exit_status = exit_status

    def __str__(self) -> str:
        return (f"{self.type_name}: {self.message}" if self.message
                else self.type_name)


class LimitExceeded(Exception):
    """A limit of the policy stopped the guest, or cancel() did.

    limit   "memory", "cpu", "wall", "steps", "output", "net_bytes" or
            "cancel"
    usage   what the guest had used when it was stopped: a restrict.Usage
    result  from restrict.run(): the Result as far as there is one
    """

    limit: str
    usage: Usage
    result: Result | None = None

    def __init__(self, limit: str, usage: Usage) -> None:
        super().__init__(limit, usage)
        self.limit = limit
        self.usage = usage

    def __str__(self) -> str:
        if self.limit == "cancel":
            return "the guest was cancelled"
        return f"the guest exceeded its {self.limit} limit"


class HostError(Exception):
    """Raised by a host function to say something to the guest.

    The guest gets a RuntimeError with this message, and nothing else.
    """


# --- What a guest sees of a host function's exception -----------------------

# The classes that C knows by name (exception_by_name() in restrict_run.c).
_SAME_IN_GUEST: dict[type[BaseException], str] = {
    cls: cls.__name__
    for cls in (
        ArithmeticError, AssertionError, AttributeError, BlockingIOError,
        BrokenPipeError, BufferError, ConnectionAbortedError, ConnectionError,
        ConnectionRefusedError, ConnectionResetError, EOFError,
        FileExistsError, FileNotFoundError, FloatingPointError, IndexError,
        InterruptedError, IsADirectoryError, KeyError, LookupError, NameError,
        NotADirectoryError, NotImplementedError, OSError, OverflowError,
        PermissionError, RecursionError, ReferenceError, RuntimeError,
        StopIteration, TimeoutError, TypeError, ValueError, ZeroDivisionError,
    )
}


def _message(exc: BaseException) -> str:
    if isinstance(exc, KeyError) and len(exc.args) == 1:
        return str(exc.args[0])         # the guest's KeyError quotes it again
    return str(exc)


def describe_host_error(exc: Exception) -> tuple[str, str]:
    """Return what a guest sees of an exception: class name and message.

    A class that the guest has too is kept; another one becomes its nearest
    base that the guest has, with the class's name in front of the message.
    """
    if isinstance(exc, HostError):
        return "RuntimeError", str(exc)
    for cls in type(exc).__mro__:
        name = _SAME_IN_GUEST.get(cls)
        if name is not None:
            break
    else:
        name = "RuntimeError"
    if name == type(exc).__name__:
        return name, _message(exc)
    return name, f"{type(exc).__name__}: {_message(exc)}"


def hide_host_error(exc: Exception) -> tuple[str, str]:
    """Return what a guest sees when the host wants to tell it nothing."""
    if isinstance(exc, HostError):
        return "RuntimeError", str(exc)
    return "RuntimeError", "a function of the host failed"


# --- Tracebacks -------------------------------------------------------------

_RELATIONS = {
    1: "\nThe above exception was the direct cause of the following "
       "exception:\n\n",
    2: "\nDuring handling of the above exception, another exception "
       "occurred:\n\n",
}


def _source_line(sources: Mapping[str, str], filename: str, line: int) -> str:
    source = sources.get(filename)
    if source is None or line < 1:
        return ""
    lines = source.splitlines()
    return lines[line - 1].strip() if line <= len(lines) else ""


# To say where in a line, Python parses it: not for what only a machine writes.
_MAX_MARKED = 2000


def _marked_lines(frame: Frame, sources: Mapping[str, str]) -> str:
    """Return the frame's source with carets below what failed, or ""."""
    from traceback import FrameSummary, StackSummary

    filename, line, name, column, end_line, end_column = frame
    if filename is None or filename not in sources or end_column < 0:
        return ""
    lines = sources[filename].splitlines()[line - 1:end_line]
    text = "\n".join(lines)
    if not 0 < len(text) <= _MAX_MARKED:
        return ""
    summary = FrameSummary(filename, line, name or "?", lookup_line=False,
                           line=text, end_lineno=end_line, colno=column,
                           end_colno=end_column)
    try:
        shown = StackSummary().format_frame_summary(summary)
    except Exception:       # carets are not worth losing an error
        return ""
    return shown.partition("\n")[2]


def _format_frame(frame: Frame, sources: Mapping[str, str]) -> str:
    filename, line, name = frame[:3]
    if filename is None or name is None:
        return f"  [{line} frames not shown]\n"
    text = f'  File "{filename}", line {line}, in {name}\n'
    marked = _marked_lines(frame, sources)
    if marked:
        return text + marked
    source = _source_line(sources, filename, line)
    return text + (f"    {source}\n" if source else "")


def _format_syntax(syntax: Syntax, sources: Mapping[str, str]) -> str:
    _, filename, line, offset, text = syntax
    if line is None:
        return ""
    source = text or _source_line(sources, filename, line)
    shown = source.strip("\n").lstrip()
    result = f'  File "{filename}", line {line}\n'
    if shown:
        result += f"    {shown}\n"
        skipped = len(source) - len(source.lstrip())
        if offset is not None and 0 < offset <= len(source) + 1:
            result += " " * (4 + max(0, offset - 1 - skipped)) + "^\n"
    return result


def _format_part(part: Part, sources: Mapping[str, str]) -> str:
    _, type_name, message, frames, notes, syntax = part
    result = "Traceback (most recent call last):\n" if frames else ""
    for frame in frames:
        result += _format_frame(frame, sources)
    if syntax is not None:
        result += _format_syntax(syntax, sources)
        message = syntax[0]
    result += f"{type_name}: {message}\n" if message else f"{type_name}\n"
    return result + "".join(f"{note}\n" for note in notes)


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
    result = ""
    for i in reversed(range(len(parts))):
        result += _format_part(parts[i], sources)
        if i > 0:
            result += _RELATIONS[parts[i][0]]
    return GuestError(_name(name), _encodable(message), _encodable(result),
                      exit_status)
