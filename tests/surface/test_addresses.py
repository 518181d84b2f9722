"""A guest sees no address: numbers stand in their place, and are as good."""

import json
import subprocess

import pytest

# What shows an address, each as an expression of an int.  `shown` takes it
# from a default representation.
ROADS = {
    "id": "id(thing)",
    "id of a static type": "id(int)",
    "id of a singleton": "id(None)",
    "representation": "shown(thing)",
    "of a function": "shown(f)",
    "of a method": "shown(thing.m)",
    "of a C function": "shown([].append)",
    "of a generator": "shown(x for x in [])",
    "of a code object": "shown(f.__code__)",
    "of a weak reference": "shown(weakref.ref(thing))",
    "of a cell": "shown(cell())",
    "of a lock": "shown(threading.Lock())",
    "of an XML element": "shown(ElementTree.Element('a'))",
    "format": "int('{:}'.format(thing).split(' at ')[1][:-1], 16)",
    "hash": "hash(thing) << 4",
    "hash of a type": "hash(int) << 4",
    "hash of a function": "hash(f) << 4",
    "array": "array.array('b', b'ab').buffer_info()[0]",
    "pickle's memo": "list(memo())[0]",
    "JSON's markers": "markers()",
    "symbol table": "symtable.symtable('x', 'x', 'exec').get_id()",
}
PROGRAM = """
import array, io, pickle, symtable, threading, weakref
import json.encoder
from xml.etree import ElementTree

class Thing:
    def m(self): pass
def f(): pass
thing = Thing()
def shown(x):
    return int(repr(x).rpartition(" at 0x")[2].split(">")[0].split(",")[0]
               .split(":")[0], 16)
def cell():
    def inner(): return x
    x = 1
    return inner.__closure__[0]
def memo():
    pickler = pickle.Pickler(io.BytesIO())
    pickler.dump([1])
    return pickler.memo.copy()
def markers():
    seen = {}
    encode = json.encoder.c_make_encoder(
        seen, lambda x: kept.update(seen) or 1, str, None, ":", ",", False,
        False, True)
    kept = {}
    encode([thing], 0)
    return list(kept)[0]
"""
SHOW = """
import json, restrict, sys
program, roads = json.load(sys.stdin)
maps = []
def is_mapped(x):
    '''Is this address, or a place around it, in the process's memory?'''
    x &= (1 << 64) - 1
    return any(first <= x < last for first, last in maps)
def trusted(program):
    names = {}
    exec(program, names)
    return lambda road: eval(road, names)
def look(value):
    answers = {}
    for name, road in roads.items():
        try:
            answers[name] = value(road)
        except Exception as e:
            answers[name] = repr(e)
    with open("/proc/self/maps") as file:
        for line in file:
            maps.append([int(x, 16) for x in line.split()[0].split("-")])
    return {name: answer if type(answer) is str
            else [answer, is_mapped(answer)]
            for name, answer in answers.items()}
with restrict.Interpreter() as guest, restrict.Interpreter() as other:
    guest.exec(program)
    other.exec(program)
    print(json.dumps([look(trusted(program)), look(guest.eval),
                      look(other.eval)]))
"""


@pytest.fixture(scope="module")
def answers(python):
    """What the host, a guest and another guest see, by road."""
    done = subprocess.run([python, "-c", SHOW], text=True, timeout=60,
                          input=json.dumps([PROGRAM, ROADS]),
                          capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("road", ROADS)
def test_no_address_shows(answers, road):
    host, guest, other = (answer[road] for answer in answers)
    assert host[1], f"no address of the host: {host}"
    if "cell" in road and isinstance(guest, str):
        assert "Restricted" in guest    # the guest cannot get at one at all
        return
    assert not guest[1] and not other[1]
    assert len({host[0], guest[0], other[0]}) == 3


AGREE = """
import sys
class Thing: pass
things = [Thing() for _ in range(10_000)]
ids = [id(thing) for thing in things]
assert len(set(ids)) == len(set(things)) == 10_000
assert ids == [id(thing) for thing in things]
assert all(0 < x <= sys.maxsize for x in ids)
assert all(f"{id(x):x}" in repr(x) for x in things)
assert {id(x): x for x in things}[id(things[7])] is things[7]
assert len({id(None), id(True), id(int), id(()), id("")}) == 5
# Neighbours in memory are not neighbours here.
len({b - a for a, b in zip(ids, ids[1:])}) > 9_000
"""


def test_numbers_agree(python):
    """They differ, stay, are what a representation says, and say nothing of
    how far two objects are from each other."""
    done = subprocess.run(
        [python, "-c", "import restrict, sys\n"
         "names = {}\n"
         "print(restrict.run(sys.argv[1]).value)\n"
         "*body, last = sys.argv[1].strip().splitlines()\n"
         "exec('\\n'.join(body), names)\n"
         "print(eval(last, names))", AGREE],
        text=True, capture_output=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == "True\nFalse\n"
