# Containers and callables whose parts strike back.
# One case after each line "#: name"; test_corpus.py runs them.

#: struct_reinit
import struct
s=struct.Struct('ii')
class I:
    def __index__(self):
        s.__init__('q'*2000); return 1
try: print(s.pack(I(),I()))
except Exception as e: print(repr(e))
s=struct.Struct('i'*500)
class I:
    def __index__(self):
        s.__init__('b'); [bytearray(500*24) for i in range(10)]; return 1
try: print(len(s.pack(*[I() for i in range(500)])))
except Exception as e: print(repr(e))
s=struct.Struct('??ii')
class B:
    def __bool__(self):
        s.__init__('q'*2000); return True
    __index__=lambda s:1
    __float__=lambda s:1.0
try: print(s.pack(B(),B(),1,2))
except Exception as e: print(repr(e))
b=bytearray(100)
s=struct.Struct('ii')
class I:
    def __index__(self):
        try: b.clear()
        except BufferError: pass
        s.__init__('x'*10); return 1
try: print(s.pack_into(b,0,I(),I()))
except Exception as e: print(repr(e))
it=struct.Struct('i').iter_unpack(b'abcd'*4)

#: struct_iter_reinit
import struct
s=struct.Struct('i')
it=s.iter_unpack(b'abcd'*4)
next(it); s.__init__('q'*2); 
try: print(list(it))
except Exception as e: print(repr(e))
s=struct.Struct('i'); it=s.iter_unpack(b'abcd'*4); s.__init__(''); 
try: print(len(it.__length_hint__.__call__() and 'x'))
except Exception as e: print(repr(e))
s=struct.Struct.__new__(struct.Struct)
for f in (lambda: s.pack(), lambda: s.size, lambda: s.format, lambda: repr(s), lambda: s.__sizeof__(), lambda: s.unpack(b''), lambda: s.iter_unpack(b''), lambda: s.unpack_from(b''), lambda: s.pack_into(bytearray(4),0)):
    try: print(f())
    except Exception as e: print(repr(e))

#: partial_setstate
import functools
p=functools.partial(max)
class T(tuple): pass
class D(dict): pass
class F:
    def __call__(s,*a,**k):
        p.__setstate__((max,(1,)*5,{'key':None},None)); return len(a)
for st in ((F(),(1,2),{},None),(F(),T((1,2)),D(a=1),{}),(F(),(1,2),{1:2},{}),(F(),(),None,None),(p,(),{},None)):
    try:
        p.__setstate__(st); print(p(1,2,3))
    except BaseException as e: print(repr(e)[:80])
class Kw(dict):
    def __len__(s): return 100
    def __iter__(s): return iter('abc')
    def items(s): return []
for st in ((print,(),Kw(sep='x'),{}),(F(),(1,)*100000,{},{})):
    try: p.__setstate__(st); print(p(1,2))
    except BaseException as e: print(repr(e)[:80])
k={'sep':'-'}
p=functools.partial(print,**k)
class S(str):
    def __eq__(s,o): p.keywords.clear(); p.keywords.update({str(i):i for i in range(100)}); return False
    def __hash__(s): return hash('sep')
try: p(1,2,**{S('sep'):'x'})
except BaseException as e: print(repr(e)[:80])
p=functools.partial(lambda **k: len(k), **{f'a{i}':i for i in range(50)})
class R:
    def __repr__(s): p.__setstate__((max,(),{},None)); return 'R'
p=functools.partial(max, R(), R(), a=R(), b=R()); print(repr(p)[:50])
p=functools.partial(max, 1, **{'a':R(),'b':R()}); print(repr(p)[:50])

#: par2
import functools
p=functools.partial(max)
p.__setstate__((p,(),{},None))
print(p(1,2,3))

#: lru_reenter
import functools
class K:
    def __init__(s,h): s.h=h
    def __hash__(s): return s.h
    def __eq__(s,o):
        try: f.cache_clear()
        except Exception: pass
        return False
