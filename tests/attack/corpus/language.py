# Generators, classes, trees and annotations that bite.
# One case after each line "#: name"; test_corpus.py runs them.

#: exc_group
class G(ExceptionGroup):
    def split(s,x): return (5,6)
    def derive(s,e): return 5
    def __new__(c,*a): return ExceptionGroup.__new__(c,'m',[ValueError(1)])
    def subgroup(s,x): return []
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
g=G()
def t():
    try: raise g
    except* ValueError as e: raise
run(t)
run(lambda:ExceptionGroup.split(g,ValueError)); run(lambda:ExceptionGroup.subgroup(g,lambda e:1/0)); run(lambda:ExceptionGroup.derive(g,5)); 
x=ExceptionGroup('a',[ValueError()])
for i in range(50000): x=ExceptionGroup('a',[x])
run(lambda:x.split(TypeError)); run(lambda:x.subgroup(lambda e:False)); run(lambda:repr(x)); run(lambda: str(x))
L=[ValueError()]
class Sq:
    def __len__(s): return 3
    def __getitem__(s,i):
        if i>2: raise IndexError
        return ValueError()
run(lambda:ExceptionGroup('x',Sq())); run(lambda:BaseExceptionGroup.__new__(BaseExceptionGroup)); run(lambda: ExceptionGroup.__init__(x,1,2))
class T(tuple): pass
run(lambda: x.split(T((int,)))); run(lambda: x.split((ValueError,5)))
del x
raise g

#: gen_hostile
import sys
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
def g():
    try: x.throw(ValueError)
    except BaseException as e: pass
    try: x.close()
    except BaseException as e: pass
    try: x.send(1)
    except BaseException: pass
    y=yield 1
    yield from x2
x=g(); run(lambda:next(x)); x2=x; run(lambda:next(x)); run(lambda:x.close())
class It:
    def __iter__(s): return s
    def __next__(s): return 1
    def throw(s,*a): run(lambda:G.close()); run(lambda:G.send(5)); run(lambda:G.throw(KeyError)); raise ValueError
    def close(s): run(lambda:G.throw(KeyError)); run(lambda:next(G)); 1/0
    def send(s,x): return run(lambda:G.send(x))
def d(): yield from It()
G=d(); run(lambda:next(G)); run(lambda:G.send(3)); run(lambda:G.throw(ValueError)); G=d(); next(G); run(lambda:G.close()); 
class M(type):
    def __instancecheck__(s,o): return True
    def __subclasscheck__(s,o): return True
class NE(metaclass=M): pass
class BE(Exception):
    def __new__(c,*a): return 5
class BE2(Exception):
    def __init__(s,*a): raise KeyError
for a in ((5,),(NE,),(BE,),(BE2,),(BE2,5),(ValueError,5,5),(ValueError(1),5),(ValueError,ValueError(2),None),(type,),(None,)):
    def q():
        try: yield 1
        except BaseException: yield 2
    v=q(); run(lambda:v.throw(*a)); v=q(); next(v); run(lambda:v.throw(*a))
async def ag():
    try:
        yield 1
        await A(); yield 2
    finally:
        await A()
class A:
    def __await__(s): return iter([1,2]) if not bad else bad()
bad=None
for bad in (None,lambda:5,lambda:iter([]),lambda:ag(),lambda:co()):
    async def co(): await A()
    o=ag(); s1=o.asend(None); s2=o.asend(None); run(lambda:s1.send(None)); run(lambda:s2.send(None)); run(lambda:s1.throw(ValueError)); run(lambda:s2.close()); t=o.athrow(ValueError); run(lambda:t.send(None)); run(lambda:t.send(5)); run(lambda:t.throw(KeyError)); c=o.aclose(); run(lambda:c.send(None)); run(lambda:c.send(None)); run(lambda:c.throw(GeneratorExit)); c2=o.aclose(); run(lambda:c2.close()); n=anext(o,5); run(lambda:n.send(None)); run(lambda:n.throw(ValueError)); run(lambda:n.close()); run(lambda: aiter(o).__anext__().send(None))
    k=co(); run(lambda:k.send(None)); run(lambda:k.throw(ValueError)); k=co(); w=k.__await__(); run(lambda:w.send(None)); run(lambda:k.close()); run(lambda:w.throw(KeyError)); run(lambda:w.close())
