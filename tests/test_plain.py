"""The package where there is no restricted mode: a build --without-restricted.

Programs import it, make policies and name its exceptions there too; what needs
the mode says so.  Each test has its counterpart in a build with the mode.
"""

import json
import subprocess

import pytest

PROGRAM = """
import json, restrict, sysconfig
found = {
    "builtin": __restricted__,
    "variable": bool(sysconfig.get_config_var("WITH_RESTRICTED")),
    "policy": restrict.Policy(memory="64MiB") == restrict.Policy(
        memory=64 * 2**20),
    "denials": restrict.guarded_denials() if MODE else [],
}
for name, use in {
        "Interpreter": lambda: restrict.Interpreter().close(),
        "run": lambda: restrict.run("1 + 1"),
        "guarded_exec": lambda: restrict.guarded_exec("1", {}, {}, {}),
        "safe_builtins": lambda: restrict.safe_builtins()}.items():
    try:
        use()
        found[name] = "works"
    except RuntimeError as exc:
        found[name] = str(exc)
print(json.dumps(found))
"""


@pytest.fixture
def mode(build_dir):
    """Whether the build under test has restricted mode."""
    return build_dir.name != "plain"


def test_the_package_says_what_it_cannot(python, mode):
    done = subprocess.run([python, "-c", f"MODE = {mode}\n{PROGRAM}"],
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["builtin"], found["policy"]) == (False, True)
    assert found["variable"] == mode
    for name in ("Interpreter", "run", "guarded_exec", "safe_builtins"):
        assert (found[name] == "works") == mode, found
        assert mode or "--without-restricted" in found[name]


def test_the_command_says_so(python, mode, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print(6 * 7)")
    done = subprocess.run([python, "-m", "restrict", "run", script],
                          text=True, capture_output=True)
    if mode:
        assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    else:
        assert done.returncode == 121 and done.stdout == ""
        assert "--without-restricted" in done.stderr
        assert "Traceback" not in done.stderr
