#!/usr/bin/env python3
"""What making and ending a restricted interpreter costs, against upstream's
isolated sub-interpreter.

    lifecycle.py [--rounds N] UPSTREAM PYTHON

Both interpreters make and end some, in turns; the figure is the quotient of
the shortest processor times, PYTHON over UPSTREAM.  Then PYTHON holds some
alive: their resident memory, in MB each.  Exit status 1 if either is over its
bound.
"""

import argparse
import math
import subprocess
import sys

RATIO = 0.30
MEGABYTES = 1.1

UPSTREAM = """
import _interpreters as i, time
i.destroy(i.create("isolated"))
start = time.process_time()
for _ in range(20):
    i.destroy(i.create("isolated"))
print((time.process_time() - start) / 20)
"""

RESTRICTED = """
import restrict, time
policy = restrict.Policy()
restrict.Interpreter(policy).close()
start = time.process_time()
for _ in range(20):
    restrict.Interpreter(policy).close()
print((time.process_time() - start) / 20)
"""

ALIVE = """
import restrict
policy = restrict.Policy()
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
first = restrict.Interpreter(policy)
before = resident()
held = [restrict.Interpreter(policy) for _ in range(50)]
print((resident() - before) / 50 / 1e6)
"""


def figure(python, source):
    done = subprocess.run([python, "-I", "-S", "-c", source], text=True,
                          capture_output=True, check=True)
    return float(done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("upstream")
    parser.add_argument("python")
    arguments = parser.parse_args()
    upstream = restricted = math.inf
    for _ in range(arguments.rounds):
        upstream = min(upstream, figure(arguments.upstream, UPSTREAM))
        restricted = min(restricted, figure(arguments.python, RESTRICTED))
    ratio = restricted / upstream
    alive = min(figure(arguments.python, ALIVE) for _ in range(3))
    print(f"upstream, isolated  {upstream * 1000:6.2f} ms")
    print(f"restricted          {restricted * 1000:6.2f} ms")
    print(f"ratio               {ratio:6.2f}     (at most {RATIO})")
    print(f"resident, each      {alive:6.2f} MB  (at most {MEGABYTES})")
    return ratio > RATIO or alive > MEGABYTES


if __name__ == "__main__":
    sys.exit(main())