class H:
    def __call__(s,x): x.athrow(ValueError).send(None)
run(lambda:sys.set_asyncgen_hooks(H(),H())); o=ag(); run(lambda:o.asend(None).send(None)); del o
run(lambda:sys.set_asyncgen_hooks(None,None))
class D:
    def __del__(s):
        for y in L: run(lambda:next(y)); run(lambda:y.close())
def z():
    d=D(); yield 1; yield d
L=[z() for i in range(5)]
for y in L: next(y)
L2=L; L=[]; del L2; L=[z()]; next(L[0]); L.clear()
x=None
for i in range(20000):
    def nest(i=x): yield from i
    x=nest() if x else iter([])
run(lambda:next(x)); del x
def selfref():
    yield from it
it=selfref(); run(lambda:next(it))
def two(): yield from ob
oa=two(); 
def three(): yield from oa
ob=three(); run(lambda:next(oa)); run(lambda: oa.throw(ValueError))

#: types_hostile
import types, gc
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class S(str):
    def __eq__(s,o): gc.collect(); return str.__eq__(s,o)
    def __hash__(s): return str.__hash__(s)
class M(type):
    def mro(c): return R() if callable(R) else R
class Evil(type):
    def mro(c):
        run(lambda:setattr(c,'__bases__',(object,))); c.x=1; run(lambda:getattr(c,'y')); run(lambda:c()); run(lambda:type('Z',(c,),{})); run(lambda:isinstance(1,c)); run(lambda:super(c,c)); run(lambda:c.__mro__); run(lambda:c.__basicsize__); run(lambda: repr(c)); run(lambda: c.__subclasses__()); run(lambda: hasattr(c,'__dict__')); gc.collect(); return type.mro(c)
run(lambda:Evil('q',(),{})); run(lambda:Evil('q',(int,),{'__slots__':'a'}))
for R in ([],(object,),[int,object],[5],None,5,(str,int),(object,object),lambda:1/0,lambda:[dict,object],[Exception]):
    C=run(lambda:M('C',(),{'__slots__':('a','b')}))
    if isinstance(C,type):
        for f in (lambda:C(),lambda:C().a,lambda:setattr(C(),'a',1),lambda:C.x,lambda:setattr(C,'x',1),lambda:isinstance(1,C),lambda:type('D',(C,),{}),lambda:repr(C()),lambda:C.__dict__,lambda:dir(C),lambda:super(C,C()).x,lambda:C()+1,lambda:C()[0],lambda:hash(C()),lambda:C()==1,lambda: len(C()), lambda: C().__init__(), lambda: object.__new__(C), lambda: int.__new__(C), lambda: dict.__new__(C), lambda: str(C()), lambda: iter(C()), lambda:C.__call__(), lambda: C.__mro__): run(f)
class Desc:
    def __get__(s,o,t=None):
        run(lambda:delattr(K,'d')); gc.collect(); return 5
    def __set__(s,o,v): run(lambda:delattr(K,'d'))
    def __set_name__(s,o,n): run(lambda:delattr(o,n)); o.zzz=1; run(lambda:setattr(o,'__dict__',5))
    def __delete__(s,o): del K.d
class K: pass
for i in range(50):
    K.d=Desc(); run(lambda:K.d); K.d=Desc(); k=K(); run(lambda:k.d); K.d=Desc(); run(lambda:setattr(k,'d',1)); K.d=Desc(); run(lambda:delattr(k,'d'))
run(lambda:type('X',(),{f'a{i}':Desc() for i in range(50)}))
for sl in ('a',['a','a'],['__dict__','__weakref__'],['__dict__','__dict__'],S('a'),[S('a'),S('b')],[5],{'a':1},iter(['a']),['\ud800'],['a'*10**6],['__class__'],['1x'],[f'a{i}' for i in range(10000)],['__slots__']):
    for b in ((),(int,),(tuple,),(dict,),(type,),(Exception,),(K,),(str,)):
        C=run(lambda:type('C',b,{'__slots__':sl})); run(lambda:C()); run(lambda:setattr(C(),'a',5)); run(lambda: setattr(C(),'__class__',K)); run(lambda:delattr(C(),'a'))
