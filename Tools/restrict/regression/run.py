"""Compare CPython's regression suite, method by method, with upstream.

    run.py [MODULE...] --upstream PYTHON [--python PYTHON] [--json FILE]
           [--minutes N]

This interpreter, not restricted, runs the modules of CPython's own test suite
as they are.  A method that passes upstream and does not here is a difference.
So upstream then runs what did not pass here, and no more: what failed, what
was skipped, and what it lists and was not run at all.  A module in which
something failed is run whole by upstream, as its methods may depend on each
other.  A module with a difference is run once more here, alone: what then
passes was chance.  differences.txt lists those that are meant, each with its
reason.

With --minutes, modules that are not begun by then are left out and named.
Exit status 1 if there is any other difference, or a line of differences.txt
that nothing needs.
"""

import argparse
import fnmatch
import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

HERE = Path(__file__).absolute().parent
PIECE = 40                              # modules a run, so that little is lost
TIMEOUT = 900                           # seconds for one module

# Writes {module: [identifiers of its methods]}; a module that is skipped as a
# whole has none.
LIST_CASES = """
import json, sys, unittest
from test.libregrtest.utils import abs_module_name
def cases(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        elif not isinstance(test, unittest.loader._FailedTest):
            yield test.id()
listed = {}
for name in sys.argv[2:]:
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(
            abs_module_name(name, None))
    except unittest.SkipTest:
        continue
    listed[name] = sorted(set(cases(suite)))
with open(sys.argv[1], "w") as file:
    json.dump(listed, file)
"""


def list_modules(python):
    """Return the names of all modules of the suite.  Those of a package come
    last: they are the slow ones, and nearest to what is left out first."""
    done = subprocess.run([python, "-m", "test", "--list-tests"], text=True,
                          capture_output=True, check=True)
    return sorted(done.stdout.split(), key=lambda name: "." in name)


def list_cases(python, modules):
    """Return {module: [its methods]}."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cases.json")
        done = subprocess.run(
            [python, "-W", "ignore", "-c", LIST_CASES, path, *modules],
            stdin=subprocess.DEVNULL, text=True, capture_output=True,
            errors="replace", cwd=folder)
        if done.returncode:
            raise SystemExit(f"the methods cannot be listed: {done.stderr}")
        return json.loads(path.read_text())


# --- Running -----------------------------------------------------------------

def outcome_of(case):
    """Return what came of one test case of regrtest's XML."""
    kinds = {child.tag for child in case}
    for kind in ("error", "failure", "skipped"):
        if kind in kinds:
            return "failed" if kind != "skipped" else "skipped"
    return "passed" if case.get("result") == "completed" else "failed"


def parse(path):
    """Return {method: outcome}; a method fails if any run of it does.  One
    of which only a subtest failed has no name, so it counts as not run."""
    methods = {}
    if not path.exists():
        return methods
    for case in ET.parse(path).iter("testcase"):
        outcome, name = outcome_of(case), case.get("name")
        if name and methods.get(name) != "failed":
            methods[name] = outcome
    return methods


def run_suite(python, modules, jobs=2, only=()):
    """Run modules, or only some of their methods; return {method: outcome}
    and what regrtest printed."""
    with tempfile.TemporaryDirectory() as folder:
        path, match = Path(folder, "outcome.xml"), []
        if only:
            Path(folder, "only.txt").write_text("\n".join(only))
            match = ["--matchfile", "only.txt"]
        done = subprocess.run(
            [python, "-m", "test", f"-j{jobs}", f"--timeout={TIMEOUT}",
             "--junit-xml", path, *match, *modules],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, errors="replace", cwd=folder)
        return parse(path), done.stdout


def run_here(args, modules):
    """Run modules by this interpreter, as many as there is time for; return
    {method: outcome} and the modules that were run."""
    outcomes = {}
    started = time.monotonic()
    for start in range(0, len(modules), PIECE):
        minutes = (time.monotonic() - started) / 60
        if args.minutes is not None and minutes > args.minutes:
            return outcomes, modules[:start]
        piece = modules[start:start + PIECE]
        print(f"{minutes:5.1f} min  {piece[0]} ... {piece[-1]}", flush=True)
        outcomes.update(run_suite(args.python, piece, args.jobs)[0])
    return outcomes, modules


