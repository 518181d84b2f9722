"""Run guest programs, a line of JSON each, and say what came of them.

    server.py LIBRARY FILTER GRANTS

LIBRARY is watch.c, compiled; FILTER is 1 to put up the filter of system calls;
GRANTS are fields of the policy, as JSON, and "trip", whether the guest has a
function that makes a system call, for the tests of the oracles.
The answer to a program is an object: outcome, and problem if an oracle says
that something is wrong which did not end the process.
"""

import ctypes
import gc
import json
import os
import sys
import threading
import traceback

import restrict

# Where the host shows a guest's traceback, this parses a line of it; what is
# no expression makes the parser look for a file named "<unknown>".
traceback._extract_caret_anchors_from_line_segment = lambda segment: None

# None: the address sanitizer sees nothing in memory that is counted.
MEMORY = None if os.environ.get("PYTHONMALLOC") == "malloc" else 48 * 2**20
OUTPUT = 2**16
# A stop is noticed between two checks; what one of them takes is small.
SLACK = 4 * 2**20
FILTER = sys.argv[2] == "1"
GRANTS = json.loads(sys.argv[3])
FUNCTIONS = {"trip": os.getppid} if GRANTS.pop("trip", False) else {}
POLICY = restrict.Policy(memory=MEMORY, cpu=1.0, wall=3.0, output=OUTPUT,
                         **GRANTS)
PLAIN = (type(None), bool, int, float, complex, str, bytes)


def is_plain(value, seen=None):
    """Return whether a value is built of the types that cross, exactly."""
    seen = set() if seen is None else seen
    if type(value) in PLAIN or id(value) in seen:
        return True
    seen.add(id(value))
    if type(value) is dict:
        return all(is_plain(x, seen) for pair in value.items() for x in pair)
    return type(value) in (list, tuple, set, frozenset) and all(
        is_plain(x, seen) for x in value)


def find_problem(guest, watch):
    """Return what is wrong after a run, or None."""
    event = watch.watch_event().decode()
    refused = any(denial.capability == "file" for denial in guest.denials)
    # An open() is announced before it is refused, or fails for its arguments;
    # the filter tells whether it happened.
    if event and not (event == "open" and (refused or FILTER)):
        return f"audit event {event}"
    usage = guest.usage
    if MEMORY is not None and usage.peak_memory > MEMORY + SLACK:
        return f"memory {usage.peak_memory}"
    if usage.output > OUTPUT:
        return f"output {usage.output}"
    if usage.cpu > 3:
        return f"cpu {usage.cpu}"
    return None


def run(source, watch):
    """Run one program; return (outcome, problem)."""
    with restrict.Interpreter(POLICY, functions=FUNCTIONS) as guest:
        problem = None
        try:
            value = guest.run(source).value
            outcome = "value"
            if not is_plain(value):
                problem = f"a {type(value).__name__} reached the host"
        except restrict.LimitExceeded as exc:
            outcome = f"limit {exc.limit}"
        except restrict.GuestError as exc:
            outcome = f"error {exc.type_name}"
        except TypeError:
            outcome = "error: the value cannot cross"
        problem = problem or find_problem(guest, watch)
    return outcome, problem


def memory():
    """Return the bytes that the main interpreter's objects use, in blocks."""
    gc.collect()
    return sys.getallocatedblocks()


def answer(line, watch):
    outcome, problem = run(json.loads(line), watch)
    if threading.active_count() != 1:
        problem = "a thread is left"
    return {"outcome": outcome, "problem": problem, "blocks": memory()}


def main():
    watch = ctypes.PyDLL(sys.argv[1])
    watch.watch_event.restype = ctypes.c_char_p
    # What is loaded lazily is loaded before the filter is up.
    for source in ("1", "1/0", "while True: pass", "[[]] * 10**8",
                   "import doctest", "object()", "print('a' * 10**6)",
                   "import json, traceback, enum\nraise SystemExit(3)"):
        run(source, watch)
    watch.watch_events()
    if FILTER and watch.watch_calls() < 0:
        raise SystemExit("the filter cannot be put up")
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        sys.stdout.write(json.dumps(answer(line, watch)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
