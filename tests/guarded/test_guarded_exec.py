"""guarded_exec(): arguments, builtins, imports, host functions, the record."""


def test_arguments_are_checked(program):
    assert program("""
        from restrict import guarded_exec
        for args in [(1, {}, {}, {}), ("", [], {}, {}), ("", {}, 1, {}),
                     ("", {}, {}, 1), ("", {}, {}, {1: 2}), ("", {}, {}, "x")]:
            try:
                guarded_exec(*args)
            except TypeError as e:
                print(e)
        try:
            guarded_exec("")
        except TypeError:
            print("no defaults")
        try:
            guarded_exec("a b", {}, {}, {})
        except SyntaxError:
            print("syntax")
        """).splitlines() == [
            "code must be a string or a code object, not 'int'",
            "globals must be a dict, not 'list'",
            "locals must be a mapping, not 'int'",
            "builtins must be a mapping of names, not 'int'",
            "builtins must have names as keys, not 'int'",
            "builtins must be a mapping of names, not 'str'",
            "no defaults", "syntax"]


def test_own_globals_are_refused(program):
    assert program("""
        import restrict
        try:
            restrict.guarded_exec("x = 1", globals(), {}, {})
        except ValueError as e:
            print("ValueError")
        print("x" in globals(), open.__name__)
        """) == "ValueError\nFalse open\n"


def test_state_stays_and_host_functions_have_their_rights(program):
    assert program("""
        import restrict
        def lookup(f):
            return open.__name__, f.__code__.co_name
        g = {"lookup": lookup}
        b = restrict.safe_builtins()
        restrict.guarded_exec("def f(): return 1", g, g, b)
        restrict.guarded_exec("x = lookup(f), f()", g, g, b)
        print(g["x"])
        """) == "(('open', 'f'), 1)\n"


def test_code_object_warmed_up_by_the_host(program):
    # A specialised opcode must not read past the guard.
    assert program("""
        import restrict, types
        source = '''
        def read(f, n):
            for i in range(n):
                x = f.__globals__, f.__closure__, f.__builtins__
            return x
        def spec(m, n):
            for i in range(n):
                x = m.__spec__
            return x
        loot.append(read(f, 100)); loot.append(spec(m, 100))
        '''
        import textwrap, json
        code = compile(textwrap.dedent(source), "<host>", "exec")
        def f(): pass
        loot = []
        exec(code, {"f": f, "m": json, "loot": loot})
        print(len(loot))
        flat = compile("for i in range(100):\\n x = f.__globals__\\n"
                       "loot.append(x)", "<host>", "exec")
        exec(flat, {"f": f, "loot": loot})
        print(len(loot))
        for c in (code, flat):
            g = {"f": f, "m": json, "loot": loot}
            try:
                restrict.guarded_exec(c, g, g, restrict.safe_builtins())
            except restrict.RestrictedAttributeError as e:
                print(e)
        print(len(loot))
        """).splitlines() == [
            "2", "3",
            "attribute 'function.__globals__' is not allowed here",
            "attribute 'function.__globals__' is not allowed here", "3"]


def test_absence_is_copable(program):
    assert program("""
        import restrict
        g = {"f": lambda: 0}
        restrict.guarded_exec('''
        a = getattr(f, "__globals__", "none")
        b = hasattr(f, "__code__")
        c = getattr(f, "__wrapped__", "none")
        try:
            f.__closure__
        except AttributeError:
            d = "caught"
        ''', g, g, restrict.safe_builtins())
        print(g["a"], g["b"], g["c"], g["d"])
        """) == "none False none caught\n"


def test_no_import_without_it(program):
    assert program("""
        import restrict
        b = dict(restrict.safe_builtins())
        print("__import__" in b)
        try:
            restrict.guarded_exec("import math", {}, {}, b)
        except ImportError as e:
            print(e)
        print([d.subject for d in restrict.guarded_denials()])
        """) == "False\nimport 'math' is not allowed here\n['math']\n"


