"""A guest that lost its streams writes nowhere, least of all to the host's."""

import subprocess

import pytest

LOSE = {
    "deleted": "del sys.stderr",
    "no file": "sys.stderr = 5",
    "fails": "sys.stderr = Failing()",
}
REPORT = {
    "excepthook": "sys.excepthook(ValueError, ValueError('shown'), None)",
    "unraisable": "Finalizer()",
    "warning": "compile('\\'\\\\d\\'', 'made', 'eval')",
}
PROGRAM = """
import sys
class Failing:
    def write(self, text): raise ValueError
    flush = write
class Finalizer:
    def __del__(self): raise ValueError("shown")
{lose}
try:
    {report}
except Exception:
    pass
"""


@pytest.mark.parametrize("lose", LOSE)
@pytest.mark.parametrize("report", REPORT)
def test_nothing_is_written(python, lose, report):
    source = PROGRAM.format(lose=LOSE[lose], report=REPORT[report])
    guest = subprocess.run(
        [python, "-c", "import restrict, sys\n"
                       "restrict.run(sys.stdin.read())"],
        input=source, capture_output=True, text=True, timeout=300)
    assert (guest.returncode, guest.stdout, guest.stderr) == (0, "", "")


def test_a_trusted_interpreter_does(python):
    source = PROGRAM.format(lose=LOSE["deleted"], report=REPORT["excepthook"])
    done = subprocess.run([python, "-c", source], capture_output=True,
                          text=True)
    assert "lost sys.stderr" in done.stderr
