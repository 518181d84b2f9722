"""The embedding program that the tests of the limits run guests with."""

import json
import os
import subprocess

import pytest
from programs import link_program


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
    return link_program(python, build_dir, top / "tests/limits/driver.c",
                        tmp_path_factory.mktemp("driver") / "driver")


@pytest.fixture
def driver(driver_path, top, build_dir, tmp_path):
    return Driver(driver_path, top, build_dir, tmp_path)


@pytest.fixture
def slow_build(pytestconfig):
    """Is this a build whose times and sizes say nothing?"""
    return pytestconfig.getoption("flavour") in ("debug", "asan")
