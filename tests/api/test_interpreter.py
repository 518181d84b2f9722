"""restrict.run and restrict.Interpreter: what they return and raise."""

import subprocess

import pytest


def test_run_returns_all_of_a_result(host):
    host("""
        result = restrict.run(
            "import sys\\n"
            "total = sum(xs)\\n"
            "print('out')\\n"
            "print('err', file=sys.stderr)\\n"
            "total * 2", inputs={"xs": [1, 2, 3]})
        assert result.value == 12
        assert (result.stdout, result.stderr) == ("out\\n", "err\\n")
        assert result.denials == ()
        assert result.usage.output == 8
        assert result.usage.memory > 1_000_000
    """)


@pytest.mark.parametrize("source, value", [
    ("", None), ("x = 1", None), ("1", 1), ("x = 1\nx", 1), ("1;2", 2),
    ("'docstring'", "docstring"), ("'docstring'\n3", 3),
    ("if True:\n    5", None), ("def f(): pass", None),
    ("from __future__ import annotations\n1", 1),
    ("x = 1 # -*- coding: latin-1 -*-\n'\xe9'", "\xe9"),
])
def test_value_is_that_of_the_final_expression(host, source, value):
    host(f"assert restrict.run({source!r}).value == {value!r}")


def test_trusted_code_gives_the_same_values(host):
    """The verdict of eval() is the same with and without restriction."""
    host("""
        for source in ("1 + 1", "[x * x for x in range(5)]", "' a'.strip()",
                       "sorted({3, 1, 2})", "__name__"):
            assert restrict.run(source).value == eval(source)
    """)


def test_state_stays(host):
    host("""
        with Interpreter() as guest:
            guest.exec("import contextvars\\n"
                       "var = contextvars.ContextVar('var', default=0)\\n"
                       "n = 1\\n"
                       "def add(k, *, m=0): global n; n += k + m; return n")
            assert guest.call("add", 2) == 3
            assert guest.call("add", 2, m=5) == 10
            guest.exec("var.set(7)")
            assert guest.eval("n, var.get()") == (10, 7)
            assert guest.eval("  n") == 10
            assert guest.run("n + y", inputs={"y": 1}).value == 11
    """)


def test_interpreters_do_not_share(host):
    host("""
        with Interpreter() as a, Interpreter() as b:
            a.exec("import json; json.x = 1; x = 1")
            assert "NameError" == raises(GuestError, b.eval, "x").type_name
            assert b.eval("hasattr(__import__('json'), 'x')") is False
            assert "x" not in globals()
    """)


def test_streams(host):
    host("""
        with Interpreter() as guest:
            assert guest.run("input()", stdin="\\xe9\\n").value == "\\xe9"
            assert guest.run("import sys; sys.stdin.read()",
                             stdin=b"ab").value == "ab"
            guest.run("print('one')")
            assert guest.run("print('two')").stdout == "two\\n"
            guest.exec("print('three')")
            assert guest.stdout == "two\\nthree\\n"
            assert guest.run("print('\\\\udc80')").stdout == "\\\\udc80\\n"
        assert guest.stdout == "\\\\udc80\\n"
        assert "EOFError" == raises(GuestError, restrict.run,
                                    "input()").type_name
    """)


def test_inherited_streams(host):
    out = host("""
        policy = Policy(stdout="inherit")
        result = restrict.run("print('to the process')", policy)
        assert result.stdout == ""
    """)
    assert out == "to the process\n"


# --- Failing ----------------------------------------------------------------

def test_guest_error_is_text(host):
    host("""
        error = raises(GuestError, restrict.run,
                       "def f(x):\\n    return 1 / x\\nf(0)",
                       filename="demo.py")
        assert error.type_name == "ZeroDivisionError"
        assert error.message == "division by zero"
        assert str(error) == "ZeroDivisionError: division by zero"
        assert error.exit_status is None
        assert error.traceback.splitlines() == [
            'Traceback (most recent call last):',
            '  File "demo.py", line 3, in <module>',
            '    f(0)',
            '    ~^^^',
            '  File "demo.py", line 2, in f',
            '    return 1 / x',
            '           ~~^~~',
            'ZeroDivisionError: division by zero']
        assert error.result.value is None
    """)


