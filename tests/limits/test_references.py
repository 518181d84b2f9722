"""What a guest does again and again leaves no object and no reference.

Every flavour counts blocks.  References, with which one too many to an object
that lives on is seen as well, are counted by a build --with-pydebug.
"""

import subprocess

import pytest

# Each defines f(); what it needs before is done once.
GUEST = {
    "nothing": "def f(): pass",
    "import": "def f():\n    import json, re, zlib",
    "import-refused": "def f():\n"
                      "    try: import subprocess\n"
                      "    except ImportError as e: repr(e), e.name",
    "import-unknown": "def f():\n"
                      "    try: import unknown\n"
                      "    except ImportError as e: repr(e)",
    "import-from": "def f():\n"
                   "    try: from json import unknown\n"
                   "    except ImportError as e: repr(e)",
    "import-again": "import sys\n"
                    "def f():\n"
                    "    import _struct\n"
                    "    del sys.modules['_struct']",
    "attribute": "def g(): yield\n"
                 "def f():\n"
                 "    for name in ('gi_frame', 'gi_code'):\n"
                 "        try: getattr(g(), name)\n"
                 "        except AttributeError as e: repr(e), e.obj, e.name",
    "call": "def f():\n"
            "    try: type.__subclasses__(int)\n"
            "    except (AttributeError, RuntimeError) as e: repr(e)",
    "frame": "import sys\n"
             "def f():\n"
             "    try: 1 / 0\n"
             "    except Exception as e:\n"
             "        try: e.__traceback__.tb_frame.f_back\n"
             "        except AttributeError as e: repr(e)",
    "open-refused": "def f():\n"
                    "    for path in ('/etc/passwd', b'/x', 3):\n"
                    "        try: open(path)\n"
                    "        except OSError as e: repr(e), e.filename",
    "os-refused": "import os\n"
                  "def f():\n"
                  "    for name in ('stat', 'listdir', 'unlink', 'mkdir',\n"
                  "                 'scandir', 'chdir', 'readlink'):\n"
                  "        try: getattr(os, name)('/x')\n"
                  "        except (OSError, AttributeError) as e: repr(e)",
    "files": """
import os
def f():
    with open(folder + '/a', 'w') as file:
        file.write('x' * 10000)
    with open(folder + '/a', 'rb') as file:
        file.seek(2), file.read(5), file.readinto(bytearray(7)), file.tell()
        os.fstat(file.fileno())
    os.stat(folder + '/a'), os.path.exists(folder + '/b')
    os.listdir(folder)
    with os.scandir(folder) as entries:
        [(e.name, e.path, e.is_dir(), e.stat().st_size) for e in entries]
    os.scandir(folder)
    next(os.scandir(folder))
    os.makedirs(folder + '/d/e'), os.rename(folder + '/a', folder + '/d/b')
    list(os.walk(folder))
    os.unlink(folder + '/d/b'), os.removedirs(folder + '/d/e')
    os.makedirs(folder, exist_ok=True)
    for path in ('/none', '/../x', 'none'):
        for call in (open, os.stat, os.listdir, os.unlink, os.rmdir):
            try: call(folder + path)
            except OSError as e: repr(e)
    fd = os.open(folder + '/c', os.O_RDWR | os.O_CREAT)
    os.write(fd, b'abc'), os.lseek(fd, 0, 0), os.read(fd, 2)
    try: os.read(fd + 1, 1)
    except OSError: pass
    os.close(fd)
""",
    "paths": """
import pathlib, tempfile, shutil
def f():
    path = pathlib.Path(folder, 'p')
    path.mkdir(), (path / 'q').write_text('x'), list(path.iterdir())
    (path / 'q').read_bytes(), (path / 'q').resolve()
    shutil.copy(path / 'q', path / 'r'), shutil.rmtree(path)
""",
    "sockets": """
import socket
def f():
    for address in (('127.0.0.1', 9), ('192.0.2.1', 80), ('x', 1), ('', 0)):
        with socket.socket() as s:
            s.settimeout(5)
            try: s.connect(address)
            except OSError as e: repr(e)
    with socket.create_server(('127.0.0.1', 0)) as s:
        name = s.getsockname()
        with socket.create_connection(name) as c:
            peer, _ = s.accept()
            c.sendall(b'abc'), peer.recv(2), c.getpeername()
            c.makefile('rwb'), peer.close()
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        s.sendto(b'x', s.getsockname()), s.recvfrom(10)
    for call in (socket.gethostname, socket.getfqdn, socket.if_nameindex):
        try: call()
        except OSError as e: repr(e)
    try: socket.getaddrinfo('unknown.example', 80)
    except OSError as e: repr(e)
    socket.getaddrinfo('127.0.0.1', 80)
    try: socket.socket(1)
    except OSError as e: repr(e)
""",
    "asyncio": """
import asyncio
async def main():
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0.001))
    async def echo(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    reader, writer = await asyncio.open_connection(
        *server.sockets[0].getsockname())
    writer.write(b'x\\n')
    await reader.readline()
    writer.close()
    server.close()
    await server.wait_closed()
def f(): asyncio.run(main())
""",
    "streams": """
import sys
def f():
    print('x'), print('y', file=sys.stderr), sys.stdout.buffer.write(b'z')
    sys.stdin.read(), sys.stdin.readline(), list(sys.stdin)
    sys.stdin.buffer.read(), sys.stdin.buffer.readinto(bytearray(3))
    try: input()
    except EOFError: pass
    for call in (sys.stdout.read, sys.stdin.fileno, sys.stdout.seek):
        try: call()
        except (OSError, ValueError, TypeError): pass
    sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.buffer
    repr(sys.stdin)
    sys.stdout.flush(), sys.stdout.writelines(['a'])
""",
    "functions": """
def f():
    twice(2), twice([1, {'a': (2, 3.5)}]), twice(x='a' * 1000)
    for bad in (object(), [len], lambda: 1):
        try: twice(bad)
        except TypeError as e: repr(e)
    for kind in ('ValueError', 'KeyError', 'OSError', 'Own', 'object'):
        try: fail(kind)
        except Exception as e: repr(e), e.__traceback__
    try: twice(1, 2, 3)
    except TypeError: pass
    repr(twice), twice.__name__, twice.__doc__, hash(twice), tools.again(1)
import tools
""",
    "nested": "n = 0\n"
              "def f():\n"
              "    global n\n"
              "    n += 1\n"
              "    if n % 5: again()",
    "compile": "def f():\n"
               "    exec(compile('def g(): return [x for x in (1, 2)]', 'a',"
               " 'exec'))\n"
               "    eval('1 + 1')\n"
               "    for bad in ('(', 'def', 'x = \\0', '1 = 2', '\\udc80'):\n"
               "        try: compile(bad, '/etc/passwd', 'exec')\n"
               "        except (SyntaxError, ValueError) as e: repr(e)",
    "libraries": """
import bz2, hashlib, lzma, struct, zlib
def f():
    for module in bz2, lzma, zlib:
        module.decompress(module.compress(b'a' * 5000))
        try: module.decompress(b'no')
        except Exception as e: repr(e)
    d = zlib.decompressobj(); d.decompress(zlib.compress(b'x' * 999), 10)
    d.copy(), lzma.LZMACompressor(), bz2.BZ2Compressor()
    h = hashlib.sha256(b'x'); h.copy().update(b'y'), h.hexdigest()
    struct.Struct('<i').pack(1), struct.unpack('>d', b'12345678')
""",
    "json": "import json\n"
            "def f():\n"
            "    json.loads(json.dumps({'a': [1, 2.5, None, 'x']}))\n"
            "    for call, bad in ((json.loads, '['), (json.dumps, {f}),\n"
            "                      (json.loads, '{\"a\"')):\n"
            "        try: call(bad)\n"
            "        except Exception as e: repr(e)",
    "iterators": """
import functools, heapq, itertools, operator, re, collections
class E:
    def __eq__(self, other): return NotImplemented
    def __lt__(self, other): return id(self) < id(other)
    def __hash__(self): return 1
def f():
    list(itertools.islice(itertools.count(), 5)), list(map(E, []))
    list(itertools.product('ab', repeat=2)), list(itertools.tee([1])[0])
    sorted([E() for i in range(9)]), {E(), E()}, heapq.nsmallest(2, [E(), E()])
    functools.lru_cache(lambda x: x)(1), functools.partial(f)
    a = collections.OrderedDict(x=1); a.move_to_end('x'); a.popitem()
    d = collections.deque([1, 2]); d.rotate(), list(d), d.remove(1)
    re.sub('(a)(b)?', r'\\1', 'ab' * 9), operator.attrgetter('__class__')(1)
    m = memoryview(bytearray(9)); m[1:3].cast('b'), m.tolist(), m.release()
""",
    "formats": "class E: pass\n"
               "def f():\n"
               "    '{0.__class__} {1:>9}'.format(1, 2), '%s %r' % (1, E)\n"
               "    f'{E()!r:>50}', format(1.5, '>9.2f'), ascii('\xe9')\n"
               "    for bad in '{0.gi_frame}', '{', '{:q}':\n"
               "        try: bad.format(1)\n"
               "        except Exception as e: repr(e)",
    "weak": """
import gc, weakref
class C:
    def __del__(self): self.x = 1
def f():
    c = C(); c.me = c
    r = weakref.ref(c, print); weakref.finalize(c, len, 'a')
    d = weakref.WeakValueDictionary(a=c)
    del c; gc.collect()
""",
    "enum": "import enum, dataclasses, typing, collections\n"
            "def f():\n"
            "    class E(enum.Enum): A = 1\n"
            "    @dataclasses.dataclass\n"
            "    class D: x: int\n"
            "    collections.namedtuple('N', 'a b')(1, 2), E.A, D(1)",
    "restrict": "import restrict\n"
                "def f():\n"
                "    for name in restrict.__all__ if hasattr(restrict,"
                " '__all__') else ['RestrictedError']:\n"
                "        repr(getattr(restrict, name))",
}
# At first, caches fill.
SETTLE, CALLS = 500, 60

