"""Source from folders that the host named."""

import pytest


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "library"
    (folder / "pkg/inner").mkdir(parents=True)
    (folder / "mod.py").write_text("X = 1\ndef f(): return 1 / 0\n")
    (folder / "latin.py").write_bytes(b"# coding: latin-1\nY = '\xe9'\n")
    (folder / "bad.py").write_text("def (:\n")
    (folder / "json.py").write_text("raise SystemExit('not this one')\n")
    (folder / "only.pyc").write_bytes(b"\0" * 64)
    (folder / "pkg/__init__.py").write_text(
        "from . import sub\nfrom .sub import Z\n")
    (folder / "pkg/sub.py").write_text("Z = 2\n")
    (folder / "pkg/inner/__init__.py").write_text("")
    (folder / "pkg/inner/leaf.py").write_text("from ..sub import Z\n")
    (tmp_path / "secret.py").write_text("S = 1\n")
    (folder / "out.py").symlink_to(tmp_path / "secret.py")
    return folder


SCRIPT = """
import mod, latin, pkg, pkg.inner.leaf, traceback
from pkg import sub
exc = attempt(mod.f)
def failing(name):
    return type(attempt(__import__, name)).__name__
print(json.dumps({
    "values": [mod.X, latin.Y, pkg.Z, pkg.inner.leaf.Z, sub is pkg.sub],
    "file": getattr(mod, "__file__", None), "path": pkg.__path__,
    "code": mod.f.__code__.co_filename, "repr": repr(mod),
    "trace": traceback.format_exception(exc)[-2],
    "bad": failing("bad"), "out": failing("out"), "only": failing("only"),
    "none": failing("nothing"), "up": failing("../secret"),
    "dots": failing("pkg...secret"), "frozen": failing("json"),
    "missing": failing("pkg.missing"),
}))
"""


def test_import(guest, library):
    outcome = guest(SCRIPT, "--path", library)
    found = outcome.results
    assert found["values"] == [1, "\u00e9", 2, 2, True]
    assert found["file"] is None
    assert found["code"] == "<mod.py>"
    assert 'File "<mod.py>", line 2, in f' in found["trace"]
    assert str(library) not in outcome.stdout
    assert found["bad"] == "SyntaxError"
    for name in "out", "only", "none", "up", "dots", "missing":
        assert found[name].endswith("ImportError"), name
    assert found["frozen"] == "dict" or found["frozen"] == "module"


def test_paths_show_when_allowed(guest, library):
    found = guest(SCRIPT, "--info", "--path", library).results
    assert found["file"] == str(library / "mod.py")
    assert found["path"] == [str(library / "pkg")]
    assert found["code"] == str(library / "mod.py")


def test_no_folder_no_import(guest, library):
    found = guest("print(json.dumps(verdict(__import__, 'mod')))").results
    assert found == "RestrictedImportError"


def test_import_does_not_grant_reading(guest, library):
    path = str(library / "mod.py")
    found = guest(f"print(json.dumps(verdict(open, {path!r})))",
                  "--path", library).results
    assert found == "RestrictedPermissionError"


# Modules in C that no guest gets: with them it is out.
UNREVIEWED = ("_imp", "marshal", "pwd", "_locale", "faulthandler",
              "_tracemalloc", "_suggestions")


def test_source_is_not_the_built_in_module_of_its_name(guest, tmp_path):
    """A file allows what is in it, and nothing that happens to be called the
    same."""
    folder = tmp_path / "library"
    folder.mkdir()
    for name in UNREVIEWED:
        (folder / f"{name}.py").write_text("SOURCE = True\n")
    outcome = guest(f"""
found = [getattr(__import__(name), "SOURCE", False) for name in {UNREVIEWED}]
print(json.dumps(found))
""", "--path", folder)
    assert outcome.results == [True] * len(UNREVIEWED)