@functools.lru_cache(4)
def f(x):
    return x
for i in range(200):
    f(K(1)); 
@functools.lru_cache(4)
def f(x):
    if x: f(x-1); f.cache_clear()
    return x
for i in range(30): f(i%10)
class K2(K):
    def __eq__(s,o):
        f(5); f(6); f(7); f(8); f(9)
        return s is o
@functools.lru_cache(2)
def f(x): return x
for i in range(50): f(K2(3))
class D:
    def __del__(s): f.cache_clear(); f(1)
@functools.lru_cache(2)
def f(x): return D()
for i in range(50): f(i)

#: cmp_to_key
import functools
K=functools.cmp_to_key(lambda a,b: 0)
a=K(1); b=K(2)
class X:
    def __lt__(s,o): return True
    def __eq__(s,o): return 1
for f in (lambda: a<b, lambda:a<5, lambda: a.obj, lambda: hash(a), lambda: a(1), lambda: K()):
    try: print(f())
    except BaseException as e: print(repr(e))
try: a.obj=a; 
except BaseException as e: print(repr(e))
pass
try: del a.obj; a<K(1)
except BaseException as e: print(repr(e))

#: list_hostile
class I:
    def __init__(s,f,v=0): s.f=f; s.v=v
    def __index__(s): s.f(); return s.v
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
for n in (0,1,5,100):
    L=list(range(n))
    clr=lambda: L.clear(); gro=lambda: L.extend(range(1000))
    for m in (clr,gro):
        for v in (-1,0,3,10**6):
            L[:]=range(n); run(lambda: L.insert(I(m,v),1))
            L[:]=range(n); run(lambda: L.pop(I(m,v)))
            L[:]=range(n); run(lambda: L.__setitem__(I(m,v),1))
            L[:]=range(n); run(lambda: L.__delitem__(I(m,v)))
            L[:]=range(n); run(lambda: L[I(m,v)])
            L[:]=range(n); run(lambda: L[I(m,v):I(m,5):I(m,2)])
            L[:]=range(n); run(lambda: L.__setitem__(slice(I(m,v),I(m,5),I(m,2)),[1,2,3]))
            L[:]=range(n); run(lambda: L.__setitem__(slice(I(m,v),I(m,5)),L))
            L[:]=range(n); run(lambda: L.__delitem__(slice(I(m,v),I(m,5),I(m,2))))
            L[:]=range(n); run(lambda: L*I(m,v%5))
            L[:]=range(n); run(lambda: L.__imul__(I(m,v%5)))
            L[:]=range(n); run(lambda: L.index(5,I(m,v),I(m,9)))
class E:
    def __init__(s,f): s.f=f
    def __eq__(s,o): s.f(); return False
    def __lt__(s,o): s.f(); return False
    __gt__=__lt__
    def __hash__(s): return 1
L=[]
def clear(): L.clear(); [object() for i in range(100)]
for op in (lambda: L.remove(5), lambda: L.index(5), lambda: L.count(5), lambda: 5 in L, lambda: L==[E(clear)]*5, lambda: L<[E(clear)]*5, lambda: L.sort(), lambda: L.sort(key=lambda x:(clear(),x)[1]), lambda: sorted(L), lambda: max(L), lambda: min(L), lambda: L.__eq__([1]*5), lambda: set(L), lambda: dict.fromkeys(L)):
    for i in range(3):
        L[:]=[E(clear) for i in range(5)]; run(op)
class It:
    def __init__(s,f,h=5): s.f=f;s.h=h;s.n=0
    def __iter__(s): s.f(); return s
    def __next__(s):
        s.f(); s.n+=1
        if s.n>10: raise StopIteration
        return s.n
    def __length_hint__(s): s.f(); return s.h
    def __len__(s): s.f(); return s.h
