"""Programs and extension modules that know nothing but an installed Python."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Installed:
    """A Python installed below a folder of its own, used from there."""

    def __init__(self, root):
        self.root = root
        self.python = root / "bin/python3.13"
        self.environ = {
            **os.environ, "PYTHONHOME": str(root),
            "LD_LIBRARY_PATH": str(root / "lib"),
            "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"}

    def config(self, *options):
        """Return the words that python3.13-config prints."""
        return run("sh", self.root / "bin/python3.13-config",
                   *options).split()

    def _ask(self, name):
        return run(self.python, "-c", "import sysconfig; print("
                   f"sysconfig.get_config_var({name!r}) or '')",
                   env=self.environ).split()

    def sanitize(self):
        words = self._ask("PY_CFLAGS") + self._ask("CONFIG_ARGS")
        return (["-fsanitize=address,undefined"]
                if "sanitizer" in " ".join(words) else [])

    def build_program(self, source, target):
        """Compile and link an embedding program."""
        flags = self.config("--embed", "--cflags", "--ldflags")
        run(*self._ask("CC"), source, "-o", target, *flags, *self.sanitize(),
            "-pthread")
        return target

    def build_module(self, source, name, folder):
        """Compile and link a shared extension module."""
        suffix, = self._ask("EXT_SUFFIX")
        target = folder / f"{name}{suffix}"
        run(*self._ask("CC"), "-shared", "-fPIC", "-O1", "-Wall", source,
            "-o", target, *self.config("--includes"), *self.sanitize())
        return target


@pytest.fixture(scope="session")
def installed(top, build_dir, tmp_path_factory):
    """The flavour under test, installed without CPython's own tests."""
    destdir = tmp_path_factory.mktemp("installed")
    run("make", f"FLAVOUR={build_dir.name}", f"DESTDIR={destdir}",
        "TEST_MODULES=no", "install", cwd=top)
    prefix = sysconfig.get_config_var("prefix")
    return Installed(destdir / prefix.lstrip("/"))


@pytest.fixture(scope="session")
def modules(installed, tmp_path_factory):
    """A folder with extension modules for sys.path."""
    folder = tmp_path_factory.mktemp("modules")
    for name in "thirdparty", "oldstyle":
        installed.build_module(HERE / "thirdparty.c", name, folder)
    package = folder / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("name = 'of the host'\n")
    installed.build_module(HERE / "thirdparty.c", "thirdparty", package)
    (folder / "source.py").write_text("x = 1\n")
    return folder


@pytest.fixture
def host(installed, modules):
    """Run a Python program that hosts guests; return what it printed."""
    def host(source, *, check=True):
        done = subprocess.run(
            [installed.python, "-X", "faulthandler", "-c", source],
            text=True, capture_output=True, timeout=300,
            env={**installed.environ, "PYTHONPATH": str(modules)})
        if not check:
            return done
        assert done.returncode == 0, done.stderr
        return done.stdout
    return host


@pytest.fixture(scope="session")
def run_program(installed):
    """Run an embedding program; return what it printed."""
    def run_program(program, *args, timeout=300):
        return run(program, *args, env=installed.environ, timeout=timeout)
    return run_program