def test_imports(program):
    assert program("""
        import restrict, math, time
        def sleep(n): return f"slept {n}"
        b = restrict.safe_builtins(imports={
            "math": None, "os.path": ["join"],
            "time": {"sleep": sleep, "monotonic": ...}})
        g = {}
        restrict.guarded_exec('''
        import math, os.path, time
        from time import sleep
        a = math.sqrt(4), os.path.join("a", "b"), sleep(3)
        try:
            time.time
        except AttributeError:
            b = "left out"
        try:
            math.sqrt = None
        except AttributeError:
            c = "read-only"
        try:
            import socket
        except ImportError as e:
            d = type(e).__name__
        try:
            os.system
        except AttributeError:
            e = "no os"
        ''', g, g, b)
        print(*[g[k] for k in "abcde"])
        import types
        print(isinstance(g["math"], types.ModuleType), math.sqrt(9))
        print([d.subject for d in restrict.guarded_denials()])
        """).splitlines() == [
            "(2.0, 'a/b', 'slept 3') left out read-only "
            "RestrictedImportError no os", "False 3.0",
            "['module.sqrt = ...', 'socket']"]


def test_builtins_are_the_reviewed_ones(program):
    assert program("""
        import restrict
        b = restrict.safe_builtins(names={"extra": 1})
        for name in ("open", "input", "exit", "quit", "SystemExit",
                     "breakpoint", "__import__", "help"):
            assert name not in b, name
        for name in ("len", "print", "ValueError", "__build_class__", "extra"):
            assert name in b, name
        """) == ""


def test_print_goes_where_the_host_says(program):
    assert program("""
        import io, restrict
        out = io.StringIO()
        class Loud(str):
            def encode(self, *a): return b"x"
        src = "print('a', 1, sep='-')\\nprint(end='.')"
        restrict.guarded_exec(src, {}, {}, restrict.safe_builtins(stdout=out))
        restrict.guarded_exec(src, {}, {}, restrict.safe_builtins())
        print(repr(out.getvalue()))
        """) == "'a-1\\n.'\n"


def test_denials_are_recorded(program):
    assert program("""
        import restrict
        for i in range(3):
            try:
                restrict.guarded_exec("x = 1\\nobject.__subclasses__()",
                                      {}, {}, restrict.safe_builtins())
            except AttributeError:
                pass
        for d in restrict.guarded_denials():
            print(d.capability, d.subject, d.location, d.count)
        """) == "attribute type.__subclasses__ <guarded>:2 3\n"


def test_host_is_as_before(program):
    assert program("""
        import builtins, sys, warnings, restrict
        def state():
            return (dict(vars(builtins)), set(sys.modules), sys.stdin,
                    sys.stdout, sys.stderr, sys.getrecursionlimit(),
                    list(warnings.filters), sys.gettrace(),
                    object.__subclasses__ is not None)
        b = restrict.safe_builtins()
        before = state()
        for i in range(1000):
            try:
                restrict.guarded_exec("class A: pass\\nA().x", {}, {}, b)
            except AttributeError:
                pass
        print(state() == before)
        """) == "True\n"


def test_trusted_code_keeps_its_attributes(program):
    assert program("""
        import restrict, functools
        def f(a=1): return a
        restrict.guarded_exec("", {}, {}, {})
        wrapped = functools.wraps(f)(lambda: 0)
        print(f.__globals__ is globals(), f.__defaults__, f.__code__.co_name,
              wrapped.__wrapped__ is f, [].append.__self__,
              int in object.__subclasses__(), list(map(getattr, [f],
                                                       ["__name__"])))
        """) == "True (1,) f True [] True ['f']\n"


def test_guests_of_other_threads(program):
    assert program("""
        import restrict, threading
        b = restrict.safe_builtins()
        seen = []
        def guest():
            g = {"f": seen.append}
            for i in range(50):
                try:
                    restrict.guarded_exec("f.__self__", g, g, b)
                except AttributeError:
                    seen.append(1)
        threads = [threading.Thread(target=guest) for i in range(4)]
        for t in threads: t.start()
        while any(t.is_alive() for t in threads):
            guest.__globals__
        for t in threads: t.join()
        print(len(seen))
        """) == "200\n"