class P(type):
    def __prepare__(n,b,**k): return ns
for ns in (5,None,{},[],types.MappingProxyType({}),type('Q',(dict,),{'__getitem__':lambda s,k:5})()):
    run(lambda:exec('class X(metaclass=P): y=1\n def f(s): return __class__',{'P':P,'__name__':S('q')}))
class MB:
    def __mro_entries__(s,b): return v
for v in (5,(),(5,),(MB(),),(int,str),[int],(int,)*1000): run(lambda:exec('class X(MB()): pass',{'MB':MB,'v':v})); run(lambda:types.new_class('x',(MB(),))); run(lambda: types.resolve_bases((MB(),)))
class IS:
    def __init_subclass__(c,**k): del c.__init_subclass__ if False else None; run(lambda:setattr(c,'__bases__',())); run(lambda:c.__mro__); 1/0
class C1: 
    __slots__='a','b'
class C2:
    __slots__='a','b'
c=C1(); c.a=[1]; run(lambda:setattr(c,'__class__',C2)); run(lambda:c.a)
class V: pass
class W: pass
for i in range(100):
    v=V(); v.__dict__; v.x=1; run(lambda:setattr(v,'__class__',W)); v.y=2; run(lambda: setattr(v,'__dict__',{})); 
class SD(str):
    def __get__(s,*a): 1/0
t=type('T',(),{S('x'):1,SD('y'):2}); run(lambda:t.x); run(lambda:t().x); run(lambda:getattr(t,S('x'))); run(lambda:setattr(t,S('q'),1)); run(lambda:t.q)
for n in ('__eq__','__hash__','__getattr__','__getattribute__','__del__','__new__','__init__','__bool__','__len__','__iter__','__next__','__call__','__doc__','__module__','__qualname__','__name__','__abstractmethods__','__annotations__','__type_params__','__slots__','__weakref__','__dict__','__class__','__mro__','__base__','__flags__','__static_attributes__','__firstlineno__','__text_signature__'):
    for v in (5,None,'x',S('z'),[],lambda *a:5,property(lambda s:1/0),classmethod(lambda c:c),type):
        C=run(lambda:type('C',(),{n:v})); run(lambda:C()); run(lambda:repr(C)); run(lambda:hash(C())); run(lambda:bool(C())); run(lambda:setattr(C,n,v)); run(lambda:getattr(C,n)); run(lambda:delattr(C,n)); run(lambda:C()); run(lambda:dir(C())); run(lambda:isinstance(C(),C)); run(lambda:C()==C()); run(lambda:list(C()))
gc.collect()

#: super_hostile
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class A:
    def f(s): return super()
    @property
    def p(s): return 5
class D:
    def __get__(s,o,t): sp.__init__(int,5); return 1
class B: d=D()
class C(B): pass
c=C(); sp=super(C,c); c=None; run(lambda:sp.d); run(lambda:sp.__init__()); run(lambda:sp.__init__(sp)); run(lambda:super().x); run(lambda:super(5,5)); run(lambda:super(C,5)); run(lambda:super(super,sp).__init__(C,C()))
s=super.__new__(super)
for f in (lambda:repr(s),lambda:s.x,lambda:s.__get__(5),lambda:s.__thisclass__,lambda:s.__self__,lambda:s.__get__(C(),C), lambda: s.__self_class__): run(f)
exec('def f(x):\n del x\n super()'); run(lambda:f(1)); exec('class Q:\n def f(x):\n  del x\n  super()\nrun(lambda:Q().f())'); exec('class Q:\n def f(*a): super()\nrun(lambda:Q().f())'); exec('class Q:\n def f(s):\n  nonlocal __class__\n  __class__=5\n  super().f()\nrun(lambda:Q().f())'); exec('class Q:\n def f(s):\n  nonlocal __class__\n  del __class__\n  super().f()\nrun(lambda:Q().f())')

