# What our own C believes of a guest's objects.
# One case after each line "#: name"; test_corpus.py runs them.

#: streams_new
import sys, io, copy
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
for s in (sys.stdin,sys.stdout,sys.stderr,sys.stdout.buffer,sys.stdin.buffer):
    T=type(s)
    for f in (lambda:object.__new__(T),lambda:io._io._TextIOBase.__new__(T) if hasattr(io,'_io') else 0,lambda:T(),lambda:T.__new__(T),lambda:copy.copy(s),lambda:copy.deepcopy(s),lambda:s.__reduce_ex__(2),lambda:s.__reduce_ex__(4),lambda:s.__reduce__(),lambda:setattr(s,'__class__',io.StringIO),lambda:type('X',(T,),{}),lambda:s.__init__(),lambda:s.close(),lambda:s.closed,lambda:s.detach(),lambda:s.fileno(),lambda:s.isatty(),lambda:s.read(-2**62),lambda:s.read(2**62),lambda:s.readline(2**63-1),lambda:s.readline(-5),lambda:s.write('x'),lambda:s.write(b'x'),lambda:s.writelines(['a']*3),lambda:s.seek(0),lambda:s.tell(),lambda:s.truncate(),lambda:s.buffer,lambda:s.__dict__.clear(),lambda:s.__del__(),lambda:s.__enter__(),lambda:s.__exit__(),lambda:next(s),lambda:s.flush(),lambda:s.reconfigure(encoding=5),lambda:s.newlines,lambda:s.readinto(bytearray(5)),lambda:s.readinto1(bytearray(5)),lambda:s.readall(),lambda:s.line_buffering,lambda: s.raw, lambda: s._checkClosed(), lambda: s._CHUNK_SIZE, lambda: s.mode, lambda:s.name):
        r=run(f)
        if r is not None and not isinstance(r,(str,int,bool)): print(T.__name__, type(r))
        import gc; 
import io; x=run(lambda: io.TextIOWrapper(sys.stdout.buffer)); run(lambda:x.write('hey')); run(lambda:x.flush()); run(lambda:x.detach())
x=run(lambda: io.BufferedWriter(sys.stdout.buffer)); run(lambda:x.write(b'hey')); run(lambda:x.flush())
x=run(lambda: io.BufferedReader(sys.stdin.buffer)); run(lambda:x.read())

#: std_hostile
import sys
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class H:
    def __getattr__(s,n): raise KeyError(n)
class H2:
    def write(s,x): del sys.stdout; raise ValueError
    def flush(s): sys.stderr=None
    def readline(s,*a): return R
    def fileno(s): return R
    encoding=5; errors=b'x'
saved=(sys.stdin,sys.stdout,sys.stderr)
for R in (5,None,b'x\n','x\n','',10**30,[]):
    for a in (H(),H2(),None,5):
        for b in (H(),H2(),None,5):
            sys.stdin,sys.stdout,sys.stderr=a,b,a
            run(lambda:input('p')); run(lambda:input(H())); run(lambda:print(1,file=a)); run(lambda:print(1,flush=True)); run(lambda:sys.displayhook(5)); run(lambda:sys.excepthook(ValueError,ValueError(1),None)); run(lambda:sys.unraisablehook(5))
            for n in ('stdin','stdout','stderr'):
                run(lambda: delattr(sys,n)); run(lambda:input()); run(lambda:print(1)); run(lambda:sys.displayhook(6))
            class D:
                def __del__(s): 1/0
            D(); 
            import warnings; run(lambda: warnings.warn('x')); run(lambda: exec('"\\q"'))
sys.stdin,sys.stdout,sys.stderr=saved

#: builtins_hostile
import builtins, sys
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
orig=dict(builtins.__dict__)
for n in ('__import__','__build_class__','print','open','len','KeyError','AssertionError','getattr','super','StopIteration','__debug__','iter'):
    for v in (5,None,lambda *a,**k:5,lambda *a,**k:1/0):
        setattr(builtins,n,v) if n!='__debug__' else 0
        run(lambda: exec('import os.path as q')); run(lambda: exec('from os import *')); run(lambda:exec('class A: pass')); run(lambda:exec('assert 0')); run(lambda:exec('a,b=1')); run(lambda:exec('from . import x')); run(lambda: __import__('json')); run(lambda:"".encode('punycode')); run(lambda:exec('for i in 5: pass')); run(lambda: [].__reduce_ex__(4)); run(lambda: iter([1]).__reduce__())
        builtins.__dict__.update(orig)
for v in (5,None,[],{},'x',int):
    g={'__builtins__':v}
    run(lambda:exec('len',g)); run(lambda:exec('class A: pass',g)); run(lambda:exec('import os',g)); run(lambda:exec('1/0',g)); run(lambda:exec('def f(): return len\nf()',g)); run(lambda:eval('(lambda:len)()',g)); run(lambda: exec('x: int = 1',g)); run(lambda:exec('match 1:\n case int(): pass',g)); run(lambda: exec('async def f(): pass',g))