for h in (0,5,10**6,2**40):
    for f in (clear, lambda: L.extend([1]*100), lambda: L.append(1), lambda: L.sort(), lambda: L.__init__([1,2,3])):
        for op in (lambda: L.extend(It(f,h)), lambda: L.__iadd__(It(f,h)), lambda: L.__setitem__(slice(1,3),It(f,h)), lambda: L.__init__(It(f,h)), lambda: list(It(f,h)), lambda: tuple(It(f,h)), lambda: L.__setitem__(slice(0,3,2),It(f,h))):
            L[:]=range(10); run(op)

#: list_sort_inplace
import gc
L=[3,2,1]*10
def key(x):
    L.append(5); L.extend(range(100)); L.__init__(range(50)); return x
try: L.sort(key=key)
except ValueError as e: print(e)
print(len(L))
class C:
    def __lt__(s,o): L.clear(); L[:]=[C() for i in range(5)]; gc.collect(); raise ValueError
L=[C() for i in range(50)]
try: L.sort()
except ValueError as e: print(repr(e))
class F(float):
    pass
import operator
L=[1.0,2.0,3.0]*20
class T(tuple):
    def __lt__(s,o): return NotImplemented
for L in ([(i,) for i in range(50,0,-1)]+[(1.5,)],[('a',C()) for i in range(5)],[T((1,)),T((2,))],[(C(),)]*3):
    try: L.sort()
    except Exception as e: print(repr(e)[:50])

#: dict_inst
class K(str):
    def __hash__(s): return hash('a')
    def __eq__(s,o):
        try: del x.a
        except AttributeError: pass
        x.__dict__.clear(); x.__dict__=({str(i):i for i in range(30)}); return False
class X: 
    def __init__(s): s.a=1; s.b=2; s.c=3
for i in range(20):
    x=X(); d=x.__dict__
    for op in (lambda: d[K('a')], lambda: setattr(x,K('a'),1) , lambda: d.update({K('a'):1}), lambda: d.pop(K('a'),0), lambda: getattr(x,K('a'),0), lambda: d.setdefault(K('z'),1), lambda: d.__setitem__(K('zz'),2), lambda: x.__dict__.__eq__({'a':1}), lambda: x.__dict__.update(x.__dict__)):
        try: op()
        except Exception as e: pass
        x=X(); d=x.__dict__
for i in range(100):
    x=X(); d=x.__dict__; d.clear(); x.a=1; x.__dict__={}; x.b=2; d['q']=1; d.popitem(); x.__dict__=d; del x.__dict__; x.c=1
class Val:
    def __del__(s):
        x.__dict__.clear(); x.zz=1; x.__dict__={}
for i in range(100):
    x=X(); x.a=Val(); x.b=Val()
    try: x.__dict__.clear()
    except Exception: pass
    x=X(); x.a=Val(); x.__dict__={1:2}
    x=X(); x.a=Val(); x.a=1
    x=X(); x.a=Val(); del x.a

#: deque_hostile
import collections
class K:
    def __init__(s,f,r=False): s.f=f;s.r=r
    def __eq__(s,o): s.f(); return s.r
    def __lt__(s,o): s.f(); return s.r
    __gt__=__lt__
