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
        """) == ("[1, True, 2, ['a', 'o'], None, ['a', 'o'], True, 120,"
                 " '7879', 2, 5, [1, 2], True, True, ['amounts', 'total']]\n")


def test_proxy_is_read_only(program):
    assert program("""
        import restrict
        class Order:
            def __init__(self): self.amounts = [1]; self._secret = 1
        order = Order()
        d, l, s, b = {"a": [1]}, [1], {1}, bytearray(b"x")
        names = {"d": d, "l": l, "s": s, "b": b, "o": order}
        attacks = '''d["a"] = 1~del d["a"]~d.update(a=1)~d.pop("a")~d.clear()
        d |= {}~d["a"].append(2)~l.append(1)~l[0] = 2~del l[0]
        l.sort()~s.add(2)~s.discard(1)~b.append(1)~b[0] = 1~o.amounts = 1
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


def test_callbacks_see_proxies(program):
    assert program("""
        import restrict
        class Orders:
            def __init__(self):
                self.items, self.listeners = [[1], [2]], []
            def each(self, function, *, also=None):
                for item in self.items:
                    function(item)
                if also:
                    also(item=self.items)
            def first(self, test):
                return [test(item) is item for item in self.items]
            def subscribe(self, function): self.listeners.append(function)
            def unsubscribe(self, function): self.listeners.remove(function)
            def fire(self): return [f(self.items) for f in self.listeners]
            def back(self): return self.listeners[0]
        orders = Orders()
        g = {"orders": restrict.proxy(orders), "r": [], "append": list.append,
             "raw": orders}
        restrict.guarded_exec('''
        class Caller:
            def __call__(self, item): r.append(type(item).__name__)
            def method(self, item): r.append(type(item).__name__)
        def try_to_change(item):
            try:
                item.append(9)
            except AttributeError:
                r.append("refused")
        def by_name(item): r.append(len(item))
        orders.each(try_to_change)
        orders.each(Caller())
        orders.each(Caller().method)
        orders.each(lambda item: None, also=by_name)
        try:
            orders.each(list.clear)
        except TypeError:
            r.append("not a list")
        r.append(orders.first(lambda item: item)[0])
        def listen(items): return items
        orders.subscribe(listen)
        r.append(orders.back() is listen)
        orders.fire()
        orders.unsubscribe(listen)
        ''', g, g, restrict.safe_builtins())
        print(g["r"], orders.items, orders.listeners)
        """) == ("['refused', 'refused', 'Proxy', 'Proxy', 'Proxy', 'Proxy',"
                 " 2, 'not a list', True, True] [[1], [2]] []\n")


def test_what_the_guest_made_never_gets_what_is_behind_a_proxy(program):
    """A method of the host's that calls the guest back returns what the guest
    gave: called, compared or looked into, it is given proxies."""
    assert program("""
        import restrict
        class Order:
            def __init__(self): self.items = [1]; self._secret = 2
            def map(self, f): return [f(x) for x in self.items]
        order = Order()
        attacks = '''o.map(lambda x: setattr)[0](o, "items", ["hacked"])
        loot.append(o.map(lambda x: getattr)[0](o, "_secret"))
        o.map(lambda x: object.__setattr__)[0](o, "items", 1)
        loot.append(o.map(lambda x: object.__getattribute__)[0](o, "items"))
        o.map(lambda x: list.append)[0](o.items, 2)
        loot.append(o.map(lambda x: vars)[0](o))
        o.map(lambda x: Take)[0](o)
        o.map(lambda x: Take(0))[0](o)
        o.map(lambda x: Take(0))[0].m(o)
        o.map(lambda x: Take(0))[0] == o
        o.map(lambda x: Take(0))[0] < o
        o.map(lambda x: Take(0))[0][o]
        o in o.map(lambda x: Take(0))[0]
        o.map(lambda x: [Take(0)])[0] == [o]
        [o] == o.map(lambda x: [Take(0)])[0]
        o.map(lambda x: [setattr])[0][0](o, "items", 3)'''.splitlines()
        made = '''
        class Take:
            def __init__(self, x): self.see(x); self.m = self.see
            def see(self, x):
                try: x._secret = 3
                except (AttributeError, TypeError): pass
                return True
            __call__ = __eq__ = __lt__ = __getitem__ = __contains__ = see
        '''
        for attack in attacks:
            names = {"o": restrict.proxy(order), "loot": []}
            builtins = restrict.safe_builtins()
            restrict.guarded_exec(made, names, names, builtins)
            try:
                restrict.guarded_exec(attack.strip(), names, names, builtins)
            except (restrict.RestrictedError, AttributeError, TypeError):
                pass
            if vars(order) != {"items": [1], "_secret": 2}:
                print("CHANGED", attack, vars(order))
            for thing in names["loot"]:
                if thing == 2 or thing is order.items:
                    print("GOT", attack, thing)
        print("done")
        """) == "done\n"


def test_attributes_of_a_hosts_class_are_not_set(program):
    assert program("""
        import restrict
        class Service: pass
        for name in ("__doc__", "__name__", "__qualname__", "__module__",
                     "__type_params__"):
            names = {"Service": Service, "done": []}
            try:
                restrict.guarded_exec(f'''
        class M(type): pass
        class Own: pass
        value = () if {name!r} == "__type_params__" else "own"
        super(M, M).{name}.__set__(Own, value)
        done.append(getattr(Own, {name!r}))
        super(M, M).{name}.__set__(Service, value)
        ''', names, names, restrict.safe_builtins())
            except restrict.RestrictedAttributeError as exc:
                print(name, len(names["done"]))
        """).splitlines() == [f"{name} 1" for name in (
            "__doc__", "__name__", "__qualname__", "__module__",
            "__type_params__")]