@pytest.mark.parametrize("source, kind, text", [
    ("def f(:", "SyntaxError", "^\nSyntaxError: invalid syntax"),
    ("x\0y", "SyntaxError", "null bytes"),
    ("raise KeyError('k')", "KeyError", "KeyError: 'k'"),
    ("class E(Exception): pass\nraise E('m')", "E", "E: m"),
    ("import json\njson.loads('{')", "JSONDecodeError",
     "json.decoder.JSONDecodeError"),
    ("try:\n 1/0\nexcept Exception as e:\n raise ValueError from e",
     "ValueError", "direct cause"),
    ("try:\n 1/0\nexcept Exception:\n raise ValueError",
     "ValueError", "During handling"),
    ("try:\n 1/0\nexcept Exception:\n raise ValueError('v') from None",
     "ValueError", "ValueError: v"),
    ("e = ValueError('v')\ne.add_note('a note')\nraise e",
     "ValueError", "v\na note\n"),
    ("def f(): f()\nf()", "RecursionError", "frames not shown"),
    ("raise ExceptionGroup('g', [ValueError()])", "ExceptionGroup",
     "1 sub-exception"),
    ("\ud800", "UnicodeEncodeError", "surrogates"),
])
def test_tracebacks(host, source, kind, text):
    host(f"""
        error = raises(GuestError, restrict.run, {source!r})
        assert error.type_name == {kind!r}, error.type_name
        assert {text!r} in error.traceback, error.traceback
    """)


@pytest.mark.parametrize("source", [
    "class E(Exception):\n def __str__(self): raise ValueError\nraise E",
    "class E(Exception):\n def __str__(self): return 5\nraise E",
    "class S(str):\n def __str__(self): 1/0\n"
    "class E(Exception):\n def __str__(self): return S('x')\nraise E",
    "class E(Exception):\n @property\n def __notes__(self): 1/0\nraise E",
    "class M(type):\n __qualname__ = 5\n def __getattribute__(s, n): 1/0\n"
    "class E(Exception, metaclass=M): pass\nraise E",
    "class E(Exception): pass\nE.__module__ = 5\nraise E",
    "class S(str): pass\nclass E(Exception): pass\n"
    "E.__qualname__ = S('x')\nE.__module__ = S('y')\nraise E",
    "e = Exception('a')\ne.__context__ = f = Exception('b')\n"
    "f.__context__ = Exception('c')\nraise e",
    "raise Exception('x' * 10_000_000)",
    "class E(SyntaxError): pass\n"
    "e = E('m', (5, 'x', [], 'text'))\ne.filename = e.lineno = e\nraise e",
    "e = Exception()\ne.__notes__ = [5, 'x' * 1000000] * 1000\nraise e",
])
def test_hostile_exceptions(host, source):
    """An exception whose own methods misbehave is still a GuestError."""
    host(f"""
        error = raises(GuestError, restrict.run, {source!r})
        for text in (error.type_name, error.message, error.traceback):
            assert type(text) is str and len(text) < 10_000_000
    """)


@pytest.mark.parametrize("code, status", [
    ("", 0), ("None", 0), ("3", 3), ("'text'", 1), ("True", 1), ("[]", 1),
])
def test_exit(host, code, status):
    host(f"""
        error = raises(GuestError, restrict.run,
                       "import sys; sys.exit({code})")
        assert error.type_name == "SystemExit"
        assert error.exit_status == {status}
    """)


def test_limits(host):
    host("""
        def stop(source, **limits):
            error = raises(LimitExceeded, restrict.run, source,
                           Policy(**limits))
            assert error.usage.memory > 0
            return error.limit

        hog = "x = []\\nwhile True: x.append(bytearray(1000))"
        assert stop("while True: pass", cpu=0.2) == "cpu"
        assert stop("while True: pass", wall=0.2) == "wall"
        assert stop("while True: pass", steps=1000) == "steps"
        assert stop("while True: print('x' * 100)", output=5000) == "output"
        assert stop(hog, memory="16MiB") == "memory"
        assert stop("x = bytearray(10**9)", memory="16MiB") == "memory"
        result = raises(LimitExceeded, restrict.run,
                        "print('before')\\nwhile True: pass",
                        Policy(cpu=0.2)).result
        assert result.stdout == "before\\n"
    """)


def test_a_stopped_guest_stays_stopped(host):
    host("""
        with Interpreter(Policy(steps=1000)) as guest:
            guest.exec("x = 1")
            raises(LimitExceeded, guest.exec, "while True: pass")
            assert raises(LimitExceeded, guest.eval, "x").limit == "steps"
            assert guest.usage.steps >= 1000
            guest.denials
    """)


