# Locks that C code takes, and a guest holds already.

#: rlock_restored_while_held
import _thread
r = _thread.RLock()
r.acquire()
r._acquire_restore((1, 5))

#: rlock_restored_twice
import _thread
r = _thread.RLock()
r.acquire(); r._release_save(); r.acquire()
r._acquire_restore((2**40, 5))

#: dictionary_calls_decompressor
import zlib
class Z:
    def __buffer__(s, fl):
        global n
        n += 1
        if n > 1: d.decompress(b'x')
        return memoryview(b'hello world dictionary')
n = 0
c = zlib.compressobj(zdict=b'hello world dictionary')
data = c.compress(b'hello world hello world') + c.flush()
n = 1
d = zlib.decompressobj(zdict=Z())
print(d.decompress(data))

#: dictionary_calls_file_decompressor
import zlib
class Z:
    def __buffer__(s, fl):
        for f in (lambda: d.decompress(b'x'), lambda: d.needs_input):
            try: f()
            except Exception as e: print(repr(e))
        return memoryview(b'hello world dictionary')
c = zlib.compressobj(zdict=b'hello world dictionary')
data = c.compress(b'hello world hello world') + c.flush()
d = zlib._ZlibDecompressor(zdict=Z())
print(d.decompress(data))
