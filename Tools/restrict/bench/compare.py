#!/usr/bin/env python3
"""What the mode costs: this build against one of upstream's, as a table.

    compare.py [--count] [--rounds N] [--only NAME,NAME] UPSTREAM PYTHON

Each program of programs.py runs in a trusted interpreter of either build, and
in a restricted one of PYTHON: in turns, in an order of its own each round, in
processes of their own.  A row has the milliseconds of UPSTREAM and, for both
modes of PYTHON, its time divided by UPSTREAM's: the shortest of each, as what
is longer was disturbed.  The last row is the geometric mean.

With --count, valgrind counts instructions in place of time: slow, but the same
on every machine.  The start is taken off.

Needs pyperf, in the Python that runs this; with --count, valgrind.
"""

import argparse
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
EXACT = {"PYTHONHASHSEED": "0"}

# Rounds of a program in one measurement, so that it takes some 100 ms.
TIMES = {"richards": 30, "nbody": 120, "deltablue": 400, "memory": 100}


def names():
    text = (HERE / "programs.py").read_text()
    listed = re.search(r"for f in \((.*?)\)\}", text, re.S)[1]
    return [name.strip() for name in listed.replace("\n", " ").split(",")
            if name.strip()]


def site_packages():
    """The folder that pyperf is in, for interpreters without it."""
    import pyperf
    return str(Path(pyperf.__file__).parents[1])


def seconds(python, mode, name, times):
    """The shortest of a few runs in one process, by pyperf."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.json"
        subprocess.run(
            [python, HERE / "worker.py", mode, name, "--processes", "1",
             "--values", "5", "--warmups", "1", "--loops", str(times),
             "--quiet", "--inherit-environ", "PYTHONPATH,PYTHONHASHSEED",
             "--output", output],
            check=True, env={**os.environ, **EXACT,
                             "PYTHONPATH": site_packages()},
            stdout=subprocess.DEVNULL)
        runs = json.loads(output.read_text())["benchmarks"][0]["runs"]
    return min(value for run in runs for value in run.get("values", ()))


def instructions(python, mode, name):
    """Of one round: between the runs of 5 rounds and of 15."""
    counts = []
    for times in (5, 15):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
             python, "-S", "-B", HERE / "worker.py", mode, name,
             "--count", str(times)],
            check=True, capture_output=True, text=True,
            env={**os.environ, **EXACT})
        counts.append(int(re.search(r"Collected\s*:\s*(\d+)",
                                    done.stderr)[1]))
    return (counts[1] - counts[0]) / 10


def measure(arguments, name):
    """Return a row for each round: upstream, trusted and restricted."""
    cases = [(arguments.upstream, "trusted"), (arguments.python, "trusted"),
             (arguments.python, "restricted")]
    if arguments.count:
        return [[instructions(*case, name) for case in cases]]
    rows = []
    for _ in range(arguments.rounds):
        row = [math.inf] * len(cases)
        for i in random.sample(range(len(cases)), len(cases)):
            row[i] = seconds(*cases[i], name, TIMES.get(name, 300))
        rows.append(row)
    return rows


def mean(quotients):
    return math.exp(sum(map(math.log, quotients)) / len(quotients))


def show(*columns):
    print("{:18} {:>14} {:>10} {:>10}".format(*columns), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", action="store_true",
                        help="count instructions with valgrind")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", metavar="NAME[,NAME...]",
                        help="these programs")
    parser.add_argument("upstream")
    parser.add_argument("python")
    arguments = parser.parse_args()
    rows = []
    show("program", "instructions" if arguments.count else "upstream, ms",
         "trusted", "restricted")
    for name in arguments.only.split(",") if arguments.only else names():
        base, *ours = map(min, zip(*measure(arguments, name)))
        rows.append([figure / base for figure in ours])
        show(name, f"{base:.0f}" if arguments.count else f"{base * 1e3:.4f}",
             *(f"{quotient:.4f}" for quotient in rows[-1]))
    show("geometric mean", "", *(f"{mean(column):.4f}"
                                 for column in zip(*rows, strict=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
