"""tree.py and lay.sh: edits become patches and patches become edits.

The tests work on a copy of the checkout with a tree laid from a small release:
only the files that we change.
"""

import os
import shutil
import subprocess
import time

import pytest

FILE = "Objects/boolobject.c"      # one that we do not patch
LINE = "/* Boolean type, a subtype of int */"


class Checkout:
    """A copy of the checkout with a laid tree."""

    def __init__(self, path, python):
        self.path = path
        self.python = python
        self.tree = path / "build/cpython"

    def lay(self, *args):
        return subprocess.run(["Tools/restrict/lay.sh", *args], cwd=self.path,
                              text=True, capture_output=True)

    def tool(self, *args, **env):
        return subprocess.run(
            [self.python, "Tools/restrict/tree.py", *args], cwd=self.path,
            text=True, capture_output=True, env={**os.environ, **env})

    def edit(self, path, old, new, where="tree"):
        file = (self.tree if where == "tree" else self.path) / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def patches(self):
        """Every patch and its text."""
        return {str(p.relative_to(self.path)): p.read_bytes()
                for p in self.path.rglob("*.patch")
                if self.path / "build" not in p.parents}


@pytest.fixture
def checkout(copy_checkout, small_archives, python, tmp_path):
    copy = Checkout(copy_checkout(tmp_path / "checkout"), python)
    (copy.path / "build").mkdir()
    for archive in small_archives:
        shutil.copy(archive, copy.path / "build")
    done = copy.lay(f"build/{small_archives[0].name}")
    assert done.returncode == 0, done.stderr
    return copy


# --- Laying -----------------------------------------------------------------

def test_laying_again_touches_nothing(checkout):
    before = {p: p.lstat().st_mtime_ns for p in checkout.tree.rglob("*")}
    assert checkout.lay().returncode == 0
    after = {p: p.lstat().st_mtime_ns for p in checkout.tree.rglob("*")
             if ".lay" not in p.parts}
    assert {p: t for p, t in after.items() if before.get(p) != t} == {}


def test_root_files_are_not_laid(checkout):
    """Our configure and theirs never meet; tests and CI stay outside."""
    links = (checkout.tree / ".lay/links").read_text().splitlines()
    assert all("/" in link for link in links)
    assert not [link for link in links
                if link.startswith(("tests", "Doc", ".", "build"))]
    assert not (checkout.tree / "configure").is_symlink()


def test_own_file_comes_and_goes(checkout):
    ours = checkout.path / "Lib/restrict_new/deep/module.py"
    ours.parent.mkdir(parents=True)
    ours.write_text("x = 1\n")
    laid = checkout.tree / "Lib/restrict_new/deep/module.py"
    assert checkout.lay().returncode == 0
    assert laid.is_symlink() and laid.read_text() == "x = 1\n"
    ours.unlink()
    assert checkout.lay().returncode == 0
    assert not laid.is_symlink()


def test_collision_with_upstream_is_fatal(checkout):
    (checkout.path / FILE).parent.mkdir(exist_ok=True)
    (checkout.path / FILE).write_text("int ours;\n")
    done = checkout.lay()
    assert done.returncode == 1 and FILE in done.stderr
    assert "int ours" not in (checkout.tree / FILE).read_text()


def test_patch_that_does_not_apply_is_fatal_and_named(checkout):
    """Nothing is touched, not even by the patches that do apply."""
    good, bad = "Objects/setobject.c", "Objects/boolobject.c"
    for path, context in (good, "set object implementation"), (bad, "no"):
        (checkout.path / path).parent.mkdir(exist_ok=True)
        (checkout.path / f"{path}.patch").write_text(
            f"Why: test\nGuards: none\n\n--- a/{path}\n+++ b/{path}\n"
            f"@@ -1,2 +1,3 @@\n \n+/* new */\n /* {context} */\n")
    before = (checkout.tree / good).read_bytes()
    done = checkout.lay()
    assert done.returncode == 1
    assert f"{bad}.patch does not apply" in done.stderr
    assert (checkout.tree / good).read_bytes() == before


def test_patch_of_a_missing_file_is_named(checkout):
    (checkout.path / "Objects").mkdir(exist_ok=True)
    (checkout.path / "Objects/none.c.patch").write_text("Why: test\n")
    done = checkout.lay()
    assert done.returncode == 1 and "Objects/none.c" in done.stderr


def test_only_the_changed_patch_is_laid_again(checkout):
    """One patch changed: one file gets a new time stamp."""
    checkout.edit(FILE, LINE, LINE + "\n/* one */")
    assert checkout.tool("refresh").returncode == 0

    def stamps():
        return {str(p.relative_to(checkout.tree)): p.stat().st_mtime_ns
                for p in checkout.tree.rglob("*")
                if p.is_file() and ".lay" not in p.parts}

    before = stamps()
    checkout.edit(f"{FILE}.patch", "/* one */", "/* two */", where="ours")
    time.sleep(0.01)
    assert checkout.lay().returncode == 0
    after = stamps()
    assert [p for p in after if after[p] != before[p]] == [FILE]
    assert "/* two */" in (checkout.tree / FILE).read_text()


def test_removed_patch_restores_upstream(checkout):
    pristine = (checkout.tree / FILE).read_bytes()
    checkout.edit(FILE, LINE, LINE + "\n/* one */")
    checkout.tool("refresh")
    (checkout.path / f"{FILE}.patch").unlink()
    assert checkout.lay().returncode == 0
    assert (checkout.tree / FILE).read_bytes() == pristine


