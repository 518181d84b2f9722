"""make demo: each guest meets what the demonstration says it meets."""

import re
import subprocess

import pytest

pytestmark = pytest.mark.timeout(200)

# What ends each guest. A name that does not exist refuses as well as one that
# is refused; a limit stops.
OUTCOMES = {
    "report": {"returned"},
    "read_file": {"refused"},
    "list_folder": {"refused", "absent"},
    "open_socket": {"refused"},
    "start_process": {"refused", "absent"},
    "walk_types": {"refused"},
    "endless": {"stopped"},
    "memory_hog": {"stopped"},
}


@pytest.fixture(scope="module")
def demo(top, python):
    """What the demonstration printed, by guest."""
    done = subprocess.run([python, top / "Doc/examples/demo.py"],
                          text=True, capture_output=True)
    assert "\x1b" not in done.stdout, "colours are for terminals"
    parts = re.split(r"^(\w+)\.py: .*\n", done.stdout, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True)), done


def test_every_guest_is_shown(top, demo):
    guests = {path.stem for path in (top / "Doc/examples/guests").glob("*.py")}
    assert demo[0].keys() == guests == OUTCOMES.keys()


@pytest.mark.parametrize("guest", OUTCOMES)
def test_outcome(demo, guest):
    lines = demo[0][guest].splitlines()
    assert lines, demo[1].stderr
    verdict = lines[0][:12].strip()
    assert verdict in OUTCOMES[guest], demo[0][guest] + demo[1].stderr


def test_report_is_right(demo):
    assert "'ES': '252.30'" in demo[0]["report"]
    assert "sold most: notebook (62)" in demo[0]["report"]
    assert demo[1].returncode == 0, demo[1].stderr