class I:
    def __init__(s,f,v=0): s.f=f; s.v=v
    def __index__(s): s.f(); return s.v
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
for ml in (None,5,100):
    D=collections.deque(maxlen=ml)
    def clear(): D.clear(); [object() for i in range(100)]
    for f in (clear,lambda: D.extend(range(300)),lambda: D.rotate(3),lambda: D.popleft(),lambda: D.__init__(range(3),2),lambda: D.appendleft(1)):
        for r in (False,True):
            for op in (lambda: D.remove(5), lambda: D.index(5), lambda: D.count(5), lambda: 5 in D, lambda: D==collections.deque([K(f)]*9), lambda: D<collections.deque([K(f)]*9), lambda: D.index(5,I(f,1),I(f,8)), lambda: D.insert(I(f,3),1), lambda: D.__getitem__(I(f,3)), lambda: D.__setitem__(I(f,3),1), lambda: D.__delitem__(I(f,3)), lambda: D*I(f,3), lambda: D.__imul__(I(f,3)), lambda: D.rotate(I(f,3)), lambda: D.extend(D), lambda: D.extendleft(D), lambda: D+D, lambda: D.copy(), lambda: D.reverse(), lambda: [x for x in D if f()], lambda: D.__init__(D), lambda: D.extend(x for x in range(300) if f() or True), lambda: D.__init__((x for x in range(9) if f() or True),7), lambda: repr(D), lambda: next(reversed(D))):
                D.__init__([K(f,r) for i in range(9)],ml); run(op)
            it=iter(D); clear(); run(lambda: next(it)); 
T=type(iter(collections.deque()))
for a in ((collections.deque([1,2]),0),(collections.deque([1,2]),1),(collections.deque([1,2]),-5),(collections.deque([1,2]),10**9),(5,1),(collections.deque(),2**70)):
    run(lambda: list(T(*a)))
class Dq(collections.deque):
    def __iter__(s): return iter(s.copy) 
    def copy(s): return 5
    def __reduce__(s): return 5
d=Dq([1,2]); run(lambda: d+d); run(lambda:d*2); run(lambda:d.__copy__()); run(lambda: repr(d)); run(lambda: d==Dq([1]))
class R:
    def __del__(s): D.clear(); D.extend(range(5))
D=collections.deque([R() for i in range(5)],5)
run(lambda: D.append(1)); run(lambda: D.extend(range(9))); run(lambda: D.clear())

#: counter_hostile
import collections, _collections
class M(dict):
    def get(s,k,d=None): s.clear(); return d
class K:
    def __hash__(s): return 1
    def __eq__(s,o): m.clear(); return False
class V(int):
    def __add__(s,o): m.clear(); return V(1)
m={}
_collections._count_elements(m,[K() for i in range(20)])
m.update({1:V(1),2:V(2)}); _collections._count_elements(m,[1,2,1,2,3]*5)
m=M(); 
try: _collections._count_elements(m,'abcabc')
except Exception as e: print(repr(e))
m={}
def g():
    for i in range(10): m.clear(); m.update(a=V(1)); yield 'a'
_collections._count_elements(m,g())
dd=collections.defaultdict(lambda: dd.clear() or dd.__init__(list)); dd[1]; dd[2]
class DD(collections.defaultdict):
    def __repr__(s): return super().__repr__()
x=DD(); x.default_factory=x; 
try: print(repr(x)); x.copy(); x[1]
except RecursionError as e: print('rec')
except TypeError as e: print(e)
t=_collections._tuplegetter
for i in (-1,5,2**62):
    for o in ((1,2),[],type('T',(tuple,),{})((1,)),None):
        try: print(t(i,'d').__get__(o,tuple))
        except Exception as e: print(repr(e)[:60])

#: array_hostile
import array
class I:
    def __init__(s,f,v=0): s.f=f; s.v=v
    def __index__(s): s.f(); return s.v
    def __float__(s): s.f(); return 1.0
class E(int):
    def __eq__(s,o): A.__init__ ; del A[:]; return False
