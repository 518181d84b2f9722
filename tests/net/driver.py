"""Run by the interpreter under test: carry out one task of conftest.guest."""

import contextlib
import io
import json
import sys
import time


def pairs(rows):
    return [tuple(row) for row in rows]


def run_trusted(script):
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        exec(script, {"__name__": "__main__"})
    return {"stdout": stdout.getvalue(), "error": None, "limit": None,
            "seconds": 0.0}


def run_guest(script, policy, resolve):
    import restrict

    error = limit = None
    try:
        guest = restrict.Interpreter(
            restrict.Policy(**policy),
            resolve=resolve.__getitem__ if resolve is not None else None)
    except (OSError, ValueError) as exc:
        return {"stdout": "", "error": f"{type(exc).__name__}: {exc}",
                "limit": "policy", "seconds": 0.0}
    with guest:
        start = time.monotonic()
        try:
            guest.exec(script)
        except restrict.GuestError as exc:
            error = str(exc)
        except restrict.LimitExceeded as exc:
            limit = exc.limit
        seconds = time.monotonic() - start
        return {"stdout": guest.stdout, "error": error, "limit": limit,
                "seconds": seconds,
                "denials": [[denial.capability, denial.subject, denial.grant]
                            for denial in guest.denials]}


def main():
    with open(sys.argv[1]) as file:
        task = json.load(file)
    if task["trusted"]:
        print(json.dumps(run_trusted(task["script"])))
        return
    policy = task["policy"]
    for name in ("addresses", "hosts"):
        if name in policy:
            policy[name] = pairs(policy[name])
    print(json.dumps(run_guest(task["script"], policy, task["resolve"])))


main()
