"""Run in a guest by the tripwire: call all that can be called, with arguments
that name files, descriptors and processes.

MODULES, ROOTS (the program that makes one of everything), START, `mark` and
`arm` are given.  What is called is in an order that is the same in each run:
a run that a call has ended goes on behind it.
"""

exec(ROOTS, globals())  # noqa: F821

import _queue
import _thread
import copy
import sys
import types

PATH = "/etc/passwd"
HUGE = 10 ** 30


class FakeFile:
    """A file that says it is a true one."""

    name = PATH
    mode = "r"
    encoding = "utf-8"
    errors = "strict"
    closed = False

    def __init__(self, fd=0):
        self.fd = fd

    def fileno(self):
        return self.fd

    def isatty(self):
        return True

    def readable(self):
        return True

    writable = seekable = readable

    def read(self, *args):
        return b""

    def readinto(self, buffer):
        return 0

    def readline(self, *args):
        return ""

    def write(self, data):
        return len(data)

    def seek(self, *args):
        return 0

    tell = seek

    def flush(self):
        pass

    close = flush

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass


class PathLike:
    def __fspath__(self):
        return PATH


class Number:
    def __index__(self):
        return 1

    __int__ = __hash__ = __index__

    def __float__(self):
        return 1.0

    def __len__(self):
        return 1

    def __getitem__(self, key):
        if key == 0:
            return PATH
        raise IndexError


class Liar(str):
    """A str whose methods say that it is another one."""

    def __str__(self):
        return "harmless"

    __repr__ = __fspath__ = lower = strip = __str__

    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash("harmless")

    def startswith(self, *args):
        return False


class Raises:
    """Every question about it fails."""

    def fail(self, *args):
        raise RuntimeError("hostile")

    __index__ = __int__ = __float__ = __len__ = __iter__ = __fspath__ = fail
    __eq__ = __lt__ = __hash__ = __str__ = __repr__ = __bool__ = fail
    __getattr__ = __call__ = __contains__ = __next__ = fileno = fail


def function(*args, **kwargs):
    return PATH


def variants(subject):
    """Yield (args, kwargs) for a call; subject is what the method is of."""
    singles = [PATH, b"/etc/passwd", 0, 1, 3, -1, 2 ** 62, HUGE, None,
               FakeFile(), FakeFile(2), PathLike(), Number(), Liar(PATH),
               Raises(), function, [PATH], (PATH, 80), {PATH: PATH},
               "127.0.0.1", "import os\nos.system('true')", 1.5, subject]
    yield (), {}
    for value in singles:
        yield (value,), {}
    for value in singles:
        yield (value, value), {}
    for value in (PATH, 0, FakeFile(), None, PathLike(), 9):
        yield (value, "r"), {}
        yield (value, "wb"), {}
        yield (value, 0, 0), {}
        yield (value, value, "exec"), {}
        yield (value, PATH, value, value), {}
        yield ("message", UserWarning, value, 2), {}
        yield (value, 9, 9), {}
        yield (function, value), {}
        yield (1, value), {}
        yield ("a", value), {}
    for name in ("file", "filename", "path", "stream", "fp", "output"):
        for value in (PATH, FakeFile(), 0):
            yield (), {name: value}
            yield ("a",), {name: value}
    yield (PATH,), {"opener": function}
    yield (), {"fileno": 0}


# --- What there is -----------------------------------------------------------

def instances():
    """Return an object of each type that can be reached, by type."""
    found = {}
    types_ = {}
    queue = [roots]  # noqa: F821
    queue += [sys.modules[name] for name in sorted(sys.modules)]
    seen = {id(globals()), id(found), id(types_), id(queue)}
    keep = []
    while queue:
        value = queue.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        keep.append(value)
        kind = type(value)
        found.setdefault(kind, value)
        queue.append(kind)
        if issubclass(kind, type):
            types_[value] = None
            queue.extend(value.__mro__)
            queue.extend(type.__dict__["__dict__"].__get__(value).values())
        elif kind is types.ModuleType:
            queue.extend(value.__dict__[key] for key in sorted(value.__dict__))
        elif kind in (list, tuple):
            queue.extend(value)
        elif kind is dict:
            queue.extend(value.values())
    return found, types_


class Victim:
    attribute = 1


def victims():
    """Return objects to be spoiled, in place of those that are in use."""
    module = types.ModuleType("victim")
    made = [module, Victim, function, {1: 2}, [1], {1}, bytearray(b"a"),
            Victim(), "text", b"bytes", 1, 1.0, 1j, (1,), frozenset([1])]
    return {type(value): value for value in made}


def filled_queue():
    made = _queue.SimpleQueue()
    for _ in range(99):
        made.put(None)
    return made


def fresh(value):
    kind = type(value)
    if kind is range:
        return range(3)
    if kind is _queue.SimpleQueue:
        return filled_queue()
    if kind is LOCK:
        return _thread.allocate_lock()
    if kind in KEEP:
        return KEEP[kind]
    try:
        return copy.copy(value)
    except BaseException:
        return value


def name_of(kind):
    return f"{kind.__module__}.{kind.__qualname__}"


# What this program is made of, and what takes for ever without harm.
LEFT_OUT = {"__main__.main", "__main__.cases", "builtins.exec", "timeit.main",
            "timeit.repeat", "random._test", "code.interact"}


def cases():
    """Return a list of (label, callable, the object it is a method of)."""
    found, types_ = instances()
    made = []
    for kind in sorted(types_, key=name_of):
        label = name_of(kind)
        if kind.__module__ == "__main__":
            continue
        subject = KEEP.get(kind, found.get(kind))
        made.append((label, kind, subject))
        namespace = type.__dict__["__dict__"].__get__(kind)
        for key in sorted(k for k in namespace if type(k) is str):
            value = namespace[key]
            if issubclass(type(value), (classmethod, staticmethod)) or type(
                    value).__name__ == "classmethod_descriptor":
                try:
                    made.append((f"{label}.{key}", getattr(kind, key), None))
                except Exception:
                    pass
            elif callable(value):
                made.append((f"{label}.{key}", value, subject))
            elif hasattr(type(value), "__get__"):
                made.append((f"{label}.{key} get", value.__get__, subject))
                if hasattr(type(value), "__set__"):
                    made.append((f"{label}.{key} set", value.__set__,
                                 subject))
    for name in sorted(sys.modules):
        namespace = getattr(sys.modules[name], "__dict__", {})
        for key in sorted(namespace):
            value = namespace[key]
            if callable(value) and not issubclass(type(value), type):
                made.append((f"{name}.{key}", value, None))
    return made


def main():
    enumerate_ = enumerate          # what is called may spoil the builtins
    mark_, first, skip = mark, START[0], START[1]  # noqa: F821
    chosen = globals().get("CHOSEN")
    for number, (label, call, subject) in enumerate_(cases()):
        if number < first or (chosen and label not in chosen):
            continue
        if label in LEFT_OUT:
            continue
        for index, (args, kwargs) in enumerate_(variants(subject)):
            if number == first and index < skip:
                continue
            mark_(number, index, f"{label}#{index}")
            try:
                if subject is not None:
                    call(fresh(subject), *args, **kwargs)
                else:
                    call(*args, **kwargs)
            except BaseException:
                pass
    mark_(1 << 30, 0, "(the end)")


LOCK = type(_thread.allocate_lock())
KEEP = victims()
arm()  # noqa: F821
main()
