# Parsers, builders and codecs whose callbacks call them.
# One case after each line "#: name"; test_corpus.py runs them.

#: et_iter_next
import xml.etree.ElementTree as ET
class Tag(str):
    def __eq__(self, o):
        root.clear(); e0.clear()
        return False
    __hash__=str.__hash__
root=ET.Element('r'); e0=ET.SubElement(root,'a'); 
for i in range(10): ET.SubElement(e0,'b')
it=root.iter(Tag('x'))
for x in it: pass

#: et_iter_next2
import xml.etree.ElementTree as ET
class T:
    def __eq__(self, o):
        del root[:]
        return False
    def __hash__(self): return 1
root=ET.Element('r')
for i in range(10):
    c=ET.Element(T()); root.append(c); c=None
l=list(root.iter('zz'))

#: et_iter_next3
import xml.etree.ElementTree as ET
class T:
    def __eq__(self, o):
        global root, it
        if root is not None:
            root.clear(); root=None
        return True
    def __hash__(self): return 1
root=ET.Element('r')
for i in range(10):
    root.append(ET.Element(T()))
it=root.iter('zz')
try:
    for e in it: e.clear(); e.text
except Exception as e: print(e)

#: et_builder
import xml.etree.ElementTree as ET
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
for fac in (lambda *a:5, lambda *a:ET.Element('x'), lambda *a:None, lambda *a: [], lambda *a: b.close(), lambda *a: b.__init__(), lambda *a: b.data('q'), lambda *a: b.start('n',{}), lambda *a:b.end('n')):
    for kw in ({'element_factory':fac},{'comment_factory':fac,'insert_comments':True},{'pi_factory':fac,'insert_pis':True},{'element_factory':fac,'comment_factory':fac,'pi_factory':fac,'insert_comments':True,'insert_pis':True}):
        b=ET.TreeBuilder(**kw)
        for op in (lambda:b.start('a',{}),lambda:b.data('x'),lambda:b.data(5),lambda:b.start('b',{'x':1}),lambda:b.data(b'q'),lambda:b.comment('c'),lambda:b.pi('t','x'),lambda:b.end('b'),lambda:b.data('tail'),lambda:b.end('a'),lambda:b.end('z'),lambda:b.close(),lambda:b.close(),lambda:b.start(5,5),lambda:b.start('a',5),lambda:b.start('a',None),lambda:b.pi('x'),lambda:b.comment(5)): run(op)
        p=run(lambda: ET.XMLParser(target=b))
        run(lambda: p.feed('<?xml version="1.0"?><a x="1"><!--c--><?pi x?><b>t</b>u</a>')); run(lambda:p.close()); run(lambda:p.close()); run(lambda:p.feed('<a'))
class Tgt:
    def __init__(s,f): s.f=f
    def start(s,*a): return s.f()
    def end(s,*a): return s.f()
    def data(s,*a): return s.f()
    def comment(s,*a): return s.f()
    def pi(s,*a): return s.f()
    def close(s,*a): return s.f()
    def start_ns(s,*a): return s.f()
    def end_ns(s,*a): return s.f()
    def doctype(s,*a): return s.f()
doc='<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><a xmlns:q="u" x="1">&e;<!--c--><?pi x?><b>t</b>u</a>'
for f in (lambda:p.feed('<x>'),lambda:p.close(),lambda:p.__init__(),lambda:p.__init__(target=Tgt(lambda:1)),lambda:p.flush(),lambda:p._setevents([],['start','end']),lambda:globals().__setitem__('p',None),lambda:1/0):
    p=ET.XMLParser(target=Tgt(f)); q=p; run(lambda:q.feed(doc)); run(lambda:q.close()); del q
    p=ET.XMLParser(target=Tgt(f)); run(lambda: p.feed(doc[:30])); run(lambda: p.feed(doc[30:60])); run(lambda:p.feed(doc[60:]))
    class F:
        def read(s,n=-1): f(); return doc
    p=ET.XMLParser(target=Tgt(f)); run(lambda: p._parse_whole(F()))
p=ET.XMLPullParser(['start','end','comment','pi','start-ns','end-ns']); p.feed(doc); print(len(list(p.read_events())))
L=[]
class EV(list):
    def append(s,x): L.append(x); raise ValueError
