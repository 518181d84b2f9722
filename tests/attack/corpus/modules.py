# What C code takes from sys.modules, replaced.
# One case after each line "#: name"; test_corpus.py runs them.

#: datetime_state_null
import sys, types, gc
import datetime
td=datetime.timedelta; date=datetime.date; dt=datetime.datetime; tz=datetime.timezone
for n in list(sys.modules):
    if 'datetime' in n or '_strptime' in n: sys.modules.pop(n)
del datetime
gc.collect()
sys.modules['_datetime']=types.ModuleType('_datetime')
try: print(td(1)/3)
except Exception as e: print(repr(e))
print(dt(2020,1,1,tzinfo=tz.utc).isoformat())
print(td(microseconds=1.5))

#: datetime_state_confusion
import sys, types, gc
import datetime, _struct, _csv
td=datetime.timedelta; date=datetime.date; dt=datetime.datetime; tz=datetime.timezone
for n in list(sys.modules):
    if 'datetime' in n or '_strptime' in n: sys.modules.pop(n)
del datetime
gc.collect()
for m in (_struct,_csv,sys,gc):
    sys.modules['_datetime']=m
    for f in (lambda: td(1)/3, lambda: td(days=1.5,microseconds=1.7), lambda: dt.now(tz.utc), lambda: dt(2020,1,1).isocalendar(), lambda: dt.fromisoformat('2020-01-01'), lambda: hash(dt(2020,1,1,tzinfo=tz.utc)),lambda: dt(2020,1,1,tzinfo=tz.utc).timestamp()):
        try: print(f())
        except Exception as e: print(repr(e))

#: posix_state
import sys, os, types
st=type(os.stat_result) and os.stat_result
import posix, _struct
sys.modules['posix']=types.ModuleType('x')
try: print(st(range(10)))
except Exception as e: print(repr(e))
for m in (_struct, sys, 5, 'abc', None):
    sys.modules['posix']=m
    try: print(st(range(10)))
    except Exception as e: print(repr(e))
del sys.modules['posix']
try: print(st(range(10)))
except Exception as e: print(repr(e))

#: pegen_normalize
import sys, types
m=types.ModuleType('unicodedata')
class S(str): pass
for v in (1,None,b'x',S('abc'),'','a b','é'*10):
    m.normalize=lambda f,s: v
    sys.modules['unicodedata']=m
    try: exec('é = 1\nprint(locals().keys())',{})
    except Exception as e: print(repr(e))

#: pylong_hostile
import sys, types
m=types.ModuleType('_pylong')
sys.modules['_pylong']=m
class I(int): pass
class S(str): pass
n=1<<200000
def t(f):
    try: r=f(); print(type(r), len(str(r)[:20]))
    except Exception as e: print(repr(e)[:100])
for v in (1,None,S('123'),'12','\ud800','9'*10,''):
    m.int_to_decimal_string=lambda x: v
    t(lambda: '%d'%(1<<13000)); t(lambda: f'{1<<13000}'); t(lambda: repr(1<<13000)); t(lambda: format(1<<13000,',d'))
for v in (1,None,I(5),True,S('x'),1.5,-1,0):
    m.int_from_string=lambda s: v
    t(lambda: int('1'*4000)); 
