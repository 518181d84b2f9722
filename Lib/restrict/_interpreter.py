"""A guest as an object of the host.

The work is done in C (Modules/_restrict.c, Python/restrict_run.c); here is
what the host sees: a policy applied, answers turned into values and
exceptions, the record kept.
"""

from __future__ import annotations

import atexit
import contextlib
import inspect
import keyword
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restrict import _native
from restrict._errors import (
    GuestError,
    LimitExceeded,
    describe_host_error,
    hide_host_error,
)
from restrict._policy import Policy, port_range
from restrict._report import Denial, Record, Usage
from restrict._traceback import guest_error

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Any, Self

    Resolver = Callable[[str], Iterable[str]]
    HostFunction = Callable[..., object]

__all__ = ["Interpreter", "Result", "run"]

_SHUTDOWN_SECONDS = 5.0
_MANY = 2**31 - 1

# How C names the value in a row of _define().
_ROW_VALUE = re.compile(r"names\[(\d+)\]\[3\]")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gave.

    value    of the final expression; None if the source does not end with one
    stdout   text that this run wrote to its in-memory stdout
    stderr   likewise
    usage    what the interpreter has used until now: a Usage
    denials  what it was refused until now: Denial objects
    """

    value: Any
    stdout: str
    stderr: str
    usage: Usage
    denials: tuple[Denial, ...]


# --- Applying a policy ------------------------------------------------------

def _setter(guest: _native.Guest, name: str, field: str) -> Callable[..., Any]:
    setter = getattr(guest, name, None)
    if setter is None:
        raise NotImplementedError(
            f"policy field {field!r} cannot be enforced by this build")
    return setter  # type: ignore[no-any-return]


def _apply_limits(guest: _native.Guest, policy: Policy) -> None:
    for name in ("output", "sockets", "net_bytes", "file_size", "open_files",
                 "cpu", "wall", "steps", "memory"):
        value = getattr(policy, name)
        if value is not None:
            guest.set_limit(name, value)
        elif name in ("sockets", "open_files"):     # C has defaults for them
            guest.set_limit(name, _MANY)


def _apply_extended(guest: _native.Guest, policy: Policy) -> None:
    for (group, kind), value in policy.extended.items():
        if isinstance(value, frozenset):
            for member in sorted(value):
                guest.add_extended(group, kind, member)
        elif value is not False:
            guest.set_extended(group, kind, value)


def _apply_network(guest: _native.Guest, policy: Policy,
                   resolve: Resolver | None) -> None:
    # Addresses first: they say which of a name's addresses may be private.
    for address, port in policy.addresses:
        guest.allow_address(address, *port_range(port))
    found: dict[str, list[str]] = {}
    for host, port in policy.hosts:
        if resolve is None:
            guest.allow_host(host, *port_range(port))
            continue
        if host not in found:
            found[host] = [str(address) for address in resolve(host)]
        guest.allow_host(host, *port_range(port), found[host])
    if policy.network_info:
        guest.allow_network_info()


def _grant(field: str, allow: Callable[..., None], *arguments: str) -> None:
    """Allow something; say which field it is of if it is not there."""
    try:
        allow(*arguments)
    except (ImportError, ValueError) as exc:
        raise ValueError(f"{field}: {exc}") from None


def _apply(guest: _native.Guest, policy: Policy,
           resolve: Resolver | None) -> None:
    """Hand the policy to C; NotImplementedError names a field that this build
    cannot enforce."""
    for name in policy.modules:
        _grant("modules", guest.allow_module, name)
    for name in policy.block_modules:
        guest.block_module(name)
    for path, mode in policy.files.items():
        _grant("files", guest.allow_file, path, mode)
    for path, mode in policy.directories.items():
        _grant("directories", guest.allow_directory, path, mode)
    for path in policy.path:
        _grant("path", _setter(guest, "allow_path", "path"), path)
    _apply_network(guest, policy, resolve)
    _apply_extended(guest, policy)
    _apply_limits(guest, policy)


# --- Host functions ---------------------------------------------------------

def _signature_doc(name: str, function: HostFunction) -> str:
    """Return the doc of a built-in function that shows the signature, if it
    can be shown: defaults have to be literals."""
    doc = inspect.getdoc(function) or ""
    try:
        parameters = [
            parameter.replace(annotation=inspect.Parameter.empty)
            for parameter in inspect.signature(function).parameters.values()]
        plain = all(
            parameter.default is inspect.Parameter.empty
            or type(parameter.default) in (int, str, bool, float, bytes)
            or parameter.default is None
            for parameter in parameters)
        signature = str(inspect.Signature(parameters))
    except (TypeError, ValueError):
        return doc
    if not plain or "\n" in signature:
        return doc
    return f"{name}{signature}\n--\n\n{doc}"


def _check_names(what: str, names: Mapping[str, object]) -> None:
    if not isinstance(names, Mapping):
        raise TypeError(f"{what}: expected a mapping of names, "
                        f"got {type(names).__name__}")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{what}: {name!r} is not a name")
        if not name.isidentifier():
            raise ValueError(f"{what}: {name!r} is not a name")
        if keyword.iskeyword(name):
            raise ValueError(f"{what}: {name!r} is a keyword, which no code "
                             f"can use as a name")


# --- The interpreter --------------------------------------------------------

_open: weakref.WeakSet[Interpreter] = weakref.WeakSet()


class Interpreter:
    """A restricted interpreter.  Use it as a context manager, or close() it.

    policy             what the guest may use; None is Policy()
    functions          functions of the host that the guest can call by name
    modules_from_host  modules that the guest can import, as mappings of names
                       to functions and to values, which are copied
    show_errors        whether an exception that a host function raises
                       reaches the guest: its message, the name of its class
                       and the number of an OSError; nothing more does.
                       False: only HostError says something
    resolve            what looks up the hosts of the policy, once each: a
                       function from a name to its numeric addresses.  None:
                       the system's resolver, for at most five seconds

    State stays between uses.  Values cross by copy: None, bool, int, float,
    complex, str, bytes, list, tuple, dict, set and frozenset, nested, with
    shared and cyclic references kept; anything else is a TypeError.

    The guest runs on the calling thread.  One thread at a time may use an
    interpreter; another one gets RuntimeError, except from cancel(), usage
    and denials.  A host function runs on the thread that uses the guest, with
    that thread's context variables, and may use the guest in turn.

    After a limit stopped the guest, every further use raises LimitExceeded;
    `stopped` tells.  One request for memory that does not fit stops nothing:
    if the guest does not handle the MemoryError, this use is LimitExceeded
    ("memory"), and the next one goes on.

    In the child of a fork it is closed.

    Raises ValueError if a module of the policy is not there or does not
    support restricted interpreters, or if a host of it stands for no address
    that a name may reach; OSError if a host cannot be looked up;
    NotImplementedError if this build cannot restrict, or cannot enforce a
    field of the policy; MemoryError if there is no address space for the
    guest's stack.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        functions: Mapping[str, HostFunction] | None = None,
        modules_from_host: Mapping[str, Mapping[str, object]] | None = None,
        show_errors: bool = True,
        resolve: Resolver | None = None,
    ) -> None:
        self._closed = True
        self._forked = False
        self._closing = threading.RLock()
        if policy is None:
            policy = Policy()
        if not isinstance(policy, Policy):
            raise TypeError(f"policy: expected Policy, "
                            f"got {type(policy).__name__}")
        functions = {} if functions is None else functions
        modules = {} if modules_from_host is None else modules_from_host
        _check_names("functions", functions)
        _check_names("modules_from_host", modules)
        for name, names in modules.items():
            _check_names(f"modules_from_host[{name!r}]", names)
        if not _native.AVAILABLE:
            raise NotImplementedError(
                "this Python was built --without-restricted: "
                "it cannot make restricted interpreters")
        self.policy = policy
        self._functions: list[HostFunction] = []
        self._record = Record()
        self._usage = Usage()
        self._stopped: str | None = None
        self._guest = _native.Guest(
            self._functions,
            describe_host_error if show_errors else hide_host_error,
            policy.memory or 0, policy.filesystem_info,
            policy.stdin == "inherit", policy.stdout == "inherit",
            policy.stderr == "inherit")
        self._closed = False
        try:
            for name, names in modules.items():
                self._define(name, names)
            self._define(None, functions)
            _apply(self._guest, policy, resolve)
        except BaseException:
            self.close()
            raise
        _open.add(self)

    # --- Use ---

    def exec(self, source: str, *, filename: str = "<guest>") -> None:
        """Run module-level code in the guest's __main__.

        filename: what tracebacks call the source; nothing is opened.
        Raises GuestError, LimitExceeded, RuntimeError (closed, or in use).
        """
        self._run(_native.EXEC, self._source(source, filename), filename)

    def eval(self, source: str, *, filename: str = "<guest>") -> Any:
        """Return a copy of the value of an expression.

        Raises what exec() raises, and TypeError if the value cannot cross.
        """
        text = self._source(source, filename).lstrip(" \t")
        return self._run(_native.EVAL, text, filename)

    def call(self, function: str, /, *args: object, **kwargs: object) -> Any:
        """Call a function that the guest has defined, and return a copy of
        its result.

        function: its name in the guest's __main__.
        Raises what eval() raises; GuestError with type_name "NameError" if
        there is no such function.
        """
        if not isinstance(function, str):
            raise TypeError(f"function: expected a name, "
                            f"got {type(function).__name__}")
        return self._run(_native.CALL, function, args, kwargs)

    def run(self, source: str, *, inputs: Mapping[str, object] | None = None,
            stdin: str | bytes | None = None,
            filename: str = "<guest>") -> Result:
        """Run source as exec() does; return its outcome as a Result.

        inputs: values to set as global variables first.
        stdin: what the guest reads from its in-memory stdin.
        Raises what eval() raises.
        """
        inputs = {} if inputs is None else inputs
        _check_names("inputs", inputs)
        text = self._source(source, filename)
        self._ready()
        if stdin is not None:
            self._guest.set_input(_to_bytes(stdin))
        self._guest.output(1, True)
        self._guest.output(2, True)
        return self._result(
            self._run(_native.RUN, text, filename, dict(inputs)))

    # --- What it left ---

    @property
    def stdout(self) -> str:
        """Text that the guest wrote to its in-memory stdout since the last
        run() began."""
        return self._output(1)

    @property
    def stderr(self) -> str:
        """Likewise for stderr."""
        return self._output(2)

    @property
    def usage(self) -> Usage:
        """What the guest has used until now; after close(), in all."""
        if not self._closed:
            self._usage = Usage(*self._guest.usage())
        return self._usage

    @property
    def denials(self) -> list[Denial]:
        """What the guest was refused until now, also after a stop and after
        close().  Equal ones are merged; kept are the first 128 and the
        latest 128 of them, usage.denials counts all."""
        if not self._closed:
            self._update_record()
        return list(self._record.denials)

    # --- Life ---

    def cancel(self) -> None:
        """Stop the guest, from any thread; its user gets LimitExceeded.

        Nothing happens once it is closed.
        """
        if not self._closed:
            self._guest.cancel()

    @property
    def closed(self) -> bool:
        """Whether the interpreter has ended."""
        return self._closed

    @property
    def stopped(self) -> str | None:
        """The limit that stopped the guest for good, as LimitExceeded.limit
        names it; None while it can go on."""
        if not self._closed:
            return self._guest.limit_hit()
        return self._stopped

    def close(self) -> None:
        """End the interpreter; no more code of the guest runs.

        What it has written to files that are still open is not lost, unless a
        limit has stopped it.
        Closing again does nothing.  Raises RuntimeError while it is in use.
        """
        if self._closed:
            return
        with self._closing:
            if not self._closed:
                self._close()

    def _close(self) -> None:
        if self._guest.running:
            raise RuntimeError("the interpreter is in use")
        if not self._guest.closed:      # it has ended with its process
            self._flush()
            self._stdout, self._stderr = self.stdout, self.stderr
            self._usage, self._stopped = self.usage, self.stopped
            self._update_record()
        self._closed = True
        try:
            self._guest.close()
        except RuntimeError:            # another thread has just begun a run
            self._closed = False
            raise
        self._functions.clear()
        _open.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: type[BaseException] | None,
                 exc: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def __copy__(self) -> Self:
        raise TypeError("an interpreter cannot be copied")

    def __repr__(self) -> str:
        state = ("closed" if self._closed
                 else "running" if self._guest.running else "idle")
        return f"<restrict.Interpreter, {state}>"

    # --- Inside ---

    def _source(self, source: str, filename: str) -> str:
        """Check a source."""
        if not isinstance(source, str):
            raise TypeError(f"source: expected str, "
                            f"got {type(source).__name__}")
        if not isinstance(filename, str):
            raise TypeError(f"filename: expected str, "
                            f"got {type(filename).__name__}")
        return source

    def _forget(self) -> None:
        """Let go of a guest that a fork has left behind, once it is idle."""
        self._forked = True
        self._closing = threading.RLock()       # it may be another thread's
        if self._guest.forget():
            self._closed = True
            _open.discard(self)

    def _update_record(self) -> None:
        total = self._guest.usage()[-1]     # first: more may follow meanwhile
        self._record.update(self._guest, total)

    def _ready(self) -> None:
        if self._closed:
            raise RuntimeError("the interpreter is closed")
        if self._stopped is not None:
            raise LimitExceeded(self._stopped, self.usage)

    def _run(self, task: int, *request: object) -> Any:
        self._ready()
        try:
            outcome, value, limit = self._guest.run(task, request)
        finally:
            self._stopped = self._guest.limit_hit()
            self._update_record()
            if self._forked:
                self._stdout, self._stderr = self.stdout, self.stderr
                self._usage = self.usage
                self._forget()
        if limit is not None:
            raise LimitExceeded(limit, self.usage)
        if outcome == _native.DONE:
            return value
        if outcome == _native.UNCOPYABLE:
            raise TypeError(value)
        raise self._failure(outcome, value)

    def _failure(self, outcome: int, value: Any) -> Exception:
        if (outcome in (_native.NO_MEMORY, _native.LOST)
                and self.policy.memory is not None):
            return LimitExceeded("memory", self.usage)
        if outcome == _native.LOST:
            return GuestError("MemoryError", "")
        return guest_error(value)

    def _result(self, value: Any) -> Result:
        return Result(value, self.stdout, self.stderr, self.usage,
                      tuple(self.denials))

    def _start_in(self, folder: str) -> None:
        """Let the guest's relative paths start there; grants nothing."""
        self._guest.set_directory(folder)

    def _leave(self) -> None:
        """End the guest's program as Python would."""
        self._run(_native.LEAVE)

    def _flush(self) -> None:
        """Write out what the guest has left in the buffers of files."""
        if self._stopped is None and not self._forked:
            with contextlib.suppress(LimitExceeded):
                self._run(_native.FLUSH)

    def _define(self, module: str | None, names: Mapping[str, object]) -> None:
        rows: list[tuple[str, int, str, object]] = []
        for name, value in names.items():
            if callable(value):
                rows.append((name, len(self._functions),
                             _signature_doc(name, value), None))
                self._functions.append(value)
            elif module is None:
                raise TypeError(f"functions[{name!r}]: expected a function, "
                                f"got {type(value).__name__}")
            else:
                rows.append((name, -1, "", value))
        if not rows and module is None:
            return
        try:
            self._run(_native.DEFINE, module, tuple(rows))
        except TypeError as exc:
            raise TypeError(_ROW_VALUE.sub(
                lambda found: f"modules_from_host[{module!r}]"
                              f"[{rows[int(found[1])][0]!r}]",
                str(exc), count=1)) from None

    _stdout = _stderr = ""

    def _output(self, fd: int) -> str:
        if self._closed:
            return self._stdout if fd == 1 else self._stderr
        return self._guest.output(fd, False).decode("utf-8",
                                                    "backslashreplace")


