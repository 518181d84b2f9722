# Streams that are taken apart or set up by what they call.
# One case after each line "#: name"; test_corpus.py runs them.

#: textio_detach_read
import io
class RAW(io.RawIOBase):
    def readable(self): return True
    def readinto(self, b):
        tw.detach()
        b[:3] = b"abc"
        return 3
tw = io.TextIOWrapper(io.BufferedReader(RAW()), encoding="utf-8")
tw.read()

#: textio_detach_readline
import io
class RAW(io.RawIOBase):
    def readable(self): return True
    def readinto(self, b):
        tw.detach()
        b[:3] = b"abc"
        return 3
tw = io.TextIOWrapper(io.BufferedReader(RAW()), encoding="utf-8")
tw.readline()

#: textio_detach_next
import io
class RAW(io.RawIOBase):
    def readable(self): return True
    def readinto(self, b):
        tw.detach()
        b[:3] = b"abc"
        return 3
tw = io.TextIOWrapper(io.BufferedReader(RAW()), encoding="utf-8")
next(tw)

#: textio_detach_write
import io
class RAW(io.RawIOBase):
    def writable(self): return True
    def write(self, b):
        tw.detach()
        return len(b)
tw = io.TextIOWrapper(io.BufferedWriter(RAW()), encoding="utf-8", write_through=True)
tw.write("x"*100000)

#: textio_detach_flush
import io
class RAW(io.RawIOBase):
    def writable(self): return True
    def write(self, b):
        tw.detach()
        return len(b)
tw = io.TextIOWrapper(io.BufferedWriter(RAW()), encoding="utf-8")
tw.write("x"*100)
tw.flush()

#: textio_detach_seek
import io
class RAW(io.RawIOBase):
    def readable(self): return True
    def seekable(self): return True
    def writable(self): return True
    def tell(self):
        try: tw.detach()
        except Exception: pass
        return 0
    def seek(self, *a):
        try: tw.detach()
        except Exception: pass
        return 0
    def readinto(self, b):
        b[:3]=b'abc'; return 3
tw = io.TextIOWrapper(io.BufferedRandom(RAW()), encoding="utf-8")
for f in (lambda: tw.seek(0), lambda: tw.tell(), lambda: tw.seek(0,2)):
    try: f()
    except Exception as e: print(e)

#: bytesio_hostile
import io
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class B:
    def __init__(s,f,d=b'x'*50): s.f=f; s.d=d
    def __buffer__(s,fl): s.f(); return memoryview(s.d)
    def __release_buffer__(s,v): s.f()
class I:
    def __init__(s,f,v=0): s.f=f; s.v=v
    def __index__(s): s.f(); return s.v
class WB(bytearray):
    def __init__(s,f): s.f=f; super().__init__(50)
    def __buffer__(s,fl): s.f(); return super().__buffer__(fl)
for f in (lambda:b.close(),lambda:b.truncate(0),lambda:b.__init__(b'q'*5),lambda:b.seek(10**6),lambda:b.write(b'z'*10000),lambda:b.__setstate__((b'abc',2,None)),lambda: V.append(b.getbuffer())):
    V=[]
    for op in (lambda:b.write(B(f)),lambda:b.writelines([B(f)]*5),lambda:b.read(I(f,5)),lambda:b.read1(I(f,5)),lambda:b.readline(I(f,5)),lambda:b.readlines(I(f,5)),lambda:b.readinto(WB(f)),lambda:b.seek(I(f,5),I(f,1)),lambda:b.truncate(I(f,5)),lambda:b.__init__(B(f)),lambda:b.getvalue(),lambda:b.__setstate__((B(f),I(f,5),{})),lambda:b.__setstate__((b'x',I(f,5),{'a':1})), lambda: b.getbuffer().__setitem__(I(f),I(f)), lambda: [V.append(b.getbuffer()), b.__init__(b'x'), b.truncate(0), b.close()], lambda: list(b)):
        b=io.BytesIO(b'A\nB'*100); run(op); 
    for v in V:
        run(lambda: bytes(v)); run(lambda: v.__setitem__(0,65))
b=io.BytesIO(b'abc'); v=b.getbuffer(); run(lambda: b.__init__(b'zzzz'*1000)); print(bytes(v)); run(lambda: b.__setstate__((b'y'*1000,0,None))); print(bytes(v)); del b; print(bytes(v))
g=b'shared'*10; b=io.BytesIO(g); h=b.getvalue(); v=b.getbuffer(); v[0]=0; print(g is h, g[:3])
b=io.BytesIO(); b.write(b'x'*100); h=b.getvalue(); b.seek(0); b.write(b'y'); print(h[:2])
for n in (-1,0,5,2**62,2**63-1): 
    b=io.BytesIO(b'abc'); run(lambda: b.seek(n)); run(lambda: b.write(b'x') if n<2**40 else b.write(b'x')); run(lambda:b.read()); run(lambda: b.readinto(bytearray(5))); run(lambda: b.truncate(n) if n<10**6 else 0); run(lambda: b.read(5)); run(lambda: b.readline()); run(lambda: b.__setstate__((b'',n,None))); run(lambda: b.write(b''))

#: stringio_hostile
import io
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class S(str):
    def __str__(s): f(); return 'x'
class I:
    def __init__(s,f,v=0): s.f=f; s.v=v
    def __index__(s): s.f(); return s.v
