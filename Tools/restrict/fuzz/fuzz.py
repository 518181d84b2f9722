"""Feed random programs to restricted interpreters, for a while.

    fuzz.py [--seconds N] [--seed N] [--python PYTHON] [--keep FOLDER]

Programs come from a grammar (programs.py), run in a process of the python
under test (server.py), and each is judged: the process lives, it makes no
system call that is more than memory and time (watch.c; not in a sanitizer
build), no audit event of the file, network or process kind is raised, the
limits hold, only plain values cross, nothing is left behind.  A program that
fails is made as small as it can be, printed, and written to FOLDER.

Needs hypothesis; exit status 1 if anything was found.
"""

import argparse
import hashlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).absolute().parent
PATIENCE = 120                          # seconds for a program of 3
LEAK = 20                               # blocks a program, over hundreds


class Finding(AssertionError):
    """An oracle says that something is wrong."""


class Server:
    """A process that runs programs, made again when one has ended it."""

    def __init__(self, python, folder, with_filter, **grants):
        self.environ = environment(python)
        self.command = [python, "-X", "faulthandler", HERE / "server.py",
                        build_watch(python, folder), str(int(with_filter)),
                        json.dumps(grants)]
        self.errors = Path(folder, "errors")
        self.child = None
        self.outcomes = Counter()
        self.blocks = []

    def start(self):
        with open(self.errors, "w") as errors:
            self.child = subprocess.Popen(
                self.command, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, env=self.environ)
        self.answers = queue.Queue()
        threading.Thread(target=self._read, args=[self.child, self.answers],
                         daemon=True).start()
        if self.answers.get(timeout=PATIENCE) != "ready\n":
            raise SystemExit(self.errors.read_text(errors="replace"))
        self.blocks = []

    @staticmethod
    def _read(child, answers):
        for line in child.stdout:
            answers.put(line)
        answers.put("")

    def stop(self):
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child.stdin.close()
            self.child = None

    def _fail(self, what):
        self.child.kill()
        status = self.child.wait()
        text = self.errors.read_text(errors="replace")[-4000:]
        self.stop()
        raise Finding(f"{what} (status {status})\n{text}")

    def is_old(self):
        return ("PYTHONMALLOC" in self.environ
                and len(self.blocks) >= SANITIZED_LIFE)

    def run(self, source):
        """Run a program; Finding if anything is wrong."""
        if self.is_old():
            self.stop()
        if self.child is None:
            self.start()
        try:
            self.child.stdin.write(json.dumps(source) + "\n")
            self.child.stdin.flush()
            line = self.answers.get(timeout=PATIENCE)
        except queue.Empty:
            self._fail("it hangs")
        except BrokenPipeError:
            line = ""
        if not line:
            self._fail("the process ended")
        answer = json.loads(line)
        if answer["problem"]:
            self._fail(answer["problem"])
        self.outcomes[" ".join(answer["outcome"].split()[:2])] += 1
        self.blocks.append(answer["blocks"])
        self._check_blocks()

    def _check_blocks(self):
        if len(self.blocks) == 600:
            first, last = min(self.blocks[100:200]), min(self.blocks[500:])
            self.blocks = []
            if last - first > LEAK * 400:
                self._fail(f"{last - first} blocks of memory are left")


def build_watch(python, folder):
    """Compile watch.c for the python under test; return the library."""
    variables = json.loads(subprocess.run(
        [python, "-c", "import json, sysconfig; print(json.dumps("
         "[sysconfig.get_config_var('CC'), sysconfig.get_path('include'),"
         " sysconfig.get_config_h_filename()]))"],
        text=True, capture_output=True, check=True).stdout)
    library = Path(folder, "watch.so")
    cc, include, config = variables
    if not Path(include, "Python.h").exists():      # run where it was built
        include = HERE.parents[2] / "build" / "cpython" / "Include"
    subprocess.run([*cc.split(), "-shared", "-fPIC", "-o", library,
                    HERE / "watch.c", f"-I{include}",
                    f"-I{Path(config).parent}"], check=True)
    return library


def is_sanitized(python):
    flags = subprocess.run(
        [python, "-c", "import sysconfig; "
         "print(sysconfig.get_config_var('CONFIG_ARGS'))"],
        text=True, capture_output=True, check=True).stdout
    return "sanitizer" in flags


# The sanitizer sees the blocks that malloc() gives, and not those of a guest's
# own allocator, which is then left out.  No memory is counted; what bounds it
# is the sanitizer's.
SANITIZER = {
    "PYTHONMALLOC": "malloc",
    "ASAN_OPTIONS": ":".join([
        "detect_leaks=0", "allocator_may_return_null=1",
        "soft_rss_limit_mb=1500", "max_allocation_size_mb=200",
        "quarantine_size_mb=64"]),
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}
# What an interpreter leaves behind goes with its arenas, of which there are
# none then: programs for each process.
SANITIZED_LIFE = 200


def environment(python):
    """Return the environment of the process that runs programs."""
    return {**os.environ, **(SANITIZER if is_sanitized(python) else {})}


def grammar(python):
    """Return the grammar of the surface of the python under test."""
    from programs import Grammar
    rows = json.loads(subprocess.run(
        [python, "-m", "restrict", "surface", "--list", "--json"],
        text=True, capture_output=True, check=True).stdout)
    modules = json.loads(subprocess.run(
        [python, "-c", "import json; from restrict._surface import "
         "importable; print(json.dumps(importable()))"],
        text=True, capture_output=True, check=True).stdout)
    return Grammar([(row["kind"], row["owner"], row["name"]) for row in rows
                    if row["verdict"] != "absent"], modules)


def hunt(server, program, seed, examples):
    """Run so many programs; return (smallest program, problem) or None."""
    import hypothesis
    found = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None,
        print_blob=False, report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink])
    @hypothesis.given(program)
    def one(source):
        try:
            server.run(source)
        except Finding as finding:
            found.append((source, str(finding)))
            raise

    try:
        one()
    except (Finding, hypothesis.errors.Flaky, BaseExceptionGroup):
        if not found:
            raise
        return min(found, key=lambda pair: len(pair[0]))
    return None


def save(folder, source, problem):
    """Write a program that failed; return the file."""
    name = hashlib.sha256(source.encode()).hexdigest()[:12]
    path = Path(folder, f"{name}.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "".join(f"# {line}\n" for line in problem.splitlines()[:3])
    path.write_text(head + source, encoding="utf-8",
                    errors="backslashreplace")
    return path


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", default="fuzz-findings")
    args = parser.parse_args(argv)
    sys.path.insert(0, str(HERE))
    seed = args.seed if args.seed is not None else time.time_ns() % 10**9
    findings, rounds = [], 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(args.python, folder, not is_sanitized(args.python))
        program = grammar(args.python).program()
        server.start()                  # fails here if it cannot
        end = time.monotonic() + args.seconds
        while not rounds or time.monotonic() < end:
            print(f"seed {seed + rounds}", flush=True)
            found = hunt(server, program, seed + rounds, 100)
            rounds += 1
            if found:
                findings.append(save(args.keep, *found))
                print(f"{found[1]}\n--- {findings[-1]}\n{found[0]}",
                      flush=True)
        server.stop()
    print(f"{server.outcomes.total()} programs, {len(findings)} findings; "
          "outcomes: " + ", ".join(f"{count} {name}" for name, count
                                   in server.outcomes.most_common(12)))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
