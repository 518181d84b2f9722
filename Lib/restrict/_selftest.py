"""Try the known ways out, on the running binary, in seconds.

Each attempt is a guest program that ends with an expression: true means that
it got out.  A refusal, a missing name or a limit means that it did not.  This
is no proof (the surface check is closer to one), but it shows at once a build
whose guards do not work.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from restrict._errors import GuestError, LimitExceeded
from restrict._interpreter import Interpreter
from restrict._policy import Policy


class Attempt(NamedTuple):
    """One way out: what it is after, and the program that tries."""

    name: str
    source: str


ATTEMPTS = (
    Attempt("read a file", "open('/etc/passwd').read()"),
    Attempt("write a file", "open('/tmp/restrict-selftest', 'w') or 1"),
    Attempt("open a descriptor", "open(0) or 1"),
    Attempt("use _io directly",
            "import _io; _io.FileIO('/etc/passwd').read()"),
    Attempt("list a folder", "import os; os.listdir('/')"),
    Attempt("read the environment", "import os; os.environ['PATH']"),
    Attempt("start a process", "import os; os.system('true') == 0"),
    Attempt("import subprocess", "import subprocess; 1"),
    Attempt("import ctypes", "import ctypes; 1"),
    Attempt("import posix by hand", "__import__('posix').open('/', 0)"),
    Attempt("import the host's binding", "import _restrict; 1"),
    Attempt("make an interpreter", "import _interpreters; 1"),
    Attempt("start a thread", "import _thread; "
            "_thread.start_new_thread(print, ())"),
    Attempt("send a signal", "import signal; signal.raise_signal(2) or 1"),
    Attempt("open a socket", "import socket; "
            "socket.socket().connect(('127.0.0.1', 1))"),
    Attempt("list all classes", "object.__subclasses__()"),
    Attempt("list classes by way of type",
            "type.__dict__['__subclasses__'](object)"),
    Attempt("look at a generator's frame", "(x for x in ()).gi_frame"),
    Attempt("look at a caller's frame",
            "import sys; sys._getframe().f_back or sys._getframe().f_globals"),
    Attempt("look at a traceback's frame",
            "try:\n 1/0\nexcept Exception as e: t = e.__traceback__\n"
            "t.tb_frame.f_globals"),
    Attempt("look at a function's globals", "(lambda: 0).__globals__"),
    Attempt("read an attribute by format",
            "'{0.__globals__}'.format(lambda: 0)"),
    Attempt("forge code", "(lambda: 0).__code__.replace(co_code=b'')"),
    Attempt("read a code object", "import marshal; marshal.loads(b'N') or 1"),
    Attempt("change a built-in type", "int.x = 1\nint.x"),
    Attempt("see a path", "import json; json.__file__"),
    Attempt("see the arguments", "import sys; sys.path or sys.argv[0]"),
    Attempt("unpickle a function",
            "import pickle; "
            "pickle.loads(b'cposix\\nsystem\\n.')('true') == 0"),
    Attempt("run for ever", "while True: pass"),
    Attempt("run for ever in C", "import itertools; "
            "sum(itertools.repeat(1))"),
    Attempt("catch its own end",
            "while True:\n try:\n  while True: pass\n"
            " except BaseException: pass"),
    Attempt("take all memory", "x = []\nwhile True: x.append(bytearray(999))"),
    Attempt("flood the output", "while True: print('x' * 1000)"),
    Attempt("end the stack", "x = ()\nfor i in range(300000): x = (x,)\n"
            "hash(x) and 0"),
)

_POLICY = Policy(memory="64MiB", cpu=0.5, wall=5.0, output="64KiB")


def attempt(source: str) -> str:
    """Run one attempt; return what stopped it, or "" if it got out."""
    with Interpreter(_POLICY) as guest:
        try:
            value = guest.run(source).value
        except GuestError as exc:
            return exc.type_name
        except LimitExceeded as exc:
            return f"{exc.limit} limit"
        except TypeError:
            return ""                   # it has a value, which cannot cross
    return "" if value else "nothing to be had"


def run_all(*, verbose: bool = False) -> int:
    """Print what holds; return the exit status, 0 if everything does."""
    failed = 0
    for name, source in ATTEMPTS:
        reason = attempt(source)
        if not reason:
            failed += 1
            print(f"NOT STOPPED: {name}")
        elif verbose:
            print(f"stopped: {name} ({reason})")
        sys.stdout.flush()
    print(f"{len(ATTEMPTS) - failed} of {len(ATTEMPTS)} attempts to get out "
          f"were stopped")
    return 1 if failed else 0
