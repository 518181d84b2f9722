"""CPython's own tests of the language and of ordinary modules, inside.

The quick modules of Tools/restrict/guest_tests/modules.txt; `make test-guest`
runs all of them.  What passes in a trusted interpreter of this build is what
is looked for inside.
"""

import importlib.util
import json
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def outcome(python, top, tmp_path_factory):
    """The harness's summary of the quick modules."""
    file = tmp_path_factory.mktemp("guest") / "outcome.json"
    harness = top / "Tools" / "restrict" / "guest_tests" / "run.py"
    done = subprocess.run(
        [python, harness, "--quick", "--json", file],
        capture_output=True, text=True)
    assert file.exists(), done.stderr
    return {**json.loads(file.read_text()), "status": done.returncode,
            "table": done.stdout}


def test_no_method_crashes_or_fails(outcome):
    """Each that does not pass is refused something, or listed with a
    reason."""
    assert outcome["status"] == 0, outcome["table"]
    assert outcome["counts"]["crashed"] == 0
    assert outcome["counts"]["failed"] == 0


def test_nine_tenths_pass(outcome):
    assert outcome["total"] > 3500
    assert outcome["passed"] >= 0.9, outcome["table"]


def test_refusals_say_what_was_refused(outcome):
    refused = [row for module in outcome["modules"].values()
               for row in module["methods"].values() if row[0] == "refused"]
    assert refused
    assert all(row[2] for row in refused)


@pytest.fixture
def harness(top, monkeypatch):
    """The harness as a module."""
    path = top / "Tools" / "restrict" / "guest_tests" / "run.py"
    spec = importlib.util.spec_from_file_location("guest_tests_run", path)
    run = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, run)
    spec.loader.exec_module(run)
    return run


ODD = """
import time, unittest
class Odd(unittest.TestCase):
    def test_good(self): pass
    def test_inside(self): self.assertFalse(__restricted__)
    def test_refused(self): (lambda: 0).__globals__
    def test_swallowed(self):
        try: (lambda: 0).__globals__
        except AttributeError: self.assertFalse(__restricted__)
    def test_spin(self):
        while __restricted__: pass
    def test_memory(self):
        l = []
        while __restricted__: l.append([None] * 100)
"""

HANG = """
import time, unittest
class Odd(unittest.TestCase):
    def test_sleep(self):
        while __restricted__: time.sleep(100)
"""


def judge(harness, python, top, folder, source, timeout=600):
    harness.make_stage(folder, top / "build" / "cpython" / "Lib")
    (folder / "test" / "test_odd.py").write_text(source)
    module = harness.Module("test_odd")
    upstream = harness.Run({f"test.test_odd.Odd.{name}": {"outcome": "passed"}
                            for name in re.findall(r"def (test_\w+)", source)})
    inside = harness.run_module(str(python), folder, module, True,
                                timeout=timeout)
    table = harness.compare(upstream, inside, {"*_swallowed": "why"}, set())
    return {name.rpartition("_")[2]: row[0] for name, row in table.items()}


def test_what_does_not_pass_is_noticed(harness, python, top, tmp_path,
                                       monkeypatch):
    monkeypatch.setattr(harness, "CPU", 1.0)
    assert judge(harness, python, top, tmp_path, ODD) == {
        "good": "passed", "inside": "failed", "refused": "refused",
        "swallowed": "refused", "spin": "limited", "memory": "limited"}


def test_a_child_that_does_not_end_is_noticed(harness, python, top, tmp_path):
    assert judge(harness, python, top, tmp_path, HANG, timeout=10) == {
        "sleep": "crashed"}
