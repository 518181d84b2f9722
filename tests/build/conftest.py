"""Copies of the checkout to try things in, and small releases to lay there."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

# Upstream files that we do not patch, for the tests to change.
SPARE = {"Include/patchlevel.h", "Objects/boolobject.c", "Objects/setobject.c"}


def upstream_files(top):
    """Every upstream file that we change, and the spare ones."""
    changed = {str(path.relative_to(top)).removesuffix(suffix)
               for suffix in (".patch", ".append")
               for path in top.rglob(f"*{suffix}")
               if top / "build" not in path.parents}
    return changed | SPARE


@pytest.fixture(scope="session")
def releases(top):
    """The accepted releases, newest first."""
    lines = (top / "UPSTREAM").read_text().splitlines()
    return [line.split()[0] for line in lines if line[:1].isdigit()]


@pytest.fixture(scope="session")
def archive(top):
    """The release archive that the build under test was made from."""
    name = (top / "build/cpython/.lay/archive").read_text().strip()
    return top / "build" / name


def extract(archive, paths, target):
    """Unpack the named files of a release, without its top folder."""
    with tarfile.open(archive) as tar:
        for info in tar:
            info.name = info.name.partition("/")[2]
            if info.name in paths:
                tar.extract(info, target, filter="data")


@pytest.fixture(scope="session")
def small_source(top, archive, tmp_path_factory):
    """A source tree of only the files that we change."""
    target = tmp_path_factory.mktemp("source") / "Python"
    extract(archive, upstream_files(top), target)
    return target


@pytest.fixture(scope="session")
def small_archives(top, releases, tmp_path_factory):
    """An archive for each release that can be had, of only those files."""
    folder = tmp_path_factory.mktemp("archives")
    cache = Path.home() / ".cache" / "restricted-cpython"
    for version in releases:
        done = subprocess.run(
            [top / "Tools/restrict/fetch.sh", "", cache, folder, version],
            capture_output=True, text=True)
        if done.returncode:
            continue
        extract(folder / f"Python-{version}.tar.xz", upstream_files(top),
                folder / f"Python-{version}")
        subprocess.run(["tar", "-cJf", f"Python-{version}.tar.xz",
                        f"Python-{version}"], cwd=folder, check=True)
    paths = [folder / f"Python-{version}.tar.xz" for version in releases]
    return [path for path in paths if path.exists()]


@pytest.fixture
def copy_checkout(top):
    """Our files as git would clone them, without git's folder or a build."""
    def copy(target):
        shutil.copytree(top, target, symlinks=True,
                        ignore=lambda folder, names: [
                            name for name in names
                            if name in {".git", "__pycache__", "Makefile"}
                            or (folder == str(top) and name == "build")])
        return target
    return copy


@pytest.fixture
def checkout(copy_checkout, tmp_path):
    return copy_checkout(tmp_path / "checkout")