p=ET.XMLParser(); run(lambda:p._setevents(EV(),['start','end'])); run(lambda: p.feed(doc))
for ev in (5,None,['zz'],[5],['start','start-ns'],iter(['end'])):
    p=ET.XMLParser(); run(lambda:p._setevents([],ev)); run(lambda:p.feed(doc))
for enc in ('utf-8','ascii','cp1252','utf-7','idna','utf-16','\0','x'*1000,'punycode','shift_jis'):
    run(lambda: ET.XMLParser(encoding=enc).feed(b'<a>\xe9</a>')); run(lambda: ET.fromstring(('<?xml version="1.0" encoding="%s"?><a>é</a>'%enc).encode('utf-8')))

#: pyexpat_hostile
import pyexpat
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
hs=[n for n in dir(pyexpat.ParserCreate()) if n.endswith('Handler')]
doc=b'''<?xml version="1.0"?><!DOCTYPE a [<!ELEMENT a (b|(c,d)*)*><!ATTLIST a x CDATA "1"><!ENTITY e "xx"><!ENTITY ext SYSTEM "foo"><!NOTATION n SYSTEM "x"><!ENTITY un SYSTEM "u" NDATA n>]><a x="1" xmlns:q="u">&e;&ext;<!--c--><?pi x?><![CDATA[cc]]><b>t</b>u</a>'''
def acts(p): return [lambda:p.Parse(b'<z/>'),lambda:p.Parse(b'',True),lambda:[setattr(p,h,None) for h in hs],lambda:[setattr(p,h,lambda *a:1) for h in hs],lambda:p.ExternalEntityParserCreate('x'),lambda:p.ExternalEntityParserCreate(None).Parse(b'<x/>',True),lambda:setattr(p,'buffer_size',5),lambda:setattr(p,'buffer_text',True),lambda:setattr(p,'buffer_text',False),lambda:p.GetInputContext(),lambda:p.UseForeignDTD(True),lambda:p.SetParamEntityParsing(2),lambda:1/0,lambda:setattr(p,'intern',{}) , lambda: p.intern.clear(), lambda:p.ParseFile(F()), lambda: p.SetBase('x'), lambda: setattr(p,'ordered_attributes',True), lambda: p.SetReparseDeferralEnabled(False)]
class F:
    def read(s,n): return b''
for h in hs:
    for k in range(19):
        p=pyexpat.ParserCreate(namespace_separator=' '); p.buffer_text=k%2==0
        a=acts(p)[k]
        run(lambda:setattr(p,h,lambda *x:(run(a),1)[1])); run(lambda:p.Parse(doc,True)); 
        del p,a
        p=pyexpat.ParserCreate(); run(lambda:p.SetParamEntityParsing(2)); 
        def hh(*x):
            global p; q=p; p=None; return 1
        run(lambda:setattr(p,h,hh)); q=p; run(lambda:q.Parse(doc)); run(lambda: q.Parse(doc[:100])); del q
        a=None
subs=[]
p=pyexpat.ParserCreate()
def ext(*a):
    s=p.ExternalEntityParserCreate(a[0]); subs.append(s); run(lambda: s.Parse(b'<x>')); return 1
p.ExternalEntityRefHandler=ext; run(lambda:p.Parse(doc)); del p
for s in subs: run(lambda:s.Parse(b'</x>',True)); run(lambda: s.ExternalEntityParserCreate(None))
for a in (('utf-8',' '),(None,'aa'),('x',''),(5,),(None,None,5),(None,None,{})): run(lambda: pyexpat.ParserCreate(*a))
class D(dict):
    def __setitem__(s,k,v): s.clear()
    def get(s,*a): return 5
    def setdefault(s,k,d): return 5
p=pyexpat.ParserCreate(intern=D()); p.StartElementHandler=lambda *a:1; run(lambda:p.Parse(doc,True))
class RF:
    def __init__(s,v): s.v=v
    def read(s,n):
        v=s.v; s.v=b''; return v
for v in (5,None,'x',b'x'*10**6,bytearray(b'<a/>'),b'<a/>'): 
    p=pyexpat.ParserCreate(); run(lambda:p.ParseFile(RF(v)))
