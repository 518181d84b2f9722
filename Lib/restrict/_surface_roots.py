# mypy: ignore-errors
"""Run in a guest by the surface check: make one of everything.

Imports every module that the default policy allows, makes the objects that
only syntax or a method makes (iterators, views, generators, frames, cells,
...), and raises exceptions on purpose.  All of it stays in `roots`, where the
walk finds it.  Never imported by a trusted interpreter.
"""

import sys

for name in MODULES:  # noqa: F821  (given by the check)
    __import__(name)

import array
import ast
import contextvars
import csv
import datetime
import decimal
import functools
import io
import itertools
import json
import operator
import pickle
import re
import struct
import symtable
import types
import typing
import weakref
import xml.etree.ElementTree
import xml.parsers.expat
import zlib

roots = []
keep = roots.append


def generator():
    yield 1


async def coroutine():
    pass


async def async_generator():
    yield 1


class Plain:
    def method(self):
        return __class__

    attribute: int = 1


class Slots:
    __slots__ = ("a", "__weakref__")


class Sequence:
    def __len__(self):
        return 0

    def __getitem__(self, index):
        raise IndexError


# Functions, methods, what holds them
keep([generator, Plain.method, Plain().method, [].append, "".join, len,
      int.__add__, (1).__add__, classmethod(len), staticmethod(len),
      property(len), super(Plain, Plain()), Plain.__dict__, Slots.a,
      Slots.__dict__["__weakref__"], type.__dict__["__dict__"],
      dict.__dict__["fromkeys"], float.__dict__["__getformat__"],
      Plain.__dict__["__dict__"], Plain().__dict__])
keep(types.MethodType(len, []))
keep(types.SimpleNamespace(a=1))
keep(types.CellType(1))
keep(generator.__code__)
keep([generator.__code__.co_positions(), generator.__code__.co_lines()])



class Buffer:
    def __buffer__(self, flags):
        return memoryview(b"a")


class Finalizer:
    def __del__(self):
        raise ValueError


keep(memoryview(Buffer()).obj)
keep(memoryview(Buffer()))
sys.unraisablehook = keep
Finalizer()
sys.unraisablehook = sys.__unraisablehook__

# Generators and coroutines
keep(generator())
awaitable = coroutine()
keep([awaitable, awaitable.__await__()])
stream = async_generator()
steps = [stream.__anext__(), stream.asend(None), stream.athrow(ValueError),
         stream.aclose(), anext(stream, None)]
keep([stream, steps, aiter(stream), steps[-1].__await__()])

# Iterators and views
mapping = {1: 2}
values = [range(3), range(10**30), [1], (1,), "a", "\u20ac", b"a",
          bytearray(b"a"), {1}, frozenset([1]), mapping, mapping.keys(),
          mapping.values(), mapping.items(), memoryview(b"a"),
          array.array("i", [1]), Sequence(), list[int]]
for value in values:
    keep([value, iter(value)])
for value in (range(3), range(10**30), [1], (1,), mapping, mapping.keys(),
              mapping.values(), mapping.items(), Sequence()):
    keep(reversed(value))
keep([iter(int, 1), enumerate([1]), zip([1]), map(len, []), filter(len, []),
      slice(1), memoryview(b"ab")[::2]])
for name in dir(itertools):
    make = getattr(itertools, name)
    for arguments in ((), ([1],), ([1], [1]), (len, [1]), ([1], 1)):
        try:
            made = make(*arguments)
        except (TypeError, ValueError):
            continue
        keep(made)
        try:
            keep(next(iter(made)))
        except (StopIteration, TypeError, ValueError):
            pass
key, group = next(itertools.groupby([1]))
keep(group)

# Types of typing
keep([list[int], int | str, typing.TypeVar("T"), typing.ParamSpec("P"),
      typing.ParamSpec("P").args, typing.ParamSpec("P").kwargs,
      typing.TypeVarTuple("Ts"), typing.Generic, typing.NoDefault,
      typing.Optional[int], typing.Callable[[int], str]])
type Alias[T] = list[T]
keep([Alias, Alias[int]])

# Weak references
plain = Plain()
keep([plain, weakref.ref(plain), weakref.proxy(plain)])
keep(weakref.proxy(lambda: 1))

# Contexts
variable = contextvars.ContextVar("variable")
token = variable.set(1)
context = contextvars.copy_context()
keep([variable, token, context, iter(context), context.keys(),
      context.values(), context.items()])

# Numbers, text, data
keep([1, 1.0, 1j, True, None, ..., NotImplemented])
keep(["{}".format, "a".maketrans("a", "b"), "abc".encode("cp1252")])
keep([re.compile("a"), re.match("a", "a"), re.finditer("a", "a"),
      re.compile("a").scanner("a"), re._compiler.compile("a")])
