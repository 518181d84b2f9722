"""Guarded mode: restricted code among the live objects of this interpreter.

    builtins = restrict.safe_builtins(imports={"math": None})
    names = {"order": restrict.proxy(order)}
    restrict.guarded_exec("total = sum(order.amounts)", names, names, builtins)
    total = restrict.plain(names["total"])

The restriction is in C (Python/restrict_guarded.c); what a guest is given is
put together here.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Iterable, Mapping
from operator import index
from typing import TYPE_CHECKING, Any

from restrict._report import Record, make_denial

if TYPE_CHECKING:
    from types import CodeType
    from typing import TextIO

    from restrict._report import Denial

__all__ = ["guarded_denials", "guarded_exec", "plain", "proxy",
           "safe_builtins"]

try:
    import _restrict_guarded
except ModuleNotFoundError:         # built --without-restricted
    class _restrict_guarded:        # type: ignore[no-redef]
        """Says what is missing."""

        class Stop(BaseException):
            """Never raised."""

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("Python was built --without-restricted")

    _restrict_guarded = _restrict_guarded()     # type: ignore[operator]

# What the surface table allows in an interpreter of the guest's own, but not
# among the objects of the host: it ends the process, reads files or its input,
# or looks at an address.  compile, print and __import__ have one of their own.
_NOT_SHARED = frozenset({
    "SystemExit", "__import__", "__restricted__", "breakpoint", "compile",
    "copyright", "credits", "exit", "help", "id", "input", "license", "open",
    "print", "quit",
})


# --- Running ----------------------------------------------------------------

def guarded_exec(
    code: str | CodeType,
    globals: dict[str, Any],
    locals: Mapping[str, Any],
    builtins: Mapping[str, Any],
    /, *,
    cpu: float | None = None,
    wall: float | None = None,
    steps: int | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Run code of a guest, restricted, in this interpreter.

    code      source text, or a code object that the host made
    globals   a dict of the guest's own; it stays the guest's afterwards
    locals    a mapping; the same object as globals for module-level code
    builtins  what takes the place of the builtins, for this code and for all
              that it defines, whoever calls it later.  It is copied and
              sealed; what safe_builtins() returns is sealed already.  Without
              ``__import__`` in it, nothing can be imported.
    cpu       seconds of processor time that this call may take
    wall      seconds that it may take in all
    steps     function calls and loop iterations of guarded code that it may
              take on this thread, counted exactly and the same on every
              machine; those of host functions are not counted
    cancel    ends the call when it is set, from any thread

    Whatever the code raises goes on to the caller.  Past a limit, that is
    `restrict.LimitExceeded`: no handler of the guest sees it, those of host
    functions that the guest has called do.  TypeError and ValueError for
    arguments of the wrong kind.
    """
    if cpu is None and wall is None and steps is None and cancel is None:
        _restrict_guarded.guarded_exec(code, globals, locals, builtins)
        return
    watch = _Watch(cpu, wall, steps, cancel)
    try:
        _restrict_guarded.guarded_exec(code, globals, locals, builtins,
                                       watch.phase, watch.steps)
    except _restrict_guarded.Stop:
        if not watch.end():
            raise                   # the limit of an outer call
        raise watch.error() from None
    finally:
        watch.end()


