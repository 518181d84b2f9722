"""The table is complete: `surface --check` finds nothing, and would."""

import json
import os
import shutil
import subprocess

import pytest


def surface(python, *arguments, **options):
    return subprocess.run([python, "-m", "restrict", "surface", *arguments],
                          capture_output=True, text=True, timeout=300,
                          **options)


def test_check(python):
    done = surface(python, "--check")
    assert done.stdout.endswith("each row has a name\n"), done.stdout
    assert done.returncode == 0


def test_list(python):
    rows = json.loads(surface(python, "--list", "--json").stdout)
    verdicts = {(row["kind"], row["owner"], row["name"]): row["verdict"]
                for row in rows}
    assert verdicts["type", "type", "__subclasses__"] == "refuse"
    assert verdicts["type", "list", "append"] == "allow"
    assert verdicts["module", "sys", "settrace"] == "absent"
    assert all(row["reason"] for row in rows if row["verdict"] != "allow")
    assert "type list\n" in surface(python, "--list").stdout


def test_sys_is_reviewed_whole(python):
    """Each name of the full module is in the table, those left out too."""
    done = subprocess.run(
        [python, "-S", "-c", "import json, sys; print(json.dumps(dir(sys)))"],
        capture_output=True, text=True, check=True)
    rows = json.loads(surface(python, "--list", "--json").stdout)
    reviewed = {row["name"] for row in rows
                if (row["kind"], row["owner"]) == ("module", "sys")}
    header = {"__doc__", "__loader__", "__name__", "__package__", "__spec__"}
    # Set by an interpreter's start, which a guest does not have.
    late = {"meta_path", "path_hooks", "path_importer_cache", "orig_argv",
            "pycache_prefix", "platlibdir", "_base_executable", "_xoptions",
            "_stdlib_dir", "_framework", "__unraisablehook__"}
    assert set(json.loads(done.stdout)) - reviewed - header - late == set()


@pytest.mark.timeout(1900)
def test_a_new_method_is_absent_and_reported(build_dir, tmp_path):
    """Give list a method that nobody reviewed, in a scratch build."""
    for name in ("cpython", build_dir.name):
        # The tree's links to the checkout's files lead nowhere from there.
        shutil.copytree(build_dir.parent / name, tmp_path / name,
                        symlinks=name != "cpython",
                        ignore=shutil.ignore_patterns("venv", "test"))
    source = tmp_path / "cpython" / "Objects" / "listobject.c"
    text = source.read_text()
    row = "static PyMethodDef list_methods[] = {\n"
    assert row in text
    source.write_text(text.replace(
        row, row + '    {"unreviewed", (PyCFunction)list___sizeof__, '
                   "METH_NOARGS, NULL},\n"))
    scratch = tmp_path / build_dir.name
    subprocess.run(["make", "-C", scratch, "python"], check=True,
                   capture_output=True, timeout=1800,
                   env={**os.environ, "MAKEFLAGS": ""})
    python = scratch / "python"
    trusted = subprocess.run([python, "-c", "print([1].unreviewed())"],
                             capture_output=True, text=True)
    assert trusted.stdout.strip().isdigit(), trusted.stderr
    guest = subprocess.run(
        [python, "-c", "import restrict; print(restrict.run("
                       "'hasattr([], \"unreviewed\")').value)"],
        capture_output=True, text=True)
    assert guest.stdout == "False\n", guest.stderr
    done = surface(python, "--check")
    assert done.returncode == 1
    assert "no row for type list unreviewed" in done.stdout