class IntE(int):
    def __eq__(s,o): del A[:]; return False
    __hash__=int.__hash__
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
for t in 'bBhHiIlLqQfd':
    def clear(): A.__delitem__(slice(0,None))
    def grow(): A.extend(array.array(t,[1]*1000))
    for f in (clear,grow):
        for op in (lambda: A.append(I(f)), lambda: A.insert(I(f,1),I(f)), lambda: A.pop(I(f,1)), lambda: A.remove(IntE(5)), lambda: A.index(IntE(5)), lambda: A.index(IntE(5),I(f,1),I(f,5)), lambda: A.count(IntE(5)), lambda: IntE(5) in A, lambda: A.__setitem__(I(f,1),I(f)), lambda: A.__setitem__(0,I(f)), lambda: A.__delitem__(I(f,1)), lambda: A[I(f,1)], lambda: A[I(f,1):I(f,5):I(f,2)], lambda: A.__setitem__(slice(I(f,0),I(f,5),I(f,2)),A), lambda: A.__setitem__(slice(I(f,0),I(f,5)),array.array(t,[1])), lambda: A*I(f,3), lambda: A.__imul__(I(f,3)), lambda: A.extend([I(f)]*30), lambda: A.fromlist([I(f)]*30), lambda: array.array(t,[I(f)]*30), lambda: A.frombytes(bytes(16)), lambda: A.extend(A), lambda: A.__setitem__(slice(0,3),A), lambda: A==array.array(t,[1]), lambda: A.byteswap(), lambda: A.tolist(), lambda: A.__reduce_ex__(3), lambda: A.buffer_info(), lambda: A.fromfile(open,3)):
            A=array.array(t,range(20)); run(op)
L=[]
class LI:
    def __index__(s): L.clear(); return 1
    def __float__(s): L.clear(); return 1.0
for t in 'bBhHiIlLqQfd':
    L=[LI() for i in range(30)]; a=array.array(t); run(lambda: a.fromlist(L)); L=[LI() for i in range(30)]; run(lambda: a.extend(L)); L=[LI() for i in range(30)]; run(lambda: array.array(t,L))
class F:
    def read(s,n): del a[:]; return b'x'*n
    def write(s,b): del a[:]; return 5
a=array.array('b',range(100)); run(lambda: a.fromfile(F(),10)); a=array.array('b',bytes(100000)); run(lambda: a.tofile(F()))
for a in ((array.array,'i',99,b'x'),(array.array,'i',8,b'abc'),(array.array,'u',18,b'\xff'*8),(array.array,'w',20,b'\xff'*8),(array.array,'i',-1,b''),(int,'i',8,b''),(array.array,'\udc00',8,b''),(array.array,'d',16,b'x'*9),(array.array,'q',13,b'x'*16)):
    run(lambda: array._array_reconstructor(*a))
a=array.array('u','abc'); run(lambda: a.fromunicode('\ud800')); run(lambda: array.array('w',b'\xff\xff\xff\xff').tounicode()); run(lambda: repr(array.array('w',b'\xff\xff\xff\x7f')));run(lambda: list(array.array('w',b'\xff\xff\xff\x7f')));run(lambda: array.array('u',b'\xff\xff\xff\x7f')[0]); run(lambda: array.array('u',b'\xff\xff\xff\x7f').tounicode())

#: bytearray_hostile
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class I:
    def __init__(s,f,v=65): s.f=f; s.v=v
    def __index__(s): s.f(); return s.v
class B:
    def __init__(s,f,d=b'A'): s.f=f; s.d=d
    def __buffer__(s,fl): s.f(); return memoryview(s.d)
    def __release_buffer__(s,v): s.f()
    def __iter__(s): s.f(); return iter([65,66])