globals()['__builtins__']=5

#: main_gone
import sys
sys.modules['__main__']=5
sys.modules['builtins']=7
sys.modules['sys']=None
sys.modules.clear()
del sys
x=1
x

#: modules_hostile
import sys
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class S(str):
    def __eq__(s,o): sys.modules.clear(); return True
    def __hash__(s): return hash('json')
    def __str__(s): return 5
    def __len__(s): return 10**9
    def __getattribute__(s,n): return 5
class M(dict):
    def __getitem__(s,k): return 5
    def get(s,*a): return 5
keep=dict(sys.modules)
for nm in (S('json'),S('os.path'),S(''),S('a.b.c'),'\ud800','a\0b','x'*100000,'.'*1000,'..','json.','.json','json..decoder','é'*300,'\U0001F600'*200,'a/b','json/../os','restrict','restrict.x','_restrict','json.decoder.x.y','_imp','zipimport','_interpreters','\n\x1b[31m','\x9b31m','\u2028x'):
    for f in (lambda:__import__(nm),lambda:__import__(nm,fromlist=['a','*',5]),lambda:__import__(nm,{'__name__':'x','__package__':S('json')},None,['q'],1),lambda:__import__(nm,{'__package__':5},None,(),1),lambda:__import__(nm,{'__spec__':5,'__name__':S('json.x'),'__path__':5},None,(),2),lambda:__import__(nm,{'__package__':'json'},None,(),1), lambda: __import__(nm,{},{},S('abc')), lambda: __import__(nm,level=2**31), lambda: __import__(nm,level=-1)):
        run(f); 
    sys.modules.update(keep)
class P:
    __path__=5; __name__=S('json')
    def __getattr__(s,n): sys.modules.pop('p',None); raise AttributeError
sys.modules['p']=P(); run(lambda:exec('from p import a,b')); run(lambda:exec('from p import *')); run(lambda:__import__('p.q')); run(lambda:exec('import p.q.r')); run(lambda: exec('from p.q import r'))
class P2: 
    __path__=[]; __all__=5
sys.modules['p']=P2(); run(lambda:exec('from p import *')); P2.__all__=[5]; run(lambda:exec('from p import *')); P2.__all__=['x'*10**6]; run(lambda:exec('from p import *'))
class It:
    def __iter__(s):
        L.clear(); yield 'decoder'
L=['decoder']*5
run(lambda:__import__('json',fromlist=It()))
class F(list): pass
class N(str):
    def __hash__(s): L.clear(); return 1
L=[N('a'),N('b')]; run(lambda:__import__('json',fromlist=L))
for v in (5,None,P(),[]):
    sys.modules['encodings']=v; run(lambda:'x'.encode('cp1252')); run(lambda:b''.decode('nonsense%d'%id(v)))
sys.modules.update(keep)
sys.modules={}; run(lambda:__import__('json')); sys.modules=5; run(lambda:__import__('json')); del sys.modules; run(lambda:__import__('textwrap'))

#: exc_hostile
import sys
class E(Exception):
    def __str__(s):
        s.__traceback__=None; s.__context__=None; s.__cause__=s; s.__notes__=[1]*5; raise RuntimeError
    def __getattr__(s,n): raise KeyError
class Meta(type):
    def __getattribute__(s,n): 1/0
class S(str):
    def __eq__(s,o): return 1/0
    def __hash__(s): return hash('__module__')
class E2(E,metaclass=Meta): pass
E2.__qualname__='\ud800\x00\n\x1b[2J'; 
type.__setattr__(E2,'__module__',S('q\ud800'))
x=E2('\ud800'*10); y=x
for i in range(50):
    z=E2(); z.__cause__=y; z.__notes__=['\x1b]0;t\x07'*1000]*100; y=z
raise y

#: exc_syntax
class S(SyntaxError):
    def __str__(s): s.msg=None; s.text=5; s.lineno='x'; s.offset=10**100; s.filename=[]; return 'x'
e=S('m',('f',10**30,-5,'\ud800text'*100000)); e.text='x'*10**6; e.offset=10**18; e.lineno=10**50
raise e

#: exc_cycle
a=ValueError('a'); b=ValueError('b'); a.__context__=b
try: b.__context__=a
except Exception: pass
a.__cause__=b; b.__cause__=a
raise a

#: exc_deep_tb
def f(n):
    if n: return f(n-1)
    1/0
try: f(900)
except Exception as e:
    t=e
for i in range(3000):
    try: raise t
    except Exception as e: t=e
raise t

#: copy_out_hostile
class L(list): pass
t=()
for i in range(100000): t=(t,)
d={t:1} if False else {}
k=[t,{1:t},{(1,2):L()}]
k

#: nan_sets
n=float('nan')
[{n,n,float('nan')},{n:1,float('nan'):2},frozenset([n]),(n,)*5]
