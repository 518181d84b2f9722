"""Limits of guarded_exec(): the guest stops, the host's frames unwind."""

import pytest

SETUP = """
import restrict, threading
log = []
def host(f):
    try:
        f()
    finally:
        log.append("finally")
def run(source, **limits):
    g = {"host": host, "log": log}
    try:
        restrict.guarded_exec(source, g, g, restrict.safe_builtins(), **limits)
    except restrict.LimitExceeded as e:
        print(e.limit, *log)
    else:
        print("ended", *log)
"""

SPINNING = {
    "loop": "while True: pass",
    "except": "while True:\n try:\n  while True: pass\n"
              " except BaseException: log.append('caught')",
    "finally": "while True:\n try:\n  while True: pass\n finally: continue",
    "with": "class C:\n def __enter__(self): pass\n"
            " def __exit__(self, *a): log.append('exit'); return True\n"
            "while True:\n with C():\n  while True: pass",
    "generator": "def g():\n while True: yield 1\nfor x in g(): pass",
    "c loop": "list(map(lambda x: x, iter(int, 1)))",
}


@pytest.mark.parametrize("name", SPINNING)
def test_wall(program, name):
    assert program(SETUP + f"run({SPINNING[name]!r}, wall=0.1)") == "wall\n"


def test_cpu(program):
    assert program(SETUP + "run('while True: pass', cpu=0.1)") == "cpu\n"


def test_cancel(program):
    assert program(SETUP + """
event = threading.Event()
threading.Timer(0.1, event.set).start()
run("while True: pass", cancel=event)
""") == "cancel\n"


def test_host_frames_run_their_finally(program):
    assert program(SETUP + """
run("def f():\\n while True: pass\\n"
    "try:\\n host(f)\\nfinally:\\n log.append('guest')", wall=0.1)
""") == "wall finally\n"


def test_nothing_is_left_behind(program):
    assert program(SETUP + """
for i in range(20):
    run("for i in range(1000): pass", wall=1000)
run("while True: pass", wall=0.05)
run("x = 1")
total = 0
for i in range(10 ** 5):
    total += i
print(total, threading.active_count())
""") == "ended\n" * 20 + "wall\nended\n4999950000 1\n"


def test_limits_are_checked(program):
    assert program(SETUP + """
for bad in ({"cpu": 0}, {"wall": -1}):
    try:
        run("", **bad)
    except ValueError as e:
        print("ValueError")
""") == "ValueError\nValueError\n"
