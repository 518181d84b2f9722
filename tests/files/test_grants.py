"""Grants: what each mode allows, and what no grant does."""

import pytest

ACTIONS = """
D = DIRECTORY
F = D + "/a.txt"
rows = {
    "read": lambda: open(F).read(),
    "stat": lambda: os.stat(F).st_size,
    "list": lambda: os.listdir(D),
    "scan": lambda: [e.name for e in os.scandir(D)],
    "append": lambda: open(F, "a").close(),
    "update": lambda: open(F, "r+").close(),
    "create": lambda: open(D + "/new", "x").close(),
    "truncate": lambda: os.truncate(F, 1),
    "mkdir": lambda: os.mkdir(D + "/made"),
    "rename": lambda: os.rename(D + "/new", D + "/newer"),
    "replace": lambda: os.replace(D + "/newer", D + "/new"),
    "symlink": lambda: os.symlink("a.txt", D + "/link"),
    "readlink": lambda: os.readlink(D + "/link"),
    "utime": lambda: os.utime(F, (1, 2)),
    "chmod": lambda: os.chmod(F, 0o600),
    "chdir": lambda: os.chdir(D),
    "remove": lambda: os.remove(D + "/new"),
    "rmdir": lambda: os.rmdir(D + "/made"),
}
print(json.dumps({name: verdict(row) for name, row in rows.items()}))
"""

READS = {"read", "list", "scan"}
LOOKS = {"stat", "chdir"}
WRITES = {"append", "create", "truncate", "mkdir", "rename", "replace",
          "symlink", "utime", "chmod", "remove", "rmdir"}
REFUSED = "RestrictedPermissionError"


def actions(folder):
    return ACTIONS.replace("DIRECTORY", repr(str(folder)))


def allowed(mode):
    names = set(LOOKS) if mode else set()
    if "r" in mode:
        names |= READS
    if "w" in mode:
        names |= WRITES | {"readlink"}
    if mode == "rw":
        names |= {"update"}
    return names


@pytest.mark.parametrize("mode", ["r", "w", "rw"])
def test_directory_mode(guest, tree, how, mode):
    folder = tree / "data"
    found = guest(actions(folder), *how, "--dir", folder, mode).results
    assert {n for n, v in found.items() if v == "ok"} == allowed(mode)
    # A link that was not made is not there, and that may be said.
    odd = set(found.values()) - {"ok", REFUSED}
    assert odd <= {"FileNotFoundError"}


def test_without_grants_all_is_refused(guest, tree):
    outcome = guest(actions(tree / "data"))
    assert set(outcome.results.values()) == {REFUSED}
    assert len(outcome.denials) == len(outcome.results)
    assert (tree / "data/a.txt").read_text() == "alpha"


def test_trusted_is_not_restricted(guest, tree):
    found = guest(actions(tree / "data"), "--trusted").results
    assert set(found.values()) == {"ok"}


@pytest.mark.parametrize("mode", ["r", "w", "rw"])
def test_file_mode(guest, tree, mode):
    path = tree / "data/a.txt"
    found = guest(f"""
F = {str(path)!r}
print(json.dumps({{
    "read": verdict(lambda: open(F).read()),
    "append": verdict(lambda: open(F, "a").close()),
    "update": verdict(lambda: open(F, "r+").close()),
    "neighbour": verdict(lambda: open(F + "2", "w")),
    "remove": verdict(os.remove, F),
    "folder": verdict(os.listdir, os.path.dirname(F)),
    "below": verdict(open, F + "/x"),
}}))""", "--file", path, mode).results
    assert found["read"] == ("ok" if "r" in mode else REFUSED)
    assert found["append"] == ("ok" if "w" in mode else REFUSED)
    assert found["update"] == ("ok" if mode == "rw" else REFUSED)
    assert {found[n] for n in ("neighbour", "remove", "folder", "below")} \
        == {REFUSED}


def test_a_granted_file_is_the_one_that_was_granted(guest, tree):
    path, other = tree / "both/f", tree / "both/g"
    path.write_text("granted")
    other.write_text("other")
    found = guest(f"""
os.rename({str(other)!r}, {str(path)!r})
print(json.dumps(open({str(path)!r}).read()))
""", "--file", path, "r", "--dir", tree / "both", "rw").results
    assert found == "granted"


def test_bad_grants(guest, tree):
    for options, text in [
            (["--dir", tree / "none", "r"], "No such file"),
            (["--dir", tree / "data/a.txt", "r"], "not a directory"),
            (["--file", tree / "data", "r"], "not a regular file"),
            (["--file", "/dev/null", "rw"], "not a regular file"),
            (["--dir", "data", "r"], "not absolute"),
            (["--dir", tree / "data", "x"], "mode must be"),
            (["--path", tree / "none"], "No such file")]:
        outcome = guest("", *options)
        assert outcome.returncode == 3
        assert text in outcome.stderr


