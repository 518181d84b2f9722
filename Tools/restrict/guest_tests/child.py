"""Run one of CPython's test modules, inside a restricted interpreter or in
this one, and print an object of JSON a line for what happens.

    child.py OPTIONS            (an object of JSON)

modules     names to load, such as ["test.test_dict"]
stage       the folder that holds the test package, as a guest sees it
restricted  whether to run inside
skip        identifiers of tests to leave out
only        prefixes of identifiers; empty for all
data        paths that the guest may read
paths       whether the guest's modules have a __file__
scratch     whether the guest has a folder to write to
memory, cpu limits of the guest
"""

import ast
import contextlib
import io
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).absolute().parent


class Reporter:
    """What the guest calls, and where its reports go."""

    def __init__(self, options, out):
        self.options = options
        self.out = out
        self.guest = None
        self.count = 0
        self.seen = {}
        self.sources = {}

    def write(self, **event):
        self.out.write(json.dumps(event) + "\n")
        self.out.flush()

    def report(self, event, name, outcome, detail):
        denials = self._denials() if event != "start" else self._forget()
        self.write(event=event, id=name, outcome=outcome, detail=detail,
                   denials=denials)

    def is_wanted(self, name):
        only = self.options["only"]
        return (name not in self.options["skip"]
                and (not only or any(name.startswith(p) for p in only)))

    def _forget(self):
        self._denials()
        return []

    def _denials(self):
        """Return what was refused since the last report, as (capability,
        subject) pairs."""
        if self.guest is None or self.guest.usage.denials == self.count:
            return []
        self.count = self.guest.usage.denials
        new = []
        for denial in self.guest.denials:
            key = (denial.capability, denial.subject, denial.location)
            if self.seen.get(key) != denial.count:
                self.seen[key] = denial.count
                new.append([denial.capability, denial.subject])
        return new

    def unprotected(self, importer, name):
        """Say whether a module imports name at its top without a handler."""
        if importer not in self.sources:
            self.sources[importer] = self._unprotected_imports(importer)
        return name in self.sources[importer]

    def _unprotected_imports(self, importer):
        base = Path(self.options["stage"], *importer.split("."))
        path = base / "__init__.py"
        if not path.exists():
            path = base.with_suffix(".py")
        names = set()
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}"
                             for alias in node.names)
        return names


def packages(options):
    """Return the names among the modules that are packages."""
    return [name for name in options["modules"]
            if Path(options["stage"], *name.split("."), "__init__.py")
            .exists()]


def run_inside(options, reporter):
    """Run in a restricted interpreter; a limit that stops it is an event."""
    from restrict import GuestError, Interpreter, LimitExceeded, Policy

    paths = [Path(path) for path in options["data"]]
    scratch = os.getcwd() if options["scratch"] else None
    policy = Policy(
        path=[options["stage"]], memory=options["memory"],
        cpu=options["cpu"], wall=None, output="64MiB",
        filesystem_info=options["paths"],
        files={str(path): "r" for path in paths if path.is_file()},
        directories={str(path): "r" for path in paths if path.is_dir()}
        | ({scratch: "rw"} if scratch else {}))
    functions = {"report": reporter.report, "is_wanted": reporter.is_wanted,
                 "unprotected": reporter.unprotected}
    with Interpreter(policy, functions=functions) as guest:
        reporter.guest = guest
        try:
            guest.exec(f"PACKAGES = {packages(options)!r}")
            guest.exec((HERE / "guest.py").read_text(), filename="<harness>")
            guest.call("main", options["modules"], True, scratch)
        except LimitExceeded as exc:
            reporter.write(event="stopped", detail=str(exc))
        except GuestError as exc:
            reporter.write(event="error", detail=str(exc.traceback))
        usage = guest.usage
        reporter.write(event="usage", memory=usage.peak_memory,
                       cpu=usage.cpu, denials=usage.denials)


def run_here(options, reporter):
    """Run the same in this interpreter."""
    import types
    guest = types.ModuleType("guest_tests")
    guest.__dict__.update(
        report=reporter.report, is_wanted=reporter.is_wanted,
        unprotected=reporter.unprotected, PACKAGES=packages(options))
    sys.modules["guest_tests"] = guest
    exec(compile((HERE / "guest.py").read_text(), "guest.py", "exec"),
         guest.__dict__)
    with contextlib.redirect_stdout(io.StringIO()):
        guest.main(options["modules"], False)


def main():
    options = json.loads(sys.argv[1])
    # What the tests print must not be among the reports.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    reporter = Reporter(options, out)
    if options["restricted"]:
        run_inside(options, reporter)
    else:
        run_here(options, reporter)
    reporter.write(event="done")
    out.flush()


if __name__ == "__main__":
    main()
