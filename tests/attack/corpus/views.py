# Views of memory that C code lends, and that a guest keeps.
# One case after each line "#: name"; test_corpus.py runs them.

#: mv_kept_item
import sys, types, array
kept=[]
class S:
    def __init__(self, fmt): pass
    def unpack_from(self, mv): kept.append(mv); return (0,)
m = types.ModuleType('struct'); m.Struct=S; m.error=ValueError
sys.modules['struct']=m
a=memoryview(array.array('w','abc')); b=memoryview(array.array('w','abc'))
a==b
junk=[bytes(4)+bytes([i]) for i in range(200)]
for k in kept:
    try:
        k[:]=b'\xff\xff\xff\xff'
    except ValueError as e: pass
    [bytearray(3) for i in range(100)]
    k[:]=b'\xfe'*4
[object() for i in range(100)]

#: mv_cmp_release
from array import array
import struct
a = array("d", [1.0, 2.0]*1000)
b = array("w", "ab"*1000)
mv = memoryview(a); mv2 = memoryview(b)
class EvilStruct(struct.Struct):
    def unpack_from(self, buf, /, offset=0):
        try: mv2.release()
        except Exception: pass
        try: mv.release()
        except Exception: pass
        a.extend([3.14]*100000)
        b.extend("x"*100000)
        return (1,)
struct.Struct = EvilStruct
print(mv == mv2)

#: buffered_kept_memoryview
import io
kept=[]
class RAW(io.RawIOBase):
    def readable(self): return True
    def readinto(self,b): kept.append(b); b[:1]=b'a'; return 1
o=io.BufferedReader(RAW(), 64); o.read(1); o.read(10); 
del o
class W(io.RawIOBase):
    def writable(self): return True
    def write(self,b): kept.append(b); return len(b)
o=io.BufferedWriter(W(), 64); o.write(b'x'*60); o.flush(); del o
x=[bytearray(64) for i in range(100)]
out=[]
for k in kept:
    try: out.append(bytes(k[:])); k[:4]=b'\xff'*4
    except (ValueError,TypeError) as e: out.append(str(e))
print(out)

#: buffered_kept_memoryview_derived
import io
kept=[]
class RAW(io.RawIOBase):
    def readable(self): return True
    def readinto(self,b): kept.append(b[:]); kept.append(b.cast('b')); b[:1]=b'a'; return 1
o=io.BufferedReader(RAW(), 600); o.read(1); o.read(10); 
try: o.__init__(io.BytesIO(), 7)
except Exception: pass
del o
class W(io.RawIOBase):
    def writable(self): return True
    def write(self,b): kept.append(b[:]); return len(b)
o=io.BufferedWriter(W(), 600); o.write(b'x'*60); o.flush(); del o
x=[bytearray(600) for i in range(100)]
out=[]
for k in kept:
    try: out.append(bytes(k)[:10]); k[:4]=b'\xff'*4
    except (ValueError,TypeError,AttributeError) as e: out.append(str(e))
[object() for i in range(1000)]
print(out)

#: pickle_readinto
import pickle, _pickle, io
kept=[]
class F:
    def __init__(s,d): s.b=io.BytesIO(d)
    def read(s,n=-1): return s.b.read(n)
    def readline(s): return s.b.readline()
    def readinto(s,b): kept.append(b); kept.append(b[:]); return s.b.readinto(b)
d=pickle.dumps([bytearray(b'x'*100000),b'y'*100000],5)
u=_pickle.Unpickler(F(d)); r=u.load(); del r,u
import gc; gc.collect()
x=[bytearray(100000) for i in range(10)]
for k in kept:
    try: k[:10]=b'\xff'*10; print(len(k))
    except Exception as e: print(e)
del x

#: codec_decode_view
import codecs
kept=[]
def dec(b, errors='strict'): kept.append(b); kept.append(b[:]) ; return ('x',len(b))
def search(n):
    if n=='evil': return codecs.CodecInfo(lambda s,e='strict':(b'x',len(s)), dec, name='evil')