def test_an_edit_is_never_overwritten(checkout):
    """Tree and patch changed both: the edit stays, and it is said."""
    checkout.edit(FILE, LINE, LINE + "\n/* one */")
    checkout.tool("refresh")
    checkout.edit(FILE, "/* one */", "/* mine */")
    checkout.edit(f"{FILE}.patch", "/* one */", "/* theirs */", where="ours")
    done = checkout.lay()
    assert done.returncode == 1 and FILE in done.stderr
    assert "/* mine */" in (checkout.tree / FILE).read_text()
    (checkout.tree / FILE).unlink()
    assert checkout.lay().returncode == 0
    assert "/* theirs */" in (checkout.tree / FILE).read_text()


# --- tree.py ----------------------------------------------------------------

def test_refresh_of_a_laid_tree_changes_nothing(checkout):
    before = checkout.patches()
    done = checkout.tool("refresh")
    assert done.returncode == 0, done.stderr
    assert checkout.patches() == before


def test_edit_becomes_a_patch_and_back(checkout):
    checkout.edit(FILE, LINE, LINE + "\n/* one */")
    assert FILE in checkout.tool("status").stdout
    done = checkout.tool("refresh")
    assert done.returncode == 0 and f"{FILE}.patch" in done.stdout
    patch = checkout.path / f"{FILE}.patch"
    assert patch.read_text().startswith("Why: (")
    assert "\n--- a/Objects/boolobject.c\n+++ b/" in patch.read_text()

    header = "Why: a test\n  of two lines\nGuards: none\n\n"
    text = patch.read_text()
    patch.write_text(header + text[text.index("--- a/"):])
    checkout.edit(FILE, "/* one */", "/* two */")
    # The header was changed too, so lay cannot tell whose text counts.
    (checkout.tree / FILE).write_text(
        (checkout.tree / FILE).read_text().replace("/* two */", "/* one */"))
    assert checkout.lay().returncode == 0
    checkout.edit(FILE, "/* one */", "/* two */")
    assert checkout.tool("refresh").returncode == 0
    assert patch.read_text().startswith(header + "--- a/")
    assert "+/* two */" in patch.read_text()

    checkout.edit(FILE, "\n/* two */", "")
    assert checkout.tool("refresh").returncode == 0
    assert not patch.exists()


def test_check_of_the_checkout_itself(top, python, releases):
    """Our patches are exact, and fit every release that can be had."""
    done = subprocess.run([python, top / "Tools/restrict/tree.py", "check"],
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for release in releases:
        assert f"CPython {release}: " in done.stdout
    assert "patches apply without fuzz" in done.stdout


def test_check_says_which_release_cannot_be_had(checkout, releases, tmp_path):
    (checkout.path / f"build/Python-{releases[-1]}.tar.xz").unlink()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in "curl", "wget", "apt-get", "apt-cache":
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    done = checkout.tool("--cache-dir", str(tmp_path / "none"), "check",
                         PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert (f"CPython {releases[-1]}: not checked, its source cannot be had"
            in done.stdout)


def test_check_finds_a_patch_that_is_not_exact(checkout):
    """The same edit, but not as refresh would write it."""
    checkout.edit(FILE, LINE, LINE + "\n/* one */")
    checkout.tool("refresh")
    patch = checkout.path / f"{FILE}.patch"
    patch.write_text(patch.read_text().replace("Why: (", "Why: t ("))
    assert checkout.tool("check").returncode == 0
    patch.write_text(patch.read_text().replace(" @@", " @@ elsewhere"))
    done = checkout.tool("check")
    assert done.returncode == 1, patch.read_text()
    assert f"{FILE}.patch is not exact" in done.stderr


def test_check_wants_a_reason(checkout):
    checkout.edit(FILE, LINE, LINE + "\n/* one */")
    checkout.tool("refresh")
    done = checkout.tool("check")
    assert done.returncode == 1 and "'Why:'" in done.stderr


def test_upgrade_and_back(checkout, releases):
    """The patches move to the other release by a three-way merge."""
    if not (checkout.path / f"build/Python-{releases[1]}.tar.xz").exists():
        pytest.skip(f"the source of {releases[1]} cannot be had here")
    before = checkout.patches()
    here, other = releases[:2]
    done = checkout.tool("upgrade", other)
    assert done.returncode == 0, done.stderr
    assert other in (checkout.tree / ".lay/archive").read_text()
    assert f'"{other}"' in (
        checkout.tree / "Include/patchlevel.h").read_text()
    assert checkout.tool("refresh").returncode == 0
    done = checkout.tool("upgrade", here)
    assert done.returncode == 0, done.stderr
    assert checkout.patches() == before


def test_upgrade_with_a_conflict(checkout, releases):
    """The conflict is laid where it can be resolved, and check refuses it."""
    old, new = releases[1], releases[0]
    if not (checkout.path / f"build/Python-{old}.tar.xz").exists():
        pytest.skip(f"the source of {old} cannot be had here")
    header = "Include/patchlevel.h"
    version = f'#define PY_VERSION              "{new}"'
    checkout.edit(header, version, version + " /* ours */")
    checkout.tool("refresh")
    done = checkout.tool("upgrade", old)
    assert done.returncode == 0, done.stderr
    assert f"conflict to resolve: build/cpython/{header}" in done.stdout
    text = (checkout.tree / header).read_text()
    assert "<<<<<<< restricted" in text and f">>>>>>> {old}" in text
    done = checkout.tool("check")
    assert done.returncode == 1 and "holds a conflict" in done.stderr


def test_upgrade_to_an_unknown_release(checkout):
    done = checkout.tool("upgrade", "3.14.0")
    assert done.returncode == 1 and "UPSTREAM" in done.stderr