def _to_bytes(text: str | bytes) -> bytes:
    if isinstance(text, str):
        return text.encode("utf-8", "surrogateescape")
    if not isinstance(text, bytes):
        raise TypeError(f"stdin: expected str or bytes, "
                        f"got {type(text).__name__}")
    return text


def _after_fork() -> None:
    """In the child there are no guests, but one whose host function forked
    goes on until it is done."""
    for interpreter in list(_open):
        interpreter._forget()


os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def _close_all() -> None:
    """End what is open while the host can still wait for it."""
    deadline = time.monotonic() + _SHUTDOWN_SECONDS
    for interpreter in list(_open):
        while interpreter._guest.running and time.monotonic() < deadline:
            interpreter.cancel()
            time.sleep(0.001)
        if not interpreter._guest.running:
            interpreter.close()


@contextlib.contextmanager
def leaving(guest: Interpreter) -> Iterator[None]:
    """Around a whole program of the guest: it ends as Python would, with what
    was registered with atexit, also after an exception, and if its value
    cannot cross."""
    try:
        yield
    except (GuestError, TypeError):
        guest._leave()
        raise
    guest._leave()


def run(source: str, policy: Policy | None = None,
        inputs: Mapping[str, object] | None = None, *,
        functions: Mapping[str, HostFunction] | None = None,
        modules_from_host: Mapping[str, Mapping[str, object]] | None = None,
        stdin: str | bytes | None = None,
        filename: str = "<guest>") -> Result:
    """Run source in a restricted interpreter of its own.

    See Interpreter and Interpreter.run() for the arguments and exceptions.
    What the source registers with atexit runs at its end.  A GuestError or
    LimitExceeded from here also has what the guest left: its attribute
    `result` is a Result whose value is None.  So has the TypeError if the
    final expression's value cannot cross.
    """
    with Interpreter(policy, functions=functions,
                     modules_from_host=modules_from_host) as guest:
        try:
            with leaving(guest):
                value = guest.run(source, inputs=inputs, stdin=stdin,
                                  filename=filename).value
        except (GuestError, LimitExceeded) as exc:
            exc.result = guest._result(None)
            raise
        except TypeError as exc:
            exc.result = guest._result(None)  # type: ignore[attr-defined]
            raise
        return guest._result(value)