for v in (1,None,(1,),(1,2,3),(I(1),I(2)),(1,'x'),[1,2],(None,None)):
    m.int_divmod=lambda a,b: v
    t(lambda: (1<<400000)//(1<<200000|1)); t(lambda: (1<<400000)%(1<<200000|1)); t(lambda: divmod(1<<400000,1<<200000|1))
    t(lambda: pow(3, 1<<400000, (1<<300000)|1) if 0 else 0)

#: compile_template
import sys, re, types
m=types.ModuleType('re')
import _sre
for v in (1,None,[],_sre.template('',['a',1,'b',99,'c']),_sre.template('',['a',-1,'b']) if 0 else 0):
    m._compile_template=lambda p,t: v
    sys.modules['re']=m
    try: print(re.compile('(a)').sub(r'\1x','banana'))
    except Exception as e: print(repr(e))
    try: print(re.compile('(a)').match('a').expand(r'\1x'))
    except Exception as e: print(repr(e))
for l in ([], ['a'],['a',1],['a',1,'b'],[1],['a',-1,'b'],['a',2**62,'b'],['a',2**70,'b'],['a',1,'b',None,'c'],['a','b','c'],('a',1,'b')):
    try: print(_sre.template('',l))
    except Exception as e: print(repr(e))

#: zoneinfo_hostile
import sys, types, io, weakref
import zoneinfo._common as C, zoneinfo, _zoneinfo
Z=_zoneinfo.ZoneInfo
data=[]
def load_data(f): return RET
C.load_data=load_data
class L(list):
    def __len__(s): return 10**6
for RET in (1,None,(),(1,2,3,4,5,6),([],[],[],[],[],''),((0,)*5,(0,)*5,(3600,),(0,),('A',),b''),((5,),(1,),(3600,),(0,),('A',),b''),
            ((9,)*3,(10**6,-1,2**63),(3600,),(0,),('A',),b''),(L(),L(),L(),L(),L(),b''),((0,),(0,0,0),(1,1),(0,),('a',),b'UTC0'),((0,),(0,),('x',),(None,),(None,),b'EST5EDT,M3.2.0,M11.1.0'),((0,),(0,),(10**12,),(0,),('a',),b''),((2,1),(0,0),(3600,),(0,),('a',),None)):
    try:
        z=Z.from_file(io.BytesIO(b''),key='x'); print('ok',z)
        import datetime
        for y in (1,1900,1970,2020,2037,2500,9999):
            d=datetime.datetime(y,6,1,tzinfo=z)
            for f in (d.utcoffset,d.dst,d.tzname,lambda: z.fromutc(d)):
                try: f()
                except Exception as e: pass
    except Exception as e: print(repr(e)[:100])

#: zoneinfo_not_a_datetime
import zoneinfo, _zoneinfo, io, struct
# a minimal TZif
def tz():
    v1=b'TZif'+b'2'+b'\0'*15+struct.pack('>6l',0,0,0,0,1,4)+struct.pack('>lbb',3600,0,0)+b'ABC\0'
    return v1+v1+b'\nABC-1\n'
z=_zoneinfo.ZoneInfo.from_file(io.BytesIO(tz()),key='X')
class O:
    def __getattr__(s,n): return 1
    def toordinal(s): return 5
for o in (O(),5,None,'x',(),object(),b'x'*3, bytearray()):
    for n in ('utcoffset','dst','tzname','fromutc'):
        try: print(getattr(z,n)(o))
        except Exception as e: print(repr(e)[:80])

#: zoneinfo_strong_cache
import zoneinfo,_zoneinfo,io,struct
def tz():
    v1=b'TZif'+b'2'+b'\0'*15+struct.pack('>6l',0,0,0,0,1,4)+struct.pack('>lbb',3600,0,0)+b'ABC\0'
    return v1+v1+b'\nABC-1\n'
import zoneinfo._common as c
c.load_tzdata=lambda k: io.BytesIO(tz())
Z=_zoneinfo.ZoneInfo
armed=False
class K(str):
    def __hash__(s): return str.__hash__(s)
    def __eq__(s,o):
        global armed
        if armed:
            armed=False
            Z.clear_cache()
            for i in range(20): Z('n%d'%i)
        return False
    def __del__(s):
        if go: Z.clear_cache(); [Z('m%d'%i) for i in range(9)]
go=False
print(Z('a'))
for i in range(5):
    Z(K('k%d'%i))
armed=True
try: Z(K('zz'))
except Exception as e: print(repr(e))
for i in range(5): Z(K('j%d'%i))
armed=True
try: Z.clear_cache(only_keys=[K('j2'),'n1'])
except Exception as e: print(repr(e))
for i in range(5): Z(K('j%d'%i))
go=True
Z.clear_cache()
go=True
for i in range(30): Z(K('q%d'%i))

#: date_in_year_0
import datetime
for d in range(1,8):
    print(datetime.date(bytes([0,0,1,d])).ctime())
for s in (b'\0\0\1\1', b'\xff\xff\x0c\xff', b'\0\0\x0c\xff'):
    x=datetime.date(s)
    for f in (x.ctime,x.isoformat,x.isocalendar,x.timetuple,x.toordinal,x.weekday,x.__repr__,lambda:x.strftime('%a %A %j %U %c'),lambda:x+datetime.timedelta(1),lambda:x-datetime.date(1,1,1), x.isoweekday):
        try: f()
        except Exception as e: print(repr(e)[:80])
x=datetime.datetime(b'\0\0\1\1\xff\xff\xff\xff\xff\xff')
for f in (x.ctime,x.isoformat,x.timetuple,x.utctimetuple,x.weekday,x.__repr__,lambda:x.strftime('%a %A %j %U %c'),lambda:x+datetime.timedelta(1),x.timestamp,x.astimezone):
    try: f()
    except Exception as e: print(repr(e)[:80])

#: decimal_context_of_another_type
import contextvars, decimal
decimal.getcontext()
for var in contextvars.copy_context():
    if var.name == 'decimal_context':
        for value in (bytearray(999), 5, None, 'x', decimal.Context, type):
            var.set(value)
            for f in (decimal.getcontext, lambda: decimal.Decimal(1)/3, lambda: decimal.localcontext(prec=3), lambda: decimal.Decimal('1e5')+1, lambda: f'{decimal.Decimal(1):.3}', lambda: decimal.Decimal(2).sqrt()):
                try: print(f())
                except TypeError as e: print(e)
decimal.setcontext(decimal.Context())
print(decimal.Decimal(1)/3)

#: decimal_context_replaced_meanwhile
import decimal, numbers
from decimal import Context, Decimal, localcontext, setcontext
keep=[]
def replace():
    setcontext(Context())
    keep.append([bytearray(b'A'*120) for i in range(99)])
class R(numbers.Rational):
    @property
    def numerator(s): replace(); return 5
    @property
    def denominator(s): replace(); return 3
R.__abstractmethods__=frozenset()
class Key:
    def __hash__(s): replace(); return 5
    def __eq__(s, o): replace(); return True
class Other:
    @property
    def __class__(s): replace(); return int
    def __index__(s): replace(); return 5
for f in (lambda: Decimal(5)<R(), lambda: Decimal(5)==R(), lambda: R()>=Decimal('1e5'), lambda: localcontext(traps={Key():1}), lambda: localcontext(flags=[Key()]), lambda: Decimal(5)==Other(), lambda: Decimal(5)+Other(), lambda: round(Decimal(5),Other()), lambda: Decimal(5).compare(Other()), lambda: Decimal((0,(1,Other()),Other()))):
    setcontext(Context(prec=7))
    try: print(f())
    except Exception as e: print(repr(e)[:90])

#: decimal_signals_without_context
from decimal import Context
left=Context().flags
for f in (lambda: setattr(Context(),'flags',left), lambda: setattr(Context(),'traps',left), lambda: Context(flags=left), lambda: len(left), lambda: left==left, left.copy):
    try: print(f())
    except ValueError as e: print(e)
c=Context(); c.flags.__init__(); c.traps.__init__()
print(c, c.copy())

#: decimal_signals_@: type instance other
import collections.abc, sys
WHICH='@'
class Meta(type):
    def __new__(m,name,bases,d):
        if name!='SignalDict' or WHICH=='instance': return type.__new__(m,name,bases,d)
        return bytearray if WHICH=='type' else type('Z',(),{'__new__': lambda c: 5})
    def __call__(c,*a): return bytearray(999)
class Mapping(metaclass=Meta): pass
class Module: MutableMapping=Mapping
sys.modules.pop('_decimal',None)
sys.modules['collections.abc']=Module
import _decimal
c=_decimal.Context(); print(len(c.traps)); c.traps.append(1); c.flags=c.traps
