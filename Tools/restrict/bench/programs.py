"""Programs that are measured: each a function of how often, one kind of work.

Run as they are in a trusted interpreter and as the source of a guest, so they
read nothing and write nothing.  The names are those of well-known benchmarks
where the kind of work is theirs.
"""


# --- richards: an operating system's scheduler ------------------------------

class Packet:
    def __init__(self, kind, link=None):
        self.kind, self.link, self.data, self.to = kind, link, [0] * 4, None


class Task:
    def __init__(self, system, name, priority):
        self.system, self.name, self.priority = system, name, priority
        self.queue, self.held, self.waiting = [], False, True

    @property
    def runnable(self):
        return not self.held and (not self.waiting or bool(self.queue))

    def receive(self, packet):
        self.queue.append(packet)

    def step(self):
        packet = self.queue.pop(0) if self.queue else None
        self.waiting = False
        self.work(packet)
        if not self.queue:
            self.waiting = self.system.ready_again != self.name


class Idle(Task):
    seed = 1

    def work(self, packet):
        self.seed = self.seed * 1103515245 + 12345 & 0x7fffffff
        self.system.release("device" if self.seed & 0x10000 else "disk")
        self.system.ready_again = self.name


class Worker(Task):
    letter = 0

    def work(self, packet):
        packet = packet or Packet("work")
        packet.to = "handler"
        for i in range(4):
            self.letter = self.letter % 26 + 1
            packet.data[i] = self.letter
        self.system.send(packet)


class Handler(Task):
    def work(self, packet):
        if packet is None:
            return
        if packet.kind == "work" and packet.data[0] % 2:
            packet.to, packet.kind = "device", "io"
        else:
            packet.to, packet.kind = "worker", "work"
        self.system.send(packet)


class Device(Task):
    def work(self, packet):
        if packet is None:
            return
        packet.to, packet.kind = "worker", "work"
        self.system.send(packet)
        self.held = not self.held and packet.data[1] % 3 == 0


class System:
    def __init__(self):
        self.sent, self.ready_again = 0, None
        kinds = [(Idle, "idle", 0), (Worker, "worker", 3),
                 (Handler, "handler", 5), (Device, "device", 4),
                 (Device, "disk", 4)]
        self.tasks = {name: kind(self, name, priority)
                      for kind, name, priority in kinds}
        self.order = sorted(self.tasks.values(), key=lambda t: -t.priority)

    def send(self, packet):
        self.sent += 1
        self.tasks[packet.to].receive(packet)

    def release(self, name):
        self.tasks[name].held = False

    def run(self, steps):
        self.tasks["idle"].waiting = False
        self.tasks["worker"].receive(Packet("work"))
        for _ in range(steps):
            for task in self.order:
                if task.runnable:
                    self.ready_again = None
                    task.step()
                    break


def richards(n):
    for _ in range(n):
        System().run(2000)


# --- nbody: floats ----------------------------------------------------------

def nbody(n):
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


# --- deltablue: constraints that are kept up to date ------------------------

class Variable:
    def __init__(self, name, value):
        self.name, self.value = name, value
        self.constraints, self.source, self.mark = [], None, 0


class Constraint:
    def __init__(self, strength, *variables):
        self.strength, self.variables = strength, variables
        self.output = None
        for variable in variables:
            variable.constraints.append(self)

    def choose(self, mark):
        """The weakest variable that this one may decide; or None."""
        best = None
        for variable in self.variables:
            if variable.mark != mark and (
                    variable.source is None
                    or variable.source.strength < self.strength):
                best = variable if variable.source is None else (
                    best or variable)
        return best


class Equal(Constraint):
    def execute(self):
        a, b = self.variables
        self.output.value = (a if self.output is b else b).value


class Scale(Constraint):
    factor = 3

    def execute(self):
        a, b = self.variables
        if self.output is b:
            b.value = a.value * self.factor
        else:
            a.value = b.value / self.factor


class Stay(Constraint):
    def execute(self):
        pass


class Edit(Constraint):
    wanted = 0

    def execute(self):
        self.output.value = self.wanted


class Planner:
    mark = 0

    def add(self, constraint):
        self.mark += 1
        while constraint is not None:
            constraint = self.satisfy(constraint)

    def satisfy(self, constraint):
        output = constraint.choose(self.mark)
        if output is None:
            return None
        loser, output.source = output.source, constraint
        constraint.output, output.mark = output, self.mark
        if loser is not None:
            loser.output = None
        return loser

    def plan(self, start):
        todo, done = [start], []
        while todo:
            constraint = todo.pop()
            done.append(constraint)
            for other in constraint.output.constraints:
                if (other is not constraint and other.output is not None
                        and other not in done):
                    todo.append(other)
        return done


def deltablue(n):
    from itertools import pairwise
    for _ in range(n):
        planner = Planner()
        chain = [Variable(f"v{i}", i) for i in range(30)]
        planner.add(Stay(1, chain[-1]))
        for i, (a, b) in enumerate(pairwise(chain)):
            planner.add((Scale if i % 7 == 0 else Equal)(4, a, b))
        edit = Edit(3, chain[0])
        planner.add(edit)
        if edit.output is not None:
            plan = planner.plan(edit)
            for edit.wanted in range(30):
                for constraint in plan:
                    constraint.execute()


# --- The library ------------------------------------------------------------

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


# --- The language -----------------------------------------------------------

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
            try:
                fail(i)
            except ValueError:
                pass


def calls(n):
    def fib(i):
        return i if i < 2 else fib(i - 1) + fib(i - 2)
    for _ in range(n):
        fib(16)


def strings(n):
    for _ in range(n):
        words = [f"{i:05d}-{i * i}" for i in range(300)]
        text = " ".join(words).upper().replace("0", "o")
        {w.strip().split("-")[0]: len(w) for w in text.split()}


# --- Where the hooks are ----------------------------------------------------

def memory(n):
    """Blocks above and below what the small-block allocator serves."""
    for _ in range(n):
        [bytes(size) for size in range(10, 4000, 10)]
        [bytearray(100000) for _ in range(10)]
        [list(range(200)) for _ in range(10)]


def iterators(n):
    """C code that consumes what C code makes."""
    from collections import deque
    from itertools import chain, count, islice, permutations, repeat
    for _ in range(n):
        deque(zip(map(abs, range(1500)), repeat(2)), 0)
        sum(islice(count(), 1500))
        deque(chain(permutations(range(6)), reversed(range(500))), 0)


PROGRAMS = {f.__name__: f for f in (
    richards, nbody, deltablue, json_both_ways, regex, pickle_both_ways,
    comprehensions, generators, exceptions, calls, strings, memory,
    iterators)}


def measured(name, times):
    PROGRAMS[name](times)
