"""Ordinary programs leave no denial: the record is for what was attempted.

A library that asks for a refused name with a default would fill the host's
record with refusals that nobody meant.
"""

import json
import subprocess

import pytest

PROGRAMS = {
    "dataclass": """
        import dataclasses
        @dataclasses.dataclass(slots=True, order=True)
        class Point:
            x: int
            y: int = 0
        assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 0}
        """,
    "signature": """
        import inspect
        def f(a, b: int = 2, *args, c, **kwargs) -> str: ...
        assert str(inspect.signature(f)) == (
            "(a, b: int = 2, *args, c, **kwargs) -> str")
        """,
    "annotations": """
        import inspect
        def f(a: int): ...
        assert inspect.get_annotations(f) == {"a": int}
        """,
    "hints": """
        import typing
        def f(a: "int") -> "str": ...
        assert typing.get_type_hints(f) == {"a": int, "return": str}
        """,
    "wraps": """
        import functools
        def f(): "doc"
        @functools.wraps(f)
        def g(): ...
        assert g.__doc__ == "doc"
        """,
    "singledispatch": """
        import functools
        @functools.singledispatch
        def f(x): return "any"
        @f.register
        def _(x: int): return "int"
        assert f(1) == "int" and f("") == "any"
        """,
    "platform": """
        import os, platform
        assert platform.system() == "Linux"
        assert os.uname().sysname == "Linux"
        """,
    "logging": """
        import logging
        logging.getLogger("a").warning("said")
        """,
    "unittest": """
        import unittest
        class Case(unittest.TestCase):
            def test(self): self.assertEqual(1, 1)
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(Case)
        assert unittest.TextTestRunner().run(suite).wasSuccessful()
        """,
    "traceback": """
        import traceback
        try:
            1 / 0
        except ZeroDivisionError:
            assert "ZeroDivisionError" in traceback.format_exc()
        """,
    "signatures of built-in functions": """
        import inspect
        assert str(inspect.signature(len)) == "(obj, /)"
        assert str(inspect.signature([].append)) == "(object, /)"
        assert str(inspect.signature((1).__add__)) == "(value, /)"
        assert str(inspect.signature(int.__add__)) == "(self, value, /)"
        assert str(inspect.signature(dict.fromkeys)) == (
            "(iterable, value=None, /)")
        """,
    "is it awaitable": """
        import inspect
        assert not inspect.isawaitable(i for i in ())
        """,
    "the source of a function": """
        import inspect
        def f(): ...
        assert inspect.getsourcefile(f) in (None, "<string>", "<guest>")
        assert inspect.getcomments(f) is None
        """,
    "tokenize": """
        import io, tokenize
        assert len(list(tokenize.tokenize(io.BytesIO(b"a").readline))) == 4
        read = iter([b"# coding: latin-1"]).__next__
        assert tokenize.detect_encoding(read)[0] == "iso-8859-1"
        """,
    "mock": """
        import unittest.mock
        def f(a): ...
        mock = unittest.mock.create_autospec(f)
        mock(1)
        mock.assert_called_once_with(1)
        """,
    "tasks": """
        import asyncio
        async def main():
            return repr(asyncio.current_task())
        assert "coro=<main()" in asyncio.run(main())
        """,
    "never awaited": """
        import warnings
        async def f(): ...
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            f()
        assert str(caught[0].message) == "coroutine 'f' was never awaited"
        """,
    "mimetypes": """
        import mimetypes
        assert mimetypes.guess_type("a.txt")[0] == "text/plain"
        """,
    "message ids": """
        import email.utils
        assert email.utils.make_msgid(domain="x.org").endswith("@x.org>")
        """,
    "the machine": """
        import platform, uuid
        name = platform.platform()
        assert name == "Linux" if __restricted__ else "Linux" in name
        assert uuid.uuid1().version == 1
        """,
    "resource-warning": """
        import warnings
        warnings.simplefilter("always")
        warnings.warn("left open", ResourceWarning, source=object())
        """,
}

HOST = """
import json, restrict, sys, textwrap
source = textwrap.dedent(sys.stdin.read())
with restrict.Interpreter(restrict.Policy()) as guest:
    guest.exec(source)
    print(json.dumps([denial.subject for denial in guest.denials]))
exec(source, {"__name__": "__main__"})
"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_denial(python, name):
    done = subprocess.run([python, "-c", HOST], input=PROGRAMS[name],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_uname_tells_no_more(python):
    """The kind of system is in sys.platform; the machine stays unknown."""
    source = "import os\ntuple(os.uname())"
    code = ("import os, restrict; "
            f"print(restrict.run({source!r}).value); print(os.uname()[1])")
    done = subprocess.run([python, "-c", code], capture_output=True,
                          text=True, check=True)
    guest, host = done.stdout.splitlines()
    assert guest == "('Linux', '', '', '', '')"
    assert host != ""