class _Watch:
    """The limits of one call.

    Steps are counted by C, in the thread of the call.  For the others, a
    thread asks that one to stop when a limit is reached.
    """

    interval = 0.01                 # seconds between two looks

    def __init__(self, cpu: float | None, wall: float | None,
                 steps: int | None, cancel: threading.Event | None) -> None:
        for name, limit in (("cpu", cpu), ("wall", wall)):
            if limit is not None and not limit > 0:
                raise ValueError(f"{name} must be a positive number of "
                                 f"seconds, not {limit!r}")
        if steps is not None and not 0 < index(steps) < 2 ** 64:
            raise ValueError(f"steps must be a positive number, not {steps!r}")
        self._thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        self._cpu_start = time.thread_time()
        self._wall_start = time.monotonic()
        self._cpu, self._wall, self._cancel = cpu, wall, cancel
        self._ended = threading.Event()
        self._hit = ""
        # Shared with C: struct _restrict_steps, and where the stop stands.
        self.steps = memoryview(bytearray(24)).cast("Q")
        self.steps[0] = steps or 0
        self.phase = bytearray(1)
        self._watcher: threading.Thread | None = None
        if not (cpu is None and wall is None and cancel is None):
            self._watcher = threading.Thread(
                target=self._watch, daemon=True, name="restrict-guarded")
            self._watcher.start()

    def _used(self) -> tuple[float, float]:
        return (time.clock_gettime(self._clock) - self._cpu_start,
                time.monotonic() - self._wall_start)

    def _exceeded(self) -> str:
        cpu, wall = self._used()
        if self._cancel is not None and self._cancel.is_set():
            return "cancel"
        if self._cpu is not None and cpu > self._cpu:
            return "cpu"
        if self._wall is not None and wall > self._wall:
            return "wall"
        return ""

    def _watch(self) -> None:
        while not self._ended.wait(self.interval):
            limit = self._exceeded()
            if limit and _restrict_guarded.stop(self._thread, self.phase,
                                                self.steps):
                self._hit = limit
                break

    def end(self) -> str:
        """Watch no more; return the limit that was hit, or ""."""
        self._ended.set()
        if self._watcher is not None:
            self._watcher.join()
        return self._hit or ("steps" if self.steps[2] else "")

    def error(self) -> Exception:
        """Return what the host gets for the limit that was hit."""
        from restrict import LimitExceeded, Usage
        cpu, wall = self._used()
        return LimitExceeded(self.end(), Usage(cpu=cpu, wall=wall,
                                               steps=self.steps[1]))


# --- The record --------------------------------------------------------------

def guarded_denials() -> list[Denial]:
    """Return what guarded code of this interpreter was refused.

    Equal ones are merged, as for a restricted interpreter.  Each is also told
    to the logger `restrict.audit` and as the audit event `restrict.denied`,
    when the call of guarded_exec() ends, or soon after if it happens outside
    of one.
    """
    _restrict_guarded.tell()
    return [make_denial(row) for row in _restrict_guarded.denials()]


_record = Record()
_telling = threading.Lock()


def _tell() -> None:
    """Tell the host of new denials; called by C."""
    # Another thread may be at it, or a handler of the host's that ran a guest:
    # what is new meanwhile is told the next time.
    if _telling.acquire(blocking=False):
        try:
            _record.update(_restrict_guarded)
        finally:
            _telling.release()


if hasattr(_restrict_guarded, "set_teller"):
    _restrict_guarded.set_teller(_tell)


# --- What a guest is given --------------------------------------------------

def safe_builtins(
    imports: Mapping[str, Any] | None = None,
    names: Mapping[str, Any] | None = None,
    stdout: TextIO | None = None,
) -> Mapping[str, Any]:
    """Return builtins for guarded_exec(): the reviewed ones, sealed.

    imports  modules that the guest may import: a name, and what it gets:
             None            a copy with every public name
             an iterable     a copy with these names only
             a mapping       a copy with these names; the value replaces the
                             module's own, or is ... to keep it
             Any other import is refused.  The host's module itself is never
             handed out, and a copy cannot be changed through the module.
    names    further builtins, and ones in place of the reviewed ones
    stdout   where print() writes; by default, nowhere

    The result cannot be changed.  ``{**safe_builtins(), "name": obj}`` makes
    a mapping of your own.  TypeError if a module is described by anything
    else.
    """
    found = vars(importlib.import_module("builtins"))
    result = {name: found[name] for name in _reviewed() if name in found}
    result["__name__"] = "__guarded__"      # what class statements ask for
    result["print"] = _make_print(stdout)
    result["compile"] = _compile
    if imports:
        result["__import__"] = _make_import(imports)
    result.update(names or {})
    sealed: Mapping[str, Any] = _restrict_guarded.seal(result)
    return sealed


def _reviewed() -> list[str]:
    return [
        name for kind, group, name, verdict, _ in _restrict_guarded.surface()
        if (kind, group, verdict) == ("module", "builtins", "allow")
        and name not in _NOT_SHARED
    ]


def _make_print(stdout: TextIO | None) -> Any:
    def print(*values: object, sep: str | None = " ", end: str | None = "\n",
              file: object = None, flush: bool = False) -> None:
        """Write the values to the stream that the host has chosen."""
        if file is not None:
            raise TypeError("print() of guarded code has one stream only")
        between, last = (" " if sep is None else sep,
                         "\n" if end is None else end)
        if type(between) is not str or type(last) is not str:
            raise TypeError("sep and end must be strings")
        text = between.join([_text(value) for value in values]) + last
        if stdout is not None:
            stdout.write(text)
            if flush:
                stdout.flush()
    return print


def _text(value: object) -> str:
    """Return str(value) as an exact string, without methods of the guest."""
    return str.__str__(str(value))


