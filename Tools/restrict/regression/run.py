"""Compare CPython's regression suite, method by method, with upstream.

    run.py [MODULE...] --upstream PYTHON [--python PYTHON] [--json FILE]

Both interpreters run the same modules of CPython's own test suite, this one
as it is, not restricted; a method that passes upstream and does not here is a
difference.  A module with one is run once more, alone: what then passes was
chance.  differences.txt lists those that are meant, each with its reason.

What upstream gave is kept with --cache.  Exit status 1 if there is any other
difference, or a line of differences.txt that nothing needs.
"""

import argparse
import fnmatch
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).absolute().parent
PIECE = 40                              # modules a run, so that little is lost
TIMEOUT = 900                           # seconds for one module


def list_modules(python):
    """Return the names of all modules of the suite."""
    done = subprocess.run([python, "-m", "test", "--list-tests"], text=True,
                          capture_output=True, check=True)
    return done.stdout.split()


def outcome_of(case):
    """Return what came of one test case of regrtest's XML."""
    kinds = {child.tag for child in case}
    for kind in ("error", "failure", "skipped"):
        if kind in kinds:
            return "failed" if kind != "skipped" else "skipped"
    return "passed" if case.get("result") == "completed" else "failed"


def parse(path):
    """Return {method: outcome}; a method fails if any run of it does."""
    methods = {}
    if not path.exists():
        return methods
    for case in ET.parse(path).iter("testcase"):
        outcome, name = outcome_of(case), case.get("name")
        if methods.get(name) != "failed":
            methods[name] = outcome
    return methods


def run_suite(python, modules, jobs=2):
    """Run modules; return {method: outcome} and what regrtest printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "outcome.xml")
        done = subprocess.run(
            [python, "-m", "test", f"-j{jobs}", f"--timeout={TIMEOUT}",
             "--junit-xml", path, *modules],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, errors="replace", cwd=folder)
        return parse(path), done.stdout


def upstream_outcomes(args, modules):
    """Run by upstream what an earlier run did not keep; return all of it."""
    cache = Path(args.cache) if args.cache else None
    kept = {"modules": [], "methods": {}}
    if cache and cache.exists():
        kept = json.loads(cache.read_text())
    wanted = [name for name in modules if name not in kept["modules"]]
    for start in range(0, len(wanted), PIECE):
        piece = wanted[start:start + PIECE]
        print(f"upstream: {piece[0]} ... {piece[-1]}", flush=True)
        kept["methods"].update(run_suite(args.upstream, piece)[0])
        kept["modules"] += piece
        if cache:
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(kept))
    return kept["methods"]


def belongs(method, module):
    """Say whether a method is of a module: "test.MODULE.Class.method"; that
    of a fixture or a doctest names it elsewhere, or not at all."""
    module = module.removeprefix("test.")
    return (method.startswith(f"test.{module}.")
            or f"(test.{module}." in method)


def differences(upstream, here, modules):
    """Return the methods that pass upstream and not here, of the modules;
    None: of all, those too of which no module is known."""
    return {name: here.get(name, "missing")
            for name, outcome in upstream.items()
            if outcome == "passed" and here.get(name) != "passed"
            and (modules is None
                 or any(belongs(name, module) for module in modules))}


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


def run_here(args, modules, upstream):
    """Run modules by this interpreter; return outcomes and differences."""
    outcomes = {}
    for start in range(0, len(modules), PIECE):
        piece = modules[start:start + PIECE]
        print(f"here: {piece[0]} ... {piece[-1]}", flush=True)
        got, text = run_suite(args.python, piece)
        new = differences(upstream, got, piece)
        again = [module for module in piece
                 if any(belongs(name, module) for name in new)]
        for module in again:
            once_more, text = run_suite(args.python, [module], jobs=1)
            got.update(once_more)
            if differences(upstream, got, [module]):
                print(text[-3000:])
        outcomes.update(got)
    return outcomes, differences(upstream, outcomes,
                                 modules if args.modules else None)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--cache", help="file of upstream's outcomes")
    parser.add_argument("--json", help="file to write the outcome to")
    args = parser.parse_args(argv)
    modules = args.modules or list_modules(args.upstream)
    reasons = parse_differences(HERE / "differences.txt")
    upstream = upstream_outcomes(args, modules)
    outcomes, found = run_here(args, modules, upstream)
    return report(args, modules, upstream, outcomes, found, reasons)


def report(args, modules, upstream, outcomes, found, reasons):
    """Print the outcome; return the exit status."""
    used, bad = set(), {}
    for name, outcome in sorted(found.items()):
        pattern = next((pattern for pattern in reasons
                        if fnmatch.fnmatchcase(name, pattern)), None)
        used.add(pattern)
        if pattern is None:
            bad[name] = outcome
        else:
            print(f"meant: {name}: {reasons[pattern]}")
    for name, outcome in bad.items():
        print(f"{outcome}: {name}")
    stale = [] if args.modules else sorted(reasons.keys() - used)
    for pattern in stale:
        print(f"differences.txt: nothing differs that is {pattern}")
    passed = sum(outcome == "passed" for outcome in outcomes.values())
    print(f"{len(modules)} modules, {len(outcomes)} methods, {passed} pass; "
          f"{len(found) - len(bad)} differ as meant, {len(bad)} otherwise")
    if args.json:
        Path(args.json).write_text(json.dumps(
            {"modules": modules, "passed": passed, "methods": len(outcomes),
             "meant": sorted(found.keys() - bad.keys()), "other": bad},
            indent=1))
    return 1 if bad or stale or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