class RF2:
    def read(s,n): run(lambda:p.Parse(b'<q/>')); run(lambda: p.ParseFile(RF(b'<a/>'))); return b''
p=pyexpat.ParserCreate(); run(lambda:p.ParseFile(RF2()))

#: csv_hostile
import _csv, csv, io
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
class S(str):
    def __str__(s): return 5
class It:
    def __init__(s,f): s.f=f; s.n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        if s.n>3: raise StopIteration
        return s.f()
for f in (lambda:next(r),lambda:5,lambda:'a,"b\n',lambda:'"',lambda:S('a,b'),lambda:b'x',lambda:'\0',lambda:None,lambda: r.__init__ and 'x,"',lambda:list(r) and '"a'):
    for kw in ({},{'strict':True},{'quoting':csv.QUOTE_NONNUMERIC},{'quoting':4},{'quoting':5},{'doublequote':False,'escapechar':'\\'},{'delimiter':'"','quotechar':','},{'skipinitialspace':True},{'delimiter':S(';')},{'lineterminator':S('zz')},{'quotechar':None},{'escapechar':''},{'delimiter':'\ud800'},{'dialect':5},{'dialect':type('D',(),{'delimiter':';','quotechar':5})},{'quoting':2**70}):
        r=run(lambda:csv.reader(It(f),**kw)); run(lambda:list(r)); run(lambda:r.line_num); run(lambda:r.dialect)
class W:
    def write(s,x):
        run(lambda:w.writerow(['in',1])); return 5
class Fld:
    def __str__(s): run(lambda:w.writerow(['x'*1000])); return 'f"'
for kw in ({},{'quoting':1},{'quoting':2},{'quoting':3,'escapechar':'\\'},{'quoting':5},{'doublequote':False}):
    w=run(lambda:csv.writer(W(),**kw)); run(lambda:w.writerow([Fld(),1.5,None,'a"b',b'x'])); run(lambda:w.writerows([[Fld()]]*3)); run(lambda:w.writerow(It(lambda:Fld()))); run(lambda:w.writerow(5)); run(lambda:w.writerow('')); run(lambda:w.writerow([None])); run(lambda:w.writerow([S('x')]))
run(lambda:_csv.field_size_limit(2**70)); run(lambda:_csv.field_size_limit(-1)); run(lambda:list(csv.reader(['x'*100]))); _csv.field_size_limit(131072)
run(lambda:_csv.register_dialect(S('a'),delimiter=';')); run(lambda:_csv.get_dialect('a')); run(lambda:_csv.unregister_dialect('a')); run(lambda:_csv.Dialect(5)); run(lambda:_csv.Dialect(_csv.Dialect())); run(lambda:__import__('copy').copy(_csv.Dialect()))

#: json_default_uaf
import json
class E:
    pass
d={'a':E(), 'b':[1,2,3]}
def default(o):
    d.clear(); return 'x'
try: json.dumps([d, {'k':E()}], default=default)
except Exception as e: print(e)
lst=[E() for i in range(5)]
def default(o):
    lst.clear(); return 'x'
try: json.dumps(lst, default=default)
except Exception as e: print(e)

#: json_key_uaf
import json
class K(float):
    def __repr__(self): d.clear(); return '1'
class S(str):
    pass
d={1.5:1}
class M(dict):
    def items(self): 
        return L
L=[(i,i) for i in range(10)]
class V:
    pass
def default(o):
    L.clear(); return 'v'
L[0]=('x',V())
m=M(); m['a']=1
try: print(json.dumps(m, default=default))
except Exception as e: print(repr(e))
class L2(list): 
    pass
try: print(json.dumps(m, default=default, sort_keys=True))
except Exception as e: print(repr(e))

#: json_encoder_direct
import _json, json
class Marks(dict):
    def __contains__(self,k): return False
    def __setitem__(self,k,v): pass
def go(*a):
    try: 
        e=_json.make_encoder(*a); print(e([1,{'a':2}],0))
    except Exception as x: print(repr(x))