def test_stopped(host):
    """A request for memory that does not fit is no stop."""
    host("""
        with Interpreter(Policy(memory="32MiB")) as guest:
            assert guest.stopped is None
            error = raises(LimitExceeded, guest.eval, "len(bytes(10**8))")
            assert error.limit == "memory" and guest.stopped is None
            assert guest.eval("1") == 1
            raises(LimitExceeded, guest.exec,
                   "x = []\\nwhile True: x.append(bytes(1000))")
            assert guest.stopped == "memory"
            raises(LimitExceeded, guest.eval, "1")
        assert guest.stopped == "memory"
        guest = Interpreter()
        guest.cancel()
        assert guest.stopped == "cancel"
        guest.close()
        assert guest.stopped == "cancel"
    """)


def test_what_is_left_when_the_value_cannot_cross(host):
    host("""
        error = raises(TypeError, restrict.run,
                       "import atexit; atexit.register(print, 'bye')\\n"
                       "print('important')\\n"
                       "try: import pwd\\nexcept ImportError: pass\\n"
                       "import re\\nre.match('a', 'a')")
        assert str(error).startswith("value: a 're.Match' object"), error
        result = error.result
        assert result.value is None
        assert result.stdout == "important\\nbye\\n"
        assert result.usage.denials == len(result.denials) == 1
        error = raises(TypeError, restrict.run, "", inputs={"x": object()})
        assert error.result.stdout == ""
    """)


def test_arguments_are_checked(host):
    host("""
        with Interpreter() as guest:
            raises(TypeError, guest.exec, b"x")
            raises(TypeError, guest.exec, "x", filename=5)
            raises(TypeError, guest.call, 5)
            raises(TypeError, guest.run, "x", inputs=[])
            raises(ValueError, guest.run, "x", inputs={"a b": 1})
            raises(TypeError, guest.run, "x", inputs={5: 1})
            raises(TypeError, guest.run, "x", stdin=5)
            assert raises(GuestError, guest.call,
                          "nothing").type_name == "NameError"
            assert raises(GuestError, guest.call,
                          "__name__").type_name == "TypeError"
        raises(TypeError, Interpreter, {})
        raises(TypeError, Interpreter, functions={"f": 5})
        raises(ValueError, Interpreter, functions={"f g": len})
        for names in ({"functions": {"class": len}},
                      {"modules_from_host": {"None": {}}},
                      {"modules_from_host": {"m": {"if": 1}}}):
            assert "is a keyword" in str(raises(ValueError, Interpreter,
                                                **names))
        raises(ValueError, restrict.run, "", inputs={"class": 1})
        raises(TypeError, Interpreter, modules_from_host={"m": 5})
    """)


# --- Life -------------------------------------------------------------------

def test_use_after_close(host):
    host("""
        guest = Interpreter()
        guest.exec("print('hello')\\ntry: int.__subclasses__()\\n"
                   "except Exception: pass")
        guest.close()
        guest.close()
        for use in (guest.exec, guest.eval, guest.call, guest.run):
            assert "closed" in str(raises(RuntimeError, use, "x"))
        assert guest.closed
        assert guest.usage.denials == len(guest.denials) == 1
        assert guest.stdout == "hello\\n"
        guest.cancel()
        assert "closed" in repr(guest)
    """)


def test_second_thread_at_once(host):
    host("""
        import threading
        ready, go = threading.Event(), threading.Event()

        def wait():
            ready.set()
            assert go.wait(60)

        with Interpreter(functions={"wait": wait}) as guest:
            thread = threading.Thread(target=guest.exec, args=["wait()"])
            thread.start()
            ready.wait()
            error = raises(RuntimeError, guest.eval, "1")
            assert str(thread.ident) in str(error)
            raises(RuntimeError, guest.close)
            assert guest.usage.memory > 0 and guest.denials == []
            go.set()
            thread.join()
            assert guest.eval("1") == 1
    """)


def test_one_thread_after_another(host):
    host("""
        import threading
        with Interpreter() as guest:
            guest.exec("import contextvars\\nn = 0\\n"
                       "v = contextvars.ContextVar('v')\\nv.set(5)")
            for i in range(20):
                thread = threading.Thread(
                    target=guest.exec, args=["n += v.get()"])
                thread.start()
                thread.join()
            assert guest.eval("n") == 100
    """)


