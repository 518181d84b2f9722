# What C code calls or shows, and a guest's code takes from its owner meanwhile.
# One case after each line "#: name"; test_corpus.py runs them.

#: default_factory_goes
import collections, io
keep=[]
def junk(): keep.append([b'\xff'*n for n in range(600)])
class B(io.BytesIO):
    def read(s,n=-1): dd.default_factory=None; junk(); return b'abc'
    read1=read
class D:
    def __del__(s):
        if dd.default_factory: dd.default_factory=None; junk()
for factory in (lambda: io.TextIOWrapper(B(b'x')).read, lambda: collections.deque([D() for i in range(500)]).clear):
    for i in range(5):
        dd=collections.defaultdict(); dd.default_factory=factory()
        try: dd[1]
        except Exception as e: print(repr(e))

#: compared_key_goes
import functools
keep=[]
def junk(): keep.append([b'\xff'*n for n in range(600)])
class It:
    n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n==2: a.obj=None; junk()
        if s.n>200: raise StopIteration
        return s.n
K=functools.cmp_to_key(set.update)
for i in range(5):
    a=K(set()); b=K(It())
    try: a<b
    except Exception as e: print(repr(e))

#: partial_called_goes
import functools
keep=[]
def junk(): keep.append([b'\xff'*n for n in range(600)])
class It:
    n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n==2: p.__setstate__((int,(),{},None)); junk()
        if s.n>200: raise StopIteration
        return s.n
for i in range(5):
    p=functools.partial(set.update, set()); p(It())
    p=functools.partial(set().update); p(It())
    p=functools.partial(set().update, It()); p()
    p=functools.partial(set.update, set(), It()); p()
    p=functools.partial(set().update, It()); p(*[()]*9)

#: accumulated_goes
import itertools, operator
keep=[]
def junk(): keep.append([b'\xff'*n for n in range(1500)])
class H:
    def __str__(s):
        acc.__setstate__(5); junk(); return 'z'
    __repr__=__str__
class It:
    n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n==2: acc.__setstate__(5); junk()
        if s.n>200: raise StopIteration
        return s.n
n=300
for i in range(5):
    def g(): yield '%s %s'+'abc'*n+'%r'+'%s %5s'; yield H(),1,2,3,4
    acc=itertools.accumulate(g(), operator.mod); next(acc)
    try: print(next(acc)[:20])
    except Exception as e: print(repr(e))
    def g(): yield set(); yield It()
    acc=itertools.accumulate(g(), set.update); next(acc); next(acc)

#: count_reenter
import itertools
class N(int):
    busy=False
    def __radd__(s,o):
        if not N.busy:
            N.busy=True
            for i in range(3): L.append(next(c))
            N.busy=False
        return N(o+10000000000)
    __add__=__radd__
L=[]
for st in (10**25,N(10**25),N(3)):
    c=itertools.count(st,N(7))
    for i in range(300):
        x=next(c); del x; L.clear(); y=[10**25+i for i in range(20)]; z=[N(j) for j in range(20)]
c=itertools.count(2**63-1,N(1))
for i in range(300): next(c); L.clear()

#: expat_handler_goes
import pyexpat
keep=[]
def junk(): keep.append([b'\xff'*n for n in range(600)])
class K:
    def __hash__(s): return hash('xxx')
    def __eq__(s,o): p.CharacterDataHandler=None; junk(); return False
for i in range(5):
    p=pyexpat.ParserCreate()
    p.CharacterDataHandler={K()}.discard
    try: p.Parse(b'<a>xxx</a>')
    except Exception as e: print(repr(e))

#: tree_builder_reenter
import _elementtree as E, collections
keep=[]
def junk(): keep.append([b'\xff'*n for n in range(600)])
def run(f):
    try: f()
    except Exception as e: keep.append(repr(e))
class K:
    def __hash__(s): return hash('xxx')
    def __eq__(s,o): run(b.__init__); junk(); return False
