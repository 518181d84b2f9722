"""Run one attack of the corpus, guarded or not; print what came of it.

    driver.py guarded|unguarded NAME...

Run by the interpreter under test.  One line of JSON for each name.
"""

from __future__ import annotations

import builtins
import copy
import functools
import itertools
import json
import operator
import os
import sys
import types
import weakref
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import _restrict_guarded
import corpus
from restrict._guarded import safe_builtins

SECRET = "of the host"


def make_class():
    """Return a class of the host; attacks change it."""
    class Service:
        """An object of the host."""

        def __init__(self):
            self.data = [SECRET]

        def method(self):
            return self.data

        @staticmethod
        def static():
            return SECRET

        @classmethod
        def make(cls):
            return cls()

        @property
        def prop(self):
            return SECRET
    return Service


class Holder:
    pass


def make_helper():
    hidden = [SECRET]

    def helper(a=(SECRET,), *, b=SECRET):
        return hidden and SECRET
    return helper


def plain_helper():
    return SECRET


def fail():
    local = SECRET
    raise ValueError(local)


def probe():
    return make_class()().missing


def failed():
    try:
        fail()
    except ValueError as error:
        return error


def apply(function, *args, **kwargs):
    return function(*args, **kwargs)


def run_all(calls):
    return [function(arg) for function, arg in calls]


def fire(obj):
    return obj.callback(object)


def render(template, *args):
    return template.format(*args)


def make_model():
    class Model:
        def save(self):
            return SECRET
    return Model


def suspended_generator():
    yield from [SECRET, SECRET]


@types.coroutine
def pause():
    yield


async def coroutine():
    await pause()


async def async_generator():
    yield SECRET


def namespace(loot):
    """Return what the guest finds; the same for every attack."""
    helper = make_helper()
    wrapper = functools.wraps(helper)(
        lambda a=(SECRET,), *, b=SECRET: helper(a, b=b))
    wrapper.__kwdefaults__ = {"b": SECRET}
    holder = Holder()
    holder.real = wrapper
    Service = make_class()
    service = Service()
    gen, coro, agen = suspended_generator(), coroutine(), async_generator()
    next(gen)
    coro.send(None)
    return {
        "loot": loot, "helper": wrapper, "service": service,
        "method": service.method, "hidden_append": [SECRET].append,
        "gen": gen, "coro": coro, "agen": agen, "module": json,
        "fail": fail, "probe": probe, "failed": failed(),
        "call": lambda callback: callback(), "Service": Service,
        "holder": holder, "ref": weakref.ref(service, fail),
        "weak": weakref.proxy(wrapper), "code": helper.__code__,
        "code_without_closure": fail.__code__,
        "plain_helper": plain_helper,
        "cell": helper.__closure__[0], "frame": sys._getframe(),
        "part": functools.partial(print, SECRET, sep=SECRET),
        "Function": types.FunctionType, "partial": functools.partial,
        "lru_cache": functools.lru_cache, "defaultdict": defaultdict,
        "attrgetter": operator.attrgetter, "make_ref": weakref.ref,
        "accumulate": itertools.accumulate, "starmap": itertools.starmap,
        "takewhile": itertools.takewhile,
        "low_level": _restrict_guarded.guarded_exec,
        "apply": apply, "run_all": run_all, "fire": fire, "render": render,
        "make_model": make_model, "methodcaller": operator.methodcaller,
        "singledispatch": functools.singledispatch,
        "cached": functools.lru_cache(fail),
        "super_object": super(Service, service), "keys": {SECRET: 1}.keys(),
        "buffer": memoryview(bytearray(b"x")).toreadonly(),
        "list_iterator": iter([SECRET]), "dict_iterator": iter({SECRET: 1}),
        "set_iterator": iter({SECRET}), "mapped": map(str, [SECRET]),
        "enumerated": enumerate([SECRET]), "zipped": zip([SECRET]),
        "reversed_list": reversed([SECRET]),
        "chained": itertools.chain([SECRET]),
    }


def run(attack, guarded):
    """Return what the guest got, and how it ended."""
    loot, error = [], None
    restore, saved = vars(builtins).update, dict(vars(builtins))
    g = namespace(loot)
    kept = dict(g)      # the host has references of its own
    try:
        if guarded:
            _restrict_guarded.guarded_exec(attack.guest, g, g,
                                           safe_builtins())
        else:
            exec(attack.guest, g)
        if attack.host:
            exec(attack.host, {"g": g, "copy": copy, **kept})
    except Exception as exc:
        error = f"{type(exc).__name__}: {exc}"
    restore(saved)
    found = any(item is not None for item in loot)
    return {"name": attack.name, "found": found, "error": error}


def apart(attack, guarded):
    """Run it in a process of its own: some attacks leave ruins."""
    child = os.fork()
    if child == 0:
        print(json.dumps(run(attack, guarded)), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(json.dumps({"name": attack.name, "found": True,
                          "error": f"crashed, status {status}"}), flush=True)


def main():
    guarded = sys.argv[1] == "guarded"
    wanted = set(sys.argv[2:])
    sys.unraisablehook = lambda unraisable: None
    for attack in corpus.ATTACKS:
        if attack.name in wanted or not wanted:
            apart(attack, guarded)


if __name__ == "__main__":
    main()
