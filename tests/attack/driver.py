"""Runs cases of a corpus in guests, and says how each ended, a line each.

    driver.py FILE FIRST

FIRST is the number of the case to begin with: a process that died is
followed by another one that goes on behind the case that killed it.
"""

import json
import os
import sys

import restrict

# The address sanitizer sees what malloc() gives, and not what a guest's own
# allocator does; memory is not counted then.
COUNTED = os.environ.get("PYTHONMALLOC") != "malloc"


def policy():
    memory = "64MiB" if COUNTED else None
    return restrict.Policy(memory=memory, cpu=60, wall=60)


def outcome(source):
    """Run a case; return how it ended, as text."""
    try:
        restrict.run(source, policy())
    except restrict.GuestError as exc:
        return f"GuestError {exc.type_name}"
    except restrict.LimitExceeded as exc:
        return f"LimitExceeded {exc.limit}"
    except TypeError:
        return "ok"                     # the last value does not cross
    return "ok"


def main(path, first):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    for number in range(first, len(cases)):
        print(json.dumps([number, "begins"]), flush=True)
        print(json.dumps([number, outcome(cases[number])]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
