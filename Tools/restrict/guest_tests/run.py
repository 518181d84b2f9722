"""Run CPython's own test modules inside restricted interpreters.

    run.py [MODULE...] [--upstream PYTHON] [--json FILE] [--quick]

Each module runs twice, in a child process each time: by an upstream build of
the same source, and by this one inside a restricted interpreter under the
default policy and what modules.txt grants.  The outcome of each test method
that passes upstream is one of

    passed    the same inside
    refused   what it needs is refused or absent: with the capability and the
              subject from the record, or the name that is not there
    limited   a limit of the policy stopped it
    listed    it fails for a reason that expected.txt gives
    failed    it fails for another one
    crashed   it ended the process, or hung

Exit status 1 if anything failed or crashed, if a line of expected.txt is out
of date, or if less than 90 % passed.
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).absolute().parent
TOP = HERE.parents[2]
LIBRARY = TOP / "build" / "cpython" / "Lib"
GOAL = 0.9
TIMEOUT = 600
MEMORY = 256 * 2**20
CPU = 300.0
SHOWN = 5                               # methods with the same failure
OUTCOMES = ("passed", "refused", "limited", "listed", "failed", "crashed")

# Modules of the library that tests import and a guest has not: they come as
# source, as anybody's would.  C modules replace them.
SOURCES = ("_pydatetime.py", "_pydecimal.py")

# What a test says when it skips itself because of a refusal that it met.
REFUSED_SKIPS = {
    "requires threading support": ["call", "_thread.start_new_thread"],
    "tzset": ["absent", "time.tzset"],
    "threading required": ["call", "_thread.start_new_thread"],
    "ifconfig is not used for introspection": ["import", "subprocess"],
    "ip is not used for introspection": ["import", "subprocess"],
    # Of a debug build.
    "has no attribute 'gettotalrefcount'": ["absent", "sys.gettotalrefcount"],
    "requires debug build": ["absent", "sys.gettotalrefcount"],
}


ABSENT_MODULES = re.compile(r"\b(?:_test\w*capi|_testbuffer|_ctypes|ctypes|"
                            r"xxsubtype|_uuid|_hashlib|_hashopenssl|"
                            r"multiprocessing)\b")
# Names that tell of the file system: there are none in a guest's modules.
PATHS = {"__file__", "__cached__"}


@dataclass
class Module:
    """A line of modules.txt."""

    name: str
    words: set = field(default_factory=set)

    @property
    def paths(self):
        """Whether it has a __file__."""
        return any(word == "paths" or word.startswith("data=")
                   for word in self.words)

    def files(self, tests):
        """Return the files and folders that it reads; with a __file__, that
        one too."""
        names = [word.removeprefix("data=") for word in self.words
                 if word.startswith("data=")]
        if self.paths:
            names += [self.name, f"{self.name}.py"]
        return [tests / name for name in names if (tests / name).exists()]

    @classmethod
    def parse(cls, line):
        name, *words = line.split()
        return cls(name, set(words))


@dataclass
class Run:
    """What the children told of one module."""

    outcomes: dict = field(default_factory=dict)
    fixtures: dict = field(default_factory=dict)
    module: dict | None = None
    notes: list = field(default_factory=list)
    usage: dict = field(default_factory=dict)


def read_lines(path):
    """Yield the lines of a data file, without comments."""
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line:
            yield line


# --- The test package, as a guest sees it ------------------------------------

def make_stage(folder, library=LIBRARY):
    """Copy the test package and our stand-ins into a folder."""
    shutil.copytree(library / "test", folder / "test", symlinks=True,
                    copy_function=_copy,
                    ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("_imp.py", "sysconfig.py"):
        shutil.copy(HERE / "stage" / name, folder)
    for name in SOURCES:
        shutil.copy(library / name, folder)
    _adapt_support(folder / "test" / "support" / "__init__.py")


def _adapt_support(path):
    """Give test.support the __file__ that it cannot be imported without, and
    the answers that it would start a process for."""
    text = path.read_text(encoding="utf-8")
    tail = (HERE / "stage" / "support_tail.py").read_text(encoding="utf-8")
    path.unlink()                       # it may be a link to upstream's
    path.write_text('__file__ = "/test/support/__init__.py"; '
                    f"{text}\n\n{tail}", encoding="utf-8")


def _copy(source, target):
    try:
        os.link(source, target, follow_symlinks=True)
    except OSError:
        shutil.copy(source, target)


def names_of(stage, module):
    """Return the module's dotted name, and those of its submodules."""
    folder = stage / "test" / module
    names = [f"test.{module}"]
    if folder.is_dir():
        names += [f"test.{module}.{path.stem}"
                  for path in sorted(folder.glob("test_*.py"))]
        names += [f"test.{module}.{path.parent.name}"
                  for path in sorted(folder.glob("test_*/__init__.py"))]
    return names


# --- Children ----------------------------------------------------------------

