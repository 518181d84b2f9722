# C code that goes on with what a callback or a finalizer has changed: trees,
# parsers, memos and streams.

#: parameter_that_is_none
class A:
    n = 0
    @property
    def __typing_subst__(s):
        A.n += 1
        if A.n < 2: raise AttributeError
        return lambda x: x
class B:
    def __typing_subst__(s, x): return x
for item in ((int,), [int], int):
    A.n = 0
    try: print(list[A(), B()][item])
    except TypeError as e: print(e)

#: deep_copy_grows
import copy, xml.etree.ElementTree as ET
E = ET.Element
class C(E):
    def __deepcopy__(s, m):
        r.extend([E('z') for i in range(n)])
        return E('c')
for n in (1, 3, 30, 300):
    r = E('r'); r.append(E('a')); r.append(C('b'))
    print(len([x.tag for x in copy.deepcopy(r)]))

#: deep_copy_shrinks
import copy, xml.etree.ElementTree as ET
E = ET.Element
class C(E):
    def __deepcopy__(s, m):
        del r[2:]; r.append(E('new'))
        return E('c')
r = E('r'); r.append(E('a')); r.append(C('b')); r.extend(E('x') for i in range(30))
print([x.tag for x in copy.deepcopy(r)])

#: state_goes_while_set
import xml.etree.ElementTree as ET
keep = []
class T:
    def __del__(s): d.clear(); keep.append([b'\xff' * n for n in range(600)])
e = ET.Element('x'); e.tag = T()
d = {'tag': 'y', 'attrib': {'a': 1}, 'text': ['a' * 5], 'tail': ['b' * 7], '_children': [ET.Element('q')]}
e.__setstate__(d)
print(e.attrib, e.text, e.tail, list(e))

#: joined_text_goes
import xml.etree.ElementTree as ET
keep = []
for name in ('text', 'tail'):
    b = ET.TreeBuilder(comment_factory=lambda t: None)
    e = b.start('a', {})
    if name == 'tail': b.end('a')
    class S(str):
        def __del__(s): setattr(e, name, None); keep.append([b'\xff' * n for n in range(600)])
    b.data(S('x' * 30)); b.data('y'); b.comment('c')
    print(len(getattr(e, name)))

#: list_of_text_goes
import xml.etree.ElementTree as ET
b = ET.TreeBuilder(comment_factory=lambda t: None); e = b.start('a', {})
b.data('x'); b.data('y'); b.comment('c'); keep = []
class H:
    def __iter__(s):
        for i in range(100): keep.append([])
        i = iter(('p', 'q')); e.text; return i
b.data(H()); b.comment('d')

#: decoded_text_dies
import io, codecs
def stream(die):
    class S(str):
        def __del__(s): die(f)
    class D(codecs.IncrementalDecoder):
        n = 0
        def decode(s, b, final=False):
            D.n += 1
            return S('q' * 2000) if D.n == 1 else 'abc' * D.n
        def getstate(s): return (b'', 0)
        def setstate(s, x): pass
        def reset(s): pass
    name = 'weird%d' % len(names); names.append(name)
    infos[name] = codecs.CodecInfo(lambda s, e: (b'', 0), lambda b, e: ('', 0), incrementaldecoder=D, incrementalencoder=codecs.IncrementalEncoder, name=name)
    f = io.TextIOWrapper(io.BytesIO(b'x' * 100000), encoding=name, newline='\n')
    return f
names, infos, keep = [], {}, []
codecs.register(infos.get)
for die in (lambda f: f.readline(), lambda f: (f.seek(0), keep.append([b'\xff' * n for n in range(900)])), lambda f: f.read(10)):
    f = stream(die)
    for i in range(5):
        try: f.read(1000); f.read(5000); f.readline()
        except Exception as e: print(repr(e)[:80])

#: memo_is_cleared_again_@: p.clear_memo() p.memo.clear() p.memo={} p.memo.copy() p.dump([1,2])
import _pickle, io
class D:
    def __init__(s, n): s.n = n
    def __del__(s):
        if s.n in (0, 3, 8): exec('@', {'p': p})
for again in (lambda: p.clear_memo(), lambda: p.memo.clear(), lambda: setattr(p, 'memo', {})):
    for i in range(5):
        p = _pickle.Pickler(io.BytesIO())
        p.dump([D(i) for i in range(9)]); again(); p.dump([D, 1])

#: memo_of_unpickler_@: u.memo.copy() u.memo={0:1} u.load() u.memo.clear() u.memo={}
import _pickle, pickle, io
u = None
class D:
    def __del__(s):
        try:
            if u: exec('@', {'u': u})
        except Exception as e: print(repr(e)[:80])
for i in range(5):
    u = _pickle.Unpickler(io.BytesIO(pickle.dumps(D()) + pickle.dumps([D(), D()]) * 9))
    r = u.load(); del r; u.memo = {}
    r = u.load(); del r; u.memo.clear()

#: buffer_of_parser_goes
from xml.parsers import expat
p = expat.ParserCreate(); p.buffer_size = 10; p.buffer_text = True; n = 0
def h(d):
    global n; n += 1
    if n == 1: p.buffer_text = False
p.CharacterDataHandler = h
p.Parse('<a>' + '12345678\n' * 20 + '</a>', True)

#: tree_with_none_@: type_params handlers patterns keys star or class mapping kwd
import ast
sources = {'type_params': 'class C: pass', 'handlers': 'try: pass\nexcept: pass', 'star': 'try: pass\nexcept* E: pass',
    'patterns': 'match x:\n case [1]: pass', 'keys': 'match x:\n case {1:y}: pass', 'or': 'match x:\n case 1|2: pass',
    'class': 'match x:\n case C(1): pass', 'mapping': 'match x:\n case {1:y}: pass', 'kwd': 'match x:\n case C(a=1): pass'}
t = ast.parse(sources['@'])
case = lambda: t.body[0].cases[0].pattern
if '@' == 'type_params': t.body[0].type_params = [None]
elif '@' in ('handlers', 'star'): t.body[0].handlers = [None]
elif '@' == 'keys': case().keys = [None]
elif '@' == 'kwd': case().kwd_patterns = [None]
else: case().patterns = [None] * len(case().patterns)
compile(t, '', 'exec')

#: tree_with_hidden_name_@: .defaults .0 .type_params .kwdefaults .generic_base
import ast
for source in ('def gen[T=5](x:q)->T: return x', 'class C[T](q): pass', '[q for x in y]', 'def f(): return lambda: q'):
    t = ast.parse(source)
    for n in ast.walk(t):
        if isinstance(n, ast.Name) and n.id == 'q': n.id = '@'
    try: exec(compile(t, '', 'exec'), {'y': [1]})
    except (ValueError, NameError) as e: print(repr(e))

#: prefix_that_goes_round
import _sre
c = [14,18,3,6,6,6,6, 97,98,99,97,98,100, 0,0,3,1,2,0, 16,97,16,98,16,99,16,97,16,98,16,100,1]
_sre.compile(None, 0, c, 0, {}, (None,)).findall('bbbabcddbbbabcddbbbabcddbbbabcdd')
