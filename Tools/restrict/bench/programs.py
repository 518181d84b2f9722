"""Programs that are measured: each a function of how often, one kind of work.

Run as a script, with a program's name and a number, it runs that program
and prints the seconds of processor time that it took, without the start.
"""

import sys
import time


def calls(n):
    def fib(i):
        return i if i < 2 else fib(i - 1) + fib(i - 2)
    for _ in range(n):
        fib(16)


def floats(n):
    """Bodies that attract each other."""
    bodies = [[x, x * .5, -x, .01 * x, .02, .03, 1. + x] for x in range(1, 6)]
    for _ in range(60 * n):
        for i, a in enumerate(bodies):
            for b in bodies[i + 1:]:
                dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
                pull = .001 / (dx * dx + dy * dy + dz * dz) ** 1.5
                for axis, d in enumerate((dx, dy, dz), 3):
                    a[axis] -= d * b[6] * pull
                    b[axis] += d * a[6] * pull
        for body in bodies:
            for axis in range(3):
                body[axis] += .001 * body[axis + 3]


class Task:
    def __init__(self, name, rest):
        self.name, self.rest, self.done = name, rest, 0

    @property
    def ready(self):
        return self.rest > 0

    def step(self, queue):
        self.rest -= 1
        self.done += 1
        if self.ready:
            queue.append(self)


class Urgent(Task):
    def step(self, queue):
        super().step(queue)
        self.done += 1


def objects(n):
    """A scheduler: attributes, methods, properties, inheritance."""
    for _ in range(n):
        queue = [(Urgent if i % 3 else Task)(i, 20) for i in range(20)]
        while queue:
            queue.pop(0).step(queue)


def comprehensions(n):
    for _ in range(6 * n):
        table = {i: [j * i for j in range(20) if j % 3] for i in range(20)}
        sum(len(row) for row in table.values())
        sorted({v for row in table.values() for v in row})


def generators(n):
    def walk(depth):
        if depth:
            yield from walk(depth - 1)
            yield depth
            yield from walk(depth - 1)
    for _ in range(n):
        for _ in walk(9):
            pass


def exceptions(n):
    def fail(i):
        try:
            if i % 2:
                raise ValueError(i)
            return {}[i]
        except KeyError:
            return 0
        finally:
            i += 1
    for _ in range(n):
        for i in range(500):
            try:            # noqa: SIM105 (this is what is measured)
                fail(i)
            except ValueError:
                pass


def strings(n):
    for _ in range(n):
        words = [f"{i:05d}-{i * i}" for i in range(300)]
        text = " ".join(words).upper().replace("0", "o")
        {w.strip().split("-")[0]: len(w) for w in text.split()}


def memory(n):
    """Blocks above and below what the small-block allocator serves."""
    for _ in range(n):
        [bytes(size) for size in range(10, 4000, 10)]
        [bytearray(100000) for _ in range(10)]
        [list(range(200)) for _ in range(10)]


def iterators(n):
    from collections import deque
    from itertools import chain, count, islice, permutations, repeat
    for _ in range(n):
        deque(zip(map(abs, range(1500)), repeat(2)), 0)
        sum(islice(count(), 1500))
        deque(chain(permutations(range(6)), reversed(range(500))), 0)


def json_both_ways(n):
    import json
    value = {"a": [1, 2.5, None, True, "x" * 20] * 10, "b": {"c": "é" * 9}}
    for _ in range(20 * n):
        json.loads(json.dumps(value))


def regex(n):
    import re
    pattern = re.compile(r"(\w+)@(\w+)\.(com|org)")
    text = "some text with an address@example.com and more; " * 40
    for _ in range(5 * n):
        pattern.findall(text)
        re.sub(r"\s+", " ", text)


def pickle_both_ways(n):
    import pickle
    value = [{"id": i, "tags": ("a", "b"), "x": i / 7} for i in range(60)]
    for _ in range(20 * n):
        pickle.loads(pickle.dumps(value))


PROGRAMS = {f.__name__: f for f in (
    calls, floats, objects, comprehensions, generators, exceptions, strings,
    memory, iterators, json_both_ways, regex, pickle_both_ways)}

if __name__ == "__main__":
    program, times = PROGRAMS[sys.argv[1]], int(sys.argv[2])
    program(1)
    start = time.process_time()
    program(times)
    print(time.process_time() - start)
