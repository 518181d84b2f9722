"""Functions of the host that a guest calls."""

import pytest


def test_arguments_and_results(host):
    host("""
        import inspect

        def lookup(key, /, *more, default=None, **rest):
            "Look something up."
            return key, more, default, rest

        def add(x: int, y: int = 2) -> int:
            "Add."
            return x + y

        with Interpreter(functions={"lookup": lookup, "add": add,
                                    "n": len, "big": print}) as guest:
            assert guest.eval("lookup(1)") == (1, (), None, {})
            assert guest.eval("lookup(1, 2, *[3], default=4, z={'a': 1})") \\
                == (1, (2, 3), 4, {"z": {"a": 1}})
            assert guest.eval("lookup(*range(20))")[1] == tuple(range(1, 20))
            assert guest.eval("add(y=5, x=1)") == 6
            assert guest.eval("n([1, 2])") == 2
            assert guest.eval("add.__name__, add.__doc__") == ("add", "Add.")
            guest.exec("import inspect")
            assert guest.eval("str(inspect.signature(add))") == "(x, y=2)"
            assert guest.eval("str(inspect.signature(lookup))") == \\
                "(key, /, *more, default=None, **rest)"
            assert guest.eval("repr(add)").startswith("<built-in")
            assert guest.eval("list(map(add, range(3)))") == [2, 3, 4]
            assert raises(GuestError, guest.eval,
                          "add(1, 2, 3)").type_name == "TypeError"
    """)


def test_modules_from_host(host):
    host("""
        modules = {"tools": {"twice": lambda x: 2 * x, "rates": [1, 2]},
                   "empty": {}}
        with Interpreter(modules_from_host=modules) as guest:
            guest.exec("import tools, empty\\nfrom tools import twice")
            assert guest.eval("twice(tools.rates)") == [1, 2, 1, 2]
            guest.exec("tools.rates.append(3)")
        assert modules["tools"]["rates"] == [1, 2]
        raises(TypeError, Interpreter,
               modules_from_host={"m": {"x": object()}})
        raises(ValueError, Interpreter, modules_from_host={"a.b": {}})
        for value, path in ((object(), ""), ({"a": [object()]}, "['a'][0]")):
            error = raises(TypeError, Interpreter,
                           modules_from_host={"m": {"x": 1, "v": value}})
            assert str(error).startswith(
                f"modules_from_host['m']['v']{path}: a 'object' object")
    """)


@pytest.mark.parametrize("error, name, message", [
    ("ValueError('v')", "ValueError", "v"),
    ("KeyError('k')", "KeyError", "'k'"),
    ("KeyError()", "KeyError", "''"),
    ("FileNotFoundError(2, 'gone', 'x')", "FileNotFoundError", "gone"),
    ("OSError(28, 'full')", "OSError", "[Errno 28] full"),
    ("UnicodeDecodeError('utf-8', b'x', 0, 1, 'r')", "UnicodeError",
     "UnicodeDecodeError: "),
    ("ImportError('i')", "ImportError", "i"),
    ("ModuleNotFoundError('m')", "ModuleNotFoundError", "m"),
    ("StopAsyncIteration('s')", "StopAsyncIteration", "s"),
    ("restrict.RestrictedError('no')", "RestrictedError", "no"),
    ("restrict.RestrictedPermissionError('no')", "RestrictedPermissionError",
     "no"),
    ("restrict.RestrictedImportError('no')", "RestrictedImportError", "no"),
    ("restrict.RestrictedCallError('no')", "RestrictedCallError", "no"),
    ("restrict.RestrictedAttributeError('no')", "RestrictedAttributeError",
     "no"),
    ("Own('o')", "LookupError", "Own: o"),
    ("Other('o')", "RuntimeError", "Other: o"),
    ("restrict.HostError('said')", "RuntimeError", "said"),
    ("StopIteration(5)", "StopIteration", "5"),
    ("MemoryError('m')", "RuntimeError", "MemoryError: m"),
    ("ExceptionGroup('g', [ValueError()])", "RuntimeError",
     "ExceptionGroup: g"),
])
def test_an_exception_is_a_name_and_a_message(host, error, name, message):
    host(f"""
        class Own(LookupError): secret = "secret"
        class Other(Exception): pass

        def fail(): raise {error}

        with Interpreter(functions={{"fail": fail}}) as guest:
            guest.exec(dedent('''
                try:
                    fail()
                except Exception as exc:
                    caught = (type(exc).__name__, str(exc), len(exc.args),
                              exc.__traceback__.tb_next is None,
                              exc.__cause__, exc.__context__, vars(exc))
            '''))
            caught = guest.eval("caught")
            assert caught[0] == {name!r}, caught
            assert {message!r} in caught[1], caught
            assert caught[2] == (2 if "Errno" in caught[1] else 1), caught
            assert caught[3:] == (True, None, None, {{}})
            failed = raises(GuestError, guest.eval, "fail()")
            assert failed.type_name == {name!r}
            assert "test_host" not in failed.traceback
    """)