keep([struct.Struct("i"), struct.iter_unpack("b", b"a")])
keep([decimal.Decimal(1), decimal.getcontext(), decimal.getcontext().flags,
      decimal.localcontext()])
keep([datetime.datetime.now(datetime.timezone.utc), datetime.date.today(),
      datetime.time(), datetime.timedelta(1),
      datetime.date.today().isocalendar()])
keep([functools.partial(len), functools.lru_cache(generator),
      functools.cmp_to_key(len), functools.cmp_to_key(len)(1),
      functools.lru_cache(generator).cache_info()])
keep([operator.itemgetter(1), operator.attrgetter("a"),
      operator.methodcaller("a")])
keep([csv.reader([]), csv.writer(io.StringIO()), csv.Dialect])
keep([json.decoder.scanner.c_make_scanner(json.JSONDecoder()),
      json.JSONEncoder()])
keep([pickle.Pickler(io.BytesIO()), pickle.Unpickler(io.BytesIO()),
      pickle.Pickler(io.BytesIO()).memo,
      pickle.Unpickler(io.BytesIO()).memo, pickle.PickleBuffer(b"a")])
keep([zlib.compressobj(), zlib.decompressobj(), zlib._ZlibDecompressor()])
keep([ast.parse("a"), symtable.symtable("def f(): pass", "f", "exec")._table])
tree = xml.etree.ElementTree.fromstring("<a><b/></a>")
parser = xml.parsers.expat.ParserCreate()
keep([tree, iter(tree), tree.iter(), tree.itertext(), parser,
      xml.etree.ElementTree.XMLParser(), xml.etree.ElementTree.TreeBuilder()])
keep([io.StringIO(), io.BytesIO(), io.TextIOWrapper(io.BytesIO()),
      io.BufferedReader(io.BytesIO()), io.BufferedWriter(io.BytesIO()),
      io.BufferedRandom(io.BytesIO()),
      io.BufferedRWPair(io.BytesIO(), io.BytesIO()),
      io.IncrementalNewlineDecoder(None, False), io.BytesIO().getbuffer(),
      sys.stdin, sys.stdin.buffer, sys.stdout, sys.stdout.buffer])
keep([sys.flags, sys.version_info, sys.get_asyncgen_hooks(),
      sys.implementation, sys.thread_info])
keep([_ for _ in zip("a", ["".join])])
parts = __import__("_string").formatter_parser("{a.b[c]}")
keep([parts, __import__("_string").formatter_field_name_split("a.b")])
keep(__import__("_tokenize").TokenizerIter(iter(["a"]).__next__,
                                           extra_tokens=False))
keep(__import__("_random").Random())
keep([__import__("_thread").allocate_lock(), __import__("_thread").RLock(),
      __import__("_thread")._local(), __import__("_queue").SimpleQueue()])
for module, names in (("_md5", ["md5"]), ("_sha1", ["sha1"]),
                      ("_sha2", ["sha224", "sha512"]),
                      ("_sha3", ["sha3_224"]),
                      ("_blake2", ["blake2b", "blake2s"])):
    for name in names:
        keep(getattr(__import__(module), name)())
for name in ("bz2", "lzma"):
    module = __import__("_" + name)
    keep([getattr(module, make)() for make in dir(module)
          if make.endswith(("Compressor", "Decompressor"))])

if "_socket" in MODULES:  # noqa: F821
    import select
    import socket

    keep([socket.socket(), select.poll()])
if "_ssl" in MODULES:  # noqa: F821
    import ssl
    context = ssl.create_default_context()
    keep([context, context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())])

# Exceptions, with their tracebacks and frames
SOURCES = ["1/0", "a b", "undefined", "(1).a", "import nothing_there",
           "[][1]", "{}[1]", "int('a')", "b'\\xff'.decode()",
           "'\\u20ac'.encode('ascii')", "len(1)", "open('/nothing')",
           "raise ExceptionGroup('a', [ValueError()])", "next(iter([]))",
           "'{0.__globals__}'.format(len)", "type.__subclasses__(int)",
           "raise SystemExit(1)", "raise KeyboardInterrupt",
           "exec('a: = 1')", "assert 0", "'a' + 1", "2.0 ** 10000"]
for source in SOURCES:
    try:
        exec(source)
    except BaseException as error:
        keep(error)
        keep(error.__traceback__)
        keep(error.__traceback__.tb_frame)
try:
    class Meta(type):
        pass
    keep(Meta("made", (), {}))
finally:
    keep(sys.exc_info())