for i in range(5):
    b=E.TreeBuilder(comment_factory={K()}.discard); run(lambda: b.comment('xxx'))
class El:
    def append(s,c): run(F); junk()
    @property
    def text(s): run(F); junk(); return None
    @text.setter
    def text(s,v): run(F)
    tail=text
for F in (lambda:b.__init__(),lambda:b.start('q',{}),lambda:b.end('q'),lambda:[b.end('q') for i in range(9)],lambda:b.close(),lambda:b.comment('x'),lambda:b.pi('x'),lambda:b.data('x')):
    b=E.TreeBuilder(element_factory=lambda *a:El())
    for op in (lambda:b.start('a',{}),lambda:b.data('xx'),lambda:b.data('yy'),lambda:b.start('b',{}),lambda:b.start('c',{}),lambda:b.data('x'),lambda:b.end('c'),lambda:b.end('b'),lambda:b.data('c'),lambda:b.end('a'),lambda:b.close()): run(op)
class D:
    def __del__(s): p._setevents([],['start']); junk()
for i in range(5):
    p=E.XMLParser(); q=collections.deque([D()],1)
    p._setevents(q,['start','end']); del q
    run(lambda: p.feed('<a><b/><c/></a>'))

#: atexit_arguments_go
import atexit
keep=[]
def junk(): keep.append([b'\xff'*n for n in range(600)])
class It:
    n=0
    def __init__(s,act): s.act=act
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n==2: s.act(); junk()
        if s.n>200: raise StopIteration
        return s.n
class F(set):
    __call__=set.update
    def __eq__(s,o): return True
    __hash__=object.__hash__
for i in range(5):
    atexit.register(set.update, set(), It(atexit._clear))
    atexit.register(F(), It(lambda:atexit.unregister(1)))

#: shown_goes
import types, collections, _elementtree as E
keep=[]
class H:
    def __str__(s): clear(); keep.append([b'\xff'*n for n in range(500)]); return 'h'
    __repr__=__str__
def clear():
    for a in ('args','msg','name','path','filename','text','reason','object','encoding','strerror','filename2','errno','code','value','obj','tag','default_factory'):
        try: setattr(e,a,())
        except Exception: pass
def show(f):
    try: f(e)
    except Exception as x: keep.append(repr(x)[:60])
for T in (Exception,KeyError,SyntaxError,ImportError,OSError,SystemExit,StopIteration,NameError,UnicodeDecodeError):
    for n in (1,2):
        for f in (str,repr):
            for make in (lambda: slice(H(),'a'*100+str(T),'b'*100+str(T)), lambda: types.GenericAlias(list,(H(),bytes(300),H(),1,2,3))):
                e=T.__new__(T)
                e.args=(make(),)*n
                for a in ('msg','reason','filename','filename2'):
                    try: setattr(e,a,make())
                    except Exception: pass
                show(f)
for i in range(20):
    e=OSError(1,'x'*50+str(i),'y'*60+str(i),None,'z'*70+str(i)); e.errno=H(); show(str)
    e=UnicodeDecodeError('utf-8',b'abc',0,1,'r'); e.reason=make(); show(str)
    e=E.Element('a'); e.tag=make(); show(repr)
    e=collections.defaultdict(); e.default_factory=make(); show(repr)

#: cycle_shrinks
import itertools
L=list(range(5000)); c=itertools.cycle([]); c.__setstate__((L,1))
for i in range(4000): next(c)
del L[1:]
keep=[b'\xff'*n for n in range(300)]
assert [next(c) for i in range(5)]==[0]*5
c=itertools.cycle(iter([1,2,3]*500))
for i in range(2500): next(c)
saved=c.__reduce__()[2][0]; saved.clear(); saved.append(7)
assert [next(c) for i in range(5)]==[7]*5

