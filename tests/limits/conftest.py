"""The embedding program that the tests of the limits run guests with."""

import json
import os
import shlex
import subprocess

import pytest

ASK = """
import shlex, sysconfig
names = ("LIBS", "SYSLIBS", "MODLIBS", "LINKFORSHARED", "CC", "BASECFLAGS",
         "CFLAGS", "LDVERSION")
print(*(sysconfig.get_config_var(v) or "" for v in names), sep="\\n")
"""


def build_driver(top, build_dir, python, target):
    """Compile and link driver.c against the flavour's static library."""
    done = subprocess.run([python, "-c", ASK], capture_output=True, text=True,
                          check=True)
    libs, syslibs, modlibs, link, cc, base, cflags, version = (
        done.stdout.splitlines())
    sanitize = [f for f in shlex.split(f"{base} {cflags} {link}")
                if "sanitize" in f]
    command = [
        *shlex.split(cc), "-g", "-o", target, top / "tests/limits/driver.c",
        *sanitize, "-I", build_dir, "-I", top / "build/cpython/Include",
        "-L", build_dir, f"-lpython{version}",
        *shlex.split(f"{libs} {syslibs} {modlibs} {link}"), "-lm"]
    subprocess.run(command, check=True, cwd=build_dir)


class Driver:
    """Runs guests; see driver.c for the options."""

    def __init__(self, path, top, build_dir, folder):
        self.path, self.folder = path, folder
        self.environ = {
            **os.environ, "PYTHONPATH": str(top / "build/cpython/Lib"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"}

    def __call__(self, source, *, setup=None, timeout=60, stdin=None,
                 **options):
        """Return one dict for each guest and one for the process.

        A process that dies of a signal, or ends in a failure, fails the
        test; so does one that takes longer than timeout, in seconds.
        """
        path = self.folder / "guest.py"
        path.write_text(source)
        command = [self.path]
        if setup is not None:
            (self.folder / "setup.py").write_text(setup)
            command += ["--setup", self.folder / "setup.py"]
        if stdin is not None:
            command += ["--stdin", "inherit"]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(
            [*command, path], capture_output=True, text=True, stdin=stdin,
            timeout=timeout, env=self.environ)
        assert done.returncode == 0, (done.returncode, done.stderr[-3000:])
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return rows[:-1], rows[-1]


@pytest.fixture(scope="session")
def driver_path(top, build_dir, python, tmp_path_factory):
    path = tmp_path_factory.mktemp("driver") / "driver"
    build_driver(top, build_dir, python, path)
    return path


@pytest.fixture
def driver(driver_path, top, build_dir, tmp_path):
    return Driver(driver_path, top, build_dir, tmp_path)


@pytest.fixture
def slow_build(pytestconfig):
    """Is this a build whose times and sizes say nothing?"""
    return pytestconfig.getoption("flavour") in ("debug", "asan")
