"""The fuzzer (make fuzz): its oracles notice, and what it once found holds."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORPUS = sorted((HERE / "corpus").glob("*.py"))


@pytest.fixture(scope="module")
def fuzz(top):
    """The fuzzer as a module."""
    sys.path.insert(0, str(top / "Tools" / "restrict" / "fuzz"))
    try:
        import fuzz
        yield fuzz
    finally:
        sys.path.pop(0)


@pytest.fixture
def server(fuzz, python, tmp_path):
    """Make a server; grants are fields of its policy."""
    servers = []

    def make(with_filter=None, **grants):
        if with_filter is None:
            with_filter = not fuzz.is_sanitized(python)
        servers.append(fuzz.Server(python, tmp_path, with_filter, **grants))
        return servers[-1]

    yield make
    for each in servers:
        each.stop()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_was_found_holds(server, path):
    server().run(path.read_text())


def test_harmless_programs_are_no_finding(server):
    one = server()
    for source in ("1", "1/0", "while True: pass", "open('/etc/passwd')",
                   "import subprocess", "[[]] * 10**9", "print('a' * 10**6)",
                   "raise SystemExit", "def f(): f()\nf()"):
        one.run(source)
    assert one.outcomes["value"] == 1
    # The endless loop: by the one or the other, as the machine has time.
    assert one.outcomes["limit cpu"] + one.outcomes["limit wall"] >= 1


def test_a_system_call_is_a_finding(server, fuzz, python):
    if fuzz.is_sanitized(python):
        pytest.skip("a sanitizer makes system calls of its own")
    one = server(trip=True)
    one.run("1")
    with pytest.raises(fuzz.Finding, match="status -31"):
        one.run("trip()")
    one.run("1")


def test_an_audit_event_is_a_finding(server, fuzz, tmp_path):
    (tmp_path / "data").write_text("x")
    one = server(with_filter=False, files={str(tmp_path / "data"): "r"})
    with pytest.raises(fuzz.Finding, match="audit event open"):
        one.run(f"open({str(tmp_path / 'data')!r})")


def test_the_grammar_makes_programs_that_run(top, python, tmp_path):
    """A round with a fixed seed: most programs reach their end."""
    done = subprocess.run(
        [sys.executable, top / "Tools/restrict/fuzz/fuzz.py", "--seed=1",
         "--seconds=1", f"--python={python}", f"--keep={tmp_path}"],
        text=True, capture_output=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "seed 1\n" in done.stdout
    programs = int(done.stdout.split("programs,")[0].split()[-1])
    assert programs >= 100
    value = int(done.stdout.split(" value")[0].split()[-1])
    assert value > programs * 0.6