def test_denials_name_the_grant(guest, tree):
    outcome = guest("""
os.chdir("/srv") if False else None
attempt(open, "/etc/passwd")
attempt(open, "/etc/../etc//./new", "w")
attempt(open, "relative", "r+")
attempt(os.listdir, "/etc")
attempt(open, 'with"quote')
""")
    assert outcome.denials == [
        ["file", "/etc/passwd", 'files = {"/etc/passwd" = "r"}'],
        ["file", "/etc/../etc//./new", 'directories = {"/etc" = "w"}'],
        ["file", "relative", ""],
        ["file", "/etc", 'directories = {"/etc" = "r"}'],
        ["file", 'with"quote', 'files = {"/with\\"quote" = "r"}'],
    ]


def test_no_grant_is_offered_for_all_files_or_the_system(guest, tree):
    """By name alone: whether the thing exists makes no difference."""
    none = ["/", "/new", "/dev/null", "/dev", "/dev/sub/x", "/proc/self/mem",
            "/proc/x/../no", "/sys/x", "/etc/../new"]
    folder = ["/dev/shm/x", "/devices/x", "/processed/x"]
    outcome = guest(f"""
for path in {none + folder!r}:
    attempt(open, path, "w")
attempt(open, "/proc/self/environ")
attempt(os.listdir, "/")
attempt(os.listdir, "/sys")
""")
    assert [row[2] for row in outcome.denials] == [
        *[""] * len(none),
        *[f'directories = {{"{path.rpartition('/')[0]}" = "w"}}'
          for path in folder], "", "", ""]


def test_calls_that_no_grant_allows_are_named(guest, tree):
    """They are refused also within a grant, so the path is not the reason."""
    path = tree / "both"
    outcome = guest(f"""
import shutil
print(json.dumps([str(attempt(shutil.disk_usage, {str(path)!r})),
                  str(attempt(os.chown, {str(path)!r}, 0, 0)),
                  str(attempt(os.fchown, 1, 0, 0)),
                  isinstance(attempt(os.statvfs, "x"), PermissionError)]))
""", "--dir", path, "rw")
    assert outcome.results == [
        f"[Errno 13] call 'posix.statvfs' is not allowed here: '{path}'",
        f"[Errno 13] call 'posix.chown' is not allowed here: '{path}'",
        "[Errno 13] call 'posix.fchown' is not allowed here", True]
    assert outcome.denials[0] == ["call", "posix.statvfs", ""]


def test_current_directory_is_the_guests_own(guest, tree):
    outcome = guest(f"""
first = os.getcwd()
os.chdir({str(tree / "data")!r})
inside = open("sub/b.txt").read()
os.chdir("sub")
print(json.dumps([first, inside, open("../a.txt").read(),
                  os.path.abspath("b.txt"), verdict(os.chdir, "/etc"),
                  os.path.exists("../../outside/secret")]))
""", "--dir", tree / "data", "r")
    assert outcome.results == [
        "/", "beta", "alpha", str(tree / "data/sub/b.txt"),
        "RestrictedPermissionError", False]


def test_nothing_moves_from_unreadable_to_readable(guest, tree):
    """Moving must not make readable what was only writable."""
    (tree / "out/secret").write_text("secret")
    (tree / "out/pub").mkdir()
    out, pub = tree / "out", tree / "out/pub"
    found = guest(f"""
out, pub = {str(out)!r}, {str(pub)!r}
os.symlink("pub", out + "/link")
print(json.dumps([verdict(os.rename, out + "/secret", pub + "/x"),
                  verdict(os.rename, out + "/secret", out + "/link/x"),
                  verdict(os.rename, pub, out + "/moved"),
                  verdict(os.rename, out + "/link", out + "/other"),
                  verdict(os.rmdir, pub),
                  verdict(open, pub + "/x")]))
""", "--dir", out, "w", "--dir", pub, "rw").results
    assert found == ["RestrictedPermissionError"] * 5 + ["FileNotFoundError"]


def test_write_only_folder_renames_when_nothing_readable_is_inside(
        guest, tree):
    out = tree / "out"
    found = guest(f"""
out = {str(out)!r}
with open(out + "/t", "w") as file: file.write("x")
print(json.dumps(verdict(os.replace, out + "/t", out + "/final")))
""", "--dir", out, "w", "--dir", tree / "data", "r").results
    assert found == "ok"
    assert (out / "final").read_text() == "x"


def test_renaming_makes_nothing_readable_by_a_link(guest, how, tree):
    """A link of the host's that leads up from a folder that may be read: what
    it leads to stays as secret as it is by its own name."""
    data = tree / "data"
    (data / "inner").mkdir()
    (data / "inner/up").symlink_to("..")
    (data / "secret").write_text("secret")
    outcome = guest(f"""
D = {str(data)!r}
print(json.dumps([
    verdict(os.rename, D + "/secret", D + "/inner/x"),
    verdict(os.rename, D + "/inner/up/secret", D + "/inner/x"),
    verdict(os.replace, D + "/inner/up/secret", D + "/inner/x"),
    os.listdir(D + "/inner")]))
""", *how, "--dir", data, "w", "--dir", data / "inner", "rw")
    refused = "RestrictedPermissionError"
    assert outcome.results == [refused] * 3 + [["up"]]
