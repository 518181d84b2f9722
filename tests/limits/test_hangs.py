"""Whatever never ends is stopped: the rows of hangs.toml."""

import os
import statistics
import tomllib
from pathlib import Path

import pytest

WALL = 0.3                      # seconds
WORST = 2.0                     # seconds after the limit, at most
ROWS = tomllib.loads(
    (Path(__file__).parent / "hangs.toml").read_text())["hang"]
late = []


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_hang(driver, row, slow_build):
    if "why" in row:
        pytest.skip(row["why"])
    reader, writer = os.pipe() if row.get("stdin") else (None, None)
    try:
        [guest], _ = driver(row["source"], wall=WALL, memory=256 << 20,
                            setup=row.get("setup"), stdin=reader,
                            timeout=120)
    finally:
        if reader is not None:
            os.close(reader)
            os.close(writer)
    assert guest["setup"] == ""
    assert guest["stdout"] == ""            # nothing ran past the stop
    if row.get("at_end"):
        took = guest["run"] + guest["end"]
        assert took >= WALL / 2             # it began when the guest was made
    else:
        took = guest["run"]
        assert guest["hit"] in row.get("limit", "wall").split(" or ")
        # "": the stop came in what nobody looks at, and nothing followed.
        assert guest["error"] in ("Stopped", "")
        assert guest["end"] < WORST
    late.append(took - WALL)
    assert slow_build or took < WALL + WORST


def test_median():
    """Half of all stop within 50 ms of the limit."""
    if "RESTRICT_TIMINGS" not in os.environ or len(late) < len(ROWS) // 2:
        pytest.skip("a timing: RESTRICT_TIMINGS=1, all rows, a quiet machine")
    print(f"median {statistics.median(late) * 1000:.1f} ms")
    assert statistics.median(late) < 0.05
