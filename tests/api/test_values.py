"""Values cross by copy: which, how, and what a hostile guest cannot do."""

import os

import pytest

# Expressions of which both directions must give an equal value of the same
# types.
SAME = [
    "None", "True", "False", "0", "-1", "127", "-128", "128", "2**31",
    "-2**31", "2**62", "2**63", "-2**63", "2**64", "10**5000", "-10**5000",
    "2**30", "2**60", "0.0", "-0.0", "1.5", "1e308", "float('inf')", "1+2j",
    "''", "'a'", "'\\xe9'", "'\\u20ac'", "'\\U0001f600'", "'a\\0b'",
    "'\\ud800\\udc00'", "'\\udc80'", "'x' * 100000", "'\\u20ac' * 1000",
    "b''", "b'a'", "bytes(range(256))", "[]", "()", "{}", "set()",
    "frozenset()", "[1, [2, [3]]]", "(1, (2, (3,)))", "{'a': {'b': [1]}}",
    "{1, 2.5, 'x', (1, 2), frozenset({3})}", "frozenset({frozenset({1})})",
    "{(1, (2, 'x')): [None], None: 1, 1.5: 2, b'k': 3, True: 4}",
    "{str(i): i for i in range(1000)}", "set(range(1000))",
    "[[] for i in range(100)]", "[{}, set(), (), frozenset()]",
]


def test_types_that_cross(host):
    host(f"""
        import sys
        sys.set_int_max_str_digits(0)
        with Interpreter() as guest:
            guest.exec("def same(x): return x")
            for text in {SAME!r}:
                value = eval(text)
                for copy in guest.eval(text), guest.call("same", value):
                    assert copy == value and repr(copy) == repr(value), text
                    assert type(copy) is type(value), text
    """)


def test_a_copy_is_the_guests_own(host):
    host("""
        data = {"rows": [1, 2]}
        with Interpreter() as guest:
            guest.exec("def change(d): d['rows'].append(3); return d")
            assert guest.call("change", data) == {"rows": [1, 2, 3]}
        assert data == {"rows": [1, 2]}
    """)


def test_shared_references(host):
    host("""
        row = [1]
        text = "a text that is not a constant of any code".title()
        big = 10 ** 100
        key = (text, 1)
        value = [row, row, text, text, big, big, (row, row),
                 {key: row}, {key: row}, {1, key}, frozenset({key})]
        value.append(value[-1])
        with Interpreter() as guest:
            guest.exec("def same(x): x[0].append(2); return x")
            copy = guest.call("same", value)
        assert copy[0] is copy[1] is copy[6][0] is copy[6][1]
        assert copy[7][key] is copy[8][key] is copy[0] and copy[0] == [1, 2]
        assert copy[2] is copy[3] and copy[4] is copy[5]
        assert next(iter(copy[7])) is next(iter(copy[8]))
        assert copy[10] is copy[11]
    """)


def test_texts_of_each_length_and_kind(host):
    """Alone, and met twice; in a list, where most are written in a row."""
    host("""
        value = []
        for char in ("a", "\\xe9", "\\u20ac", "\\U0001f600", "\\0"):
            for n in (0, 1, 2, 3, 15, 254, 255, 256, 257, 4095, 70000):
                text = char * n
                value += [text, text, 1, 0.5, char * n, (char * n,),
                          {char * n: char * n}, None]
        with Interpreter() as guest:
            guest.exec("def same(x): return x")
            copy = guest.call("same", value)
            assert copy == value
            assert copy[-8] is copy[-7] and copy[-8] is not copy[-4]
            for text in value[::8]:
                assert guest.call("same", text) == text
    """)


def test_cyclic_references(host):
    host("""
        a = []; a.append(a)
        d = {}; d["d"] = d; d["t"] = (d, [d])
        t = ([],); t[0].append(t)
        with Interpreter() as guest:
            guest.exec("def same(x): return x")
            b, e, u = guest.call("same", [a, d, t])
            assert b[0] is b and len(b) == 1
            assert e["d"] is e and e["t"][0] is e and e["t"][1][0] is e
            assert u[0][0] is u
            c = guest.eval("(x := {}, [x], x.setdefault(1, x))")
            assert c[0] is c[2] is c[1][0] is c[0][1]
    """)


