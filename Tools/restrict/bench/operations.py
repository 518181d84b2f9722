"""The operations that micro.py counts, and what they run in.

Each is a name, statements that go before, and the statement that is counted.
They run as they are in a trusted interpreter and in a guest, which has a
folder FOLDER to read and write, and sockets of its own on loopback.
"""

# As source: a guest has its own modules.
PRELUDE = """
from itertools import repeat
import {modules}

def connect():
    listener = socket.create_server(("127.0.0.1", 0))
    a = socket.create_connection(listener.getsockname())
    b, _ = listener.accept()
    a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    b.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return a, b

def datagrams():
    a = socket.socket(type=socket.SOCK_DGRAM)
    b = socket.socket(type=socket.SOCK_DGRAM)
    a.bind(("127.0.0.1", 0))
    b.bind(("127.0.0.1", 0))
    return a, b

consume = collections.deque(maxlen=0).extend
numbers = [*range(1000, 1100)]
one = [1]
""".format(modules=", ".join((
    "array", "bisect", "collections", "copy", "csv", "dataclasses",
    "datetime", "decimal", "enum", "functools", "hashlib", "heapq", "io",
    "itertools", "json", "math", "operator", "os", "pickle", "random", "re",
    "select", "selectors", "socket", "struct", "time", "weakref", "zlib")))