b=bytearray()
for f in (lambda:b.clear(),lambda:b.extend(b'x'*10000),lambda:b.__init__(5),lambda:b.__delitem__(slice(0,50))):
    ops=[lambda: b.append(I(f)),lambda: b.insert(I(f,3),I(f)),lambda: b.remove(I(f)),lambda: b.pop(I(f,3)),lambda: b.__setitem__(I(f,3),I(f)),lambda: b.__delitem__(I(f,3)),lambda: b.__setitem__(slice(I(f,0),I(f,50),I(f,2)),B(f,b'x'*25)),lambda: b.__setitem__(slice(I(f,0),I(f,50)),B(f)),lambda: b.__setitem__(slice(1,5),[I(f)]*9),lambda: b.__delitem__(slice(I(f,0),I(f,50),I(f,3))),lambda: b[I(f,1):I(f,60):I(f,2)],lambda: b*I(f,3),lambda: b.__imul__(I(f,3)),lambda: b.extend(B(f)),lambda: b.extend([I(f)]*30),lambda: b.__iadd__(B(f)),lambda: b+B(f),lambda: b.join([B(f),B(f)]),lambda: bytearray(b',').join([b,B(f),b]),lambda: b.replace(B(f),B(f,b'yyyy')),lambda: b.translate(B(f,bytes(256)),delete=B(f)),lambda: b.maketrans(B(f),B(f)),lambda: b.find(B(f)),lambda: b.count(I(f)),lambda: b.index(B(f),I(f,1),I(f,9)),lambda: b.rfind(I(f),I(f,0)),lambda: b.split(B(f)),lambda: b.rsplit(B(f),I(f,3)),lambda: b.partition(B(f)),lambda: b.rpartition(B(f)),lambda: b.strip(B(f)),lambda: b.startswith(B(f),I(f,0)),lambda: b.endswith((B(f),B(f))),lambda: b.removeprefix(B(f)),lambda: b.removesuffix(B(f)),lambda: b.center(I(f,300),B(f)),lambda: b.ljust(I(f,300)),lambda: b.zfill(I(f,300)),lambda: b.expandtabs(I(f,3)),lambda: b.splitlines(B(f)),lambda: b.hex(':',I(f,2)),lambda: b%B(f),lambda: bytearray(b'%s %b %a %c')%(B(f),B(f),b,I(f)),lambda: b==B(f),lambda: b<B(f),lambda: B(f) in b,lambda: I(f) in b,lambda: b.decode('utf-8','strict'),lambda: bytes(b),lambda: int(b),lambda: float(b),lambda: b.__init__(B(f)),lambda: b.__init__([I(f)]*99),lambda: b.fromhex('41 42'),lambda: b.__init__(I(f,100)), lambda: b.copy(), lambda: b.reverse(), lambda: b.__contains__(I(f)), lambda: b.hex(B(f)), lambda: b.__alloc__(), lambda: b.join(B(f)), lambda: b.join(iter([b,I(f)]))]
    for op in ops:
        b=bytearray(b'A%sB%d'*20); run(op)
ops2=[lambda x: x.find(B(f)), lambda x: x.join([B(f),x]), lambda x: x.replace(B(f),B(f)), lambda x:x.translate(B(f,bytes(256))), lambda x:x.split(B(f)), lambda x:x%(B(f),)]
x=b'%sAAA'
for f in (lambda: None,):
    for op in ops2: run(lambda: op(x))
L=[]
class B2(B): pass
for sep in (b',',bytearray(b',')):
    L=[B(lambda:L.clear(),b'x') for i in range(20)]; run(lambda: sep.join(L))
    L=[B(lambda:L.extend([b'y'*1000]*10),b'x') for i in range(20)]; run(lambda: sep.join(L))

#: dir_cyclic_bases
class Fake: pass
a = Fake(); a.__bases__ = (a,)
class C:
    @property
    def __class__(self): return a
dir(C())

#: structseq_sizes
import time
for n in ('n_fields','n_sequence_fields','n_unnamed_fields'):
    for v in (2**62,64,-1,0,2**31,1,200):
        old=getattr(time.struct_time,n)
        try:
            setattr(time.struct_time,n,v)
        except Exception as e: print(repr(e)[:80]); continue
        for f in (lambda: time.struct_time((1,)*9), lambda: time.struct_time((1,)*9,{'zzz':1}), lambda: time.struct_time((1,)*v) if 0<v<1000 else 0, lambda: repr(time.gmtime(0)), lambda: time.gmtime(0).__reduce__(), lambda: time.gmtime(0).__replace__(tm_year=1), lambda: time.mktime(time.gmtime(0)), lambda: time.strftime('%c',time.gmtime(0)), lambda:time.asctime()):
            try: f()
            except Exception as e: print(n,v,repr(e)[:60])
        setattr(time.struct_time,n,old)

