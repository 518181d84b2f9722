"""A grammar of guest programs, as hypothesis strategies.

A program makes odd objects (classes with random special methods, generators,
buffers, weak references), keeps them in the list `pool`, and does random
things to what is in it by names that the surface table holds: attribute
chains, calls with odd arguments, operators, formats, loops.  What is refused
or raised is kept as well.
"""

from hypothesis import strategies as st

PRELUDE = """\
pool = [0]
def keep(value):
    pool[len(pool) % 40:] = [value] + pool[len(pool) % 40 + 1:]
    return value
def pick(n):
    return pool[n % len(pool)]
def attr(value, name):
    return getattr(value, name)
"""

SPECIAL = [
    "__add__", "__aiter__", "__anext__", "__await__", "__bool__",
    "__buffer__", "__bytes__", "__call__", "__class_getitem__",
    "__complex__", "__contains__", "__copy__", "__deepcopy__", "__del__",
    "__delattr__", "__delete__", "__delitem__", "__dir__", "__divmod__",
    "__enter__", "__eq__", "__exit__", "__float__", "__format__",
    "__fspath__", "__ge__", "__get__", "__getattr__", "__getattribute__",
    "__getitem__", "__getstate__", "__gt__", "__hash__", "__iadd__",
    "__index__", "__init__", "__init_subclass__", "__instancecheck__",
    "__int__", "__invert__", "__iter__", "__le__", "__len__",
    "__length_hint__", "__lt__", "__missing__", "__mod__",
    "__mro_entries__", "__mul__", "__ne__", "__neg__", "__new__",
    "__next__", "__or__", "__pow__", "__prepare__", "__radd__",
    "__reduce__", "__reduce_ex__", "__release_buffer__", "__repr__",
    "__reversed__", "__round__", "__set__", "__set_name__", "__setattr__",
    "__setitem__", "__setstate__", "__sizeof__", "__str__", "__sub__",
    "__subclasscheck__", "__trunc__", "__class__", "__dict__", "__slots__",
    "__match_args__", "__bases__", "__mro__", "__name__", "__doc__",
]
BASES = [
    "object", "int", "str", "bytes", "bytearray", "list", "tuple", "dict",
    "set", "frozenset", "float", "complex", "type", "Exception",
    "BaseException", "StopIteration", "property", "classmethod",
    "staticmethod", "OSError", "ImportError", "SyntaxError",
]
CONSTANTS = [
    "0", "1", "-1", "2**31", "2**63", "-2**63", "10**30", "1.5", "-0.0",
    "float('nan')", "1e308", "1j", "True", "None", "...", "''", "'a'",
    "'\\ud800'", "'ab' * 500", "b''", "b'abc'", "bytearray(b'xyz')", "()",
    "(1, 2)", "[]", "[1, 2, 3]", "{}", "{'a': 1}", "set()", "{1}",
    "range(5)", "slice(None)", "slice(1, 2**40, -1)", "memoryview(b'abc')",
    "lambda *a, **k: a", "(x for x in 'abc')", "iter([1, 2])",
    "NotImplemented",
    "'{0.__class__.__mro__}'", "'__globals__'", "'utf-16'", "'/etc/passwd'",
]
OPERATORS = ["+", "-", "*", "//", "%", "@", "&", "|", "^", "<<", ">>", "/",
             "==", "<", ">=", "in", "is", "and", "or", "if 1 else"]
CALLS = [
    "len", "repr", "str", "hash", "iter", "next", "list", "tuple", "dict",
    "set", "sorted", "sum", "min", "max", "bytes", "bytearray", "int",
    "float", "complex", "type", "super", "vars", "dir", "abs", "all", "any",
    "enumerate", "reversed", "zip", "map", "filter", "format", "memoryview",
    "isinstance", "issubclass", "callable", "id", "compile", "eval", "exec",
    "open", "getattr", "setattr", "delattr", "hasattr", "divmod", "pow",
    "round", "ord", "chr", "input", "print", "slice", "property", "object",
    "classmethod", "staticmethod", "frozenset", "__import__", "globals",
    "locals", "anext", "aiter", "bin", "ascii", "breakpoint",
    "__build_class__",
]