def matches_exactly(method):
    """Whether regrtest takes an identifier as one, not as a pattern."""
    return "." in method and not set("*?[]") & set(method)


def run_upstream(args, cases, here):
    """Run by upstream what did not pass here; return {method: outcome}."""
    rest = {module: [name for name in methods if here.get(name) != "passed"]
            for module, methods in cases.items()}
    whole = [module for module, methods in rest.items()
             if any(here.get(name) == "failed" or not matches_exactly(name)
                    for name in methods)]
    part = [module for module in rest if rest[module] and module not in whole]
    only = [name for module in part for name in rest[module]]
    print(f"upstream: {len(only)} methods that did not pass here, and all of "
          f"{' '.join(whole) or 'no module'}", flush=True)
    outcomes = run_suite(args.upstream, part, args.jobs,
                         only)[0] if only else {}
    if whole:
        outcomes.update(run_suite(args.upstream, whole, args.jobs)[0])
    return outcomes


# --- Comparing ---------------------------------------------------------------

def differences(upstream, here):
    """Return the methods that pass upstream and not here."""
    return {name: here.get(name, "missing")
            for name, outcome in upstream.items()
            if outcome == "passed" and here.get(name) != "passed"}


def try_again(args, cases, upstream, here):
    """Run the modules with a difference alone; return what is left of it."""
    found = differences(upstream, here)
    for module, methods in cases.items():
        if not found.keys() & set(methods):
            continue
        got, text = run_suite(args.python, [module], jobs=1)
        here.update(got)
        if differences(upstream, {**dict.fromkeys(methods), **got}
                       ).keys() & set(methods):
            print(text[-3000:])
    return differences(upstream, here)


def parse_differences(path):
    """Return {pattern: reason}."""
    reasons = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        pattern, _, reason = line.partition("  ")
        if pattern and not reason.strip():
            raise SystemExit(f"{path.name}: no reason for {pattern}")
        if pattern:
            reasons[pattern] = reason.strip()
    return reasons


def sort_out(found, reasons):
    """Return the differences that no reason is given for, and the reasons
    that were needed."""
    used, bad = set(), {}
    for name, outcome in sorted(found.items()):
        pattern = next((pattern for pattern in reasons
                        if fnmatch.fnmatchcase(name, pattern)), None)
        if pattern is None:
            bad[name] = outcome
            print(f"{outcome}: {name}")
        else:
            used.add(pattern)
            print(f"meant: {name}: {reasons[pattern]}")
    return bad, used


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--json", help="file to write the outcome to")
    parser.add_argument("--minutes", type=float,
                        help="begin no more modules after this time")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args(argv)
    started = time.monotonic()
    reasons = parse_differences(HERE / "differences.txt")
    wanted = args.modules or list_modules(args.upstream)
    here, modules = run_here(args, wanted)
    cases = list_cases(args.upstream, modules)
    upstream = run_upstream(args, cases, here)
    found = try_again(args, cases, upstream, here)
    bad, used = sort_out(found, reasons)
    stale = ([] if args.modules or modules != wanted
             else sorted(reasons.keys() - used))
    for pattern in stale:
        print(f"differences.txt: nothing differs that is {pattern}")
    left_out = wanted[len(modules):]
    if left_out:
        print(f"left out for want of time: {' '.join(left_out)}")
    counts = Counter(here.values())
    print(f"test-cpython: {len(modules)} of {len(wanted)} modules in "
          f"{(time.monotonic() - started) / 60:.1f} min; {len(here)} methods: "
          f"{counts['passed']} pass, {counts['skipped']} skipped, "
          f"{counts['failed']} fail; beside upstream, {len(bad)} differ and "
          f"{len(found) - len(bad)} are meant to")
    if args.json:
        Path(args.json).write_text(json.dumps(
            {"modules": modules, "left_out": left_out,
             "methods": len(here), "counts": counts,
             "meant": sorted(found.keys() - bad.keys()), "other": bad},
            indent=1))
    return 1 if bad or stale or not here else 0


if __name__ == "__main__":
    sys.exit(main())
