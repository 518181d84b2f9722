"""The C part, or what stands in for it in a build without restricted mode.

Python built --without-restricted has no module `_restrict`.  The package can
still be imported there, policies can be made and compared, and exceptions
named in `except` clauses; making an interpreter says what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["AVAILABLE", "Guest", "RestrictedAttributeError",
           "RestrictedCallError", "RestrictedError", "RestrictedImportError",
           "RestrictedPermissionError"]


class RestrictedError(Exception):
    """The base of what a guest gets for a refused operation."""


class RestrictedAttributeError(RestrictedError, AttributeError):
    """The policy does not allow this attribute."""


class RestrictedPermissionError(RestrictedError, PermissionError):
    """The policy does not allow this file, address or look-up."""


class RestrictedImportError(RestrictedError, ModuleNotFoundError):
    """The policy does not allow this import."""


class RestrictedCallError(RestrictedError, RuntimeError):
    """The policy does not allow this call."""


if TYPE_CHECKING:
    DenialRow = tuple[str, str, str, int, str | None, int, float, float]
    UsageRow = tuple[int, int, float, float, int, int, int]

    class Guest:
        """A restricted interpreter; see Modules/_restrict.c."""

        closed: bool
        running: bool

        def __init__(
            self,
            functions: list[Callable[..., object]],
            describe: Callable[[Exception], tuple[int | str, ...]],
            memory: int = 0,
            filesystem_info: bool = False,
            true_stdin: bool = False,
            true_stdout: bool = False,
            true_stderr: bool = False,
        ) -> None: ...
        def run(
            self, task: int, request: tuple[object, ...]
        ) -> tuple[int, Any, str | None]: ...
        def set_limit(self, name: str, value: float) -> None: ...
        def allow_module(self, name: str) -> None: ...
        def block_module(self, name: str) -> None: ...
        def allow_file(self, path: str, mode: str) -> None: ...
        def allow_directory(self, path: str, mode: str) -> None: ...
        def allow_address(self, address: str, first: int,
                          last: int) -> None: ...
        def allow_host(self, host: str, first: int, last: int,
                       addresses: list[str] | None = None) -> None: ...
        def allow_network_info(self) -> None: ...
        def allow_path(self, folder: str) -> None: ...
        def set_directory(self, folder: str) -> None: ...
        def set_extended(self, group: str, type: str,
                         value: bool | int | str) -> None: ...
        def add_extended(self, group: str, type: str,
                         member: str) -> None: ...
        def set_input(self, data: bytes) -> None: ...
        def output(self, fd: int, clear: bool) -> bytes: ...
        def denials(self) -> list[DenialRow]: ...
        def usage(self) -> UsageRow: ...
        def limit_hit(self) -> str | None: ...
        def cancel(self) -> None: ...
        def close(self) -> None: ...
        def forget(self) -> bool: ...

    AVAILABLE: bool
else:
    try:
        from _restrict import (
            Guest,
            RestrictedAttributeError,
            RestrictedCallError,
            RestrictedError,
            RestrictedImportError,
            RestrictedPermissionError,
        )

        AVAILABLE = True
    except ImportError:
        AVAILABLE = False
        Guest = None

# Tasks and outcomes: _PyRestrict_Task, _PyRestrict_Outcome.
EXEC, EVAL, RUN, CALL, DEFINE, LEAVE, FLUSH = range(7)
DONE, FAILED, UNCOPYABLE, NO_MEMORY, LOST = range(5)
