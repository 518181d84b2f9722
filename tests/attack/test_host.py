"""Attacks whose success shows outside the guest."""

import subprocess
import textwrap

HOST = """
import restrict, sys
try:
    result = restrict.run(sys.argv[1])
    print("ended", result.stdout)
except restrict.GuestError as exc:
    print("failed", exc.type_name)
"""


def run(python, source, stdin="", host=HOST):
    done = subprocess.run(
        [python, "-c", host, textwrap.dedent(source)], input=stdin,
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_interactive_loop_does_not_read_the_hosts_stdin(python):
    source = """
        import sys
        sys._baserepl()
    """
    stdin = "print('read')\n"
    assert run(python, source, stdin) == "failed AttributeError\n"
    trusted = subprocess.run(
        [python, "-c", textwrap.dedent(source)], input=stdin,
        capture_output=True, text=True, timeout=120)
    assert "read" in trusted.stdout


def test_fresh_memory_shows_nothing_of_the_host(python):
    """What readinto() is given was the host's, not long ago."""
    host = """
import io, restrict, sys
secret = b"host's secret " * 8000
keep = [secret + bytes([i]) for i in range(50)]
source = sys.argv[1]
with restrict.Interpreter() as guest:
    del keep
    guest.exec(source)
    print("seen", guest.eval("seen"))
"""
    source = """
        import io
        seen = 0
        class Raw(io.RawIOBase):
            def readable(self):
                return True
            def readinto(self, view):
                global seen
                seen += bytes(view).count(b"secret")
                return 0
        for size in (600, 5000, 100_000, 112_001):
            for i in range(20):
                Raw().read(size)
                io.BufferedReader(Raw(), size).read(1)
    """
    assert run(python, source, host=host) == "seen 0\n"


def test_a_module_taken_out_comes_back_the_same(python):
    source = """
        import gc, sys
        import _struct
        before = id(_struct)
        del sys.modules["_struct"], _struct
        gc.collect()
        import _struct
        print(id(_struct) == before)
    """
    assert run(python, source) == "ended True\n\n"


def test_a_record_has_no_control_characters(python):
    """Nor such as a terminal or a log viewer takes for one."""
    host = """
import restrict, sys
with restrict.Interpreter() as guest:
    guest.exec(sys.argv[1])
    for denial in guest.denials:
        print(ascii(denial.subject))
"""
    source = """
        for name in ("a\\x1b[2J", "b\\x9b2J", "c\\u2028d", "e\\u202ef",
                     "g\\u2066h", "é"):
            try:
                __import__(name)
            except ImportError:
                pass
    """
    assert run(python, source, host=host).split() == [
        r"'a?[2J'", r"'b?2J'", r"'c?d'", r"'e?f'", r"'g?h'", r"'\xe9'"]


def test_a_long_name_is_refused_like_any_other(python):
    """Its message is cut in the middle of a character."""
    source = """
        import restrict
        for name in ("é" * 300, "x" + "é" * 300, "\\U0001f600" * 100):
            try:
                __import__(name)
            except restrict.RestrictedImportError:
                print("refused")
    """
    assert run(python, source).split() == ["ended"] + 3 * ["refused"]


def test_a_failure_can_be_printed(python):
    """Half characters cannot be encoded; a name is one line."""
    host = """
import restrict, sys
try:
    restrict.run(sys.argv[1])
except restrict.GuestError as exc:
    print(exc.type_name.isprintable(), exc.type_name)
    for text in (str(exc), exc.message, exc.traceback):
        text.encode("utf-8")
"""
    source = """
        class E(Exception):
            pass
        E.__qualname__ = "a\\nb\\x1b[2J\\ud800"
        E.__module__ = "\\udfff"
        raise E("\\ud800")
    """
    assert run(python, source, host=host) == "True a\\nb\\x1b[2J\\ud800\n"


def test_a_codec_error_shows_no_memory(python):
    """Its text has a byte of an object that may be any by then, or none."""
    source = """
        class Reason(str):
            def __str__(self):
                del error.object
                return "reason"
        for error in (UnicodeDecodeError("utf-8", b"ab", 0, 1, "r"),
                      UnicodeEncodeError("utf-8", "ab", 0, 1, "r"),
                      UnicodeTranslateError("ab", 0, 1, "r")):
            text = str(error)
            for change in ("error.object = 1e300", "error.object = 2**200",
                           "error.reason = Reason()"):
                exec(change)
                error.start, error.end = 1000, 1001
                try:
                    print(str(error))
                except TypeError:
                    print("refused")
    """
    assert run(python, source).split() == ["ended"] + 9 * ["refused"]


def test_stripping_what_is_emptied_meanwhile(python):
    source = """
        class Blanks:
            def __buffer__(self, flags):
                return memoryview(b" ")
            def __release_buffer__(self, view):
                target.clear()
                kept.append(bytearray(b"secret" * 1000))
        kept = []
        for strip in (bytearray.strip, bytearray.lstrip, bytearray.rstrip):
            target = bytearray(b"x" * 6000)
            print(strip(target, Blanks()) == b"x" * 6000)
    """
    assert run(python, source).split() == ["ended"] + 3 * ["True"]
