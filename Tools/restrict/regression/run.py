"""Compare CPython's regression suite, method by method, with upstream.

    run.py [MODULE...] --upstream PYTHON [--python PYTHON] [--json FILE]
           [--minutes N]

This interpreter, not restricted, runs the modules of CPython's own test suite
as they are, each in a process of its own.  A method that passes upstream and
does not here is a difference.  So upstream then runs what did not pass here,
and no more: what failed, what was skipped, and what it lists and was not run
at all.  A module in which something failed is run whole by upstream, as its
methods may depend on each other.  A module with a difference is run again
here, alone, twice at most: what then passes was chance.  differences.txt lists
those that are meant, each with its reason.

With --minutes, modules that are not begun by then are left out and named.
Exit status 1 if there is any other difference, or a line of differences.txt
that nothing needs.
"""

import argparse
import concurrent.futures
import contextlib
import fnmatch
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

HERE = Path(__file__).absolute().parent
TIMEOUT = 900                           # seconds for one module
ALONE = 2                               # times that a difference may go away
SLOW = 30                               # seconds of one worth a line

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


def run_module(python, module, only=()):
    """Run a module, or some of its methods; return {method: outcome} and what
    was printed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path, match = Path(folder, "outcome.xml"), []
        if only:
            Path(folder, "only.txt").write_text("\n".join(only))
            match = ["--matchfile", "only.txt"]
        with subprocess.Popen(
                [python, "-u", "-m", "test", f"--timeout={TIMEOUT}",
                 "--junit-xml", path, *match, module],
                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, errors="replace", cwd=folder,
                start_new_session=True) as child:
            try:
                text = child.communicate(timeout=TIMEOUT + 60)[0]
            except subprocess.TimeoutExpired:
                text = f"no end after {TIMEOUT + 60} s"
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)    # what it left behind
        return parse(path), text


def run_all(jobs, python, wanted, deadline=float("inf")):
    """Run {module: methods, or () for all}, as many as are begun by the
    deadline; return {module: {method: outcome}}."""
    outcomes = {}

    def one(module):
        started = time.monotonic()
        if started > deadline:
            return
        try:
            outcomes[module] = run_module(python, module, wanted[module])[0]
        except OSError as exc:          # it is being built just now
            outcomes[module] = {}
            print(f"{module} cannot be run: {exc}")
        seconds = time.monotonic() - started
        if seconds > SLOW or len(outcomes) % 50 == 0:
            print(f"{len(outcomes):4} of {len(wanted)}: {module}, "
                  f"{seconds:.0f} s", flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, wanted))
    return outcomes


def matches_exactly(method):
    """Whether regrtest takes an identifier as one, not as a pattern."""
    return "." in method and not set("*?[]") & set(method)


def rest_of(cases, here):
    """Return {module: methods} of what did not pass here; () where upstream
    has to run all of a module."""
    wanted = {}
    for module, got in here.items():
        rest = [name for name in cases.get(module, ())
                if got.get(name) != "passed"]
        if "failed" in got.values() or not all(map(matches_exactly, rest)):
            wanted[module] = ()
        elif rest:
            wanted[module] = rest
    return wanted


# --- Comparing ---------------------------------------------------------------

def differences(upstream, here):
    """Return {method: outcome here} of those that pass upstream and not
    here."""
    return {name: here.get(name, "missing")
            for name, outcome in upstream.items()
            if outcome == "passed" and here.get(name) != "passed"}


def compare(args, upstream, here, rest):
    """Return the differences of all modules; those of a module that has some
    are what is left when it runs alone, twice if need be, and as much of it as
    upstream ran: what a method does can depend on those before it."""
    found = {}
    for module, outcomes in upstream.items():
        left, text = differences(outcomes, here[module]), ""
        for _ in range(ALONE):
            if left:
                again, text = run_module(args.python, module, rest[module])
                here[module] |= again
                left = differences(outcomes, again)
        found.update(left)
        if left:
            print(text[-3000:])
    return found


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
    parser.add_argument("--minutes", type=float, default=float("inf"),
                        help="begin no more modules after this time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args(argv)
    started = time.monotonic()
    reasons = parse_differences(HERE / "differences.txt")
    modules = args.modules or list_modules(args.upstream)
    here = run_all(args.jobs, args.python, dict.fromkeys(modules, ()),
                   started + args.minutes * 60)
    cases = list_cases(args.upstream, here)
    rest = rest_of(cases, here)
    print(f"upstream: {sum(map(len, rest.values()))} methods that did not "
          f"pass here, and all of {sum(not only for only in rest.values())} "
          "modules", flush=True)
    # Of what runs but is not listed, names such as "7" differ by the run.
    upstream = {
        module: {name: outcome for name, outcome in outcomes.items()
                 if name in cases.get(module, ())}
        for module, outcomes in run_all(args.jobs, args.upstream,
                                        rest).items()}
    bad, used = sort_out(found := compare(args, upstream, here, rest), reasons)
    left_out = [name for name in modules if name not in here]
    # What is listed is about restricted mode, which this may be without.
    stale = ([] if args.modules or left_out
             or not sysconfig.get_config_var("WITH_RESTRICTED")
             else sorted(reasons.keys() - used))
    for pattern in stale:
        print(f"differences.txt: nothing differs that is {pattern}")
    if left_out:
        print(f"left out for want of time: {' '.join(left_out)}")
    counts = Counter(outcome for methods in here.values()
                     for outcome in methods.values())
    print(f"test-cpython: {len(here)} of {len(modules)} modules in "
          f"{(time.monotonic() - started) / 60:.1f} min; of "
          f"{counts.total()} methods {counts['passed']} pass, "
          f"{counts['skipped']} are skipped, {counts['failed']} fail; "
          f"beside upstream {len(bad)} differ, and {len(found) - len(bad)} "
          "that are meant to")
    if args.json:
        Path(args.json).write_text(json.dumps(
            {"modules": list(here), "left_out": left_out, "counts": counts,
             "meant": sorted(found.keys() - bad.keys()), "other": bad},
            indent=1))
    return 1 if bad or stale or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
