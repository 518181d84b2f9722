"""How a guest failed, and what a guest is told when the host failed.

An exception never crosses as an object: its class and its methods are the
other side's code.  Text and numbers do.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from restrict._native import (
    RestrictedAttributeError,
    RestrictedCallError,
    RestrictedError,
    RestrictedImportError,
    RestrictedPermissionError,
)

if TYPE_CHECKING:
    from restrict._interpreter import Result
    from restrict._report import Usage

# What a host function raised, with its traceback, for the host's developer.
logger = logging.getLogger("restrict.host")
logger.addHandler(logging.NullHandler())

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
    """A limit of the policy stopped the guest, or cancel() did; or the guest
    did not handle a MemoryError, and can go on: Interpreter.stopped tells.

    limit   "memory", "cpu", "wall", "steps", "output", "file_size",
            "net_bytes" or "cancel"
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

# The classes that C knows by name (exception_by_name() in restrict_host.c).
# Not the codecs' errors, which take more than a message, and not MemoryError,
# which would look like a limit.
SAME_IN_GUEST: dict[type[BaseException], str] = {
    cls: cls.__name__
    for cls in (
        ArithmeticError, AssertionError, AttributeError, BlockingIOError,
        BrokenPipeError, BufferError, ChildProcessError,
        ConnectionAbortedError, ConnectionError, ConnectionRefusedError,
        ConnectionResetError, EOFError, FileExistsError, FileNotFoundError,
        FloatingPointError, ImportError, IndexError, InterruptedError,
        IsADirectoryError, KeyError, LookupError, ModuleNotFoundError,
        NameError, NotADirectoryError, NotImplementedError, OSError,
        OverflowError, PermissionError, ProcessLookupError, RecursionError,
        ReferenceError, RestrictedAttributeError, RestrictedCallError,
        RestrictedError, RestrictedImportError, RestrictedPermissionError,
        RuntimeError, StopAsyncIteration, StopIteration, TimeoutError,
        TypeError, UnboundLocalError, UnicodeError, ValueError,
        ZeroDivisionError,
    )
}


def _message(exc: BaseException) -> str:
    if isinstance(exc, KeyError) and len(exc.args) == 1:
        return str(exc.args[0])         # the guest's KeyError quotes it again
    return str(exc)


def _class_name(exc: Exception) -> str:
    """Return the name of the nearest class that the guest has too."""
    for cls in type(exc).__mro__:
        if cls in SAME_IN_GUEST:
            return SAME_IN_GUEST[cls]
    return "RuntimeError"


def _arguments(exc: Exception) -> tuple[str] | tuple[int, str]:
    """Return what the guest makes its exception of, so that str() of it is
    the same: an OSError also has its number."""
    message = _message(exc)
    if isinstance(exc, OSError) and type(exc.errno) is int:
        number, bracket, text = message.partition("] ")
        if bracket and number == f"[Errno {exc.errno}":
            return exc.errno, text
    return (message,)


def _log(exc: Exception) -> None:
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("a host function raised %s", type(exc).__name__,
                     exc_info=exc)


def describe_host_error(exc: Exception) -> tuple[int | str, ...]:
    """Return what a guest sees of an exception: the name of a class and its
    arguments, all of them text and numbers.

    A class in SAME_IN_GUEST is kept; another one becomes its nearest base
    there, with the class's name in front of the message.
    """
    _log(exc)
    if isinstance(exc, HostError):
        return "RuntimeError", str(exc)
    name = _class_name(exc)
    *number, message = _arguments(exc)
    if name != type(exc).__name__:
        message = f"{type(exc).__name__}: {message}"
    return name, *number, message


def hide_host_error(exc: Exception) -> tuple[int | str, ...]:
    """Return what a guest sees when the host wants to tell it nothing."""
    _log(exc)
    if isinstance(exc, HostError):
        return "RuntimeError", str(exc)
    return "RuntimeError", "a function of the host failed"