def test_nan(host):
    host("""
        nan = float("nan")
        with Interpreter() as guest:
            guest.exec("def same(x): return x")
            copy = guest.call("same", [nan, nan, {nan: 1}, {nan, 2}])
            assert copy[0] != copy[0] and copy[0] is copy[1]
            assert copy[0] in copy and copy[2][copy[0]] == 1
            assert copy[0] in copy[3]
    """)


@pytest.mark.parametrize("expression, path", [
    ("object()", "value"),
    ("{'a': [1, 2, (3, object())]}", "value['a'][2][1]"),
    ("[len]", "value[0]"),
    ("{1: {(1, 'k'): int}}", "value[1][(1, 'k')]"),
    ("{object(): 1}", "value (a key)"),
    ("{'a': {frozenset, 1}}", "value['a'] (an element)"),
    ("[type('S', (str,), {})('x')]", "value[0]"),
    ("type('L', (list,), {})()", "value"),
    ("{'x': type('D', (dict,), {})()}", "value['x']"),
    ("type('I', (int,), {})()", "value"),
    ("type('T', (tuple,), {})()", "value"),
    ("__import__('enum').IntEnum('E', 'A').A", "value"),
    ("bytearray(b'x')", "value"),
    ("memoryview(b'x')", "value"),
    ("range(3)", "value"),
    ("Ellipsis", "value"),
    ("NotImplemented", "value"),
    ("(x for x in ())", "value"),
    ("lambda: 0", "value"),
    ("__import__('collections').OrderedDict()", "value"),
    ("{}.keys()", "value"),
    ("ValueError('x')", "value"),
])
def test_other_types_name_the_path(host, expression, path):
    """From the guest and to the guest."""
    host(f"""
        error = raises(TypeError, restrict.run, {expression!r})
        assert str(error).startswith({path!r} + ": a '"), error
        value = eval({expression!r})
        error = raises(TypeError, restrict.run, "1", inputs={{"value": value}})
        assert str(error).startswith("inputs['value']" + {path[5:]!r} + ": a")
        with Interpreter() as guest:
            error = raises(TypeError, guest.call, "f", 0, k=value)
            assert str(error).startswith("kwargs['k']" + {path[5:]!r}), error
    """)


HOSTILE = """
calls = []
class Evil:
    def __getattribute__(self, name): calls.append(name); raise ValueError
    def __reduce_ex__(self, n): calls.append("reduce")
    def __eq__(self, other): calls.append("eq"); return True
    def __hash__(self): return 1
    def __repr__(self): calls.append("repr"); return "Evil"
    def __iter__(self): calls.append("iter"); return iter([])
    def __len__(self): calls.append("len"); return 0
    def __bool__(self): calls.append("bool"); return True
    __index__ = __int__ = __float__ = __str__ = __bytes__ = __len__
class EvilList(list, Evil): pass
class EvilDict(dict, Evil): pass
class EvilStr(str, Evil): pass
class Meta(type):
    def __instancecheck__(cls, other): calls.append("isinstance")
    def __subclasscheck__(cls, other): calls.append("issubclass")
    @property
    def __name__(cls): calls.append("name"); return "x"
class EvilMeta(list, metaclass=Meta): pass
values = [Evil(), [Evil()], {"a": EvilList([1])}, EvilDict(a=1), EvilStr("x"),
          {EvilStr("x"): 1}, {1: Evil()}, {Evil()}, (EvilMeta(),)]
def value(i): return values[i]
"""


def test_no_code_of_the_guest_runs_while_copying(host):
    host(f"""
        with Interpreter() as guest:
            guest.exec({HOSTILE!r})
            for i in range(guest.eval("len(values)")):
                guest.exec("calls.clear()")
                raises(TypeError, guest.call, "value", i)
                assert guest.eval("[str(c) for c in calls]") == []
    """)