def _attributes(name: str, wanted: Any) -> dict[str, Any]:
    """Return what a guest finds in its copy of a module."""
    module = importlib.import_module(name)
    if wanted is None:
        listed = getattr(module, "__all__", None) or [
            key for key in dir(module) if not key.startswith("_")]
        wanted = {key: ... for key in listed
                  if not isinstance(getattr(module, key), type(module))}
    elif isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise TypeError(f"imports[{name!r}] must be None, names, or a mapping"
                        f" of names, not {type(wanted).__name__}")
    elif not isinstance(wanted, Mapping):
        wanted = dict.fromkeys(wanted, ...)
    return {
        key: getattr(module, key) if value is ... else value
        for key, value in wanted.items()
    }


def _make_import(imports: Mapping[str, Any]) -> Any:
    spaces = {name: _attributes(name, wanted)
              for name, wanted in imports.items()}
    modules: dict[str, Any] = {}

    def add(name: str) -> Any:
        if name not in modules:
            space = spaces.setdefault(name, {})
            space["__name__"] = name
            modules[name] = _restrict_guarded.module(space)
            parent, _, child = name.rpartition(".")
            if parent:              # `import a.b` binds a
                add(parent)
                spaces[parent][child] = modules[name]
        return modules[name]

    for name in list(spaces):
        add(name)

    def __import__(name: str, globals: object = None, locals: object = None,
                   fromlist: object = (), level: int = 0) -> Any:
        """Return the guest's copy of a module."""
        if type(name) is not str or level != 0 or name not in modules:
            _restrict_guarded.deny_import(_text(name))
        return modules[name if fromlist else name.partition(".")[0]]
    return __import__


def _compile(source: str | bytes, filename: object, mode: str,
             flags: int = 0, dont_inherit: bool = False,
             optimize: int = -1) -> CodeType:
    """Compile source text.

    The result runs guarded only.  No file is read, whatever the file name
    says: it is not used.
    """
    if type(source) is bytes:
        source = source.decode()
    if type(source) is not str:
        raise TypeError("compile() of guarded code takes source text only")
    if type(mode) is not str or mode not in ("exec", "eval"):
        raise ValueError("compile() of guarded code has the modes 'exec' and "
                         "'eval'")
    if type(flags) is not int or flags:
        raise ValueError("compile() of guarded code takes no flags")
    code: CodeType = _restrict_guarded.compile(source, mode)
    return code


_compile.__name__ = _compile.__qualname__ = "compile"


def proxy(obj: Any) -> Any:
    """Return a read-only view of obj, for a guest.

    Attributes and items can be read, and what is callable can be called;
    results are views again.  Data that cannot be changed (numbers, strings,
    None, tuples of such) is returned as it is.  Names that begin with an
    underscore do not exist.  What goes back to the host as an argument of a
    proxied function is the object itself.
    """
    return _restrict_guarded.proxy(obj)


# --- What comes back ---------------------------------------------------------

def plain(obj: Any) -> Any:
    """Return a copy of data that a guest made, with nothing of it left.

    None, bool, int, float, complex, str, bytes, bytearray, and list, tuple,
    dict, set and frozenset of such; exact types only.  Shared and cyclic
    references are kept; proxies are unwrapped.  No method of the guest runs.
    TypeError, naming the type, for anything else.
    """
    return _plain(obj, {})


def _plain(obj: Any, memo: dict[int, Any]) -> Any:
    # `is`, not `in`: a metaclass of the guest may have an __eq__.
    kind = type(obj)
    result: Any
    if (obj is None or kind is bool or kind is int or kind is float
            or kind is complex or kind is str or kind is bytes):
        return obj
    if id(obj) in memo:
        return memo[id(obj)]
    if kind is list:
        result = memo[id(obj)] = []
        result.extend([_plain(item, memo) for item in list(obj)])
    elif kind is dict:
        result = memo[id(obj)] = {}
        for key, value in list(obj.items()):
            result[_plain(key, memo)] = _plain(value, memo)
    elif kind is tuple:
        result = tuple([_plain(item, memo) for item in obj])
    elif kind is set or kind is frozenset:
        result = kind([_plain(item, memo) for item in list(obj)])
    elif kind is bytearray:
        result = bytearray(obj)
    else:
        inner = _restrict_guarded.unproxy(obj)
        if inner is obj:
            raise TypeError(f"not plain data: {type.__repr__(kind)}")
        result = inner
    memo[id(obj)] = result
    return result
