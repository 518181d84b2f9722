"""What goes in and out: proxy() and plain()."""


def test_proxy_reads(program):
    assert program("""
        import restrict
        class Order:
            def __init__(self): self.amounts = [1, 2]; self._secret = 1
            def total(self, more): return sum(self.amounts) + len(more.amounts)
        order = Order()
        g = {"p": restrict.proxy({"a": [1, {2}], "o": order}),
             "b": restrict.proxy(bytearray(b"xy")), "o": restrict.proxy(order)}
        restrict.guarded_exec('''
        r = [p["a"][0], 2 in p["a"][1], len(p), list(p), p.get("zz"),
             sorted(p.keys()), p["a"] == [1, {2}], b[0], b.hex(),
             o.amounts[1], o.total(o), [x for x in o.amounts], bool(p),
             o == p["o"], dir(o)]
        ''', g, g, restrict.safe_builtins())
        print(g["r"])
        """) == ("[1, True, 2, ['a', 'o'], None, ['a', 'o'], True, 120, "
                 "'7879', 2, 5, [1, 2], True, True, ['amounts', 'total']]\n")


def test_proxy_is_read_only(program):
    assert program("""
        import restrict
        class Order:
            def __init__(self): self.amounts = [1]; self._secret = 1
        order = Order()
        d, l, s, b = {"a": [1]}, [1], {1}, bytearray(b"x")
        names = {"d": d, "l": l, "s": s, "b": b, "o": order}
        attacks = '''d["a"] = 1~del d["a"]~d.update(a=1)~d.pop("a")~d.clear()
        d |= {}~d["a"].append(2)~l.append(1)~l[0] = 2~del l[0]~l.sort()
        s.add(2)~s.discard(1)~b.append(1)~b[0] = 1~o.amounts = 1
        del o.amounts~o._secret
        o.amounts.append(1)~o.__dict__["amounts"] = 1
        dict.update(d, a=1)~list.append(l, 1)~object.__setattr__(o, "x", 1)
        d.items()[0][1].append(1)~l.__iadd__([1])~o.__class__.x = 1
        type(o).__setattr__(o, "x", 1)~object.__getattribute__(o, "amounts")
        o.__reduce_ex__(2)'''.replace("\\n", "~").split("~")
        refused = 0
        for attack in attacks:
            attack = attack.strip()
            g = {k: restrict.proxy(v) for k, v in names.items()}
            try:
                restrict.guarded_exec(attack, g, g, restrict.safe_builtins())
            except (restrict.RestrictedError, AttributeError, TypeError):
                refused += 1
            else:
                print("OPEN", attack)
        print(refused == len(attacks), d, l, s, b, vars(order))
        """) == ("True {'a': [1]} [1] {1} bytearray(b'x') "
                 "{'amounts': [1], '_secret': 1}\n")


def test_proxy_keeps_what_is_behind_it_from_operators(program):
    assert program("""
        import restrict
        l = [[1]]
        g = {"p": restrict.proxy(l), "d": restrict.proxy({1: l}), "loot": []}
        restrict.guarded_exec('''
        class Thief:
            def __eq__(self, other):
                loot.append(other)
                return False
            def __hash__(self): return 1
        for f in (lambda: p == Thief(), lambda: p == [Thief()],
                  lambda: Thief() in p, lambda: p.index(Thief()),
                  lambda: p.count([Thief()]), lambda: d[Thief()],
                  lambda: d.get(Thief()), lambda: Thief() == p[0],
                  lambda: p != {1: Thief()}):
            try:
                f()
            except TypeError:
                pass
        ''', g, g, restrict.safe_builtins())
        print([x for x in g["loot"] if type(x) in (list, dict)])
        """) == "[]\n"


def test_proxied_function(program):
    assert program("""
        import restrict
        seen = []
        def keep(x, *, y): seen.append((x, y)); return [x]
        data = {"k": 1}
        g = {"keep": restrict.proxy(keep), "data": restrict.proxy(data)}
        restrict.guarded_exec("r = keep(data, y=data)", g, g,
                              restrict.safe_builtins())
        print(seen[0][0] is data, seen[0][1] is data, type(g["r"]).__name__,
              restrict.plain(g["r"]) is not data)
        """) == "True True Proxy True\n"


def test_plain_copies_exact_data(program):
    assert program("""
        import restrict
        a = [1, "x", b"y", 2.5, 1j, None, True, (1, [2]), {3}, frozenset({4}),
             {"k": (1,)}, bytearray(b"z")]
        a.append(a)
        b = restrict.plain(a)
        print(b[:-1] == a[:-1], b is not a, b[-1] is b, b[7][1] is not a[7][1])
        """) == "True True True True\n"


def test_plain_refuses_the_rest_and_runs_nothing(program):
    assert program("""
        import restrict
        g = {"log": []}
        restrict.guarded_exec('''
        class M(type):
            def __eq__(cls, other): log.append("eq"); return True
            def __hash__(cls): log.append("hash"); return 1
            def __repr__(cls): log.append("repr"); return ""
        class S(str): pass
        class D(dict):
            def items(self): log.append("items"); return []
        class I(int):
            def __index__(self): log.append("index"); return 1
        class X(metaclass=M):
            def __del__(self): log.append("del")
            def __eq__(self, other): log.append("eq"); return True
            __hash__ = None
        values = [S("a"), D(), I(1), X(), [X()], {"a": S("b")}, X, len]
        ''', g, g, restrict.safe_builtins())
        g["log"].clear()
        for v in g["values"]:
            try:
                print(restrict.plain(v))
            except TypeError as e:
                pass
            else:
                print("OPEN")
        print(g["log"])
        """) == "[]\n"
