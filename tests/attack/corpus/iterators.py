# Iterators that are advanced, used up or set from inside themselves.
# One case after each line "#: name", or one for each word of "#: name_@: words";
# test_corpus.py runs them.

#: chain_reenter
import itertools
def g():
    global c
    for i in range(5):
        try: print('in', next(c))
        except Exception as e: print(repr(e))
        yield i
class It:
    def __init__(s): s.n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n==1:
            for i in range(3):
                try: next(c)
                except Exception as e: pass
            return 1
        raise StopIteration
c=itertools.chain(map(lambda x:x, It()), zip(It(),It()), filter(None,It()))
try: print(list(c))
except Exception as e: print(repr(e))
c=itertools.chain.from_iterable([map(int, It()) for i in range(4)])
try: print(list(c))
except Exception as e: print(repr(e))

#: pairwise_reenter
import itertools
class It:
    def __init__(s): s.n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n in (1,2,3):
            try: next(p)
            except BaseException as e: pass
        if s.n>20: raise StopIteration
        return [s.n]
p=itertools.pairwise(It())
print(list(itertools.islice(p,20)))
class It2(It):
    def __next__(s):
        s.n+=1
        if s.n==2:
            for i in range(3):
                try: next(p)
                except BaseException as e: pass
        if s.n>5: raise StopIteration
        return [s.n]
p=itertools.pairwise(It2()); print(list(p))

#: product_setstate
import itertools
for o in (itertools.product('ab','cd'),itertools.permutations('abc',2),itertools.combinations('abc',2),itertools.combinations_with_replacement('abc',2),itertools.cycle('ab'),itertools.accumulate('ab'),itertools.count(1),itertools.repeat(1,2),itertools.islice('abc',2),itertools.takewhile(None,'a'),itertools.dropwhile(None,'a'),itertools.chain('ab'),itertools.zip_longest('ab'),itertools.groupby('ab'),itertools.tee('ab')[0]):
    for s in ((),(0,),(5,6),(-1,-1),(2**62,2**62),(2**70,1),('a','b'),None,1,([],),((1,2,3),(4,5)),((0,0),(0,0)),([],5),('ab',0),(iter('x'),[1],0),(1,1)):
        if hasattr(o,'__setstate__'):
            try: o.__setstate__(s)
            except BaseException as e: pass
            try: next(o)
            except BaseException as e: pass

#: iters_setstate
import array, collections
for o in (iter([1,2]),iter((1,2)),iter('ab'),iter('é'*3),iter(b'ab'),iter(bytearray(b'ab')),reversed([1,2]),iter(range(5)),iter(range(2**70,2**70+5)),iter(array.array('i',[1])),iter(memoryview(b'abc')), zip('ab','cd',strict=True), zip('a'), enumerate('ab'), reversed(bytearray(b'x')), iter(lambda:1,2),iter({1:2}),iter({1}),iter(collections.deque([1]))):
    for s in (-2**70,-2**62,-1,0,1,2,5,2**62,2**70,None,'x',[],True):
        if hasattr(o,'__setstate__'):
            try: o.__setstate__(s)
            except BaseException as e: pass
            try: next(o)
            except BaseException as e: pass
            try: o.__length_hint__()
            except BaseException as e: pass
            try: o.__reduce__()
            except BaseException as e: pass

#: tee_dataobject
import itertools
T=type(itertools.tee([])[0]); D=itertools._tee_dataobject
for a in (([],None,None),(iter([]),[1]*57,None),(iter([]),[1]*58,None),(iter([]),[1]*3,D(iter([]),[],None)),(iter([1]),[1]*57,D(iter([]),[],None)),(iter([]),(1,),None),(iter([]),[],5),(5,[],None)):
    try: print(D(*a))
    except BaseException as e: print(repr(e))
d=D(iter('abc'),[1]*57,None)
try: d2=D(iter('abc'),[1]*57,d); 
except BaseException as e: print(repr(e))
t,=itertools.tee('abcdef',1)
try: t.__setstate__((d,57)); print(list(t))
except BaseException as e: print(repr(e))
for st in ((d,58),(d,-1),(d,2**40),(None,0),(d,0,0),d,(D(iter('x'),[],None),30)):
    try: t.__setstate__(st); print(list(t)[:3])
    except BaseException as e: print(repr(e))

#: tee_reenter
import itertools
class It:
    def __iter__(s): return s
    n=0
    def __next__(s):
        s.n+=1
        if s.n<3:
            try: next(a)
            except BaseException as e: print(repr(e))
            try: next(b)
            except BaseException as e: print(repr(e))
        if s.n>5: raise StopIteration
        return s.n
a,b=itertools.tee(It())
print(list(a)[:9]); print(list(b)[:9])

