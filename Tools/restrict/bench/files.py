"""What files cost a guest, beside the same code in a trusted interpreter.

    build/release/python Tools/restrict/bench/files.py [--rounds N] [--json]

Each round runs each program on both sides, one right after the other; the
least of the rounds counts, because whatever else the machine does only adds.
The promises: opening, reading and closing a file of 4 KiB takes at most 1.5
times as long; reading and writing 64 MiB in a row is within 2 %.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import restrict

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = """
def open_read_close(folder, n):
    for _ in range(n):
        with open(folder + "/small", "rb") as file:
            file.read()

def read_in_a_row(folder, n):
    for _ in range(n):
        with open(folder + "/large", "rb", buffering=0) as file:
            while file.read(1 << 20):
                pass

def write_in_a_row(folder, n):
    block = bytes(1 << 20)
    for _ in range(n):
        with open(folder + "/written", "wb", buffering=0) as file:
            for _ in range(64):
                file.write(block)
"""
# Name, repetitions in a round, the ratio that is promised.
TASKS = (("open_read_close", 2000, 1.5), ("read_in_a_row", 4, 1.02),
         ("write_in_a_row", 2, 1.02))


def _timed(function: Callable[..., object], *args: object) -> float:
    start = time.process_time()
    function(*args)
    return time.process_time() - start


def measure(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Return a row for each task: seconds on both sides, and their ratio."""
    (folder / "small").write_bytes(bytes(4096))
    (folder / "large").write_bytes(bytes(64 << 20))
    policy = restrict.Policy(directories={str(folder): "rw"}, cpu=None,
                             wall=None, file_size=None)
    trusted: dict[str, Callable[..., object]] = {}
    exec(PROGRAM, trusted)
    rows: list[dict[str, object]] = []
    with restrict.Interpreter(policy) as guest:
        guest.exec(PROGRAM)
        for name, n, promise in TASKS:
            pairs = [(_timed(trusted[name], str(folder), n),
                      _timed(guest.call, name, str(folder), n))
                     for _ in range(rounds)]
            host, inside = (min(times) for times in zip(*pairs, strict=True))
            rows.append({"task": name, "trusted": host / n,
                         "guest": inside / n, "ratio": inside / host,
                         "promise": promise})
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), args.rounds)
    if args.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print("{task:16} trusted {trusted:.6f} s  guest {guest:.6f} s  "
              "ratio {ratio:.3f} (at most {promise})".format(**row))


if __name__ == "__main__":
    main()
