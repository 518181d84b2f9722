"""Extension modules of others, allowed by name, and the checks in them."""

import json

import pytest

RUN = """
import json, restrict
from restrict import Policy
SOURCE = {source!r}
def verdict(policy):
    with restrict.Interpreter(policy) as guest:
        guest.exec('''
import thirdparty
def attempt(source):
    try:
        return repr(eval(source))
    except Exception as exc:
        return type(exc).__name__
''')
        value = guest.call("attempt", SOURCE)
        return value, [(d.capability, d.grant) for d in guest.denials]
print(json.dumps(verdict(Policy(modules=["thirdparty"], {policy}))))
"""


def verdict(host, source, policy=""):
    value, denials = json.loads(host(RUN.format(source=source,
                                                policy=policy)))
    return value, [tuple(denial) for denial in denials]


CHECKS = [
    # source, refused as, grant offered, what it gives when allowed
    ("thirdparty.where()", "RestrictedPermissionError",
     "filesystem_info = true", None),
    ("thirdparty.load('pwd').__name__", "RestrictedImportError",
     'modules = ["pwd"]', "'pwd'"),
    ("thirdparty.speak()", "RestrictedCallError",
     'extended = {"thirdparty" = {"speech" = true}}', "'hello'"),
    ("thirdparty.take_rows(7)", "RestrictedCallError",
     'extended = {"thirdparty" = {"rows" = 7}}', "7"),
    ("thirdparty.open_table('users')", "RestrictedCallError",
     'extended = {"thirdparty" = {"table" = ["users"]}}', "'rows of users'"),
    ("thirdparty.log_in('ada \"x\" \\\\')", "RestrictedCallError",
     'extended = {"thirdparty" = {"user" = "ada \\"x\\" \\\\"}}',
     "'hello ada \"x\" \\\\'"),
]


@pytest.mark.parametrize("source, error, grant, value", CHECKS)
def test_checks(host, source, error, grant, value):
    """Refused by default; the grant that the record offers allows it."""
    found, denials = verdict(host, source)
    assert found == error
    assert [d[1] for d in denials] == [grant]
    out = host(f"""
import tomllib, restrict
from restrict import Policy
entry = tomllib.loads({grant!r})
entry["modules"] = ["thirdparty", *entry.get("modules", [])]
result = restrict.run({'import thirdparty' + chr(10) + source!r},
                      Policy.from_dict(entry))
print(repr(result.value), len(result.denials))
""")
    value_found, n_denials = out.rsplit(None, 1)
    assert n_denials == "0"
    assert value is None or value_found == value


def test_trusted(host):
    assert verdict(host, "thirdparty.launch()") == (
        "RestrictedCallError", [("call", None)])
    assert "launched" in host("import thirdparty; print(thirdparty.launch())")


def test_unguarded(host):
    assert verdict(host, "thirdparty.answer()") == ("42", [])


def test_path(host, tmp_path):
    (tmp_path / "a").write_text("first\n")
    source = f"thirdparty.read_first({str(tmp_path / 'a')!r})"
    value, denials = verdict(host, source)
    assert value == "RestrictedPermissionError"
    assert denials == [
        ("file", f'files = {{"{tmp_path / "a"}" = "r"}}')]
    policy = f"files={{{str(tmp_path / 'a')!r}: 'r'}}"
    assert verdict(host, source, policy) == ("'first\\n'", [])


def test_memory(host):
    assert verdict(host, "thirdparty.allocate(2**20)") == ("1048576", [])
    assert verdict(host, "thirdparty.allocate(2**40)") == ("MemoryError", [])


@pytest.mark.parametrize("source", [
    "thirdparty.wrong_kind()", "thirdparty.log_in('eve')",
    "thirdparty.open_table('secrets')", "thirdparty.of_the_core()",
])
def test_other_settings_do_not_help(host, source):
    policy = ("extended={('thirdparty', 'rows'): 5,"
              "('thirdparty', 'user'): 'ada',"
              "('thirdparty', 'table'): ['users'],"
              "('thirdparty', 'other'): True}")
    value, denials = verdict(host, source, policy)
    assert value == "RestrictedCallError"
    assert denials[0][0] == "extended"
    assert (denials[0][1] is None) == ("core" in source)