#: tee_del_chain
import itertools
a,b=itertools.tee(itertools.count())
for i in range(300000): next(a)
del b
del a
class D:
    def __del__(s):
        global a
        try: next(a)
        except Exception: pass
a,b=itertools.tee([D() for i in range(200)])
list(itertools.islice(a,150)); 
del b; a=None

#: groupby_reenter
import itertools
class K:
    def __init__(s,v): s.v=v
    def __eq__(s,o):
        try: next(g)
        except BaseException as e: pass
        return False
    __hash__=None
g=itertools.groupby(range(20), K)
try:
    for k,gr in g:
        print(list(gr))
except BaseException as e: print(repr(e))
gr=None
class K2(K):
    def __eq__(s,o):
        global gr
        try: next(gr)
        except BaseException as e: pass
        return True
g=itertools.groupby(range(20), K2)
k,gr=next(g)
try: print(list(gr))
except BaseException as e: print(repr(e))

#: accumulate_reenter
import itertools
class N:
    def __add__(s,o):
        try: next(a)
        except BaseException as e: pass
        return N()
a=itertools.accumulate([N() for i in range(30)])
print(len(list(a)))
a=itertools.accumulate((N() for i in range(30)),initial=N())
print(len(list(a)))

#: reduce_reenter
import functools
class It:
    n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n>5: raise StopIteration
        return s.n
kept=[]
def f(*a):
    kept.append(a); return a
print(functools.reduce(f, It()))
def z(*a): kept.append(a); return 1
print(list(map(z,range(5),range(5)))); print(list(zip(range(3),range(3)))); print(len(set(map(id,kept))))

#: seqiter_reenter
class S:
    n=0
    def __getitem__(s,i):
        s.n+=1
        if s.n==1:
            try: next(it)
            except StopIteration: pass
        raise IndexError
s=S(); it=iter(s)
del s
try: next(it)
except StopIteration: print('stop')
x=[object() for i in range(100)]
try: next(it)
except StopIteration: print('stop')
for j in range(100):
    s=S(); it=iter(s)
    try: next(it)
    except StopIteration: pass
    s.x=1; s.y=2

#: reversed_reenter
class S:
    n=0
    def __len__(s): return 5
    def __getitem__(s,i):
        s.n+=1
        if s.n==1:
            try: list(it)
            except BaseException as e: print(e)
            raise IndexError
        if s.n>3: raise IndexError
        return s.n
for i in range(20):
    s=S(); it=reversed(s); del s
    try: print(next(it))
    except StopIteration: print('stop')

#: ir_@: chain chain2 islice islice2 takewhile dropwhile filterfalse starmap accumulate pairwise batched zl zip zips map2 filter enum compress groupby tee product perm comb rev itercall gen genyf
import itertools, functools, collections
def mk(wrap):
    class It:
        n=0
        def __iter__(s): return s
        def __next__(s):
            s.n+=1
            if s.n<4:
                try:
                    for i in range(3): next(obj[0])
                except BaseException: pass
                return s.n
            raise StopIteration
    obj=[None]
    inner=map(lambda x:x, It())
    obj[0]=wrap(inner); inner=None
    try: r=list(itertools.islice(obj[0],50))
    except BaseException as e: r=repr(e)
    return r
ws=dict(
 chain=lambda i:itertools.chain(i,i), chain2=lambda i: itertools.chain.from_iterable(zip(i,i)), cycle=itertools.cycle, islice=lambda i:itertools.islice(i,1,20,2), islice2=lambda i:itertools.islice(i,2),
 takewhile=lambda i:itertools.takewhile(lambda x:x<2,i), dropwhile=lambda i:itertools.dropwhile(lambda x:x<2,i), filterfalse=lambda i:itertools.filterfalse(lambda x:x>1,i),
 starmap=lambda i:itertools.starmap(max,zip(i,i)), accumulate=lambda i:itertools.accumulate(i), pairwise=itertools.pairwise, batched=lambda i:itertools.batched(i,3), zl=lambda i:itertools.zip_longest(i,i,[1,2,3]),
 zip=lambda i:zip(i,i,i), zips=lambda i: zip(i,i,strict=True), map2=lambda i:map(max,i,i), filter=lambda i:filter(None,i), enum=lambda i:enumerate(i), compress=lambda i:itertools.compress(i,i),
 groupby=lambda i:itertools.groupby(i), tee=lambda i:itertools.tee(i)[0], product=lambda i:itertools.product(i), perm=lambda i:itertools.permutations(i), comb=lambda i: itertools.combinations(i,2), rev=lambda i:reversed(list(i)), itercall=lambda i: iter(i.__next__,None), gen=lambda i:(x for x in i), genyf=lambda i:(lambda:(yield from i))(), repeat=lambda i: itertools.starmap(lambda *a:a, i))
print(mk(ws['@']))