#: type_keys_compare
armed=False
class K(str):
    __slots__=()
class N:
    def __init__(s,n): s.n=n
    def __hash__(s): return hash(s.n)
    def __eq__(s,o):
        global armed
        if armed:
            armed=False
            act()
        return False
import gc
class Base: pass
def act():
    Base.__init_subclass__; 
    for i in range(30): type('Sub%d'%i,(Base,),{})
    gc.collect()
for n in ('__doc__','__hash__','__eq__','__getattr__','__getitem__','__iter__','__del__','foo','__module__','__qualname__','__dict__','__weakref__','__slots__','__classcell__','__init_subclass__','__set_name__','__abstractmethods__','__add__','__class__'):
    try:
        armed=True
        C=type('C',(Base,),{N(n):1,'a':2})
        armed=True; D=type('D',(C,),{})
        armed=True; C.foo=1
        armed=True; setattr(C,'__getitem__',lambda s,i:1)
        armed=True; Base.__add__=lambda s,o:1
        armed=True; del Base.__add__
        armed=True; repr(C); C.__doc__; dir(C); C(); getattr(C(),n,0)
    except Exception as e: print(n,repr(e)[:70])

#: subclasses_change
import gc
subs=[]
state=0
class N:
    def __hash__(s): return hash('__getitem__')
    def __eq__(s,o):
        global state
        if state:
            state=0
            subs.clear(); gc.collect()
            for i in range(50): subs.append(type('T%d'%i,(Base,),{}))
        return False
class Base: pass
for i in range(20):
    subs.append(type('S%d'%i,(Base,),{N():1}))
for i in range(10):
    state=1
    Base.__getitem__=lambda s,i:1
    state=1
    del Base.__getitem__
    state=1
    Base.__abstractmethods__={'x'}
    Base.__abstractmethods__=()

#: reversed_dict
d={i:i for i in range(100000)}
for i in range(99999): del d[i]
it=reversed(d)
d.clear(); d['x']=1
try: print(list(it))
except RuntimeError as e: print(e)
for mk in (lambda d:reversed(d), lambda d:reversed(d.keys()), lambda d:reversed(d.values()), lambda d: reversed(d.items())):
    d={i:i for i in range(100000)}
    for i in range(99999): del d[i]
    it=mk(d); d.clear(); d[1]=1
    try: print(list(it))
    except RuntimeError as e: print(e)
    try: it.__reduce__(); it.__length_hint__()
    except RuntimeError as e: print(e)

#: split_dict_values
class A: pass
armed=False
class K(str):
    def __hash__(s): return hash('zzz')
    def __eq__(s,o):
        global armed
        if armed:
            armed=False
            x.__dict__.clear() if mode==0 else (x.__dict__.update({i:i for i in range(50)}) if mode==1 else [setattr(x,'q%d'%i,i) for i in range(40)])
        return False
for mode in range(3):
  for op in range(5):
    class A: pass
    for i in range(3):
        y=A(); y.a=1; y.b=2; y.zzz=3
    x=A(); x.a=1; x.b=2; x.zzz=4
    armed=True
    try:
        if op==0: x.__dict__[K('zzz')]=5
        elif op==1: x.__dict__.setdefault(K('zzz'),5)
        elif op==2: setattr(x,K('zzz'),5)
        elif op==3: x.__dict__.update({K('zzz'):5})
        elif op==4: x.__dict__.pop(K('zzz'),None)
    except Exception as e: print(repr(e))
    try: repr(x.__dict__)
    except Exception as e: print(e)

#: bytearray_release_hostile
class B:
    def __init__(s,d): s.d=d
    def __buffer__(s,f): return memoryview(s.d)
    def __release_buffer__(s,v):
        try: b.clear()
        except BufferError: pass
        b.extend(b'q'*5000) if not len(b) else 0