def run_child(python, options):
    """Run a child; yield its reports, and at last what ended it."""
    with tempfile.TemporaryDirectory() as cwd:
        child = subprocess.Popen(
            [python, "-X", "faulthandler", "-W", "ignore",
             HERE / "child.py", json.dumps(options)],
            cwd=cwd, text=True, encoding="utf-8", errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = child.communicate(timeout=options["timeout"])
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            err += f"no end after {options['timeout']} s"
    for line in out.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            break
    if '"event": "done"' not in out:
        yield {"event": "died", "status": child.returncode,
               "detail": err[-3000:]}


def take(run, event, current):
    """Note one report; return the test that runs after it."""
    kind = event["event"]
    if kind == "start":
        return event["id"]
    if kind == "end":
        run.outcomes[event["id"]] = event
        return None
    if kind == "fixture":
        run.fixtures[event["id"]] = event
    elif kind == "module":
        run.module = event
    elif kind == "usage":
        run.usage = event
    elif kind in ("note", "error"):
        run.notes.append(event)
    elif kind in ("stopped", "died"):
        outcome = "limited" if kind == "stopped" else "crashed"
        subject = current or "(loading)"
        run.outcomes[subject] = {"outcome": outcome, "denials": [],
                                 "detail": {"message": event["detail"],
                                            "status": event.get("status")}}
    return current


def run_module(python, stage, module, restricted, only=(), timeout=TIMEOUT):
    """Run a module; after a crash or a stop, once more without that test."""
    run = Run()
    options = {
        "modules": names_of(stage, module.name), "stage": str(stage),
        "restricted": restricted, "only": list(only), "memory": MEMORY,
        "cpu": CPU, "timeout": timeout,
        "data": [str(path) for path in module.files(stage / "test")],
        "paths": module.paths,
        "scratch": "scratch" in module.words,
    }
    for _ in range(40):
        options["skip"] = list(run.outcomes)
        current, ended = None, True
        for event in run_child(python, options):
            current = take(run, event, current)
            ended = ended and event["event"] not in ("stopped", "died")
        if ended or current is None:
            break
    return run


# --- Judging -----------------------------------------------------------------

def parse_expected(path):
    """Return {pattern of identifiers: reason}."""
    expected = {}
    for line in read_lines(path):
        pattern, _, reason = line.partition("  ")
        if not reason.strip():
            raise SystemExit(f"{path.name}: no reason for {pattern}")
        expected[pattern] = reason.strip()
    return expected


def absent_name(missing):
    """Return the name if a trusted interpreter has what was missing."""
    if missing[1] in PATHS:
        return missing[1]
    import builtins
    import importlib
    owner, name = missing
    module, _, qualname = owner.partition(":")
    try:
        obj = builtins if module == "builtins" and not qualname \
            else importlib.import_module(module)
        for part in filter(None, qualname.split(".")):
            obj = getattr(obj, part)
    except (ImportError, AttributeError, ValueError):
        return None
    return f"{owner.replace(':', '.')}.{name}" if hasattr(obj, name) else None


def judge(event):
    """Return (outcome, capability, subject or message) of a method inside."""
    detail = event.get("detail") or {}
    if event["outcome"] in ("passed", "limited", "crashed"):
        return event["outcome"], "", detail.get("message", "")
    message = detail.get("message", "")
    if event["outcome"] == "skipped":
        for text, (capability, subject) in REFUSED_SKIPS.items():
            if text in message:
                return "refused", capability, subject
        for name in ABSENT_MODULES.findall(message):
            return "refused", "import", name
    refusal = detail.get("refusal")
    for denial in reversed(event["denials"]):
        # The test swallowed it, or it is the very one that it failed by.
        if refusal and ascii(denial[1])[1:-1] in refusal:
            return "refused", *denial
    if refusal:
        return "refused", "", refusal
    if event["denials"] and event["event"] == "end":
        return "refused", *event["denials"][-1]
    if detail.get("missing"):
        absent = absent_name(detail["missing"])
        if absent:
            return "refused", "absent", absent
    return "failed", detail.get("type", ""), message


def outcome_inside(name, run):
    """Find what came of a method: itself, its class, or its module."""
    if name in run.outcomes:
        return judge(run.outcomes[name])
    for fixture, event in run.fixtures.items():
        owner = fixture.partition("(")[2].rstrip(")")
        if owner and name.startswith(owner + "."):
            return judge(event)
    if run.module is not None:
        return judge(run.module)
    if "(loading)" in run.outcomes:
        return judge(run.outcomes["(loading)"])
    for note in run.notes:
        if note["event"] == "note" and note["outcome"] == "deferred":
            return "refused", "import", note["detail"]["message"]
        if note["event"] == "note" and note["denials"]:
            return "refused", *note["denials"][-1]
    return "failed", "", "the method was not found inside"


def find_reason(name, expected, used):
    """Return the reason why a method may fail, and note that it was used."""
    for pattern, reason in expected.items():
        if fnmatch.fnmatchcase(name, pattern):
            used.add(pattern)
            return reason
    return None


def compare(upstream, inside, expected, used):
    """Return {method: [outcome, capability, subject, place]} of the methods
    that pass upstream."""
    table = {}
    for name, event in sorted(upstream.outcomes.items()):
        if event["outcome"] != "passed":
            continue
        outcome, capability, subject = outcome_inside(name, inside)
        if outcome in ("failed", "limited"):
            reason = find_reason(name, expected, used)
            if reason:
                outcome, capability, subject = "listed", "", reason
        event = inside.outcomes.get(name) or inside.module or {}
        detail = event.get("detail") or {}
        table[name] = [outcome, capability, subject, detail.get("place", "")]
    return table


# --- Saying ------------------------------------------------------------------

def print_row(name, counts, width=24):
    total = sum(counts.values())
    share = f"{counts['passed'] / total:7.1%}" if total else "      -"
    cells = "".join(f"{counts[kind]:9}" for kind in OUTCOMES)
    print(f"{name:{width}}{total:9}{cells}{share}", flush=True)


def print_head(width=24):
    cells = "".join(f"{kind:>9}" for kind in OUTCOMES)
    print(f"{'':{width}}{'upstream':>9}{cells}  passed")


def print_reasons(results, top=30):
    """Print what was refused most, and each failure."""
    refused = Counter()
    for table in results.values():
        for outcome, capability, subject, _ in table.values():
            if outcome == "refused":
                refused[f"{capability} {subject}"[:70]] += 1
    print("\nrefused, and how often:")
    for what, count in refused.most_common(top):
        print(f"{count:6}  {what}")
    for kind in ("limited", "failed", "crashed"):
        groups = {}
        for table in results.values():
            for name, (outcome, capability, text, _) in table.items():
                if outcome == kind:
                    first = (text.strip().splitlines() or [""])[-1][:90]
                    groups.setdefault(f"{capability}: {first}",
                                      []).append(name.removeprefix("test."))
        if groups:
            print(f"\n{kind}:")
        for message, names in groups.items():
            print(f"  {message}")
            for name in names[:SHOWN]:
                print(f"      {name}")
            if len(names) > SHOWN:
                print(f"      and {len(names) - SHOWN} more")


def summary(results):
    """Return the document for --json."""
    modules = {}
    totals = Counter()
    for name, table in results.items():
        counts = Counter(row[0] for row in table.values())
        totals.update(counts)
        modules[name] = {"counts": dict(counts), "methods": table}
    total = sum(totals.values())
    return {"python": sys.version.split()[0], "total": total,
            "counts": {kind: totals[kind] for kind in OUTCOMES},
            "passed": totals["passed"] / total if total else None,
            "modules": modules}


# --- All of it ---------------------------------------------------------------

def load_cache(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def upstream_run(args, stage, module):
    """Run a module upstream, or take what an earlier run kept."""
    if not args.cache:
        return run_module(args.upstream, stage, module, False, args.only)
    path = Path(args.cache) / f"{module.name}.json"
    kept = load_cache(path)
    if kept and not args.only:
        return Run(outcomes=kept)
    run = run_module(args.upstream, stage, module, False, args.only)
    if not args.only:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(run.outcomes))
    return run


def choose(args):
    modules = [Module.parse(line) for line in read_lines(HERE / "modules.txt")]
    if args.modules:
        known = {module.name: module for module in modules}
        return [known.get(name, Module(name)) for name in args.modules]
    return [module for module in modules
            if "quick" in module.words or not args.quick]


def run_all(args, stage, expected, used):
    results, usage = {}, {}

    def one(module):
        upstream = upstream_run(args, stage, module)
        inside = run_module(args.python, stage, module, True, args.only)
        return module, upstream, inside

    print_head()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for module, upstream, inside in pool.map(one, choose(args)):
            table = compare(upstream, inside, expected, used)
            results[module.name] = table
            usage[module.name] = inside.usage
            print_row(module.name, Counter(row[0] for row in table.values()))
            for note in inside.notes:
                if note["event"] == "error":
                    raise SystemExit(f"the harness failed: {note['detail']}")
    totals = Counter(row[0] for table in results.values()
                     for row in table.values())
    print_row("in all", totals)
    return results, totals


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--upstream", default=sys.executable)
    parser.add_argument("--cache", help="folder of outcomes upstream")
    parser.add_argument("--json", help="file to write the outcome to")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args(argv)
    expected, used = parse_expected(HERE / "expected.txt"), set()
    with tempfile.TemporaryDirectory(dir=TOP / "build") as folder:
        make_stage(Path(folder))
        results, totals = run_all(args, Path(folder), expected, used)
    print_reasons(results)
    if args.json:
        Path(args.json).write_text(json.dumps(summary(results), indent=1))
    bad = totals["failed"] + totals["crashed"] + totals["limited"]
    total = sum(totals.values())
    if not args.modules and not args.quick:
        for pattern in expected.keys() - used:
            print(f"expected.txt: nothing fails that is {pattern}")
            bad += 1
        bad += totals["passed"] < GOAL * total
    return 1 if bad or not total else 0


if __name__ == "__main__":
    sys.exit(main())