def test_the_classes_that_are_kept(host):
    """What Python says of them and what C knows is the same."""
    host("""
        from restrict._errors import SAME_IN_GUEST

        def fail(name): raise kinds[name]("m")

        kinds = {kind.__name__: kind for kind in SAME_IN_GUEST}
        with Interpreter(functions={"fail": fail}) as guest:
            guest.exec("import builtins, restrict\\n"
                       "def is_own(name):\\n"
                       "    kind = getattr(builtins, name, None)\\n"
                       "    kind = kind or getattr(restrict, name)\\n"
                       "    try: fail(name)\\n"
                       "    except Exception as exc:\\n"
                       "        return type(exc) is kind and exc.args")
            for name in kinds:
                assert guest.call("is_own", name) == ("m",), name
    """)


def test_an_error_of_the_system_keeps_its_number(host):
    """And reads the same; a class that says it otherwise has the text."""
    host("""
        class Own(OSError): pass
        class Odd(OSError):
            def __str__(self): return "odd"

        def fail(kind):
            raise {"gone": FileNotFoundError(2, "gone", "x"),
                   "full": OSError(28, "full"), "text": OSError("text"),
                   "own": Own(28, "full"), "odd": Odd(28, "full"),
                   "strange": OSError("28", "full")}[kind]

        with Interpreter(functions={"fail": fail}) as guest:
            guest.exec("def ask(kind):\\n"
                       "    try: fail(kind)\\n"
                       "    except OSError as exc:\\n"
                       "        return str(exc), exc.errno")
            for kind, text, number in [
                    ("gone", "[Errno 2] gone: 'x'", 2),
                    ("full", "[Errno 28] full", 28), ("text", "text", None),
                    ("own", "[Errno 28] Own: full", 28),
                    ("odd", "Odd: odd", None),
                    ("strange", "[Errno 28] full", None)]:
                assert guest.call("ask", kind) == (text, number), kind
    """)


def test_the_host_can_see_where_its_function_failed(host):
    host("""
        import logging
        records = []

        class Handler(logging.Handler):
            def emit(self, record): records.append(record)

        def fail(): raise ValueError("secret")

        logger = logging.getLogger("restrict.host")
        logger.addHandler(Handler())
        for shown in True, False:
            with Interpreter(functions={"fail": fail},
                             show_errors=shown) as guest:
                raises(GuestError, guest.eval, "fail()")
                assert records == []
                logger.setLevel(logging.DEBUG)
                raises(GuestError, guest.eval, "fail()")
            record, = records
            assert "ValueError" in record.getMessage()
            assert "in fail" in logging.Formatter().format(record)
            logger.setLevel(logging.NOTSET)
            records.clear()
    """)


def test_the_host_may_say_nothing(host):
    host("""
        def fail(kind):
            if kind: raise restrict.HostError("said")
            raise ValueError("secret")

        with Interpreter(functions={"fail": fail}, show_errors=False) as guest:
            error = raises(GuestError, guest.eval, "fail(0)")
            assert error.type_name == "RuntimeError"
            assert "secret" not in error.traceback
            assert raises(GuestError, guest.eval, "fail(1)").message == "said"
    """)


def test_an_exception_that_cannot_describe_itself(host):
    host("""
        class Odd(Exception):
            def __str__(self): raise KeyError("odd")

        def fail(): raise Odd

        with Interpreter(functions={"fail": fail}) as guest:
            error = raises(KeyError, guest.exec,
                           "try: fail()\\nexcept BaseException: pass")
            assert error.args == ("odd",)
    """)


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "SystemExit",
                                  "GeneratorExit"])
