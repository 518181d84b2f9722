#!/usr/bin/env python3
"""What each operation costs in instructions, as a table.

    micro.py [--only TEXT] [--above PERCENT] [--explain] UPSTREAM PYTHON

Each operation of operations.py runs in a trusted interpreter of either build,
in one of PYTHON beside a guest of the same process, and in a guest, under
valgrind: the table has the instructions of one round, and for the modes of
PYTHON their quotient by UPSTREAM's.  What is not there for a guest has none.
--only counts the operations with TEXT in their
name, --above shows those that cost a trusted interpreter so much more.  With
--explain, the functions follow that take more of PYTHON's trusted interpreter
or less, with the instructions by which they differ.

All operations of one mode run in one process.  Calls of a function that
nothing else calls tell valgrind to write down what it counted since the last:
what a number of rounds took, and what none did.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import operations

HERE = Path(__file__).absolute()
MARK = "float_hex"                      # of which nothing else makes use
ROUNDS = 40
MODES = ("upstream", "trusted", "beside", "restricted")

OPERATION = """
def operation_{i}(rounds):
{before}
    for _ in repeat(None, rounds):
{statement}
"""
# An operation that fails does so before the first mark.
TRIAL = """
def trial(i, rounds):
    operation, mark = globals()[f"operation_{i}"], (1.0).hex
    try:
        operation(5)
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}"
    mark()
    operation(0)
    mark()
    operation(rounds)
    mark()
"""


def indented(text, by):
    return "\n".join(" " * by + line for line in text.splitlines() or ["pass"])


def source(folder):
    """Return the operations as functions, in one text."""
    return "".join((
        f"FOLDER = {str(folder)!r}\n", operations.PRELUDE, TRIAL,
        *(OPERATION.format(i=i, before=indented(before, 4),
                           statement=indented(statement, 8))
          for i, (_, before, statement) in enumerate(operations.OPERATIONS))))


# --- In the measured process ------------------------------------------------

def trusted(text):
    import gc
    gc.disable()
    names = {"__name__": "operations"}
    exec(compile(text, "operations.py", "exec"), names)
    return names["trial"]


def beside(text):
    import restrict
    trial = trusted(text)
    trial.guest = restrict.Interpreter(restrict.Policy())
    return trial


def restricted(text, folder):
    import restrict
    policy = restrict.Policy(
        memory="256MiB", cpu=3600.0, wall=3600.0, output="1MiB", steps=None,
        directories={folder: "rw"}, addresses=[("127.0.0.1", 0)],
        file_size=None, sockets=200)
    guest = restrict.Interpreter(policy)
    guest.exec(text)
    return lambda i, rounds: guest.call("trial", i, rounds)


def work(mode, folder, chosen):
    """Run the operations; print for each what kept it from running, if
    anything did."""
    text = source(folder)
    trial = (restricted(text, folder) if mode == "restricted"
             else beside(text) if mode == "beside" else trusted(text))
    print(json.dumps([trial(i, ROUNDS) for i in chosen]))


# --- Counting ---------------------------------------------------------------

def run(python, mode, chosen):
    """Return for each of the chosen its functions' instructions in ROUNDS
    rounds; or, as text, why it did not run."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "r").write_text("0123456789abcde\n" * 256)
        out = Path(folder) / "callgrind"
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--dump-before={MARK}",
             f"--callgrind-out-file={out}", python, "-S", "-s", "-B", HERE,
             "--work", mode, folder, json.dumps(chosen)],
            env={"PYTHONHASHSEED": "0"}, text=True, capture_output=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        n, found = 1, []
        for failure in json.loads(done.stdout.splitlines()[-1]):
            if failure is None:
                none, found_here = (functions(Path(f"{out}.{i}").read_text())
                                    for i in (n + 1, n + 2))
                found_here.subtract(none)
                n += 3
            found.append(failure or found_here)
        return found


def functions(dump):
    """Return the instructions of each function in valgrind's text."""
    counts, names, current = Counter(), {}, None
    lines = iter(dump.splitlines())
    for line in lines:
        if line.startswith("fn="):
            number, _, name = line[3:].partition(" ")
            # What the compiler split is one function here.
            current = names.setdefault(number, name.partition(".")[0])
        elif line.startswith("cfn="):
            number, _, name = line[4:].partition(" ")
            if name:
                names[number] = name.partition(".")[0]
        elif line.startswith("calls="):
            next(lines)                 # the callee's
        elif line[:1] in "0123456789+-*" and current:
            counts[current] += sum(map(int, line.split()[1:]))
    return counts


# --- The table --------------------------------------------------------------

def explain(upstream, ours):
    """Print the functions that differ, and by how many instructions."""
    ours = ours.copy()
    ours.subtract(upstream)
    for name, count in sorted(ours.items(), key=lambda item: -abs(item[1])):
        if abs(count) >= ROUNDS / 2:
            print(f"{count / ROUNDS:+14.1f}  {name}")


def mean(quotients):
    return math.exp(sum(map(math.log, quotients)) / len(quotients))


def measure(upstream, python, only=""):
    """Return [(name, functions of each mode)] of the operations with `only`
    in their name."""
    chosen = [i for i, (name, _, _) in enumerate(operations.OPERATIONS)
              if only in name]
    pythons = (upstream, python, python, python)
    found = [run(python, mode, chosen)
             for python, mode in zip(pythons, MODES, strict=True)]
    return [(operations.OPERATIONS[i][0], row)
            for i, row in zip(chosen, zip(*found, strict=True), strict=True)]


def counts_of(row):
    """Return the instructions of one round in each mode, or None."""
    return [None if isinstance(found, str) else found.total() / ROUNDS
            for found in row]


def show(name, row):
    """Print a row; return the quotients of trusted and restricted."""
    counts = counts_of(row)
    quotients = [count and count / counts[0] for count in counts[1:]]
    cells = [f"{count:11.1f}" if count else f"{'-':>11}" for count in counts]
    cells += [f"{quotient:8.4f}" if quotient else f"{'-':>8}"
              for quotient in quotients]
    print(f"{name:30}", *cells, flush=True)
    return quotients


def header():
    print(f"{'instructions':30}", *(f"{mode:>11}" for mode in MODES),
          *(f"{mode}/upstr" for mode in ("t", "b", "r")), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", metavar="TEXT", default="",
                        help="operations with TEXT in their name")
    parser.add_argument("--above", metavar="PERCENT", type=float,
                        help="those that cost a trusted interpreter more")
    parser.add_argument("--explain", action="store_true",
                        help="show the functions that differ")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("pythons", nargs="*", metavar="PYTHON",
                        help="upstream's, and ours")
    arguments = parser.parse_args()
    if arguments.work:
        mode, folder, chosen = arguments.work
        return work(mode, folder, json.loads(chosen))
    header()
    rows, by_group, group = [], {}, None
    for name, row in measure(*arguments.pythons, arguments.only):
        group = operations.GROUPS.get(name, group)
        if arguments.above is None or (
                row[1].total() / row[0].total() > 1 + arguments.above / 100):
            rows.append(show(name, row))
            by_group.setdefault(group or "others", []).append(rows[-1])
            if arguments.explain:
                explain(*row[:2])
    by_group["all"] = rows
    print("geometric means")
    for group, rows in by_group.items():
        print(f"{group:78}", *(
            f"{mean([row[i] for row in rows if row[i]]):8.4f}"
            for i in range(len(MODES) - 1)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
