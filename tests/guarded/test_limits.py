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


STEPS = """
import restrict
def steps(source, cap=10 ** 6, **names):
    # The steps of the source: what they are when one more is refused.
    g = {**names}
    low, high = 0, cap
    def fits(n):
        g = {**names}
        try:
            restrict.guarded_exec(source, g, g, restrict.safe_builtins(),
                                  steps=n)
        except restrict.LimitExceeded as e:
            assert (e.limit, e.usage.steps) == ("steps", n), e
            return False
        return True
    while low + 1 < high:
        middle = (low + high) // 2
        if fits(middle):
            high = middle
        else:
            low = middle
    return high
"""

COUNTED = {                         # the module itself is one
    "x = 1": 1,
    "for i in range(100): pass": 101,
    "def f(): pass\nfor i in range(10): f()": 21,
    "while True:\n break": 1,
    "def f(n):\n if n: f(n - 1)\nf(10)": 12,
    "list(map(lambda x: x, range(10)))": 11,
    "sum([x for x in range(10)])": 11,
    "sum(range(10 ** 6))": 1,
    "class A:\n def __del__(self): pass\nA()": 3,
    "exec('for i in range(10): pass')": 12,
}


@pytest.mark.parametrize("source", COUNTED)
def test_steps_are_exact(program, source):
    assert program(STEPS + f"print(steps({source!r}))") == \
        f"{COUNTED[source]}\n"


def test_steps_do_not_depend_on_specialization_or_other_calls(program):
    assert program(STEPS + """
source = "def f(x):\\n return x\\nfor i in range(500): f(i)"
code = compile(source, "<host>", "exec")
counts = {steps(code) for i in range(5)}
exec(code, {})
restrict.guarded_exec(source, {}, {}, restrict.safe_builtins())
print(counts | {steps(code), steps(source)})
""") == "{1001}\n"


def test_steps_of_the_host_are_free(program):
    assert program(STEPS + """
def host(f):
    for i in range(1000):
        abs(i)
    return f()
print(steps("host(lambda: [i for i in range(10)])", host=host))
""") == "12\n"


@pytest.mark.parametrize("name", SPINNING)
def test_steps_end_every_loop(program, name):
    # A loop in C takes steps when it calls a function of the guest.
    assert program(SETUP + f"run({SPINNING[name]!r}, steps=10000)") == \
        "steps\n"


def test_host_frames_run_their_finally_when_steps_are_used_up(program):
    assert program(SETUP + """
run("def f():\\n while True: pass\\n"
    "try:\\n host(f)\\nfinally:\\n log.append('guest')", steps=1000)
run("for i in range(10): pass", steps=11)
run("for i in range(10): pass", steps=10)
""") == "steps finally\nended finally\nsteps finally\n"


def test_a_host_function_that_swallows_does_not_help(program):
    assert program(SETUP + """
def host(f):
    try:
        f()
    except BaseException as e:
        log.append(type(e).__name__)
run("def f():\\n while True: pass\\n"
    "while True: host(f)", steps=1000)
log.clear()
run("def f():\\n while True: pass\\n"
    "host(f)", steps=1000)
""") == "steps Stop\nsteps Stop\n"


def test_steps_of_a_call_in_a_call(program):
    assert program(SETUP + """
def inner(n):
    g = {}
    try:
        restrict.guarded_exec("for i in range(100): pass", g, g,
                              restrict.safe_builtins(), steps=n)
    except restrict.LimitExceeded as e:
        log.append(e.usage.steps)
def nest(n, steps):
    log.clear()
    g = {"inner": inner, "n": n}
    try:
        restrict.guarded_exec("inner(n)\\nfor i in range(100): pass", g, g,
                              restrict.safe_builtins(), steps=steps)
    except restrict.LimitExceeded as e:
        print("outer", e.usage.steps, log)
    else:
        print("ended", log)
nest(50, 1000)      # the inner one is over, the outer goes on
nest(1000, 50)      # the steps of the inner one are the outer's too
nest(1000, 150)
nest(1000, 202)
""") == "ended [50]\nouter 50 []\nouter 150 []\nended []\n"


def test_steps_are_in_every_usage_and_checked(program):
    assert program(SETUP + """
g = {}
try:
    restrict.guarded_exec("for i in range(10): pass\\nwhile True: pass", g, g,
                          restrict.safe_builtins(), wall=0.05, steps=10 ** 15)
except restrict.LimitExceeded as e:
    print(e.limit, e.usage.steps > 10)
for bad in (0, -1, 2 ** 64, "1", 1.5):
    try:
        run("", steps=bad)
    except (TypeError, ValueError) as e:
        print(type(e).__name__)
def spin():
    for i in range(10 ** 6): pass
spin()              # nothing is left of it on this thread
run("for i in range(10 ** 5): pass")
""") == "wall True\n" + "ValueError\n" * 3 + "TypeError\n" * 2 + "ended\n"