for f in (lambda:b.close(),lambda:b.truncate(0),lambda:b.__init__('q'*5),lambda:b.seek(10**5),lambda:b.write('z'*10000),lambda:b.__setstate__(('abc','\n',2,None)), lambda: b.getvalue()):
    for op in (lambda:b.write(S('x')),lambda:b.read(I(f,5)),lambda:b.readline(I(f,5)),lambda:b.seek(I(f,5)),lambda:b.truncate(I(f,5)),lambda:b.__setstate__(('x\r\ny','\n',I(f,5),{})),lambda:b.__init__(S('x'),S('\n')),lambda: list(b), lambda: b.__setstate__(('x',I(f),5,None))):
        b=io.StringIO('A\nB'*100,newline=None); run(op); b=io.StringIO(); b.write('abc'); run(op)
for st in (('x','\n',-1,None),('x','\n',2**62,None),('x','\n',2**70,None),('x',5,0,None),(5,'\n',0,None),('x','zz',0,None),('\ud800','\r\n',0,{}),('x','\n',0,{1:2}),('x','\n',0,5)):
    b=io.StringIO('abc'); run(lambda: b.__setstate__(st)); run(lambda:b.read()); run(lambda: b.write('x') if b.tell()<10**6 else 0); run(lambda: b.readline()); run(lambda: b.getvalue())
class D:
    def decode(s,i,final=False):
        try: nd.__init__(D2(),True)
        except Exception: pass
        return 'a\r'
    def reset(s): pass
    def getstate(s): return R
    def setstate(s,x): pass
class D2(D): 
    def decode(s,i,final=False): return 'b'
class R1: pass
for R in (1,(),(b'',),(b'',2**70),('x',1),(b'x',-1),(b'x',2**62),None):
    nd=io.IncrementalNewlineDecoder(D(),True)
    for op in (lambda: nd.decode(b'x'), lambda: nd.getstate(), lambda: nd.setstate((b'',5)), lambda: nd.setstate(5), lambda: nd.reset(), lambda: nd.newlines, lambda: nd.decode('x',final=True)): run(op)
nd=io.IncrementalNewlineDecoder(io.IncrementalNewlineDecoder(D(),True),True)
class D3(D):
    def decode(s,i,final=False):
        nd.__init__(None,False); return 'a\r'
nd=io.IncrementalNewlineDecoder(io.IncrementalNewlineDecoder(D3(),True),True); run(lambda: print(nd.decode(b'x')))
n=io.IncrementalNewlineDecoder.__new__(io.IncrementalNewlineDecoder)
for op in (lambda: n.decode('x'), lambda: n.getstate(), lambda: n.setstate((b'',1)), lambda: n.reset(), lambda: n.newlines): print(run(op))
for T in (io.StringIO,io.BytesIO,io.TextIOWrapper,io.BufferedReader,io.BufferedWriter,io.BufferedRandom,io.BufferedRWPair,io.FileIO):
    x=T.__new__(T)
    for a in dir(x):
        if a in('__class__','__init_subclass__'): continue
        run(lambda: getattr(x,a)); run(lambda: getattr(x,a)()); run(lambda: getattr(x,a)(1)); run(lambda: getattr(x,a)(b'x')); run(lambda: getattr(x,a)('x')); run(lambda: repr(x))

#: bytesio_buffer_outlives
import io
b=io.BytesIO(b'hello'*100); m=b.getbuffer(); i=m.obj; m.release(); b.close()
try: memoryview(i)
except Exception as e: print(repr(e))
b=io.BytesIO(b'hello'*100); m=b.getbuffer(); i=m.obj
for f in (0x100,0x200,0,1,-1,2**31-1):
    try: i.__buffer__(f)
    except Exception as e: print(repr(e)[:60])

#: bytesio_truncate_export
import io
V=[]
class I:
    def __index__(s): V.append(b.getbuffer()); return 1
b=io.BytesIO(b'A'*100000)
try: b.truncate(I())
except BufferError as e: print(e)
b2=bytes(100000)
print(V and bytes(V[0][:5]))
V and V[0].__setitem__(0,1)

#: cookie_skips_backwards
import io
for skip in (2**31, 2**32 - 1, 2**31 + 12345, 2**32-4096, 2**32 - 70000):
    t = io.TextIOWrapper(io.BytesIO(b'abc' * 30), encoding='utf-8', newline='\n')
    cookie = (0) | (0 << 64) | (60 << 96) | (skip << 128)
    try:
        t.seek(cookie)
        print(repr(t.readline())[:100])
        print(t.tell())
    except Exception as e: print(repr(e))

#: cookie_skips_backwards_and_reads
import io
for nl in (None, '', '\r\n', '\r', '\n'):
  for skip in (2**31, 2**32 - 1, 2**32-4096):
    for f in (lambda: t.readline(), lambda: t.readline(5), lambda: t.read(5), lambda: t.read(), lambda: next(t), lambda: list(t), lambda: t.tell(), lambda: [t.read(1), t.tell()]):
        t = io.TextIOWrapper(io.BytesIO(b'abc' * 30), encoding='utf-8', newline=nl)
        cookie = (60 << 96) | (skip << 128)
        try:
            t.seek(cookie)
            f()
        except Exception as e: pass