PROGRAM = """
import gc, sys
import restrict

folder, source = sys.argv[1:3]
class Own(LookupError): pass
def twice(x=1): return [x, x]
def fail(kind): raise {"Own": Own, "object": object}.get(
    kind, getattr(__builtins__, kind, Own))(kind)
def again(): guest.call("f")

policy = restrict.Policy(
    directories={folder: "rw"}, addresses=[("127.0.0.0/8", 0)], cpu=None,
    wall=None, output=None)
count = getattr(sys, "gettotalrefcount", int)
def counts():
    guest.exec("import gc; gc.collect()")
    gc.collect()
    return sys.getallocatedblocks(), count()

with restrict.Interpreter(
        policy, functions={"twice": twice, "fail": fail, "again": again},
        modules_from_host={"tools": {"again": twice}}) as guest:
    guest.run(source, inputs={"folder": folder})
    def work(n):
        for i in range(n):
            guest.call("f")
        return counts()
    work(SETTLE)
    least = [min(pair) for pair in zip(
        *([b - a for a, b in zip(work(CALLS), work(CALLS))]
          for i in range(3)))]
    print(*least)
"""


def grown(python, *args):
    """By how many blocks and references a round more leaves the process."""
    program = f"SETTLE, CALLS = {SETTLE}, {CALLS}\n{PROGRAM}"
    done = subprocess.run(
        [python, "-c", program, *args], text=True, capture_output=True,
        timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    return [int(word) for word in done.stdout.split()]


@pytest.mark.parametrize("name", GUEST)
def test_calls_leave_nothing(python, tmp_path, name):
    blocks, references = grown(python, tmp_path, GUEST[name])
    assert blocks < CALLS / 2
    assert references < CALLS / 2


def test_a_leak_is_seen(python, tmp_path):
    """The measure itself: one object a call."""
    blocks, _ = grown(python, tmp_path,
                      "kept = []\ndef f(): kept.append(object())")
    assert blocks >= CALLS


LIVES = """
import gc, sys
import restrict

source = '''
import collections, json, re
class C: pass
c = C(); c.c = c
twice([1]), print(1), json.loads('[1, {}]')
def g(): yield c
x = g(); next(x)
try: import subprocess
except ImportError: pass
'''
policy = restrict.Policy(cpu=600, wall=600)
count = getattr(sys, "gettotalrefcount", int)

def live(n):
    for i in range(n):
        with restrict.Interpreter(
                policy, functions={"twice": lambda x: 2 * x}) as guest:
            guest.run(source)
            try:
                guest.eval("1 / 0")
            except restrict.GuestError:
                pass
    gc.collect()
    return sys.getallocatedblocks(), count()

# At first, caches fill: until one round leaves less than an object each.
before = live(50)
for i in range(12):
    after = live(50)
    grown = [b - a for a, b in zip(before, after)]
    if max(grown) < 25:
        break
    before = after
print(*grown)
"""


def test_interpreters_leave_nothing(python):
    """Neither in the host nor in the sum of what interpreters left behind."""
    done = subprocess.run([python, "-c", LIVES], text=True,
                          capture_output=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    blocks, references = map(int, done.stdout.split())
    assert blocks < 25
    assert references < 25