def test_what_is_not_the_guests_business_stops_it(host, kind):
    host(f"""
        reached = []

        def fail(): raise {kind}("x")

        with Interpreter(functions={{"fail": fail, "reach": reached.append}}
                         ) as guest:
            raises({kind}, guest.exec,
                   "try: fail()\\nexcept BaseException: reach(1)\\n"
                   "finally: reach(2)")
            raises(LimitExceeded, guest.exec, "1")
        assert reached == []
    """)


def test_values_that_do_not_cross(host):
    host("""
        with Interpreter(functions={"f": lambda *a, **k: object()}) as guest:
            error = raises(GuestError, guest.eval, "f(1)")
            assert error.type_name == "TypeError"
            assert "result: a 'object'" in error.message
            error = raises(GuestError, guest.eval, "f(1, [object()])")
            assert error.message.startswith("argument 2[0]: a 'object'")
            error = raises(GuestError, guest.eval, "f(1, k=object())")
            assert error.message.startswith("argument 'k': a 'object'")
    """)


def test_thread_context_and_locks_are_the_callers(host):
    host("""
        import contextvars, threading
        var = contextvars.ContextVar("var", default=0)
        lock = threading.RLock()

        def look():
            with lock:
                seen.append((threading.get_ident(), var.get()))
                var.set(var.get() + 1)

        with Interpreter(functions={"look": look}) as guest:
            for i in range(2):
                seen = []

                def use():
                    var.set(10)
                    with lock:
                        guest.exec("look(); look()")
                    assert seen == [(threading.get_ident(), 10),
                                    (threading.get_ident(), 11)]
                    assert var.get() == 12
                    done.append(1)

                done = []
                thread = threading.Thread(target=use)
                thread.start()
                thread.join()
                assert done
    """)


def test_host_frames_are_whole(host):
    """A host function's frames go on where the guest was entered."""
    host("""
        import sys, traceback
        names = []

        def look():
            frame = sys._getframe()
            while frame:
                names.append(frame.f_code.co_name)
                frame = frame.f_back

        def outer():
            guest.exec("look()")

        with Interpreter(functions={"look": look}) as guest:
            outer()
        assert names[0] == "look" and names[-2:] == ["outer", "<module>"]
        assert "guest" not in str(names)
    """)


def test_reentrance(host):
    host("""
        import sys

        def down(n):
            return guest.call("up", n - 1) if n else "bottom"

        with Interpreter(functions={"down": down}) as guest:
            guest.exec("def up(n): return down(n)")
            assert guest.call("up", 20) == "bottom"
            error = raises((GuestError, RecursionError), guest.call, "up",
                           1_000_000)
            assert "Recursion" in str(error) or "Recursion" in repr(error)
            try:
                assert guest.call("up", 5) == "bottom"
            except LimitExceeded as error:
                # Frames of a debug build leave no room to recover in: there
                # CPython would end the process.
                assert hasattr(sys, "gettotalrefcount"), error
    """)


def test_a_guest_inside_a_guest(host):
    host("""
        def ask(source):
            return restrict.run(source, functions={"ask": ask}).value

        assert ask("ask('ask(\\\\'1 + 1\\\\') + 1') + 1") == 4

        a, b = Interpreter(), None
        def to_b(n): return b.call("f", n)
        def to_a(n): return a.call("f", n)
        with Interpreter(functions={"other": to_b}) as a, \\
                Interpreter(functions={"other": to_a}) as b:
            for guest in (a, b):
                guest.exec("def f(n): return other(n - 1) + 1 if n else 0")
            assert a.call("f", 30) == 30
    """)


def test_use_from_inside_a_callback(host):
    host("""
        def inside():
            raises(RuntimeError, guest.close)
            guest.denials, guest.usage
            guest.exec("x += 1")
            assert guest.run("x", inputs={"y": 1}).value == 2
            return guest.eval("x")

        with Interpreter(functions={"inside": inside}) as guest:
            guest.exec("x = 1")
            assert guest.eval("inside(), x, y") == (2, 2, 1)
    """)