def test_many_threads_with_guests_of_their_own(host):
    host("""
        import threading
        results = []

        def work(i):
            with Interpreter(functions={"twice": lambda x: 2 * x}) as guest:
                for k in range(10):
                    assert guest.eval(f"sum(twice(x) for x in range({k}))"
                                      ) == k * (k - 1)
                results.append(guest.eval(str(i)))

        threads = [threading.Thread(target=work, args=[i]) for i in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert sorted(results) == list(range(8))
    """)


def test_cancel_from_another_thread(host):
    host("""
        import threading
        for source in ("while True: pass", "import time; time.sleep(3600)",
                       "import re; re.match(r'(a*)*b', 'a' * 40)",
                       "while True:\\n try:\\n  while True: pass\\n"
                       " except BaseException: pass",
                       "10 ** 10 ** 8 % 7"):
            with Interpreter(Policy(cpu=None, wall=None)) as guest:
                timer = threading.Timer(0.2, guest.cancel)
                timer.start()
                error = raises(LimitExceeded, guest.exec, source)
                assert error.limit == "cancel"
                timer.join()
    """)


def test_left_open_at_exit(host):
    host("""
        guest = Interpreter()
        guest.exec("class C:\\n def __del__(self):\\n  while True: pass\\n"
                   "c = C()")
    """)


def test_running_at_exit(host):
    host("""
        import threading
        ready = threading.Event()
        guest = Interpreter(Policy(cpu=None, wall=None),
                            functions={"ready": ready.set})
        threading.Thread(target=lambda: raises(
            LimitExceeded, guest.exec, "ready()\\nwhile True: pass"),
            daemon=True).start()
        ready.wait()
    """)


def test_dropped_without_close(host):
    host("""
        import gc, weakref
        for i in range(5):
            guest = Interpreter(functions={"f": lambda: guest})
            guest.exec("x = [1]; x.append(x)")
            gone = weakref.ref(guest)
        del guest
        gc.collect()
        assert gone() is None
    """)


def test_made_by_one_thread_closed_by_another(host):
    host("""
        import threading
        guests = []
        thread = threading.Thread(
            target=lambda: guests.append(Interpreter()))
        thread.start()
        thread.join()
        assert guests[0].eval("1") == 1
        thread = threading.Thread(target=guests[0].close)
        thread.start()
        thread.join()
        assert guests[0].closed
    """)


def test_no_code_of_the_guest_runs_when_it_is_closed(host):
    host("""
        calls = []
        with Interpreter(functions={"call": calls.append}) as guest:
            guest.exec("class C:\\n def __del__(self): call(1)\\nc = C()")
        assert calls == []
    """)


def test_deep_recursion_meets_a_limit_not_the_end_of_the_stack(host):
    host("""
        for source in (
            "def f(): f()\\nf()",
            "x = iter([])\\nfor i in range(300000): x = map(len, x)\\ndel x",
            "x = ()\\nfor i in range(300000): x = (x,)\\nhash(x)",
            "x = []\\nfor i in range(300000): x = [x]\\nrepr(x)",
            "import itertools\\nx = iter([])\\n"
            "for i in range(300000): x = itertools.chain(x)\\nnext(x, 0)",
            "eval('(' * 10000 + ')' * 10000)",
            "eval('-' * 100000 + '1')",
        ):
            try:
                restrict.run(source)
            except (GuestError, LimitExceeded, TypeError):
                pass
    """)


def test_many_cycles(host, pytestconfig):
    """Interpreters give back what they took."""
    if pytestconfig.getoption("flavour") == "asan":
        pytest.skip("the sanitizer keeps what is freed for a while")
    host("""
        import resource

        def pages():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1])

        for i in range(30):
            restrict.run("x = [object() for i in range(10000)]\\nlen(x)")
        before = pages()
        for i in range(60):
            restrict.run("x = [object() for i in range(10000)]\\nlen(x)")
        assert pages() - before < 2500, pages() - before
    """)


def test_locals_in_a_function(host):
    """Its copy is made by C, which needs a name of the type behind it."""
    host("""
        source = ("def f():\\n    x = 1\\n"
                  "    return locals(), eval('x + 1'), dir()\\nf()")
        expected = ({"x": 1}, 2, ["x"])
        assert restrict.run(source).value == expected
        namespace = {}
        exec(source, namespace)
        assert namespace["f"]() == expected
    """)