def test_caps_add_up_and_are_given_back(host):
    out = host("""
import restrict
from restrict import Policy
policy = Policy(modules=["thirdparty"], extended={("thirdparty", "rows"): 10})
with restrict.Interpreter(policy) as guest:
    guest.exec('''
from thirdparty import take_rows, give_rows
def attempt(f, n):
    try:
        return f(n)
    except Exception as exc:
        return type(exc).__name__
steps = [(take_rows, 6), (take_rows, 5), (take_rows, 4), (give_rows, 11),
         (give_rows, 3), (take_rows, 3), (take_rows, -1), (give_rows, -1),
         (take_rows, 2**63 - 1), (give_rows, 10), (give_rows, 1)]
found = [attempt(*step) for step in steps]
''')
    print(guest.eval("found"))
    print([d.grant for d in guest.denials])
""")
    found, grants = out.splitlines()
    assert found == repr([6, "RestrictedCallError", 4, "SystemError", 3, 3,
                          "SystemError", "SystemError", "RestrictedCallError",
                          10, "SystemError"])
    assert grants == repr(['extended = {"thirdparty" = {"rows" = 11}}'])


@pytest.mark.parametrize("name, words", [
    ("oldstyle", "does not support restricted interpreters"),
    ("nothing_here", "there is no module 'nothing_here'"),
    ("source", "no extension module"),
    ("pack.nothing", "there is no module"),
])
def test_what_cannot_be_allowed(host, name, words):
    out = host(f"""
import restrict
try:
    restrict.Interpreter(restrict.Policy(modules=[{name!r}]))
except ValueError as exc:
    print(exc)
""")
    assert out.startswith("modules: ") and words in out


def test_no_grant_no_module(host):
    """Nothing is offered that would not help, and nothing is looked for."""
    out = host("""
import restrict
from restrict import Policy
for name in ("thirdparty", "oldstyle", "source", "nothing", "subprocess",
             "ctypes", "_ctypes", "socket.x", "_imp", "marshal"):
    with restrict.Interpreter(Policy(block_modules=["socket"])) as guest:
        try:
            guest.exec(f"import {name}")
        except restrict.GuestError as exc:
            print(exc.type_name, exc.message, [d.grant for d in guest.denials])
""")
    lines = out.splitlines()
    assert len(lines) == 10
    for line in lines:
        assert line.startswith("RestrictedImportError import of")
        assert line.endswith("[None]")


def test_every_grant_for_a_builtin_module_is_true(host):
    """What is offered for a module of the binary works."""
    out = host("""
import restrict, sys, tomllib
from restrict import Policy
for name in sorted(sys.builtin_module_names):
    with restrict.Interpreter() as guest:
        try:
            guest.exec(f"import {name}")
            continue
        except restrict.GuestError:
            grants = {d.grant for d in guest.denials} - {None}
    for grant in grants:
        entry = tomllib.loads(grant.replace("ADDRESS", "192.0.2.1"))
        with restrict.Interpreter(Policy(**entry)) as guest:
            guest.exec(f"import {name}")
        print(name)
""")
    assert {"pwd", "select"} <= set(out.split()) and "_imp" not in out.split()


def test_a_package_covers_what_is_in_it(host):
    """Its C modules; its source still comes from a folder of `path`."""
    out = host("""
import os, restrict, sys
folder = os.environ["PYTHONPATH"]
policy = restrict.Policy(modules=["pack"], path=[folder])
print(restrict.run("import pack.thirdparty as t\\n(t.answer(), t.__name__)",
                   policy).value)
""")
    assert out == "(42, 'pack.thirdparty')\n"


def test_what_it_imports_is_still_cut_down(host):
    """The module's own setting up imports `array` before the guest does."""
    whole, _ = verdict(host, "sorted(n for n in dir(__import__('array')))")
    out = host("""
import restrict
print(restrict.run("import array\\nsorted(dir(array))").value)
""")
    assert whole == out.strip()
    found, _ = verdict(host, "thirdparty.Point().__class__.__subclasses__()")
    assert found == "RestrictedAttributeError"


def test_many_guests_each_with_its_own(host):
    out = host("""
import restrict
policy = restrict.Policy(modules=["thirdparty"])
guests = [restrict.Interpreter(policy) for _ in range(5)]
for i, guest in enumerate(guests):
    guest.exec(f"import thirdparty; thirdparty.mine = {i}")
print([guest.eval("thirdparty.mine") for guest in guests])
for guest in guests:
    guest.close()
import thirdparty
print(hasattr(thirdparty, "mine"))
""")
    assert out == "[0, 1, 2, 3, 4]\nFalse\n"
