"""make install: a complete Python, and one to compile against."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

PROGRAM = """\
#include <Python.h>
#include <stdio.h>

int
main(void)
{
#ifndef WITH_RESTRICTED
    puts("no restricted mode");
#endif
    Py_Initialize();
    int status = PyRun_SimpleString(
        "import sys, zlib, json; print(json.dumps(sys.version_info[:2]))");
    return Py_FinalizeEx() < 0 ? 1 : status;
}
"""


def run(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Installed:
    """A Python installed below DESTDIR, used from there."""

    def __init__(self, destdir, prefix):
        self.root = destdir / prefix.lstrip("/")
        self.python = self.root / "bin/python3.13"

    def config(self, *options):
        """python3.13-config, whose prefix is where it finds itself."""
        return run("sh", self.root / "bin/python3.13-config",
                   *options).split()


@pytest.fixture(scope="module")
def installed(top, build_dir, tmp_path_factory):
    destdir = tmp_path_factory.mktemp("destdir")
    # CPython's own tests, most of the library, are left out for the time.
    run("make", f"FLAVOUR={build_dir.name}", f"DESTDIR={destdir}",
        "TEST_MODULES=no", "install", cwd=top)
    return Installed(destdir, sysconfig.get_config_var("prefix"))


@pytest.mark.timeout(600)
def test_runs_from_its_place(installed):
    """It finds its own library, not the build's."""
    out = run(installed.python, "-c",
              "import os, sysconfig; print(os.__file__);"
              "print(sysconfig.get_config_var('WITH_RESTRICTED'))")
    path, restricted = out.split()
    assert path.startswith(str(installed.root))
    assert restricted in {"1", "0"}


def test_pip_and_venv(installed, tmp_path):
    assert "pip" in run(installed.python, "-m", "pip", "--version")
    run(installed.python, "-m", "venv", tmp_path / "venv")
    assert "pip" in run(tmp_path / "venv/bin/python", "-m", "pip", "--version")


def test_our_package_is_installed(installed):
    package = installed.root / "lib/python3.13/restrict"
    assert (package / "__init__.py").is_file()
    assert not (package / "__init__.py").is_symlink()


def test_headers_and_pkg_config(installed, build_dir):
    [include] = (installed.root / "include").glob("python3.13*")
    for header in "Python.h", "pyrestrict.h", "internal/pycore_restrict.h":
        assert (include / header).is_file(), header
    restricted = (build_dir / ".restricted").read_text() == "yes\n"
    assert ("#define WITH_RESTRICTED 1" in
            (include / "pyconfig.h").read_text()) == restricted
    for name in "python-3.13.pc", "python-3.13-embed.pc":
        assert (installed.root / "lib/pkgconfig" / name).is_file()


def compiler():
    """The compiler of the build, as words."""
    return sysconfig.get_config_var("CC").split()


def test_embedding_program_static(installed, tmp_path, pytestconfig):
    """A C program with the interpreter in it, by python3.13-config."""
    plain = pytestconfig.getoption("flavour") == "plain"
    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    run(*compiler(), source, "-o", tmp_path / "program",
        *installed.config("--embed", "--cflags", "--ldflags"),
        "-Wl,-export-dynamic")
    out = run(tmp_path / "program",
              env={**os.environ, "PYTHONHOME": str(installed.root)})
    assert out == "[3, 13]\n" + ("no restricted mode\n" if plain else "")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_embedding_program_shared(copy_checkout, archive, tmp_path):
    """A build of its own with --enable-shared, by pkg-config."""
    place = copy_checkout(tmp_path / "checkout")
    prefix = tmp_path / "prefix"
    run("./configure", f"--with-cpython={archive}", f"--prefix={prefix}",
        "--enable-shared", cwd=place)
    run("make", "install", cwd=place)
    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    flags = run(shutil.which("pkg-config"), "--cflags", "--libs",
                "python-3.13-embed", env={
                    **os.environ,
                    "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}).split()
    run(*compiler(), source, "-o", tmp_path / "program", *flags)
    out = run(tmp_path / "program",
              env={**os.environ, "LD_LIBRARY_PATH": str(prefix / "lib")})
    assert out == "[3, 13]\n"
    assert "libpython3.13.so" in run("ldd", tmp_path / "program")