#: keyword_defaults_go
keep=[]
class K(str):
    def __hash__(s): return hash('b')
    def __eq__(s,o):
        if f.__kwdefaults__: [{} for i in range(200)]; f.__kwdefaults__=None; keep.append([b'\xff'*n for n in range(600)])
        return False
def f(*,a,b=1,c=2): return 5
for i in range(5):
    f.__kwdefaults__={K('x'):1,'c':5}
    try: print(f(a=1))
    except Exception as e: print(repr(e))

#: entity_goes
import _elementtree as E
keep=[]
class K:
    def __init__(s,n): s.n=n
    def __hash__(s): return s.n%3
    def __eq__(s,o):
        if p.entity: [{} for i in range(200)]; p.entity.clear(); keep.append([b'\xff'*n for n in range(600)])
        return False
for i in range(5):
    class T: data=set(range(5)).symmetric_difference_update
    p=E.XMLParser(target=T()); p.entity['e']={K(n):0 for n in range(3)}
    try: p.feed('<!DOCTYPE a SYSTEM "x"><a>&e;&e;</a>'); p.close()
    except Exception as e: print(repr(e))

#: unpickled_state_goes
import _pickle, io
keep=[]
class K:
    def __init__(s,n): s.n=n
    def __hash__(s): return s.n%7
    def __eq__(s,o):
        if slots: [{} for i in range(200)]; slots.clear(); keep.append([b'\xff'*n for n in range(600)])
        return False
class P(set):
    x=property(lambda s:1,set.symmetric_difference_update)
class U(_pickle.Unpickler):
    def persistent_load(s,x): return {'a':P(range(9)),'b':(None,slots)}[x]
for i in range(5):
    slots={'x':{K(i):0 for i in range(7)}}
    try: U(io.BytesIO(b'Pa\nPb\nb.')).load()
    except Exception as e: print(repr(e))

#: group_without_arguments
for T in (ExceptionGroup, BaseExceptionGroup):
    for a in ((),(1,),[],(1,[]),(1,2,3)):
        e=T('a',[ValueError()])
        e.args=a
        assert repr(e).startswith('ExceptionGroup('), repr(e)

#: decoded_bytes_go
import codecs
saved = []
def handler(e):
    saved.append(e)
    return ('?', e.end)
codecs.register_error('hh', handler)
N = 40000
class M:
    n = 0
    def __getitem__(s, k):
        s.n += 1
        if s.n == 1: raise LookupError
        if s.n == 3:
            saved[0].object = b''; saved[0].args = ()
            s.keep = [b'Z' * N for i in range(5)] + [bytes([90]) * (N + i) for i in range(-3, 3)]
        return k
out = codecs.charmap_decode(b'A' * N, 'hh', M())
print(out[0][:5], out[0][-5:], set(out[0]))

#: compared_view_goes
keep = []
class E:
    def __buffer__(s, fl):
        v.release(); b.clear()
        keep.append(b'Q' * N)
        keep.append(bytearray(b'Q' * N))
        return memoryview(b'Q' * N)
for N in (400, 4000, 70000):
    b = bytearray(N); v = memoryview(b)
    print('freed memory is compared:', v == E())

#: attributes_of_element_go
import _elementtree as E
keep = []
class K:
    def __init__(s, n): s.n = n
    def __hash__(s): return 7
    def __eq__(s, o):
        global go
        if go:
            go = False
            l = [{i: 1} for i in range(200)]; del l
            e.clear(); keep.append([{} for i in range(200)]); keep.append([b'\xff' * n for n in range(3000)])
        return False
for i in range(20):
    go = False
    e = E.Element('t')
    for j in range(30): e.set(K(j), j)
    go = True
    try: e.set(K(99), 1)
    except Exception as x: print(repr(x))