def test_ordinary_code_in_a_guest(program):
    assert program("""
        import restrict
        g = {}
        restrict.guarded_exec('''
        class Base:
            def __init__(self, x): self.x = x
            def __eq__(self, other): return self.x == other.x
        class Sub(Base):
            __slots__ = ("y",)
            kinds = {}
            def __init__(self, x):
                super().__init__(x)
                self.y = x + 1
            @property
            def z(self): return self.y * 2
            @staticmethod
            def s(): return "s"
            @classmethod
            def c(cls): return cls.__name__
        Sub.later = lambda self: self.z
        Sub.__len__ = lambda self: 7
        def gen(n):
            for i in range(n):
                yield i
        async def co(): return 1
        s = Sub(1)
        r = [s.z, Sub.s(), Sub.c(), s.later(), len(s), sum(gen(4)),
             list(map(str, [1])), sorted([3, 1], key=lambda v: -v),
             [x for x in filter(None, [0, 1])], f"{s.x!r:>3}",
             {**{"a": 1}}, eval("1 + 1"), list(zip("ab", [1, 2])),
             isinstance(s, Base), s.__dict__, s.__class__.__mro__[0] is Sub]
        exec("q = 5")
        try:
            raise ValueError("v") from KeyError("k")
        except ValueError as e:
            r.append(repr(e.__cause__))
        with_globals = {}
        exec("def f(): return len('abc')", with_globals)
        r.append(with_globals["f"]())
        ''', g, g, restrict.safe_builtins())
        print(g["r"], g["q"])
        """) == (
            "[4, 's', 'Sub', 4, 7, 6, ['1'], [3, 1], [1], '  1', {'a': 1}, 2,"
            " [('a', 1), ('b', 2)], True, {'x': 1}, True, \"KeyError('k')\","
            " 3] 5\n")


def test_compile_takes_source_and_what_it_makes_stays_guarded(program):
    assert program("""
        import restrict
        g = {}
        restrict.guarded_exec('''
        code = compile("def f(): return open", "/etc/passwd", "exec")
        exec(code)
        a = eval(compile(b"1 + 1", "x", "eval"))
        failed = []
        for args in [(1, "x", "exec"), (code, "x", "exec"),
                     ("x", "x", "single"), ("x", "x", "exec", 1024),
                     ("x", "x", "exec", True)]:
            try:
                compile(*args)
            except (TypeError, ValueError):
                failed.append(1)
        try:
            compile("a\\\\n  b", "/etc/passwd", "exec")
        except SyntaxError as e:
            failed.append((e.filename, e.text))
        try:
            f()
        except NameError:
            failed.append("no open")
        ''', g, g, restrict.safe_builtins())
        print(g["a"], g["failed"])
        # By the host's own hand: over the guest's globals, not over others.
        exec(g["code"], g)
        for run in (exec, eval):
            try:
                run(g["code"], {})
            except restrict.RestrictedCallError as e:
                print(e)
        try:
            g["f"]()
        except NameError:
            print("no open")
        """).splitlines() == [
            "2 [1, 1, 1, 1, 1, ('<guarded>', '  b\\n'), 'no open']",
            *["guarded code compiled this; it runs over globals of guarded "
              "code only"] * 2, "no open"]


def test_c_code_that_works_in_python(program):
    # _pylong and typing are imported by C code, for the guest too.
    assert program("""
        import restrict
        g = {}
        restrict.guarded_exec('''
        a = 10 ** 200000 // 3 ** 100000 == 10 ** 200000 // 9 ** 50000
        class G[T]:
            pass
        b = G[int].__args__
        globals()["__builtins__"] = {"__import__": None}
        c = 10 ** 200000 // 3 ** 100000 > 1
        ''', g, g, restrict.safe_builtins())
        print(g["a"], g["b"], g["c"], restrict.guarded_denials())
        """) == "True (<class 'int'>,) True []\n"


def test_imported_copies_cannot_be_changed(program):
    assert program("""
        import restrict, math
        b = restrict.safe_builtins(imports={"math": None, "os.path": None})
        g = {}
        restrict.guarded_exec('''
        import math, os.path
        r = []
        for change in (
                lambda: setattr(math, "sqrt", 1),
                lambda: vars(math).update(sqrt=1),
                lambda: math.__dict__.update(sqrt=1),
                lambda: object.__setattr__(math, "sqrt", 1),
                lambda: type(math).__init__(math, "m", {"sqrt": 1}),
                lambda: type(math)(), lambda: delattr(os, "path"),
                lambda: setattr(math, "__class__", int)):
            try:
                change()
            except (AttributeError, TypeError):
                pass
            r.append(math.sqrt(4))
        ''', g, g, b)
        print(g["r"], math.sqrt(4), g["math"], "sqrt" in dir(g["math"]))
        """) == "[2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0] 2.0 " \
                "<guarded module 'math'> True\n"
