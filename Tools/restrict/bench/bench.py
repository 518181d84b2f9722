"""Measure everything, and write one document of JSON: what `make bench` runs.

    bench.py --upstream PYTHON --python PYTHON --output FILE [--fast]

Four parts: the life of guests (life.py), beside plain sub-interpreters,
trusted code and other projects; the memory of a guest; the programs of
compare.py, trusted and restricted beside upstream; the instructions of single
operations (micro.py; needs valgrind).  Prints each figure with its spread.
The page "benchmarks" of the documentation shows FILE.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).absolute().parent
LIFE_TIMEOUT = 3600                     # seconds; a hang ends it, not a crowd

# Of what a guest and a plain sub-interpreter take, by what the process has
# more after twenty of them.
MEMORY = """
import gc, restrict, _interpreters
def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
def per(make):
    keep = [make()]
    before = resident()
    keep += [make() for _ in range(20)]
    return (resident() - before) / 20
print(per(restrict.Interpreter), per(lambda: _interpreters.create("isolated")))
"""


# --- Programs ----------------------------------------------------------------

def compare_programs(args):
    """Return a list of {name, upstream: seconds, trusted, restricted:
    multiples of that, the shortest of all rounds of each, *_spread: standard
    deviation of the rounds' own multiples}."""
    sys.path.insert(0, str(HERE))
    import compare
    options = argparse.Namespace(
        count=False, rounds=1 if args.fast else args.rounds,
        upstream=args.upstream, python=args.python)
    print(f"\n{'programs, upstream is 1':34} {'trusted':>16} "
          f"{'restricted':>16}")
    rows = []
    for name in compare.names():
        rounds = compare.measure(options, name)
        best = [min(column) for column in zip(*rounds, strict=True)]
        row = {"name": name, "upstream": best[0]}
        for i, mode in ((1, "trusted"), (2, "restricted")):
            quotients = [figures[i] / figures[0] for figures in rounds]
            row[mode] = best[i] / best[0]
            row[f"{mode}_spread"] = spread(quotients)
        rows.append(row)
        show_program(row)
    show_program({"name": "geometric mean"} | {
        mode: statistics.geometric_mean(row[mode] for row in rows)
        for mode in ("trusted", "restricted")})
    return rows


def count_operations(args):
    """Return [[operation, upstream's instructions, trusted, trusted beside a
    guest, restricted]]; None for what a guest has not."""
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: no operation is counted")
        return []
    import micro
    micro.header()
    rows = []
    for name, row in micro.measure(args.upstream, args.python,
                                   "chain" if args.fast else ""):
        micro.show(name, row)
        rows.append([name, *micro.counts_of(row)])
    return rows


def show_program(row):
    cells = []
    for mode in ("trusted", "restricted"):
        deviation = row.get(f"{mode}_spread")
        cells.append(f"{row[mode]:.3f}" + (
            f" +- {deviation:.3f}" if deviation else " +- -----"))
    print(f"{row['name']:34} {cells[0]:>16} {cells[1]:>16}", flush=True)


def spread(values):
    """Return the standard deviation; 0.0 of a single one."""
    return statistics.stdev(values) if len(values) > 1 else 0.0


# --- Guests ------------------------------------------------------------------

def measure_life(args):
    """Return {"what: whose": {mean, stdev, ...}} in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "life.json")
        subprocess.run(
            [sys.executable, HERE / "life.py", "--quiet",
             "--inherit-environ", "PATH", "-o", output,
             *(["--processes=1", "--values=2"] if args.fast else [])],
            check=True, env={**os.environ, "PYTHONHASHSEED": "0"},
            timeout=LIFE_TIMEOUT)
        import pyperf
        suite = pyperf.BenchmarkSuite.load(str(output))
    figures = {}
    for bench in suite.get_benchmarks():
        values = bench.get_values()
        figures[bench.get_name()] = {
            "mean": bench.mean(), "min": min(values), "max": max(values),
            "stdev": spread(values)}
    for name, (passed, total) in count_passing().items():
        figures[f"HumanEval: {name}"].update(passed=passed, of=total)
    return figures


def count_passing():
    """Return {runner: (HumanEval programs that pass, programs)}."""
    done = subprocess.run(
        [sys.executable, "-c", "import json, life; "
         "print(json.dumps(life.passing_by_name()))"], text=True,
        capture_output=True, check=True, cwd=HERE, timeout=LIFE_TIMEOUT)
    return json.loads(done.stdout.splitlines()[-1])


def time_text(seconds):
    """Return a time with three digits and a unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def show_life(figures):
    """Print what belongs together in a row, with how many times as long the
    others take as a guest."""
    print(f"\n{'the life of guests':38} {'by':16} {'mean':>9} +-stdev "
          f"{'times the first':>16}")
    groups = {}
    for name, figure in figures.items():
        what, _, whose = name.rpartition(": ")
        groups.setdefault(what, {})[whose] = figure
    for what, group in groups.items():
        ours = next(iter(group.values()))["mean"]
        for whose, figure in group.items():
            label, what = what, ""
            passed = (f"  ({figure['passed']} of {figure['of']} programs)"
                      if "passed" in figure else "")
            print(f"{label:38} {whose:16} {time_text(figure['mean']):>9} "
                  f"+-{figure['stdev'] / figure['mean']:4.0%} "
                  f"{figure['mean'] / ours:16.2f}{passed}")


def measure_memory(args):
    done = subprocess.run([args.python, "-c", MEMORY], text=True,
                          capture_output=True, check=True, timeout=600)
    guest, plain = map(float, done.stdout.split())
    print(f"\n{'memory, MiB':34} guest {guest / 2**20:.2f}, "
          f"plain {plain / 2**20:.2f}")
    return {"guest": guest, "plain": plain}


# --- All of it ---------------------------------------------------------------

def processor():
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="Takes about ten minutes on a quiet machine, with --fast five; "
        "while others use the machine, the figures mean little.")
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--rounds", type=int, default=5,
                        help="rounds of each program (default: 5)")
    parser.add_argument("--fast", action="store_true",
                        help="one round of each, to see that it works")
    args = parser.parse_args(argv)
    started = time.monotonic()
    print(f"{'five minutes' if args.fast else 'ten minutes'} on a quiet "
          "machine", flush=True)
    life = measure_life(args)
    show_life(life)
    document = {
        "python": platform.python_version(), "processor": processor(),
        "processors": os.cpu_count(), "load": os.getloadavg()[2],
        "fast": args.fast, "day": datetime.date.today().isoformat(),
        "life": life, "memory": measure_memory(args),
        "programs": compare_programs(args),
        "operations": count_operations(args),
    }
    Path(args.output).write_text(json.dumps(document, indent=1) + "\n")
    print(f"written after {(time.monotonic() - started) / 60:.0f} minutes: "
          f"{args.output}")


if __name__ == "__main__":
    main()