#: ast_hostile
import ast
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class S(str): pass
bad=[None,5,'x',S('x'),[],[None],[5],['x'],'\ud800','a\0',10**30,-1,2**31,ast.Load(),ast.Name('a',ast.Load()),[ast.Pass()],[ast.Expr(ast.Constant(1))],ast.arguments([],[],None,[],[],None,[]),b'x',1.5,ast.Pass(),ast.Constant((1,[2])),ast.Constant(ast)]
import inspect
nodes=[getattr(ast,n) for n in dir(ast) if isinstance(getattr(ast,n),type) and issubclass(getattr(ast,n),ast.AST)]
for N in nodes:
    for b in bad:
        n=run(lambda:N(**{f:b for f in N._fields}))
        if not isinstance(n,ast.AST): continue
        run(lambda:ast.fix_missing_locations(n))
        if isinstance(n,ast.expr): run(lambda:compile(ast.fix_missing_locations(ast.Expression(n)),'x','eval'))
        elif isinstance(n,ast.mod):
            for m in ('exec','eval','single'): run(lambda:compile(n,'x',m))
        else:
            run(lambda:compile(ast.fix_missing_locations(ast.Module([n],[])),'x','exec'))
            run(lambda:compile(ast.fix_missing_locations(ast.Module([ast.FunctionDef('f',n,[n],[n],n,n,n)],[n])),'x','exec'))
x=ast.Name('a',ast.Load())
for i in range(100000): x=ast.UnaryOp(ast.Not(),x)
run(lambda:compile(ast.Expression(x),'x','eval')); run(lambda: ast.dump(x)); del x
l=[ast.Pass()]; 
class LL(list):
    def __len__(s): return 5
class Attr(ast.Module):
    @property
    def body(s): return s
    _fields=('body','type_ignores')
run(lambda:compile(Attr(),'x','exec'))
class Nm(ast.Name):
    @property
    def id(s): B.clear(); return 'x'
B=[ast.Expr(Nm()) for i in range(20)]; run(lambda:compile(ast.fix_missing_locations(ast.Module(B,[])),'x','exec'))
a=ast.parse('x'); a.body.append(a.body); run(lambda:compile(a,'x','exec')); a=ast.parse('f(x)'); a.body[0].value.args.append(a.body[0].value); run(lambda:compile(a,'x','exec'))
for fl in (-1,2**31,0x400,0x2000,0x1000,0x200,0x100,0x4000,0x8000,0x10000,0xffffffff,1<<20): run(lambda:compile('a\nb if 1 else 2','x','exec',fl)); run(lambda:compile('x = 1 # type: int','x','exec',fl)); run(lambda:compile('(int)->str','x','func_type',fl)); run(lambda:compile(ast.parse('x'),'x','exec',fl)); run(lambda:compile('await x','x','exec',fl)); run(lambda:compile('if 1:\n','x','single',fl)); run(lambda: compile('"','x','eval',fl))
class N2(ast.AST):
    _fields=5
run(lambda:N2(1)); N2._fields=('a',5); run(lambda:N2(1,2)); N2._field_types=5; run(lambda:N2()); 
class N3(ast.AST): _fields=('a','b'); _attributes=('x',)
run(lambda:N3(1,2,3)); run(lambda:N3(q=1)); run(lambda:N3().__reduce_ex__(2)); run(lambda: __import__('copy').deepcopy(N3(1,2)))
class Fi(tuple):
    def __contains__(s,x): 1/0
N3._fields=Fi(('a',)); run(lambda:N3(a=1)); ast.AST._fields; run(lambda:setattr(ast.AST,'_fields',5)); run(lambda:delattr(ast.Name,'_fields')); run(lambda:ast.Name('x')); run(lambda:compile('x','x','eval',0x400))

#: match_hostile
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class S(str): pass
class M(type):
    def __instancecheck__(s,o): return True
class C(metaclass=M): pass
class K:
    def get(s,*a): return 1
    def keys(s): return 5
