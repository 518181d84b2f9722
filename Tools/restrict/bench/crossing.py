#!/usr/bin/env python3
"""What crosses between host and guest: calls and values.

    build/release/python Tools/restrict/bench/crossing.py [--elements N]

A call of a host function, with an int as argument and result, from a guest
with and without limits of time, less what an empty loop takes: at most 1.5
microseconds.  Then values copied to a guest, in nanoseconds of processor time
for each element, beside copy.deepcopy().  deepcopy() makes no new numbers and
no new text, a copy for another interpreter must: the last column is what the
fastest loop of CPython takes to make a list of as many such objects, and
nothing else.
"""

from __future__ import annotations

import argparse
import array
import copy
import gc
import time
from typing import TYPE_CHECKING, Any

import restrict

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = """
def call(n):
    for _ in range(n):
        host(1)
def empty(n):
    for _ in range(n):
        pass
def keep(x):
    global kept
    kept = x
def drop():
    global kept
    kept = None
"""
VALUES: dict[str, Callable[[int], Any]] = {
    "ints": lambda n: list(range(1000, n + 1000)),
    "floats": lambda n: [i * 1.5 for i in range(n)],
    "texts": lambda n: [f"item {i}" for i in range(n)],
    "rows of three": lambda n: [[i, i * 1.5, f"n{i}"] for i in range(n // 4)],
    "tuples of three": lambda n: [(i, i * 1.5, f"n{i}")
                                  for i in range(n // 4)],
    "dicts of three": lambda n: [{"id": i, "price": i * 1.5, "name": f"n{i}"}
                                 for i in range(n // 7)],
}


def shortest(function: Callable[[], object], rounds: int = 5) -> float:
    """Return the shortest processor time of some calls, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
        del result
    return min(times)


def one_call(policy: restrict.Policy, n: int = 100_000) -> float:
    """Return what a call of the host costs, in microseconds."""
    with restrict.Interpreter(policy, functions={"host": lambda x: x}) as g:
        g.exec(PROGRAM)
        return (shortest(lambda: g.call("call", n))
                - shortest(lambda: g.call("empty", n))) / n * 1e6


def making(n: int) -> dict[str, float]:
    """Return what it takes to make the objects alone, in seconds."""
    ints = array.array("q", range(1000, n + 1000))
    floats = array.array("d", range(n))
    text = " ".join(f"item_{i}" for i in range(n))
    gc.disable()
    made = {"ints": shortest(ints.tolist), "floats": shortest(floats.tolist),
            "texts": shortest(text.split)}
    gc.enable()
    return made


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=1_000_000)
    n = parser.parse_args().elements
    free = restrict.Policy(cpu=None, wall=None, memory=None)
    print(f"a call of the host, no limits of time  {one_call(free):.2f} us")
    print("a call of the host, the default limits "
          f"{one_call(restrict.Policy()):.2f} us")
    floor = making(n)
    with restrict.Interpreter(free) as guest:
        guest.exec(PROGRAM)
        for name, make in VALUES.items():
            value = make(n)
            deep = shortest(lambda value=value: copy.deepcopy(value), 3)
            copied = []
            for _ in range(5):
                copied.append(shortest(
                    lambda value=value: guest.call("keep", value), 1))
                guest.call("drop")
            alone = f"{floor[name] * 1e9 / n:6.1f}" if name in floor else ""
            print(f"{name:16} deepcopy {deep * 1e9 / n:6.1f} ns  copy "
                  f"{min(copied) * 1e9 / n:6.1f} ns  "
                  f"ratio {deep / min(copied):5.1f}  making alone {alone}")


if __name__ == "__main__":
    main()