class Grammar:
    """The strategies, for the names of a surface table.

    rows: (kind, owner, name) of what a guest can reach; modules: names of
    the modules that it can import.
    """

    def __init__(self, rows, modules):
        self.names = sorted({name for _, _, name in rows} | set(SPECIAL))
        self.modules = sorted(modules)
        self.functions = sorted(
            f"__import__({owner!r}, None, None, ['x']).{name}"
            for kind, owner, name in rows
            if kind == "module" and name.isidentifier())
        self.name = st.sampled_from(self.names)
        self.index = st.integers(0, 39)
        self.constant = st.sampled_from(CONSTANTS)
        self.value = self._value()

    def _value(self):
        pooled = st.builds("pick({})".format, self.index)
        simple = st.one_of(pooled, pooled, self.constant,
                           st.sampled_from(self.functions),
                           st.sampled_from(BASES))
        return st.recursive(simple, self._compound, max_leaves=6)

    def _compound(self, value):
        arguments = st.lists(value, max_size=3).map(", ".join)
        return st.one_of(
            st.builds("attr({}, {!r})".format, value, self.name),
            st.builds("attr({}, {!r})({})".format, value, self.name,
                      arguments),
            st.builds("({})({})".format, value, arguments),
            st.builds("({})(*{}, **{{'key': {}}})".format, value, value,
                      value),
            st.builds("{}({})".format, st.sampled_from(CALLS), arguments),
            st.builds("({} {} {})".format, value,
                      st.sampled_from(OPERATORS), value),
            st.builds("({})[{}]".format, value, value),
            st.builds("f'{{{}!r:>{{{}}}}}'".format,
                      st.builds("pick({})".format, self.index),
                      st.builds("pick({})".format, self.index)),
            st.builds("[{} for x in {}]".format, value, value),
            st.builds("{{{}: {}}}".format, value, value),
            st.builds("(yield_ := (lambda: (yield {})))()".format, value),
        )

    def method(self, value):
        """A special method, or a name that should be one."""
        body = st.one_of(
            st.builds("return {}".format, value),
            st.builds("pool.clear(); pool.append(self); return {}".format,
                      value),
            st.builds("yield {}".format, value),
            st.builds("raise {}".format, value),
            st.builds("return super().{}(*args)".format,
                      st.sampled_from(SPECIAL)),
            st.builds("keep(self); return {}".format, value),
        )
        return st.one_of(
            st.builds("    def {}(self=0, *args, **kw): {}".format,
                      st.sampled_from(SPECIAL), body),
            st.builds("    {} = {}".format, st.sampled_from(SPECIAL), value))

    def statement(self):
        value = self.value
        klass = st.builds(
            lambda bases, methods: "class C({}):\n{}\nkeep(C); keep(C())"
            .format(", ".join(bases), "\n".join(methods) or "    pass"),
            st.lists(st.one_of(st.sampled_from(BASES),
                               st.builds("pick({})".format, self.index)),
                     max_size=2),
            st.lists(self.method(value), max_size=4))
        return st.one_of(
            klass, klass,
            st.builds("keep({})".format, value),
            st.builds("keep({})".format, value),
            st.builds("attr({}, {!r})({})".format, value, self.name, value),
            st.builds("setattr({}, {!r}, {})".format, value, self.name,
                      value),
            st.builds("for x in {}: keep(x); break".format, value),
            st.builds("with {} as x: keep(x)".format, value),
            st.builds("import {} as m; keep(m)".format,
                      st.sampled_from(self.modules)),
            st.builds("import weakref; keep(weakref.ref({}, {}))".format,
                      value, value),
            st.builds("keep(list({}))".format, value),
            st.builds("a, *b = {}; keep(b)".format, value),
            st.builds("match {}:\n    case {{'a': b, **c}}: keep(c)\n"
                      "    case [a, *b]: keep(b)\n"
                      "    case int(real=a): keep(a)".format, value),
            st.builds("async def f(): return await {}\n"
                      "keep(f())\npool[-1].send({})".format, value, value),
            st.builds("def g():\n    try: keep((yield {}))\n"
                      "    finally: keep({})\n"
                      "keep(g()); next(pool[-1])".format, value, value),
            st.builds("try: raise {} from {}\n"
                      "except* {} as e: keep(e)".format, value, value,
                      st.sampled_from(["Exception", "ValueError"])),
            st.builds("import gc; pool[{}:] = []; gc.collect()".format,
                      self.index),
        )

    def program(self):
        """Programs of up to 12 statements, each in a try of its own."""
        return st.lists(self.statement(), min_size=1, max_size=12).map(
            lambda statements: PRELUDE + "".join(map(_protected, statements)))


def _protected(statement):
    lines = "\n".join("    " + line for line in statement.split("\n"))
    return f"try:\n{lines}\nexcept BaseException as exc:\n    keep(exc)\n"
