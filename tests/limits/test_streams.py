"""What a guest prints is memory of its own when no output cap holds it."""

import json
import subprocess

import pytest

HOST = """
import json, resource, restrict, sys
policy = restrict.Policy(memory={memory!r}, output=None)
with restrict.Interpreter(policy) as guest:
    try:
        guest.exec({source!r})
        end = "ended"
    except restrict.LimitExceeded as error:
        end = error.limit
    print(json.dumps([end, guest.usage.peak_memory]))
"""

PRINTS = """
for i in range(64):
    print("x" * 1_000_000)
"""

WRITES_LITTLE = """
while True:
    print("x" * 1000)
"""


@pytest.mark.parametrize("source, memory, end", [
    (PRINTS, "32MiB", "memory"),
    (WRITES_LITTLE, "16MiB", "memory"),
    (PRINTS, "512MiB", "ended"),
    (PRINTS, None, "ended"),
])
def test_lifted_output(python, source, memory, end):
    done = subprocess.run(
        [python, "-c", HOST.format(source=source, memory=memory)],
        capture_output=True, text=True, check=True)
    ended, peak = json.loads(done.stdout)
    assert ended == end
    if memory is not None:
        assert peak <= int(memory[:-3]) * 2**20


@pytest.mark.parametrize("call", ["sys.stdin.readline()", "sys.stdin.read()",
                                  "sys.stdin.buffer.read()", "input()"])
def test_an_endless_stdin(python, tmp_path, call):
    """Reading what never ends a line is stopped as any other work."""
    script = tmp_path / "script.py"
    script.write_text(f"import sys\n{call}\n")
    for limit in ("cpu", "wall"):
        other = {"cpu": "--wall", "wall": "--cpu"}[limit]
        with open("/dev/zero") as zero:
            done = subprocess.run(
                [python, "-m", "restrict", "run", f"--{limit}", "0.3", other,
                 "none", "--memory", "none", script],
                stdin=zero, capture_output=True, text=True, timeout=60)
        assert done.returncode == 120, done.stderr
        assert f"exceeded its {limit} limit" in done.stderr