def test_class_names_do_not_reach_the_host_as_objects(host):
    host("""
        error = raises(TypeError, restrict.run,
                       "type('x\\\\n' * 1000, (), {})()")
        assert type(str(error)) is str and len(str(error)) < 1000
    """)


# --- Deep and large ---------------------------------------------------------

@pytest.mark.parametrize("wrap, unwrap", [
    ("[x]", "x[0]"), ("(x,)", "x[0]"), ("{'k': x}", "x['k']"),
    ("[1, (x, 2)]", "x[1][0]"),
])
def test_deep_values(host, wrap, unwrap):
    host(f"""
        depth = 200_000
        x = 5
        for i in range(depth): x = {wrap}
        with Interpreter() as guest:
            guest.exec("def same(x): return x")
            y = guest.call("same", x)
        for i in range(depth): x, y = {unwrap}, {unwrap.replace("x", "y", 1)}
        assert x == y == 5
    """)


def test_deep_value_with_a_bad_end(host):
    host("""
        error = raises(TypeError, restrict.run,
                       "x = len\\nfor i in range(100000): x = [x]\\nx")
        assert len(str(error)) < 500 and "..." in str(error)
    """)


@pytest.mark.parametrize("make, depth", [
    ("x = (x,)", 100_000), ("x = (1, frozenset({x}))", 100_000),
    ("x = (x, x)", 20),
])
def test_deep_keys(host, make, depth):
    """Hashing is recursion in C: the host must not have to do it."""
    host(f"""
        source = "x = ()\\nfor i in range(n): {make}\\n[x, {{{{x: 1}}}}]"
        restrict.run(source, inputs={{{{"n": 10}}}})
        try:
            restrict.run(source, inputs={{{{"n": {depth}}}}})
        except (TypeError, GuestError, LimitExceeded):
            pass
    """.replace("{{", "{").replace("}}", "}"))


def test_keys_too_deep_say_so(host):
    host("""
        x = ()
        for i in range(1000): x = (x,)
        error = raises(GuestError, restrict.run, "1", inputs={"d": {x: 1}})
        assert error.type_name == "TypeError" and "deep" in error.message
    """)


def test_copies_of_an_expensive_dict_meet_the_limits(host):
    """One key that is slow to hash, in many dicts that share its hash: the
    guest pays for one, and the host does not pay for all."""
    host("""
        import time
        start = time.monotonic()
        try:
            restrict.run(dedent('''
                t = (1,)
                for i in range(18): t = (t, t)
                d = {t: 1}
                [d.copy() for i in range(100_000)]
            '''), Policy(wall=3.0, cpu=None))
        except (LimitExceeded, TypeError):
            pass
        assert time.monotonic() - start < 60
    """)


def test_memory_is_charged_to_each_side(host):
    host("""
        with Interpreter(Policy(memory="64MiB")) as guest:
            guest.exec("def size(x): return len(x)")
            error = raises((LimitExceeded, GuestError), guest.call, "size",
                           list(range(5_000_000)))
            assert getattr(error, "limit", "memory") == "memory"
        with Interpreter(Policy(memory="64MiB")) as guest:
            error = raises((LimitExceeded, GuestError), guest.run, "1",
                           inputs={"x": "x" * 100_000_000})
        assert len(restrict.run("'x' * 30_000_000",
                                Policy(memory="64MiB")).value) == 30_000_000
    """)


def test_no_memory_at_any_point(host):
    """The host runs out of memory at each allocation in turn."""
    done = host("""
        try:
            import _testcapi
        except ImportError:
            raise SystemExit(77)
        value = {"a": [1.5, "text" * 20, {1, 2}, (1, 10**50)], "b": {}}
        value["b"]["a"] = value
        with Interpreter() as guest:
            guest.exec("def same(x): return x")
            for n in range(0, 400):
                _testcapi.set_nomemory(n, n + 1)
                try:
                    guest.call("same", value)
                except (MemoryError, LimitExceeded, GuestError):
                    pass
                finally:
                    _testcapi.remove_mem_hooks()
                if guest.closed or guest._stopped:
                    break
    """, check=False)
    assert done.returncode in (0, 77), done.stderr