OPERATIONS = (
    # --- Iterators, consumed by C code: 100 items each -----------------------
    ("list iterator", "", "consume(numbers)"),
    ("tuple iterator", "t = tuple(numbers)", "consume(t)"),
    ("range", "", "consume(range(100))"),
    ("long range", "r = range(1 << 70, (1 << 70) + 100)", "consume(r)"),
    ("reversed", "", "consume(reversed(numbers))"),
    ("enumerate", "", "consume(enumerate(numbers))"),
    ("zip", "", "consume(zip(numbers, numbers))"),
    ("map", "", "consume(map(abs, numbers))"),
    ("filter", "", "consume(filter(None, numbers))"),
    ("iter(callable, sentinel)", "f = itertools.cycle(numbers).__next__",
     "consume(iter(f, 1099))"),
    ("iter(sequence)", "class S:\n"
     "    def __getitem__(self, i):\n"
     "        if i == 100:\n"
     "            raise IndexError\n"
     "        return i\n"
     "s = S()", "consume(iter(s))"),
    ("iterator of a class", "class I:\n"
     "    def __init__(self):\n"
     "        self.i = 0\n"
     "    def __iter__(self):\n"
     "        return self\n"
     "    def __next__(self):\n"
     "        if self.i == 100:\n"
     "            raise StopIteration\n"
     "        self.i += 1\n"
     "        return self.i", "consume(I())"),
    ("generator", "def g():\n"
     "    yield from numbers", "consume(g())"),
    ("dict", "d = dict.fromkeys(numbers)", "consume(d)"),
    ("dict.items()", "d = dict.fromkeys(numbers)", "consume(d.items())"),
    ("dict.values()", "d = dict.fromkeys(numbers)", "consume(d.values())"),
    ("set", "s = set(numbers)", "consume(s)"),
    ("str iterator", "s = 'x' * 100", "consume(s)"),
    ("bytes iterator", "s = b'x' * 100", "consume(s)"),
    ("next()", "", "i = iter(numbers)\nnext(i); next(i); next(i); next(i)"),
    ("for over a list", "", "for i in numbers: pass"),
    ("for over a range", "", "for i in range(100): pass"),
    ("for over dict.items()", "d = dict.fromkeys(numbers)",
     "for k, v in d.items(): pass"),
    ("for over enumerate()", "", "for i, x in enumerate(numbers): pass"),
    ("for over zip()", "", "for x, y in zip(numbers, numbers): pass"),
    ("sum()", "", "sum(numbers)"),
    ("any()", "f = [False] * 100", "any(f)"),
    ("max()", "", "max(numbers)"),
    ("sorted()", "r = numbers[::-1]", "sorted(r)"),
    ("sorted(key=)", "", "sorted(numbers, key=abs)"),
    ("list.count()", "", "numbers.count(1000)"),
    ("list.index()", "", "numbers.index(1099)"),
    # --- itertools -----------------------------------------------------------
    ("accumulate", "", "consume(itertools.accumulate(numbers))"),
    ("batched", "", "consume(itertools.batched(numbers, 5))"),
    ("chain", "", "consume(itertools.chain(numbers, numbers))"),
    ("chain.from_iterable", "l = [numbers] * 3",
     "consume(itertools.chain.from_iterable(l))"),
    ("chain, short ones", "l = [()] * 100",
     "consume(itertools.chain.from_iterable(l))"),
    ("combinations", "", "consume(itertools.combinations(range(9), 3))"),
    ("combinations_with_replacement", "",
     "consume(itertools.combinations_with_replacement(range(8), 3))"),
    ("compress", "", "consume(itertools.compress(numbers, numbers))"),
    ("count", "", "consume(zip(numbers, itertools.count()))"),
    ("cycle", "", "consume(zip(numbers, itertools.cycle((1, 2, 3))))"),
    ("dropwhile", "f = (1050).__gt__",
     "consume(itertools.dropwhile(f, numbers))"),
    ("filterfalse", "f = (1050).__gt__",
     "consume(itertools.filterfalse(f, numbers))"),
    ("groupby", "", "consume(itertools.groupby(numbers))"),
    ("islice", "", "consume(itertools.islice(numbers, 100))"),
    ("pairwise", "", "consume(itertools.pairwise(numbers))"),
    ("permutations", "", "consume(itertools.permutations(range(5)))"),
    ("product", "", "consume(itertools.product(range(10), range(10)))"),
    ("repeat", "", "consume(itertools.repeat(None, 100))"),
    ("starmap", "p = [(2, 3)] * 100", "consume(itertools.starmap(pow, p))"),
    ("takewhile", "f = (5000).__gt__",
     "consume(itertools.takewhile(f, numbers))"),
    ("tee", "", "a, b = itertools.tee(numbers)\nconsume(a)\nconsume(b)"),
    ("zip_longest", "",
     "consume(itertools.zip_longest(numbers, numbers[:90]))"),
    # --- Calls ---------------------------------------------------------------
    ("call of a function", "def f(): pass", "f()"),
    ("call of a function, keywords", "def f(a, b=1): pass", "f(1, b=2)"),
    ("call of a method", "class C:\n    def f(self): pass\nc = C()", "c.f()"),
    ("call of a builtin", "", "abs(1)"),
    ("call of a C method", "l = []", "l.append(1); l.pop()"),
    ("call with *args", "", "abs(*one)"),
    ("call of a class", "class C: pass", "C()"),
    ("call of a class, __init__",
     "class C:\n    def __init__(self, a): self.a = a", "C(1)"),
    ("call of __call__",
     "class C:\n    def __call__(self): pass\nc = C()", "c()"),
    ("partial", "f = functools.partial(abs, -1)", "f()"),
    ("partial, keywords", "f = functools.partial(int, base=2)", "f('1')"),
    ("lru_cache", "f = functools.lru_cache(abs)", "f(1)"),
    ("reduce()", "", "functools.reduce(operator.add, numbers)"),
    ("map of a function", "def f(x): return x", "consume(map(f, numbers))"),
    ("super().method()", "class A:\n    def f(self): pass\n"
     "class B(A):\n    def f(self): super().f()\nb = B()", "b.f()"),
    ("super(), two arguments", "class A:\n    def f(self): pass\n"
     "class B(A): pass\nb = B()", "super(B, b).f()"),
    ("isinstance()", "", "isinstance(1, int)"),
    ("isinstance() with a tuple", "", "isinstance(1, (str, int))"),
    ("isinstance() with an ABC",
     "import collections.abc as a", "isinstance(one, a.Sized)"),
    ("yield", "def f():\n    while True: yield\ng = f()", "next(g)"),
    ("generator.send()", "def f():\n    while True: yield\n"
     "g = f()\nnext(g)", "g.send(None)"),
    ("generator, made and closed", "def f():\n    yield",
     "g = f()\nnext(g)\ng.close()"),
    ("await", "async def a(): pass\nasync def f(): await a()",
     "try: f().send(None)\nexcept StopIteration: pass"),
    # --- Exceptions ----------------------------------------------------------
    ("raise and except", "", "try: raise ValueError\nexcept ValueError: pass"),
    ("raise from a function", "def f(): raise ValueError(1)",
     "try: f()\nexcept ValueError: pass"),
    ("raise through 5 functions", "def f(n):\n    if not n: raise ValueError\n"
     "    f(n - 1)", "try: f(5)\nexcept ValueError: pass"),
    ("KeyError of a dict", "d = {}", "try: d[1]\nexcept KeyError: pass"),
    ("AttributeError", "", "try: one.x\nexcept AttributeError: pass"),
    ("getattr() with a default", "", "getattr(one, 'x', 0)"),
    ("try without one", "", "try: one\nfinally: one"),
    ("raise from", "", "try:\n    try: 1 / 0\n"
     "    except Exception as e: raise ValueError from e\n"
     "except ValueError: pass"),
    ("with", "class C:\n    def __enter__(self): pass\n"
     "    def __exit__(self, *a): pass\nc = C()", "with c: pass"),
    ("StopIteration of next()", "i = iter(())",
     "try: next(i)\nexcept StopIteration: pass"),
    # --- Attributes ----------------------------------------------------------
    ("attribute", "class C: a = 1\nc = C()\nc.b = 1", "c.b"),
    ("attribute of the class", "class C: a = 1\nc = C()", "c.a"),
    ("set an attribute", "class C: pass\nc = C()", "c.b = 1"),
    ("__slots__", "class C: __slots__ = ('a',)\nc = C()", "c.a = 1; c.a"),
    ("property", "class C:\n    @property\n    def a(self): return 1\nc = C()",
     "c.a"),
    ("getset", "i = 5", "i.numerator"),
    ("getset, getattr()", "i = 5", "getattr(i, 'real')"),
    ("getset of a file", "f = io.StringIO()", "f.closed"),
    ("member", "s = slice(1)", "s.stop"),
    ("set a getset", "def f(): pass", "f.__defaults__ = None"),
    ("bound method", "class C:\n    def f(self): pass\nc = C()", "c.f"),
    ("bound C method", "", "numbers.append"),
    ("getattr() of a method", "", "getattr(numbers, 'append')"),
    ("module attribute", "", "math.pi"),
    ("setattr()", "class C: pass\nc = C()", "setattr(c, 'a', 1)"),
    ("set an attribute of a class", "class C: pass", "C.a = 1"),
    ("hasattr()", "", "hasattr(numbers, 'x')"),
    ("attrgetter", "f = operator.attrgetter('real')", "f(5)"),
    ("itemgetter", "f = operator.itemgetter(1)", "f(numbers)"),
    ("methodcaller", "f = operator.methodcaller('upper')", "f('x')"),
    ("def", "", "def f(): pass"),
    ("lambda with a closure", "def f(a): return lambda: a", "f(1)"),
    ("class", "", "class C: pass"),
    # --- Comparing, arithmetic -----------------------------------------------
    ("int == int", "", "1 == 2"),
    ("int < int, by operator", "f = operator.lt", "f(1, 2)"),
    ("str == str", "s = 'abc'\nt = 'abd'", "s == t"),
    ("tuple == tuple", "t = (1, 2, 3)\nu = (1, 2, 4)", "t == u"),
    ("list == list", "l = [*numbers]", "l == numbers"),
    ("dict == dict", "d = dict.fromkeys(numbers)\ne = dict(d)", "d == e"),
    ("__eq__", "class C:\n    def __eq__(self, o): return True\nc = C()",
     "c == 1"),
    ("__lt__ in sorted()", "class C:\n    def __lt__(self, o): return True\n"
     "l = [C() for _ in range(10)]", "sorted(l)"),
    ("in a list", "", "1050 in numbers"),
    ("in a set", "s = set(numbers)", "1050 in s"),
    ("hash of a tuple", "t = (1, 2, 3)", "hash(t)"),
    ("int + int", "", "i = 1000\ni + i"),
    ("big integers", "i = 1 << 500", "i * i % (i + 1)"),
    ("float", "x = 1.5", "x * x + x"),
    ("__add__", "class C:\n    def __add__(self, o): return 1\nc = C()",
     "c + 1"),
    ("Decimal", "d = decimal.Decimal('1.1')", "d * d"),
    # --- Containers ----------------------------------------------------------
    ("list display", "", "[1, one, 3]"),
    ("list comprehension", "", "[x for x in numbers]"),
    ("dict comprehension", "", "{x: x for x in numbers}"),
    ("list.append()", "", "l = []\nfor i in numbers: l.append(i)"),
    ("dict[key]", "d = {'a': 1}", "d['a']"),
    ("dict[tuple]", "d = {(1, 2): 1}\nt = (1, 2)", "d[t]"),
    ("dict.get()", "d = {'a': 1}", "d.get('b')"),
    ("dict[key] = value", "d = {}", "d['a'] = 1"),
    ("dict[instance]", "class C: pass\nc = C()\nd = {c: 1}", "d[c]"),
    ("dict.update()", "d = {'a': 1}\ne = {}", "e.update(d)"),
    ("set |", "s = set(numbers)", "s | s"),
    ("list slice", "", "numbers[10:20]"),
    ("deque", "d = collections.deque()", "d.append(1)\nd.popleft()"),
    ("defaultdict", "", "d = collections.defaultdict(list)\nd[1]"),
    ("Counter", "", "collections.Counter('abcabc')"),
    ("OrderedDict", "d = collections.OrderedDict()", "d['a'] = 1\nd.pop('a')"),
    ("namedtuple", "P = collections.namedtuple('P', 'x y')", "P(1, 2).x"),
    ("heapq", "h = list(range(20))", "heapq.heappushpop(h, 10)"),
    ("bisect", "", "bisect.bisect(numbers, 1050)"),
    ("copy.copy()", "", "copy.copy(numbers)"),
    ("deepcopy", "", "copy.deepcopy({'a': [1, 2]})"),
    # --- Text and bytes ------------------------------------------------------
    ("f-string", "i = 5", "f'{i:05d}-{i}'"),
    ("str % tuple", "", "'%s %d' % ('a', one[0])"),
    ("str.format()", "", "'{} {x}'.format(1, x=2)"),
    ("str.format() of attributes", "c = 5", "'{0.real}'.format(c)"),
    ("str.join()", "l = ['ab'] * 100", "','.join(l)"),
    ("str.split()", "s = 'ab ' * 50", "s.split()"),
    ("str.replace()", "s = 'ab ' * 50", "s.replace('a', 'x')"),
    ("str.upper()", "s = 'ab ' * 50", "s.upper()"),
    ("str.find()", "s = 'ab ' * 50", "s.find('x')"),
    ("str.startswith()", "s = 'ab ' * 50", "s.startswith('ab')"),
    ("str.strip()", "s = ' ab '", "s.strip()"),
    ("str.encode()", "s = 'ab ' * 50", "s.encode()"),
    ("str.encode('latin-1')", "s = 'ab ' * 50", "s.encode('latin-1')"),
    ("bytes.decode()", "s = b'ab ' * 50", "s.decode()"),
    ("bytes.decode('cp1252')", "s = b'ab ' * 50", "s.decode('cp1252')"),
    ("str.translate()", "s = 'ab ' * 50\nt = {97: 'x'}", "s.translate(t)"),
    ("str + str", "s = 'ab'", "s + s"),
    ("str()", "", "str(12345)"),
    ("repr of a list", "", "repr(numbers)"),
    ("int()", "", "int('12345')"),
    ("float()", "", "float('1.5')"),
    ("bytes()", "l = [*range(100)]", "bytes(l)"),
    ("bytes of 4000", "", "bytes(4000)"),
    ("bytearray", "b = bytearray(100)", "b[10:20] = b'0123456789'"),
    ("bytearray.extend()", "l = [*range(100)]",
     "b = bytearray()\nb.extend(l)"),
    ("memoryview", "b = bytes(100)", "memoryview(b)[10:20].tobytes()"),
    ("memoryview.cast()", "b = bytes(96)", "memoryview(b).cast('d').tolist()"),
    # --- Modules -------------------------------------------------------------
    ("struct.pack()", "", "struct.pack('<IHd', 1, 2, 3.0)"),
    ("struct.unpack()", "b = struct.pack('<IHd', 1, 2, 3.0)",
     "struct.unpack('<IHd', b)"),
    ("array", "a = array.array('d', numbers)", "consume(a)"),
    ("re.match()", "p = re.compile(r'(\\w+)-(\\d+)')",
     "p.match('abc-123').groups()"),
    ("re.findall()", "p = re.compile(r'\\d+')\ns = 'ab 12 ' * 20",
     "p.findall(s)"),
    ("re.sub()", "p = re.compile(r'\\d+')\ns = 'ab 12 ' * 20",
     "p.sub('x', s)"),
    ("re.sub() by a function", "p = re.compile(r'\\d+')\ns = 'ab 12 ' * 20\n"
     "f = lambda m: m[0]", "p.sub(f, s)"),
    ("re.compile()", "import re._compiler as c",
     "c.compile(r'(a|b[c-e])+\\d*')"),
    ("json.dumps()", "d = {'a': [1, 2.5, 'x'], 'b': None}", "json.dumps(d)"),
    ("json.loads()", "s = json.dumps({'a': [1, 2.5, 'x'], 'b': None})",
     "json.loads(s)"),
    ("pickle.dumps()", "d = {'a': [1, 2.5, 'x'], 'b': None}",
     "pickle.dumps(d)"),
    ("pickle.loads()", "s = pickle.dumps({'a': [1, 2.5, 'x'], 'b': None})",
     "pickle.loads(s)"),
    ("pickle of an instance", "class C: pass\nC.__module__ = 'copy'\n"
     "copy.C = C\nC.__qualname__ = 'C'\nc = C()\nc.a = 1",
     "pickle.dumps(c)"),
    ("datetime", "d = datetime.datetime(2020, 1, 1)",
     "(d + datetime.timedelta(1)).isoformat()"),
    ("csv", "f = io.StringIO('a,b,c\\n' * 10)",
     "f.seek(0)\nconsume(csv.reader(f))"),
    ("zlib", "b = b'abc' * 100", "zlib.decompress(zlib.compress(b, 1))"),
    ("hashlib", "", "hashlib.sha256(b'abc').digest()"),
    ("random", "r = random.Random(1)", "r.random()"),
    ("StringIO", "", "f = io.StringIO()\nf.write('abc')\nf.getvalue()"),
    ("BytesIO", "", "f = io.BytesIO(b'a\\nb\\n')\nf.readline()"),
    ("TextIOWrapper", "b = b'abc\\n' * 100",
     "consume(io.TextIOWrapper(io.BytesIO(b)))"),
    ("TextIOWrapper.write()", "w = io.TextIOWrapper(io.BytesIO())",
     "w.write('abc\\n')"),
    ("exec()", "c = compile('a = 1', 'x', 'exec')\nd = {}", "exec(c, d)"),
    ("compile()", "",
     "compile('def f(a, b): return [a, b * 2]', 'x', 'exec')"),
    ("import", "", "import math"),
    ("weakref", "class C: pass\nc = C()", "weakref.ref(c)()"),
    ("weakref with a callback", "class C: pass\ndef f(r): pass",
     "c = C()\nr = weakref.ref(c, f)\ndel c"),
    ("dataclass", "@dataclasses.dataclass\nclass C:\n    a: int\n    b: int",
     "C(1, 2) == C(1, 2)"),
    ("enum", "class E(enum.Enum):\n    A = 1\n    B = 2", "E(1); E.B.value"),
    ("time.time()", "", "time.time()"),
    # --- Files ---------------------------------------------------------------
    ("open and close", "p = FOLDER + '/r'", "open(p, 'rb').close()"),
    ("open, read, close", "p = FOLDER + '/r'",
     "with open(p, 'rb') as f: f.read()"),
    ("open as text, read, close", "p = FOLDER + '/r'",
     "with open(p) as f: f.read()"),
    ("read a line", "f = open(FOLDER + '/r')", "f.readline() or f.seek(0)"),
    ("read 10 bytes", "f = open(FOLDER + '/r', 'rb')",
     "f.read(10) or f.seek(0)"),
    ("unbuffered read", "f = open(FOLDER + '/r', 'rb', 0)",
     "f.read(64)\nf.seek(0)"),
    ("unbuffered readinto", "f = open(FOLDER + '/r', 'rb', 0)\n"
     "b = bytearray(64)", "f.readinto(b)\nf.seek(0)"),
    ("unbuffered write", "f = open(FOLDER + '/w', 'wb', 0)",
     "f.write(b'0123456789')\nf.seek(0)"),
    ("write and flush", "f = open(FOLDER + '/w', 'w')",
     "f.write('0123456789\\n')\nf.flush()"),
    ("os.path.exists()", "p = FOLDER + '/r'", "os.path.exists(p)"),
    ("os.stat()", "p = FOLDER + '/r'", "os.stat(p)"),
    ("os.listdir()", "", "os.listdir(FOLDER)"),
    ("os.scandir()", "", "for e in os.scandir(FOLDER): e.is_file()"),
    ("os.path.join()", "", "os.path.join('a', 'b')"),
    # --- Sockets -------------------------------------------------------------
    ("socket(), close()", "", "socket.socket().close()"),
    ("connect, accept, close", "", "a, b = connect()\na.close()\nb.close()"),
    ("send, recv", "a, b = connect()\nd = bytes(64)",
     "a.send(d)\nb.recv(64)"),
    ("sendall, recv, with a timeout", "a, b = connect()\nd = bytes(64)\n"
     "a.settimeout(9)\nb.settimeout(9)", "a.sendall(d)\nb.recv(64)"),
    ("sendall, recv_into", "a, b = connect()\nd = bytearray(64)",
     "a.sendall(d)\nb.recv_into(d)"),
    ("sendall, recv, 4 KiB", "a, b = connect()\nd = bytes(4096)",
     "a.sendall(d)\nb.recv(4096)"),
    ("sendmsg, recvmsg", "a, b = connect()\nd = bytes(64)",
     "a.sendmsg([d])\nb.recvmsg(64)"),
    ("sendto, recvfrom", "a, b = datagrams()\nd = bytes(64)\n"
     "n = b.getsockname()", "a.sendto(d, n)\nb.recvfrom(64)"),
    ("makefile().readline()", "a, b = connect()\nf = b.makefile('rb')",
     "a.send(b'abc\\n')\nf.readline()"),
    ("select.poll()", "a, b = connect()\np = select.poll()\n"
     "p.register(a)", "p.poll(0)"),
    ("select.poll(), 20 sockets", "l = [socket.socket() for _ in range(20)]\n"
     "p = select.poll()\n[p.register(s) for s in l]", "p.poll(0)"),
    ("select.select()", "a, b = connect()\nl = [a, b]",
     "select.select(l, l, l, 0)"),
    ("select.epoll()", "a, b = connect()\np = select.epoll()\n"
     "p.register(a)", "p.poll(0)"),
    ("selectors", "a, b = connect()\np = selectors.DefaultSelector()\n"
     "p.register(a, selectors.EVENT_WRITE)", "p.select(0)"),
    ("settimeout()", "a, b = connect()", "a.settimeout(5)"),
    ("setsockopt()", "a, b = connect()",
     "a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)"),
    ("getsockname()", "a, b = connect()", "a.getsockname()"),
    ("fileno()", "a, b = connect()", "a.fileno()"),
)

# The first operation of each group.
GROUPS = {
    "list iterator": "iterators",
    "accumulate": "itertools",
    "call of a function": "calls",
    "raise and except": "exceptions",
    "attribute": "attributes",
    "int == int": "comparing, arithmetic",
    "list display": "containers",
    "f-string": "text and bytes",
    "struct.pack()": "modules",
    "open and close": "files",
    "socket(), close()": "sockets",
}