#: warning_filters_go
import warnings, sys, _warnings
keep = []
class Rx:
    def match(s, t):
        global busy
        if not busy:
            busy = True
            l = [[1] for i in range(200)]; del l
            warnings.filters = [('ignore', None, Warning, None, 0)]
            _warnings.warn_explicit('q', UserWarning, 'f', 1)
            keep.append([[1] * n for n in range(300)])
            busy = False
        return None
for i in range(20):
    busy = False
    warnings.filters = [('ignore', Rx(), Warning, None, 0)] + [('ignore', Rx(), Warning, None, 0) for i in range(i * 10)]
    try: _warnings.warn_explicit('abc', UserWarning, 'f', 1)
    except Exception as e: print(repr(e))

#: warning_action_goes
import warnings, _warnings
keep = []
class T:
    n = 0
    def __hash__(s):
        s.n += 1
        if s.n >= 2 and not s.busy:
            s.busy = True
            warnings.defaultaction = ''.join(['ig', 'nore'])
            _warnings.warn_explicit('q', UserWarning, 'f', 1)
            keep.append([b'\xff' * n for n in range(300)])
        return 1
    busy = False
warnings.filters = []
for i in range(20):
    warnings.defaultaction = ''.join(['zz', 'once', str(i)])
    try: _warnings.warn_explicit(T(), UserWarning, 'f', 1, registry={})
    except Exception as e: print(repr(e)[:100])

#: warning_registry_goes
import warnings, _warnings
keep = []
class T:
    n = 0
    busy = False
    def __hash__(s):
        s.n += 1
        if not s.busy and s.n >= s.m:
            s.busy = True
            l = [{i: 1} for i in range(200)]; del l
            warnings.onceregistry = {}
            _warnings.warn_explicit('q', UserWarning, 'f', 1)
            keep.append([b'\xff' * n for n in range(600)]); keep.append([{} for n in range(190)])
        return 1
    def __eq__(s, o): return False
warnings.filters = [('once', None, Warning, None, 0)]
for m in (1, 2, 3, 4):
    for i in range(20):
        warnings.onceregistry = {}
        t = T(); t.m = m
        try: _warnings.warn_explicit(t, UserWarning, 'f', 1)
        except Exception as e: print(repr(e)[:100])

#: setter_goes
keep = []
class K:
    def __hash__(s): return 1
    def __eq__(s, o):
        global go
        if go:
            go = False
            l = [{i: 1} for i in range(200)]; del l
            try: p.__init__(None, None); print('re-inited')
            except Exception as e: print(repr(e))
            keep.append([{} for i in range(190)]); keep.append([b'\xff' * n for n in range(3000)])
        return False
for i in range(10):
    go = False
    p = property(None, {**{K(): n for n in range(40)}}.setdefault)
    K.x = p
    k = K()
    go = True
    k.x = 5

#: deleter_goes
keep = []
class K:
    def __hash__(s): return 1
    def __eq__(s, o):
        global go
        if go:
            go = False
            try: p.__init__()
            except Exception as e: print(repr(e))
            keep.append([set() for i in range(90)]); keep.append([b'\xff' * n for n in range(600)])
        return False
for i in range(10):
    go = False
    p = property(None, None, {K(): 1, K(): 2, K(): 3}.pop)
    K.x = p
    k = K()
    go = True
    try: del k.x
    except Exception as e: print(repr(e))

#: context_value_goes
import contextvars
v = contextvars.ContextVar('v')
class V: pass
class D:
    def __del__(s): v.set(0)
v.set(V())
x = V(); x.d = D()
tok = v.set(x); del x
v.reset(tok); del tok
keep = [bytes([200]) * n for n in range(600)]
print(v.get())

#: collected_buffer_is_released
import gc
class X(bytearray): pass
class B:
    def __buffer__(s, fl):
        x = X(b'abc'); x.f = s.f; s.f = None
        return memoryview(x)
    def __release_buffer__(s, mv): mv.obj.f()
f = eval('lambda: y', {})
b = B(); b.f = f; del f
b.mv = memoryview(b); del b
gc.collect()