from collections.abc import Mapping, Sequence
class Mp(Mapping):
    def __getitem__(s,k): return 1
    def __iter__(s): yield 1
    def __len__(s): return -1
    def get(s,*a): return a[-1]
class Sq(Sequence):
    def __len__(s): return n
    def __getitem__(s,i): return 1/0
for ma in (5,None,[],(5,),('a',)*1000,(S('a'),'b'),('a','a'),'ab'):
    C.__match_args__=ma
    def t(x):
        match x:
            case C(1,2): return 1
            case C(a=5): return 2
            case {'x':y,**z}: return z
            case [a,*b,c]: return b
            case C(): return 3
    for x in (1,{},Mp(),[],(1,2,3),{'x':1},K(),''): run(lambda:t(x))
for n in (0,1,2,-1,2**62,2**70,'x'): run(lambda:t(Sq()))

#: contextvars_hostile
import contextvars
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
v=contextvars.ContextVar('v'); c=contextvars.copy_context()
class E:
    def __eq__(s,o):
        for i in range(20): run(lambda:contextvars.ContextVar(str(i)).set(1)); run(lambda:v.reset(tok)); 
        return True
    def __hash__(s): return 1
    def __del__(s): run(lambda:v.set(1))
tok=v.set(E()); 
c1=contextvars.copy_context(); v.set(E()); c2=contextvars.copy_context(); run(lambda:c1==c2); run(lambda:c1.run(lambda:c1.run(int))); run(lambda:c1.run(lambda:v.reset(tok))); run(lambda:v.reset(tok)); run(lambda:v.reset(tok))
vs=[contextvars.ContextVar('x') for i in range(3000)]
for x in vs: x.set(E())
c3=contextvars.copy_context(); run(lambda:c3==c2); run(lambda:dict(c3)); it=iter(c3); run(lambda:next(it)); del c3; run(lambda:list(it)); run(lambda:[x.reset(tok) for x in vs]); run(lambda: tok.old_value); run(lambda: tok.var)
def rec(n): return contextvars.copy_context().run(rec,n-1) if n else 0
run(lambda:rec(5000)); run(lambda:contextvars.ContextVar(5)); run(lambda:contextvars.Context.__new__(contextvars.Context)==1)

#: weakref_hostile
import weakref,gc
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class O:
    def __del__(s): L.append(weakref.ref(s,cb)); L.append(s)
    def __eq__(s,o): return True
    def __hash__(s): gc.collect(); return 5
    def __getattr__(s,n): global P; run(lambda:OL.clear()); return lambda *a:OL.clear()
    def __call__(s,*a): OL.clear(); return 1
    def __iter__(s): OL.clear(); return iter([1])
    def __str__(s): OL.clear(); return 'x'
    def __add__(s,o): OL.clear(); return 1
    def __len__(s): OL.clear(); return 3
def cb(r): L.append(r); run(lambda:hash(r)); run(lambda:r==r); OL.clear(); gc.collect(); 1/0
L=[];OL=[]
for i in range(5):
    for f in (lambda p:p.x,lambda p:p+1,lambda p:p(),lambda p:iter(p),lambda p:str(p),lambda p:len(p),lambda p:next(p),lambda p:p[0],lambda p:setattr(p,'a',1),lambda p:delattr(p,'a'),lambda p:hash(p),lambda p:p==p,lambda p:bool(p),lambda p:p in p,lambda p: p<p, lambda p:divmod(p,p), lambda p:repr(p), lambda p: p.__init__()):
        OL=[O()]; p=weakref.proxy(OL[0],cb); run(lambda:f(p)); OL.clear(); run(lambda:f(p))
    w=weakref.WeakValueDictionary(); w2=weakref.WeakSet(); w3=weakref.WeakKeyDictionary(); o=O(); w[1]=o; w2.add(o); run(lambda:w3.__setitem__(o,1)); del o; gc.collect(); run(lambda:list(w)); run(lambda:list(w2)); run(lambda:list(w3))