for n in ('strip','lstrip','rstrip','find','rfind','index','count','split','rsplit','partition','rpartition','replace','translate','startswith','endswith','removeprefix','removesuffix','__contains__','join','__add__','__mod__','center','ljust','zfill','__eq__','__lt__','extend','__iadd__','__init__','hex','decode','fromhex','__setitem__'):
    for a in ((B(b'A'),),(B(b'A'),B(b'B')),(B(b'A'*256),B(b'A')),([B(b'a'),B(b'b')],),(50,B(b'a')),(slice(0,2),B(b'abc'))):
        b=bytearray(b'AbcA'*100)
        try: getattr(b,n)(*a)
        except Exception: pass

#: setattr_replaces_dict
class K(str):
    def __hash__(s): return hash('zzz')
    def __eq__(s,o):
        global armed
        if armed:
            armed=False
            x.__dict__={}; [{i:i} for i in range(50)]
        return False
def fun(): pass
class E(Exception): pass
class A: pass
for mk in (A,E,lambda: type(fun)(fun.__code__,{}) if 0 else fun,lambda: type('M',(type(__builtins__),),{})('m')):
    for op in range(3):
        armed=False
        x=mk(); x.zzz=1; x.a=2; x.__dict__
        armed=True
        try:
            if op==0: setattr(x,K('zzz'),5)
            elif op==1: delattr(x,K('zzz'))
            else: getattr(x,K('zzz'),0)
        except AttributeError: pass
        armed=False
        x.b=1; x.__dict__.update(a=1); x.__dict__={}

#: two_dicts_of_one_object
class K(str):
    def __hash__(s): return hash('zzz')
    def __eq__(s,o):
        if armed: kept.append(x.__dict__)
        return False
class A: pass
kept=[]
armed=False
for i in range(200):
    x=A(); x.a=[i]; x.zzz=[i,i]
    armed=True
    setattr(x,K('zzz'),object())
    armed=False
    for d in kept:
        d['a']=[1]; d['q%d'%i]=2; d.pop('zzz',None); d.clear()
    x.b=1
    if i%3==0: kept.clear()
del x, kept

#: pickle_memo_of_nothing
import io, pickle
def run(f):
    try: return f()
    except Exception as e: print(repr(e)[:60])
p=pickle.Pickler(io.BytesIO()); u=pickle.Unpickler(io.BytesIO(b'.'))
for x in (p,u):
    T=type(x.memo)
    for m in (lambda: T.__new__(T), lambda: object.__new__(T), lambda: T()):
        o=run(m)
        for f in (lambda: o.copy(), lambda: o.clear(), lambda: o.__reduce__(), lambda: setattr(x,'memo',o), lambda: o.__reduce_ex__(4), lambda: repr(o)): run(f)

#: dict_goes_while_stored_to
import gc
class D:
    def __del__(s):
        try:
            x.__dict__; x.q = 1; x.__dict__ = {}; x.a = 5
        except Exception as e: pass
class X: pass
class Y: pass
for i in range(300):
    x = X(); x.a = D(); x.b = 1; x.c = 2
    k = i % 12
    try:
        if k == 0: x.a = 5
        elif k == 1: del x.a
        elif k == 2: x.__dict__ = {'a': 1}
        elif k == 3: x.__dict__.clear()
        elif k == 4: x.__dict__.pop('a')
        elif k == 5: x.__class__ = Y; x.a = 3
        elif k == 6: d = x.__dict__; x.__dict__ = {}; d.clear(); d['z'] = 1
        elif k == 7: d = x.__dict__; del x; x = X(); d.clear()
        elif k == 8: x.__dict__.update(a=3)
        elif k == 9: x.__dict__.popitem(); x.__dict__.popitem(); x.__dict__.popitem()
        elif k == 10: d = x.__dict__; d |= {'a': 4}
        elif k == 11: del x.__dict__; x.a = 1
    except Exception as e: pass
gc.collect()