def test_tracebacks_are_pythons_own(host, python, tmp_path):
    """Carets and all, but for the frozen library's lines."""
    source = '''\
def f(a, b):
    return a["x"]["y\u00e9"] + (a
        / b)
def g():
    x = 1; f({"x": {"y\u00e9": 1}}, 0)

try:
    g()
except TypeError as e:
    \u00e9 = [1, 2, 3][
        7]
'''
    path = tmp_path / "guest.py"
    path.write_text(source)
    theirs = subprocess.run([python, path], capture_output=True,
                            text=True).stderr
    ours = host(f"""
        try:
            restrict.run({source!r}, filename={str(path)!r})
        except GuestError as error:
            print(error.traceback, end="")
    """)
    assert "~~~~~~~^" in ours
    assert ours == theirs


def test_no_carets_where_they_would_cost_the_host(host):
    host("""
        source = "x = [" + "1, " * 5000 + "][5000]"
        error = raises(GuestError, restrict.run, source)
        assert "^" not in error.traceback
        assert error.traceback.count("\\n") == 4
    """)


def test_forks(host):
    """The child of a fork has no guests, and can make new ones; a fork in the
    middle of one goes on with it."""
    host("""
        import os, warnings
        warnings.simplefilter("ignore")     # of threads

        def forked(function):
            child = os.fork()
            if child == 0:
                os._exit(function())
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        def check():
            assert guest.closed
            raises(RuntimeError, guest.eval, "x")
            guest.usage, guest.denials, guest.stdout, repr(guest)
            guest.cancel()
            guest.close()
            with Interpreter() as other:
                return other.eval("5")

        functions = {"fork": lambda: forked(lambda: 4)}
        with Interpreter(functions=functions) as guest:
            guest.exec("x = 1")
            assert forked(check) == 5
            assert guest.eval("x, fork()") == (1, 4)

        def fork():
            global child
            child = os.fork()
            return child == 0

        with Interpreter(functions={"fork": fork}) as guest:
            result = guest.run("print('before')\\nchild = fork()\\n"
                               "print('after')\\nchild")
            assert result.stdout == "before\\nafter\\n"
            if result.value:
                assert guest.closed
                raise SystemExit(7)         # with all that is done then
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            assert guest.eval("2") == 2
    """)


def test_fork_while_another_thread_runs_a_guest(host):
    host("""
        import os, threading, warnings
        warnings.simplefilter("ignore")     # of threads
        inside, done = threading.Event(), threading.Event()
        guest = Interpreter(functions={
            "wait": lambda: (inside.set(), done.wait(60), None)[2]})
        thread = threading.Thread(target=guest.exec, args=("wait()",))
        thread.start()
        assert inside.wait(60)
        child = os.fork()
        if child == 0:
            raises(RuntimeError, guest.eval, "1")
            raise SystemExit(7)
        done.set()
        thread.join()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert guest.eval("1") == 1
        guest.close()
    """)


def test_no_copies(host):
    host("""
        import copy, pickle
        with Interpreter() as guest:
            for function in copy.copy, copy.deepcopy, pickle.dumps:
                raises(TypeError, function, guest)
    """)


def test_limits_in_the_child_of_a_fork(host):
    """A host function that forks goes on with the guest in both processes,
    and the child's has no more time than the parent's."""
    host("""
        import os, signal, warnings
        warnings.simplefilter("ignore")     # of the watchdog beside us
        def fork():
            child = os.fork()
            if child == 0:
                signal.alarm(20)            # ends a child that does not stop
            return child
        for policy in (Policy(cpu=0.3, wall=None), Policy(wall=0.3)):
            with Interpreter(policy, functions={"fork": fork}) as guest:
                try:
                    child = guest.eval("fork()")
                    if child == 0:
                        guest.exec("while True: pass")
                        os._exit(9)
                except LimitExceeded as error:
                    os._exit(3 if error.limit in ("cpu", "wall") else 4)
                except RuntimeError:            # closed, in the child
                    os._exit(5)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
            with Interpreter(policy, functions={"fork": fork}) as guest:
                try:
                    child = guest.eval("(c := fork()) or "
                                       "exec('while True: pass') or c")
                except LimitExceeded as error:
                    os._exit(3 if error.limit in ("cpu", "wall") else 4)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    """)


def test_closing_twice_at_once(host):
    """Ending lets the GIL go: another thread may come with the same wish."""
    host("""
        import threading
        for _ in range(20):
            guest = Interpreter()
            guest.exec("x = [object() for _ in range(100_000)]")
            threads = [threading.Thread(target=close)
                       for close in (guest.close, guest.close)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for _ in range(20):                     # the object below it
            guest = restrict._native.Guest([], str)
            threads = [threading.Thread(target=guest.close) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    """)


