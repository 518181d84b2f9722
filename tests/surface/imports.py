"""Hostile imports: what each gives, a line each (test_imports.py)."""
# ruff: noqa
import sys
out=[]
def t(f):
    try: out.append(repr(f()))
    except BaseException as e: out.append(type(e).__name__+": "+str(e))
t(lambda: __import__("json", level=-1))
t(lambda: __import__("json", level=10**30))
t(lambda: __import__("", level=0))
t(lambda: __import__("json", {}, {}, [], 1))
t(lambda: __import__("x", {"__package__": 5}, {}, [], 1))
t(lambda: __import__("x", {"__package__": "nothere"}, {}, [], 1))
t(lambda: __import__("decoder", {"__package__": "json"}, {}, ["JSONDecoder"], 1).__name__)
t(lambda: __import__("x", {"__package__": "json"}, {}, [], 5))
t(lambda: __import__("", {"__package__": "json.decoder"}, {}, ["x"], 2))
t(lambda: __import__("json.decoder").__name__)
t(lambda: __import__("json.decoder", fromlist=["x"]).__name__)
t(lambda: __import__("json", fromlist=[1]))
t(lambda: __import__(5))
t(lambda: __import__(b"json"))
t(lambda: __import__("json\0x"))
t(lambda: __import__("\ud800"))
t(lambda: __import__("json..decoder"))
t(lambda: __import__("json."))
t(lambda: __import__("é"))
class S(str):
    def __eq__(s,o): return True
    def __hash__(s): return hash("json")
    def __str__(s): return "evil"
    def rpartition(s, x): return ("a","b","c")
t(lambda: __import__(S("json")).__name__)
t(lambda: __import__(S("json.decoder")).__name__)
sys.modules["fake"] = None
t(lambda: __import__("fake"))
sys.modules["fake"] = 5
t(lambda: __import__("fake"))
t(lambda: __import__("fake.sub"))
class M:
    def __getattr__(s,n): raise ValueError(n)
sys.modules["m"]=M()
def f(): from m import a
t(f)
class P:
    __path__=[]; __name__="p"
sys.modules["p"]=P()
def f(): exec("from p import *", {})
t(f)
class L(dict):
    def __getitem__(s,k): return "x"
sys.modules["l"]=L()
def f():
    d={}; exec("from l import *", d); return sorted(k for k in d if not k.startswith("_"))
t(f)
class A: __all__=[1]; __name__="a"
sys.modules["a"]=A()
def f(): exec("from a import *", {})
t(f)
def f():
    exec("from .x import y", {"__name__":"__main__"})
t(f)
def f():
    exec("from . import y", {"__package__":"json","__name__":"json"})
t(f)
def f():
    exec("from . import decoder", d:={"__package__":"json","__name__":"json"}); return d["decoder"].__name__
t(f)
import json
saved=sys.modules.pop("json"); 
t(lambda: __import__("json") is saved)
del sys.modules["json.decoder"]
t(lambda: __import__("json.decoder").decoder.__name__)
b=__builtins__ if isinstance(__builtins__,dict) else __builtins__.__dict__
old=b["__import__"]
b["__import__"]=lambda *a: a[0]
def f():
    import anything.more as x; return x
t(f)
def f():
    import anything; return anything
t(f)
del b["__import__"]
def f(): import json
t(f)
b["__import__"]=old
print("\n".join(out))