go(Marks(),lambda o:o,lambda s:s,None,':',',',False,False,True)
go({},lambda o:o,lambda s:1,None,':',',',False,False,True)
go({},lambda o:o,str,'  ',':',',',False,False,True)
go(None,lambda o:o,str,'  ',':',',',False,False,True)
go(None,lambda o:o,json.encoder.c_encode_basestring,10,':',',',False,False,True)
class II(str): pass
go(None,lambda o:o,str,II('  '),II(':'),II(','),False,False,True)

#: json_indent_cache
import _json, json
class Evil:
    def __init__(s): pass
enc=None
d={}
def default(o):
    d.clear(); l.clear(); return [d]
l=[object() for i in range(3)]
d['x']=l
class F(float):
    def __repr__(self): l.clear(); return 'nan'
for kw in ({},{'indent':2},{'sort_keys':True}):
    l[:]=[object(),F(1),object()]
    d['x']=l
    try: print(json.JSONEncoder(default=default,**kw).encode([d,l,d]))
    except Exception as e: print(repr(e))

#: json_scanner
import _json, json
class Ctx:
    strict=True
    def __getattr__(s,n): return lambda *a: None
    memo={}
    object_hook=None; object_pairs_hook=None
    parse_float=float; parse_int=int; parse_constant=str
sc=_json.make_scanner(Ctx())
for i in (-1,-2**62,2**62,5,0):
    try: print(sc('{"a": 1.5e3}',i))
    except BaseException as e: print(repr(e))
for i in (-1,-2**62,2**62,5,0):
    try: print(_json.scanstring('"abc"',i))
    except BaseException as e: print(repr(e))
def hook(x): sc2.__init__; return x
class C2(Ctx): object_hook=staticmethod(lambda d: (sc3[0]('{"a":1}',0) if sc3 else d))
sc3=[]
sc2=_json.make_scanner(C2()); 
print(sc2('{"a":{"b":[1,2,{"c":{}}]}}',0))
class PI(int):
    pass
class C3(Ctx):
    @staticmethod
    def parse_int(s): return [s]
print(_json.make_scanner(C3())('[1,2,3]',0))

#: codec_errors_hostile
import codecs
for name in ('xmlcharrefreplace','backslashreplace','namereplace','surrogatepass','surrogateescape','ignore','replace','strict'):
    h=codecs.lookup_error(name)
    for mk in (lambda: UnicodeEncodeError('utf-8','a\udc80\ud800é',0,3,'r'), lambda: UnicodeDecodeError('utf-8',b'ab\xff\xed\xa0\x80',0,3,'r'), lambda: UnicodeTranslateError('abcé',0,2,'r')):
        for s in (-2**63,-5,-1,0,1,2,3,4,5,100,2**63-1):
            for e in (-2**63,-5,-1,0,1,2,3,4,5,6,100,2**63-1):
                for o in (None,'', b'', '\ud800', b'\xed', 'utf-16', 'UTF-32-le'):
                    x=mk(); x.start=s; x.end=e
                    try:
                        if o in ('utf-16','UTF-32-le'): x.encoding=o
                        elif o is not None: x.object=o
                    except TypeError: pass
                    try: h(x)
                    except Exception: pass
                    try: str(x)
                    except Exception: pass
class X(UnicodeDecodeError):
    def __init__(s): pass
for h in ('xmlcharrefreplace','backslashreplace','namereplace','surrogatepass','surrogateescape','ignore','replace','strict'):
    for c in (UnicodeDecodeError,UnicodeEncodeError,UnicodeTranslateError):
        try: codecs.lookup_error(h)(c.__new__(c))
        except Exception as e: pass
        try: str(c.__new__(c))
        except Exception as e: print(e)

#: csv_reader_reenter
import csv
for a in range(1,6):
  for b in range(1,6):
    class It:
        def __iter__(s): return s
        n=0
        def __next__(s):
            s.n+=1
            if s.n in (a,b):
                try: next(r)
                except BaseException: pass
            if s.n>4: raise StopIteration
            return ['"a','x"b\n','"q','1,2',''][s.n%5]
    r=csv.reader(It(),strict=False)
    for i in range(4):
        try: next(r)
        except BaseException as e: pass

