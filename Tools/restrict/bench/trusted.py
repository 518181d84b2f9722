#!/usr/bin/env python3
"""What a trusted interpreter pays: this build against one of upstream's.

    trusted.py [--count] [--rounds N] UPSTREAM PYTHON [--only NAME ...]

Two interpreters run the same programs (programs.py), in turns, each round in
an order of its own.  The table has the quotient of the shortest times of
each, PYTHON over UPSTREAM, and the geometric mean.  With --count, valgrind
counts instructions instead: slower by far, but the same on every machine,
and with nothing but the program's own instructions (the start is taken off).
"""

import argparse
import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).with_name("programs.py")
ENVIRON = {**os.environ, "PYTHONHASHSEED": "0"}


def names():
    text = PROGRAMS.read_text()
    listed = re.search(r"for f in \((.*?)\)\}", text, re.S)[1]
    return [name.strip() for name in listed.split(",")]


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=True,
                          env=ENVIRON)


def seconds(python, name, times):
    done = run([python, "-I", "-S", "-B", PROGRAMS, name, str(times)])
    return float(done.stdout)


def instructions(python, name, times):
    """Between the runs of 1 and of `times` rounds."""
    counts = []
    for n in (10, 10 + times):
        done = run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
             python, "-I", "-S", "-B", PROGRAMS, name, str(n)])
        counts.append(int(re.search(r"Collected\s*:\s*(\d+)",
                                    done.stderr)[1]))
    return counts[1] - counts[0]


def compare(pair, name, arguments):
    if arguments.count:
        return [instructions(python, name, 40) for python in pair]
    best = [math.inf, math.inf]
    for _ in range(arguments.rounds):
        for i in random.sample((0, 1), 2):
            best[i] = min(best[i], seconds(pair[i], name, 300))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", action="store_true",
                        help="count instructions with valgrind")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", help="these programs")
    parser.add_argument("upstream")
    parser.add_argument("python")
    arguments = parser.parse_args()
    pair = [arguments.upstream, arguments.python]
    quotients = []
    for name in arguments.only or names():
        base, ours = compare(pair, name, arguments)
        quotients.append(ours / base)
        print(f"{name:18} {base:14.6g} {ours:14.6g} {ours / base:8.4f}",
              flush=True)
    mean = math.exp(sum(map(math.log, quotients)) / len(quotients))
    print(f"{'geometric mean':18} {'':14} {'':14} {mean:8.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