codecs.register(search)
b=bytes(range(200))*10
print(b.decode('evil')); 
bytearray(b'abc'*1000).decode('evil')
str(memoryview(bytearray(b'abc'*1000)),'evil')
del b
x=[bytes(2001) for i in range(10)]
for k in kept:
    try: print(bytes(k[:8]))
    except Exception as e: print(e)

#: memoryview_hostile
import array
class I:
    def __init__(s,f,v=0): s.f=f; s.v=v
    def __index__(s): s.f(); return s.v
    def __bool__(s): s.f(); return True
    def __float__(s): s.f(); return 1.0
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
b=bytearray(100)
def rel():
    try: m.release()
    except Exception as e: pass
    try: b.clear(); b.extend(b'x'*10000)
    except Exception as e: pass
for f in (rel,):
    for fmt in 'bBhHiIlLqQnNfd?cP':
        for op in (lambda: m.__setitem__(I(f),I(f)), lambda: m.__setitem__(0,I(f)), lambda: m[I(f)], lambda: m[I(f,1):I(f,5):I(f,1)], lambda: m.__setitem__(slice(I(f,0),I(f,2)),m[0:2]), lambda: m.cast(fmt,[I(f,1)]), lambda: m.__setitem__((I(f),),1), lambda: m[I(f),], lambda: m.tolist(), lambda: m.tobytes(I(f)), lambda: m.hex(':',I(f,2)), lambda: m==b, lambda: hash(m), lambda: m.toreadonly(), lambda: bytes(m), lambda: I(f) in m, lambda: m.__contains__(I(f)), lambda: m.__exit__(I(f))):
            b=bytearray(96); m=memoryview(b)
            try: m=m.cast(fmt)
            except Exception: pass
            run(op)
    b=bytearray(96); m=memoryview(b).cast('B',[4,24]); run(lambda: m[I(f,1),I(f,1)]); b=bytearray(96); m=memoryview(b).cast('B',[4,24]); run(lambda: m.__setitem__((I(f,1),I(f,1)),I(f,1)))
m=memoryview(bytearray(8)); 
for a in (('B',[2**62,2**62]),('B',[0]),('B',[-1]),('B',[8,0]),('i',[2,2,2]),('b',[1]*64),('b',[1]*65),('b',[]),('@i',),('<i',),('ii',),('',),('\0',),('B',[8],5)):
    run(lambda: m.cast(*a))
class E(bytearray):
    def __eq__(s,o): return True
    def __hash__(s): return 1
run(lambda: hash(memoryview(E(b'x')).toreadonly()))
class Buf:
    def __buffer__(s,fl): return R
    def __release_buffer__(s,v): 
        try: v.release()
        except Exception: pass
        raise ValueError
for R in (memoryview(b'x'),memoryview(bytearray(5)),memoryview(b'')[::-1],5,None,b'x',memoryview(bytearray(8)).cast('i')):
    for op in (lambda: memoryview(Buf()), lambda: bytes(Buf()), lambda: b''.join([Buf()]), lambda: int(Buf()), lambda: bytearray().extend(Buf())):
        run(op)
r=memoryview(bytearray(5)); R=r; m=memoryview(Buf()); r.release(); run(lambda: m[0]); run(lambda: m.release()); del m
class Self:
    def __buffer__(s,fl): return memoryview(s)
run(lambda: memoryview(Self()))
class BA(bytearray):
    def __buffer__(s,fl): 
        v=super().__buffer__(fl); L.append(v); return v
    def __release_buffer__(s,v): super().__release_buffer__(L[-1])
L=[]
x=BA(b'abc'); m=memoryview(x); m.release(); run(lambda: x.extend(b'y'*1000)); 
for v in L: run(lambda: bytes(v)); run(lambda: x.__release_buffer__(v)); run(lambda: bytearray.__release_buffer__(x,v)); run(lambda: bytearray.__release_buffer__(x,memoryview(x))); 
run(lambda: bytearray.__release_buffer__(bytearray(5),memoryview(bytearray(6))))
