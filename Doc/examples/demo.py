"""Run the guest programs beside this file, each in a restricted interpreter.

    make demo

For each guest this prints what it sets out to do, and what became of it: its
result, the refusal that met it, or the limit that stopped it.  Nothing is
assumed about the protections: a guest that gets through is reported as such.
The exit status says whether the useful guest got its result.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).absolute().parent
DATA = HERE / "data"

# What each guest is handed, in the order they are run.
INPUTS = {
    "report": {
        "orders": (DATA / "orders.csv").read_text(),
        "rates": {"EUR": "1", "DKK": "0.134", "GBP": "1.17"},
    },
    "read_file": {},
    "list_folder": {},
    "open_socket": {},
    "start_process": {},
    "walk_types": {},
    "endless": {},
    "memory_hog": {},
}

# The others want what nobody granted.
USEFUL = "report"

# A guest that nothing stops is ended from outside, after so many seconds; the
# limits of the policy are well below.
PATIENCE = 20

COLOURS = {"returned": 32, "refused": 33, "absent": 33, "stopped": 36,
           "failed": 31, "NOT STOPPED": 31}

# What a guest meets where a name is not refused but does not exist.
ABSENCE = {"AttributeError", "ImportError", "ModuleNotFoundError", "NameError"}


def show(verdict, text):
    """One outcome, the verdict coloured on a terminal."""
    word = f"{verdict:>12}"
    if sys.stdout.isatty():
        word = f"\x1b[{COLOURS[verdict]}m{word}\x1b[0m"
    first, *rest = text.splitlines() or [""]
    print(f"{word}  {first}")
    for line in rest:
        print(f"{'':12}  {line}")


def verdict_on(error):
    """The word for an exception that ended a guest."""
    if error.type_name.startswith("Restricted"):
        return "refused"
    if error.type_name == "MemoryError":
        return "stopped"
    return "absent" if error.type_name in ABSENCE else "failed"


def run_guest(name):
    """Run one guest and say what became of it."""
    import restrict

    policy = restrict.Policy(cpu=1.0, wall=5.0, memory="32MiB")
    source = (HERE / "guests" / f"{name}.py").read_text()
    try:
        result = restrict.run(source, policy, inputs=INPUTS[name])
    except restrict.GuestError as error:
        show(verdict_on(error), f"{error.type_name}: {error.message}")
    except restrict.LimitExceeded as error:
        show("stopped", f"limit exceeded: {error.limit}")
    else:
        if name == USEFUL:
            show("returned", f"{result.stdout}{result.value!r}")
            return True
        show("NOT STOPPED", f"it returned {result.value!r:.60}; this "
             "protection is not there yet")
    return name != USEFUL


def run_apart(name):
    """Run one guest in a process of its own, as this interpreter.

    A protection that is missing may take the whole process along: a guest that
    cannot be stopped, or that ends it, must not end the demonstration.
    """
    command = [sys.executable, __file__, name]
    try:
        done = subprocess.run(command, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        show("NOT STOPPED", f"ended from outside after {PATIENCE} s; this "
             "limit is not there yet")
        return False
    if done.returncode < 0:
        show("NOT STOPPED", f"it took the process along (signal "
             f"{-done.returncode}); this protection is not there yet")
    return done.returncode == 0


def purpose(name):
    """The first line of the guest's docstring."""
    source = (HERE / "guests" / f"{name}.py").read_text()
    return source.split('"""')[1].splitlines()[0]


def main():
    if len(sys.argv) > 1:
        return 0 if run_guest(sys.argv[1]) else 1
    useful = False
    for name in INPUTS:
        print(f"{name}.py: {purpose(name)}", flush=True)
        useful |= run_apart(name) and name == USEFUL
    return 0 if useful else 1


if __name__ == "__main__":
    sys.exit(main())