import _weakref
for a in (({},1),({1:weakref.ref(O())},1),({1:5},1),(5,5),({1:2},[])): run(lambda:_weakref._remove_dead_weakref(*a))
class R(weakref.ref):
    __slots__='x',
    def __init__(s,*a): pass
    def __new__(c,*a): return weakref.ref.__new__(c,*a)
r=run(lambda:R(O)); run(lambda:R.__new__(R)); run(lambda:weakref.ref.__init__(r,5)); run(lambda:r.__init__()); L.clear(); gc.collect()

#: typing_hostile
import typing,types
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
T=typing.TypeVar('T'); P=typing.ParamSpec('P'); Ts=typing.TypeVarTuple('Ts')
class X:
    def __getattr__(s,n): return 5
class Y:
    __parameters__=5
    __typing_subst__=lambda *a:5
    __typing_prepare_subst__=lambda *a:()
    __mro_entries__=5
    __typing_unpacked_tuple_args__=5
class Z:
    __parameters__=(T,)
    def __getitem__(s,k): return s
    __hash__=None
for a in (X(),Y(),Z(),5,None,(),[T],(T,P,Ts),typing.Any,typing.Unpack[Ts]):
    for f in (lambda:list[a],lambda:list[a,T],lambda:list[a][int],lambda:dict[T,a][int],lambda:list[a]|int,lambda:int|a,lambda:list[a]|None,lambda:(list[a]|T)[int],lambda:repr(list[a]),lambda:hash(list[a]),lambda:list[a]==list[a],lambda:list[a].__parameters__,lambda:list[a].__mro_entries__(5),lambda:iter(list[a]),lambda:next(iter(tuple[a])),lambda:tuple[*tuple[a,...]],lambda:types.GenericAlias(a,a),lambda:types.GenericAlias(a,a)(),lambda:types.GenericAlias(a,a).x,lambda:types.GenericAlias(a,a)[a],lambda:isinstance(5,list[a]),lambda:isinstance(5,int|a),lambda:list[a].__reduce__(),lambda:typing.Callable[[a],a],lambda:typing.Callable[P,a][[int]],lambda:dir(list[a]),lambda:type('q',(list[a],),{}), lambda: T.__typing_subst__(a), lambda: Ts.__typing_prepare_subst__(list[Ts],(a,)), lambda: P.__typing_prepare_subst__(list[P],(a,)), lambda: Ts.__typing_subst__(a), lambda: P.__typing_subst__(a), lambda:typing.TypeVar('q',a,a), lambda:typing.TypeVar('q',bound=a,covariant=a), lambda:typing.TypeAliasType('q',a,type_params=(a,)), lambda:typing.TypeAliasType('q',a)[a], lambda: T.has_default(), lambda: typing.Generic[a]): run(f)
u=int
for i in range(5000): u=run(lambda:list[u]|i.__class__)
run(lambda:repr(u)); run(lambda:hash(u)); run(lambda:u==u); run(lambda: u.__parameters__); del u
l=list[T]
for i in range(50000): l=types.GenericAlias(list,l)
run(lambda:repr(l)); run(lambda:l==l); run(lambda: l.__parameters__); run(lambda:l[int]); del l
exec('type A = A\ntype B[T: B] = B[T]\ntype C = 1/0'); run(lambda:A.__value__); run(lambda:B.__value__); run(lambda:C.__value__); run(lambda:B.__type_params__[0].__bound__); run(lambda:A[int]|A); run(lambda:isinstance(1,A)); run(lambda:repr(A)); run(lambda: A.__value__.__value__.__value__)
exec('type R = R.__value__'); run(lambda:R.__value__); exec('def f[T: (lambda: T.__bound__)()](): pass\nrun(lambda: f.__type_params__[0].__bound__)'); exec('class Q[T, *U, **V]:\n type Z = T|U\nrun(lambda:Q.Z.__value__)')
n=types.SimpleNamespace(); n.x=n; run(lambda:repr(n)); run(lambda:n==n); run(lambda:types.SimpleNamespace({'a':1},b=2)); run(lambda:types.SimpleNamespace(5)); run(lambda:n.__replace__(**{'y':1})); run(lambda:n.__dict__.update({1:2})); run(lambda:repr(n))
