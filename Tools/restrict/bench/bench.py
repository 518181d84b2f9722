"""Measure everything, and write one document of JSON: what `make bench` runs.

    bench.py --upstream PYTHON --python PYTHON --output FILE [--fast]

Three parts: the programs of compare.py (trusted and restricted, beside
upstream), the instructions of single operations (micro.py; needs valgrind),
and the life of guests (life.py), beside plain sub-interpreters and other
projects.  Prints each figure with its spread.  The page "benchmarks" of the
documentation shows FILE.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).absolute().parent

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


def compare_programs(args):
    """Return [[program, upstream's seconds, trusted, restricted]]; the last
    two as multiples of upstream's."""
    sys.path.insert(0, str(HERE))
    import compare
    options = argparse.Namespace(
        count=False, rounds=1 if args.fast else args.rounds,
        upstream=args.upstream, python=args.python)
    rows = []
    for name in compare.names():
        base, trusted, restricted = compare.measure(options, name)
        rows.append([name, base, trusted / base, restricted / base])
        print(f"{name:24} {trusted / base:8.3f} {restricted / base:8.3f}",
              flush=True)
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


def measure_life(args):
    """Return {name: {mean, stdev, ...}} in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "life.json")
        subprocess.run(
            [sys.executable, HERE / "life.py", "--quiet",
             "--inherit-environ", "PATH", "-o", output,
             *(["--processes=1", "--values=2"] if args.fast else [])],
            check=True, env={**os.environ, "PYTHONHASHSEED": "0"})
        import pyperf
        suite = pyperf.BenchmarkSuite.load(str(output))
    figures = {}
    for bench in suite.get_benchmarks():
        values = bench.get_values()
        figures[bench.get_name()] = {
            "mean": bench.mean(), "min": min(values), "max": max(values),
            "stdev": bench.stdev() if len(values) > 1 else 0.0,
        }
    for name, (passed, total) in count_passing().items():
        figures[f"HumanEval: {name}"].update(passed=passed, of=total)
    return figures


def count_passing():
    """Return {runner: (HumanEval programs that pass, programs)}."""
    done = subprocess.run(
        [sys.executable, "-c", "import json, life; "
         "print(json.dumps(life.passing_by_name()))"], text=True,
        capture_output=True, check=True, cwd=HERE)
    return json.loads(done.stdout.splitlines()[-1])


def measure_memory(args):
    done = subprocess.run([args.python, "-c", MEMORY], text=True,
                          capture_output=True, check=True)
    guest, plain = map(float, done.stdout.split())
    return {"guest": guest, "plain": plain}


def show(figures):
    for name, figure in figures.items():
        passed = (f"  ({figure['passed']} of {figure['of']} programs)"
                  if "passed" in figure else "")
        print(f"{name:44} {figure['mean'] * 1e6:14.1f} us "
              f"+- {figure['stdev'] * 1e6:.1f}{passed}")


def processor():
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fast", action="store_true",
                        help="one round of each, to see that it works")
    args = parser.parse_args(argv)
    document = {
        "python": platform.python_version(), "processor": processor(),
        "processors": os.cpu_count(),
        "day": datetime.date.today().isoformat(),
        "life": measure_life(args), "memory": measure_memory(args),
        "programs": compare_programs(args),
        "operations": count_operations(args),
    }
    show(document["life"])
    Path(args.output).write_text(json.dumps(document, indent=1) + "\n")
    print(f"written: {args.output}")


if __name__ == "__main__":
    main()