# --- Random values ----------------------------------------------------------

def test_random_graphs(host):
    """Graphs of containers, with sharing and cycles, come back the same
    shape: checked by pickle, which also keeps identity."""
    host("""
        import pickle, random

        def graph(rng):
            pool = [None, True, 7, -10**20, 1.25, "s", "\\u20ac", b"b", 2j]
            open = []
            for i in range(rng.randrange(1, 60)):
                kind = rng.choice([list, dict, tuple, set, frozenset])
                items = [rng.choice(pool) for k in range(rng.randrange(5))]
                if kind in (set, frozenset, dict):
                    hashable = []
                    for item in items:
                        try: hash(item)
                        except TypeError: continue
                        hashable.append(item)
                if kind is dict:
                    new = {key: rng.choice(pool) for key in hashable}
                else:
                    new = kind(items if kind in (list, tuple) else hashable)
                pool.append(new)
                if kind in (list, dict):
                    open.append(new)
            for new in open:
                if type(new) is list: new.append(rng.choice(pool))
                else: new["loop"] = rng.choice(pool)
            return pool

        def shape(value, seen):
            if type(value) not in (list, dict, tuple, set, frozenset):
                return (type(value).__name__, repr(value))
            if id(value) in seen:
                return seen[id(value)]
            seen[id(value)] = n = len(seen)
            if type(value) is dict:
                return ("dict", n, [(shape(k, seen), shape(v, seen))
                                    for k, v in value.items()])
            if type(value) in (set, frozenset):
                return (type(value).__name__, n, hash(frozenset(value)))
            return (type(value).__name__, n, [shape(v, seen) for v in value])

        with Interpreter(Policy(cpu=None, wall=None)) as guest:
            guest.exec("def same(x): return x")
            for seed in range(300):
                value = graph(random.Random(seed))
                copy = guest.call("same", value)
                a, b = shape(value, {}), shape(copy, {})
                assert a == b, seed
    """)


@pytest.mark.slow
@pytest.mark.parametrize("make", [
    "list(range(10_000_000))",
    "[i / 7 for i in range(10_000_000)]",
    "[(i, str(i)) for i in range(3_333_333)]",
    "{i: -i for i in range(5_000_000)}",
])
def test_ten_million_elements(host, make):
    """There and back, with nothing left behind; too many for the guest's
    memory are the guest's MemoryError."""
    host(f"""
        value = {make}
        with Interpreter(Policy(memory=None, cpu=None, wall=None)) as guest:
            guest.exec("def same(x): return x")
            assert guest.call("same", value) == value
            assert guest.eval("1") == 1
            assert guest.usage.memory < 64 * 2**20, guest.usage
        with Interpreter(Policy(memory="64MiB", cpu=None, wall=None)) as guest:
            guest.exec("def same(x): return x")
            exc = raises((LimitExceeded, GuestError), guest.call, "same",
                         value)
            assert "emory" in str(exc), exc
    """)


@pytest.mark.skipif("RESTRICT_TIMINGS" not in os.environ,
                    reason="a timing: RESTRICT_TIMINGS=1, a quiet machine")
def test_ten_million_elements_in_a_tenth_of_deepcopy(host):
    """Processor time of both walks, with half the promise as the bound."""
    host("""
        import copy, time
        value = [[i, i + 0.5, str(i)] for i in range(250_000)]
        start = time.process_time()
        copy.deepcopy(value)
        deep = time.process_time() - start
        with Interpreter(Policy(memory="1GiB", cpu=None, wall=None)) as guest:
            guest.exec("def size(x): return len(x)")
            start = time.process_time()
            assert guest.call("size", value) == len(value)
            assert time.process_time() - start < deep / 5
    """)
