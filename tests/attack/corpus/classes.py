# Classes made and changed as no program does: metaclasses with an order of their
# own, attributes of classes that finalizers read while they change.

#: without_its_base_@: array.array collections.deque functools.partial itertools.groupby itertools.chain itertools.cycle itertools.islice itertools.accumulate itertools.pairwise itertools.starmap itertools.takewhile itertools.dropwhile itertools.filterfalse _queue.SimpleQueue _elementtree.TreeBuilder _elementtree.XMLParser decimal.Decimal decimal.Context _zoneinfo.ZoneInfo _struct.Struct _random.Random _io.StringIO _io.TextIOWrapper
import array, collections, decimal, functools, itertools
import _elementtree, _io, _queue, _random, _struct, _zoneinfo
class M(type):
    def mro(c): return [c, object]
for args in (), ('i',), ([1],), (int, [1]), ([1], 1), ('UTC',), ('>i',), (_io.BytesIO(),):
    try:
        class C(@, metaclass=M): pass
        c = C(*args); print(c, repr(c), list(c))
    except Exception as e: print(repr(e)[:100])

#: metaclass_without_type_first
class M0(type):
    def mro(c): return [c, object, type]
class Meta(type, metaclass=M0): pass
class V: pass
def get(o): return o.f
for i in range(50):
    K = Meta('K', (), {'f': V()})
    o = object.__new__(K)
    for j in range(40): get(o)
    K.f = 5
    keep = [bytes(16 + 8*n) for n in range(20)]
    for j in range(20):
        try: print(type(get(o)))
        except AttributeError as e: break

#: metaclass_with_setattr_of_object
class Meta(type):
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__
class V: pass
K = Meta('K', (), {'f': V()})
o = K(); o.f
K.f = 5
keep = [bytes([200]) * n for n in range(600)]
print(o.f)

#: metaclass_with_object_before_type
class M0(type):
    def mro(c): return [c, object, type]
class Meta(type, metaclass=M0): pass
class V: pass
K = Meta('K', (), {'f': V()})
o = object.__new__(K); o.f
K.f = 5
keep = [bytes([200]) * n for n in range(600)]
print(o.f)

#: set_@: __annotations__ __abstractmethods__ __type_params__
class D:
    def __del__(s):
        x = o.@; x = None
class V: pass
for i in range(20):
    class K: pass
    o = K()
    v = V(); v.d = D()
    K.@ = v; del v
    for j in range(3): o.@
    K.@ = ()

#: annotations_deleted
class D:
    def __del__(s):
        x = o.__annotations__; x = None
class V: pass
for i in range(20):
    class K: pass
    o = K()
    v = V(); v.d = D()
    K.__annotations__ = v; del v
    for j in range(3): o.__annotations__
    del K.__annotations__

#: module_set
class D:
    def __del__(s):
        o.__module__
class V: pass
keep = []
for i in range(20):
    class K: pass
    o = K()
    K.__module__ = V()
    K.__firstlineno__ = D()
    K.__module__ = 'new'
    keep.append([bytes(n) for n in range(200)])
    for j in range(3): print(type(o.__module__))

#: name_that_compares_itself
class S(str):
    def __hash__(s): return hash('x')
    def __eq__(s, o):
        global go
        if go:
            go -= 1
            if not go: inst.x
        return False
class V: pass
go = 0
K = type('K', (), {S('zz'): 0, 'x': V()})
inst = K()
go = 2
K.x = 5
keep = [bytes([200]) * n for n in range(600)]
print(inst.x)

#: name_that_compares_itself_set
class S(str):
    def __hash__(s): return hash('x')
    def __eq__(s, o):
        global go
        if go:
            go -= 1
            if not go: inst.x
        return False
class V: pass
go = 0; keep = []
for i in range(20):
    K = type('K', (), {S('zz'): 0, 'x': V()})
    inst = K()
    go = 2
    K.x = 5
    go = 0
    keep.append([bytes(n) for n in range(200)])
    for j in range(3): print(type(inst.x))

#: name_that_compares_itself_doc
class S(str):
    def __hash__(s): return hash('__doc__')
    def __eq__(s, o):
        global go
        if go:
            go -= 1
            if not go: inst.__doc__
        return False
class V: pass
go = 0; keep = []
for i in range(20):
    K = type('K', (), {S('zz'): 0, '__doc__': V()})
    inst = K()
    go = 1
    K.__doc__ = 'new'
    go = 0
    keep.append([bytes(n) for n in range(200)])
    for j in range(3): print(type(inst.__doc__))

#: name_that_compares_itself_deleted
class S(str):
    def __hash__(s): return hash('x')
    def __eq__(s, o):
        global go
        if go:
            go -= 1
            if not go: inst.x
        return False
class V: pass
go = 0; keep = []
for i in range(20):
    K = type('K', (), {S('zz'): 0, 'x': V()})
    inst = K()
    go = 2
    del K.x
    go = 0
    keep.append([bytes(n) for n in range(200)])
    try:
        for j in range(3): print(type(inst.x))
    except AttributeError as e: print('gone')

#: used_in_mro
import decimal
class M(type):
    def mro(cls):
        decimal.Decimal.__dict__['from_float'].__get__(None, cls)(1.5)
        return type.mro(cls)
class D(decimal.Decimal, metaclass=M): pass

#: made_in_mro
import decimal
class M(type):
    def mro(cls):
        try: decimal.Decimal.from_float.__func__
        except Exception: pass
        try: decimal.Decimal.__new__(cls, 1)
        except Exception as e: print(repr(e))
        try: decimal.Context.__new__(cls)
        except Exception as e: print(repr(e))
        return type.mro(cls)
class D(decimal.Decimal, metaclass=M): pass
class D(decimal.Context, metaclass=M): pass

#: group_without_its_base
class M(type):
    def mro(c): return [c, object]
class G(ExceptionGroup, metaclass=M): pass
try:
    g = G('m', [ValueError(1)])
    print(g)
except BaseException as e: print(repr(e))
class E(Exception, metaclass=M): pass
x = ExceptionGroup('a', [E(), ValueError()])
print(repr(x), x.split(ValueError), x.subgroup(lambda e: True))
try: raise x
except* ValueError as e: pass

#: super_loses_its_type
import gc
class X:
    @property
    def __class__(s):
        su.__init__(int); gc.collect()
        keep.append([bytes([65]) * n for n in range(900, 1900, 8)])
        return str
keep = []
su = super(type('K' * 3, (), {}))
su.__get__(X())

#: name_changes_while_shown
import ast, warnings
warnings.simplefilter('always')
class S(str):
    def __repr__(s):
        N.__name__ = 'y' * 3
        junk.append([b'SECRET' * 900 for i in range(20)]); junk.append([bytes([81]) * n for n in range(4900, 5100)])
        return 'S'
junk = []
class N(ast.AST):
    _fields = (S('a'),)
    _field_types = {}
N.__name__ = ''.join(['x' * 4000, 'x' * 1000])
with warnings.catch_warnings(record=True) as w:
    N()
    print([str(x.message)[:100] for x in w])

#: names_that_are_no_strings
class O: pass
for key in (O(), (O(),), [].append):
    try: type('K', (), {'a': 1, key: 2})
    except TypeError as e: print(e)