def test_other_host_threads_run_meanwhile(host):
    """The guest holds its own lock, not the host's."""
    host("""
        import threading
        seen = []
        event = threading.Event()

        def wait():
            assert event.wait(60)

        with Interpreter(functions={"wait": wait}) as guest:
            thread = threading.Thread(target=guest.exec, args=["wait()"])
            thread.start()
            event.set()
            thread.join()

        with Interpreter(Policy(cpu=None, wall=None)) as guest:
            thread = threading.Thread(
                target=raises,
                args=[LimitExceeded, guest.exec, "while True: pass"])
            thread.start()
            for i in range(10000): seen.append(i)
            guest.cancel()
            thread.join()
    """)


def test_limits_while_in_the_host(host):
    host("""
        import time

        def spin(seconds):
            end = time.process_time() + seconds
            while time.process_time() < end: pass

        with Interpreter(Policy(cpu=0.5, wall=None),
                         functions={"spin": spin}) as guest:
            guest.exec("spin(1.5)")
            assert guest.usage.cpu < 0.5
        with Interpreter(Policy(cpu=None, wall=0.2),
                         functions={"nap": time.sleep}) as guest:
            error = raises(LimitExceeded, guest.exec,
                           "try: nap(1)\\nfinally: x = 1")
            assert error.limit == "wall"
        with Interpreter(functions={"stop": lambda: guest.cancel()}) as guest:
            error = raises(LimitExceeded, guest.exec, "stop()\\nwhile 1: pass")
            assert error.limit == "cancel"
    """)


def test_a_guest_that_keeps_catching_meets_its_limit(host):
    host("""
        def fail(): raise ValueError

        with Interpreter(Policy(steps=100_000),
                         functions={"fail": fail}) as guest:
            raises(LimitExceeded, guest.exec,
                   "while True:\\n try: fail()\\n except Exception: pass")
    """)


def test_too_deep_to_call_the_host(host):
    """A host function is not called at the end of the guest's stack."""
    host("""
        with Interpreter(functions={"f": lambda: 1}) as guest:
            guest.exec(dedent('''
                def deep(n):
                    if n == 0:
                        return f()
                    return max([n], key=lambda _: deep(n - 1))
                try:
                    deep(100000)
                except RecursionError:
                    pass
            '''))
            assert guest.eval("f()") == 1
    """)


def test_a_function_kept_past_the_end_is_harmless(host):
    host("""
        kept = []
        guest = Interpreter(functions={"f": kept.append})
        guest.exec("import sys\\nclass C:\\n"
                   " def __del__(self, f=f): f(1)\\n"
                   "sys.keep = C(); sys.keep.me = sys.keep")
        guest.close()
        assert kept == []
    """)


def test_one_call_costs_little(host):
    """Processor time, twice the promise of 1.5 microseconds."""
    host("""
        import time
        with Interpreter(Policy(cpu=None, wall=None),
                         functions={"f": lambda x: x}) as guest:
            guest.exec("def loop(n):\\n for i in range(n): f(i)")
            guest.call("loop", 1000)
            best = 1.0
            for i in range(5):
                start = time.process_time()
                guest.call("loop", 20000)
                best = min(best, (time.process_time() - start) / 20000)
        assert best < 3e-6, best
    """)


def test_a_host_function_shows_no_address(host):
    """It is a plain built-in function; what it stands on is out of reach."""
    host("""
        def lookup(a, b=3): return a
        with Interpreter(functions={"lookup": lookup},
                         modules_from_host={"m": {"lookup": lookup}}) as guest:
            guest.exec("import m")
            assert guest.eval("repr(lookup)") == "<built-in function lookup>"
            assert guest.eval("str(m.lookup)") == "<built-in function lookup>"
            assert guest.eval("lookup.__qualname__") == "lookup"
            raises(GuestError, guest.exec, "lookup.__self__")
            guest.exec("f = lookup; del lookup")
            assert guest.eval("f(3)") == 3
    """)


def test_arguments_that_take_long_to_copy(host):
    """Keys that collide take the host as long as they take the guest: it
    gives up when the guest is over its limit."""
    host("""
        import time
        source = dedent('''
            d = {i * (2**61 - 1): 1 for i in range(2000)}
            f([d.copy() for _ in range(500)])
        ''')
        begin = time.monotonic()
        with Interpreter(Policy(cpu=None, wall=2),
                         functions={"f": lambda x: None}) as guest:
            error = raises(LimitExceeded, guest.exec, source)
            assert error.limit == "wall"
        assert time.monotonic() - begin < 12
    """)