@pytest.mark.parametrize("source, message", [
    ("raise SyntaxError('m', ('f', 10**5000, 1, 't'))", "m"),
    ("raise SyntaxError('m', ('f', 1, 10**5000, 't', -10**5000, 2**31))",
     "m (f, line 1)"),
])
def test_numbers_that_no_file_has(host, source, message):
    host(f"""
        error = raises(GuestError, restrict.run, {source!r})
        assert error.type_name == "SyntaxError" and error.message
        assert len(error.traceback) < 1000
    """)


@pytest.mark.parametrize("status", [10**100, -10**100, 2**40 + 7])
def test_exit_status_is_cut_as_by_python(host, python, status):
    source = f"raise SystemExit({status})"
    trusted = subprocess.run([python, "-c", source]).returncode
    host(f"""
        error = raises(GuestError, restrict.run, {source!r})
        assert error.exit_status & 0xff == {trusted}, error.exit_status
    """)


def test_a_memory_error_is_what_its_class_is(host):
    host("""
        with Interpreter() as guest:
            guest.exec("class MemoryError(Exception): pass")
            error = raises(GuestError, guest.exec, "raise MemoryError('no')")
            assert str(error) == "MemoryError: no"
            assert guest.eval("1 + 1") == 2
            error = raises(LimitExceeded, guest.exec, "bytes(10**12)")
            assert error.limit == "memory"
    """)


def test_an_audit_hook_may_say_no(host):
    host("""
        import sys
        def veto(event, arguments):
            if event == "cpython.PyInterpreterState_New" and refuse:
                raise PermissionError("not today")
        refuse = False
        Interpreter().close()
        sys.addaudithook(veto)
        refuse = True
        assert str(raises(PermissionError, Interpreter)) == "not today"
        refuse = False
        Interpreter().close()
    """)


def test_closing_while_a_run_begins(host):
    """Who comes too late gets RuntimeError, and can close it afterwards."""
    host("""
        import threading
        for _ in range(30):
            guest = Interpreter()
            def use():
                for _ in range(50):
                    try: guest.exec("1")
                    except RuntimeError: pass
            thread = threading.Thread(target=use)
            thread.start()
            for _ in range(200):
                try: guest.close()
                except RuntimeError: pass
            thread.join()
            guest.close()
            assert guest.closed and guest._guest.closed
    """)


@pytest.mark.parametrize("kind", ["isolated", "legacy"])
def test_left_open_in_a_subinterpreter(host, kind):
    host(f"""
        import _interpreters
        made = _interpreters.create({kind!r})
        error = _interpreters.run_string(
            made, "import restrict\\nguest = restrict.Interpreter()")
        assert error is None, error
    """)


def test_the_number_of_the_thread(host):
    """It is an address of the host's, and so is not the guest's to know."""
    host("""
        import threading
        source = dedent('''
            import _thread, threading
            lock = threading.RLock()
            with lock:
                text = repr(lock)
                saved = lock._release_save()
                lock._acquire_restore(saved)
            number = threading.get_ident()
            main = threading.main_thread()
            [number, _thread._get_main_thread_ident(), main.ident, saved[1],
             threading.current_thread() is main, f"owner={number} " in text]
        ''')
        found = []
        def work():
            found.append(restrict.run(source).value)
        thread = threading.Thread(target=work)
        thread.start(); thread.join(); work()
        assert found == [[1, 1, 1, 1, True, True]] * 2, found
        assert threading.get_ident() > 1
    """)


def test_what_was_registered_with_atexit(host):
    """It runs where a whole program ends, under the limits, as in a Python
    of its own; the end of an interpreter that is kept runs nothing."""
    host("""
        source = "import atexit; atexit.register(print, 'bye'); print('hi')"
        assert restrict.run(source + "\\n1").stdout == "hi\\nbye\\n"
        error = raises(GuestError, restrict.run, source + "; 1/0")
        assert error.result.stdout == "hi\\nbye\\n"
        with Interpreter() as guest:
            guest.exec(source)
        assert guest.stdout == "hi\\n"
        error = raises(LimitExceeded, restrict.run, '''if True:
            import atexit
            @atexit.register
            def forever():
                while True: pass
        ''', Policy(wall=0.2))
        assert error.limit == "wall"
    """)