#: pickle_names_go
import pickle, builtins, copyreg, _compat_pickle, sys
imp=builtins.__import__
keep=[]
def i(*a,**k):
    r=imp(*a,**k)
    _compat_pickle.NAME_MAPPING.clear(); _compat_pickle.IMPORT_MAPPING.clear(); copyreg._inverted_registry.clear(); copyreg._extension_registry.clear(); copyreg._extension_cache.clear()
    keep.extend([bytes(40+j) for j in range(60)])
    return r
import math
builtins.__import__=i
for proto in range(4):
    _compat_pickle.NAME_MAPPING[('evilmod','evilname')]=(''.join(['ma','th']),''.join(['sq','rt2x']))
    try: pickle.loads(b'\x80\x02cevilmod\nevilname\n.')
    except BaseException as e: print(repr(e)[:60])
    copyreg._inverted_registry[240]=(''.join(['ma','th']),''.join(['ef','gh']))
    try: pickle.loads(b'\x80\x04\x82\xf0.')
    except BaseException as e: print(repr(e)[:60])
class U(pickle.Unpickler):
    def find_class(s,m,n):
        copyreg._inverted_registry.clear(); keep.append([bytes(40+j) for j in range(60)]); return m+n
import io
copyreg._inverted_registry[240]=(''.join(['ma','th']),''.join(['ef','gh']))
print(U(io.BytesIO(b'\x80\x04\x82\xf0.')).load())

#: pickle_dispatch_table_goes
import pickle, io
class M(type):
    def __hash__(s):
        try: del p.dispatch_table
        except AttributeError: pass
        return 5
    def __eq__(s,o): return False
class A(metaclass=M): pass
p=pickle.Pickler(io.BytesIO()); p.dispatch_table={i:lambda *a:1/0 for i in range(30)}
for i in range(3):
    try: p.dump(A()); 
    except BaseException as e: print(repr(e)[:60])

#: codec_error_of_anything
import struct
huge = struct.unpack('d', struct.pack('q', 2**62))[0]
for make in (lambda: UnicodeDecodeError('utf-8', b'ab', 0, 1, 'r'), lambda: UnicodeEncodeError('utf-8', 'ab', 0, 1, 'r'), lambda: UnicodeTranslateError('ab', 0, 1, 'r')):
    for thing in (huge, 5, 2**2000, None, (1, 2), [], {}, 'text', b'bytes', bytearray(9), object, int):
        e = make()
        e.object = thing
        for at in (0, 1, 100, 2**20, 2**40, 2**61):
            e.start = at
            e.end = at + 1
            text = str(e)
            assert text == '' or type(thing) in (str, bytes), text
    e = make()
    del e.object
    assert str(e) == ''
    class R(str):
        def __str__(self):
            e.object = huge
            return 'x'
    e = make()
    e.reason = R()
    e.start, e.end = 2**40, 2**40 + 1
    str(e)

#: pickle_empty_memo
import _pickle, io
for i in range(2000):
    u = _pickle.Unpickler(io.BytesIO(b'\x80\x04]q\x00h\x00.'))
    keep = [bytes([255]) * n for n in range(16)]
    del keep
    u.memo = {}
    try: u.load()
    except Exception: pass

#: tokenizer_reenter
import _tokenize, io
def run(f):
    try: return f()
    except BaseException as e: return repr(e)
lines=['def f(x):\n','  """a\n','b"""\n','  return f"{x\n','!r:>{10}}"\n','(1,\n',' 2)\n','\\\n','x\n','']
for k in range(10):
  for mode in range(4):
    n=0
    def rl(*a):
        global n,it
        n+=1
        if n==k+1:
            if mode==0: run(lambda: next(it))
            elif mode==1: run(lambda: list(it))
            elif mode==2: del it
            else: return R
        return lines[n-1] if n<=len(lines) else ''
    for R in (5,None,b'x','\ud800','x'*10**5,'\0','a\nb\nc','\x0c','\ufeff'):
        for ex in (0,1):
            for enc in (None,'utf-8'):
                n=0
                it=run(lambda: _tokenize.TokenizerIter(rl,extra_tokens=ex) if enc is None else _tokenize.TokenizerIter(lambda *a: rl().encode(),encoding=enc,extra_tokens=ex))
                def go():
                    for i in range(60): next(it)
                run(go)
        if mode!=3: break
