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
        assert repr(e)==T.__name__+"('a', "+("(ValueError(),))","[ValueError()])")[a==(1,[])], repr(e)
