"""A guest's traceback reads like Python's own, marks and all."""

import subprocess

import pytest

# Each fails in a way of its own: sums, calls, subscripts, many lines.
SOURCES = [
    'def f(a, b=0):\n'
    '    return a / b\n'
    'def g(x):\n'
    '    return f(x,\n'
    '             0)\n'
    'g(1)\n',
    'def f(a,b): 1/0\n'
    'def h():\n'
    '    return f(1, 0)\n'
    'x = h()\n',
    'def f(a,b): 1/0\n'
    'class C: pass\n'
    'c=C()\n'
    'c.x = f(1,2)\n',
    'd={"a":{}}\n'
    'y = d["a"]["b"] + 1\n',
    'd={"a":{"b":"s"}}\n'
    'y = d["a"]["b"] + 1\n',
    'def n(d): return -d ** 2 + len(d)\n'
    'n([])\n',
    'class C:\n'
    '    class foo:\n'
    '        def bar(*a): 1/0\n'
    'def p(q):\n'
    '    return q.foo.bar(1,\n'
    '       2,\n'
    '       3, 4,\n'
    '       5, 6\n'
    '    )\n'
    'p(C)\n',
    'def p(*q): 1/0\n'
    'p(1,\n'
    '  2,\n'
    '  3,\n'
    '  4,\n'
    '  5,\n'
    '  6,\n'
    '  7)\n',
    'def r(): raise ValueError("x")\n'
    'r()\n',
    'def s(t):\n'
    '    "ä"; return (t.é + 1) * 2\n'
    's(1)\n',
    'x = (\n'
    '        1 +\n'
    '        "a")\n',
    'x = (1,\n'
    '   2,\n'
    '   3)[\n'
    '     7\n'
    '   ]\n',
    '"日本" + 1\n',
    'f"{1/0}"\n',
    'x = [i/0 for i in range(3)]\n',
    'a = b = c\n',
    '1 if 1/0 else 2\n',
    'assert 1 == 2, "no"\n',
    '(lambda: 1/0)()\n',
    'x = -"a"\n',
    'x = not (1/0)\n',
    'x = 1 < "a"\n',
    'x = 5 - -"a"\n',
    'x = 2 ** 3 ** "a"\n',
    'x = (2 ** 3) ** "a" * 3\n',
    'x = 10 - 5 - "a"\n',
    'x = 1 << 2 | "a"\n',
    'def f(): pass\n'
    'f()()\n',
    'd = {}\n'
    'd["x"].y.z\n',
    'd = {}\n'
    'd.y["x"]\n',
    'd={}\n'
    'd["ab"\n'
    ']\n'
    '\n',
    'x = "abc" % (1, 2)\n',
    'x = "a\'b" + \'c"d\' + 1\n',
    'x = """a\n'
    'b""" + 1\n',
    'x = [1,\n'
    '2] + 3\n',
    'x = 1e-5 + "a"\n',
    'x = 0x1e + "a"\n',
    '\n'
    'class A:\n'
    '    def __enter__(self): 1/0\n'
    '    def __exit__(*a): pass\n'
    'with A() as x:\n'
    '    pass\n',
    'for x in 3: pass\n',
    'a, b = 1\n',
    'del x[3]\n',
    'x = [1][0:2:0]\n',
    'async def f(): 1/0\n'
    'f().send(None)\n',
    'print(undefined, 3)\n',
    'raise KeyError(\n'
    '  "x"\n'
    ')\n',
    'def f():\n'
    '    yield from g(\n'
    '      3)\n'
    'def g(x): yield 1/0\n'
    'list(f())\n',
    '@(1/0)\n'
    'def f(): pass\n',
    'def deep(n):\n'
    '    return deep(n-1) if n else 1/0\n'
    'deep(5)\n',
    'x = 3 @ 4\n',
    'x = (3).foo\n',
    'x = [1,2,3][1 + \n'
    '   1 + 5]\n',
    'lst = [1]\n'
    'lst[5] = 3\n',
    'lst = [1]\n'
    'lst[5] += 3\n',
    'x = 3\n'
    'x += "a"\n',
    'try:\n'
    '    1/0\n'
    'except ZeroDivisionError as e:\n'
    '    raise ValueError("v") from e\n',
    'class X:\n'
    '    y = 1/0\n',
    # What may have been meant.
    'pritn(1)\n',
    'json.loads("1")\n',
    'heap = 1\n'
    'heapq\n',
    'def f(argument): return arguments\n'
    'f(1)\n',
    'def f():\n'
    '    if f is None: value = 1\n'
    '    values = 1\n'
    '    return value\n'
    'f()\n',
    'class A:\n'
    '    value = 1\n'
    '    def f(self): return value\n'
    'A().f()\n',
    'class A:\n'
    '    _hidden = 1\n'
    '    def f(self): return self.hiden\n'
    'A().f()\n',
    'class A:\n'
    '    _hidden = 1\n'
    'A().hiden\n',
    'class A:\n'
    '    def blech(self): pass\n'
    'A().bleck()\n',
    '"".uper()\n',
    'from math import sqr\n',
    'import textwrap\n'
    'textwrap.dedend\n',
    'try:\n'
    '    naem\n'
    'except NameError as name:\n'
    '    raise ExceptionGroup("g", [name])\n',
    # Groups: what each member says, where it was raised, what led to it.
    'raise ExceptionGroup("g", [ValueError(1), ExceptionGroup("h", '
    '[KeyError("k")])])\n',
    'def member(n):\n'
    '    try:\n'
    '        [].pop() if n % 2 else 1/0\n'
    '    except Exception as e:\n'
    '        e.add_note(f"note {n}")\n'
    '        return e\n'
    'raise ExceptionGroup("many", [member(n) for n in range(20)])\n',
    'try:\n'
    '    raise ExceptionGroup("one", [TypeError("a\\nb")])\n'
    'except* TypeError:\n'
    '    raise OSError(2, "gone")\n',
    'try:\n'
    '    raise ExceptionGroup("g", [ExceptionGroup("h", [ValueError(3)]), '
    'KeyError(4)])\n'
    'except Exception as e:\n'
    '    raise RuntimeError("after") from e\n',
    # Source that is none.
    'def f():\n'
    'return 1\n',
    'x = (1,\n'
    'y = 3\n',
    'print "text"\n',
    'for x in range(3)\n'
    '    pass\n',
    'x = "abc\n',
    'a b c\n',
    'f(x for x in y, 1)\n',
    'x = {1: 2, 3}\n',
    '1 + = 2\n',
    '1 = x\n',
    'x = (a b,\n'
    '     c)\n',
]


@pytest.mark.parametrize("source", SOURCES)
def test_like_pythons_own(host, python, tmp_path, source):
    path = tmp_path / "guest.py"
    path.write_text(source, encoding="utf-8")
    theirs = subprocess.run([python, path], capture_output=True, text=True,
                            encoding="utf-8").stderr
    ours = host(f"""
        policy = Policy(filesystem_info=True)
        error = raises(GuestError, restrict.run, {source!r}, policy,
                       filename={str(path)!r})
        print(error.traceback, end="")
    """)
    assert ours == theirs and "Error" in ours


@pytest.mark.parametrize("line", [
    r"'\d' + 1", r"'\d'[5]", "print(1or 1, 1/0)", "(1/0) # '''",
    "[" * 90 + "1/0" + "]" * 90,
])
def test_the_hosts_parser_is_not_at_work(host, line):
    """A guest's line gives the host no warning, nothing to compile, no file
    to look for."""
    host(f"""
        import sys
        seen = []
        sys.addaudithook(lambda *event: seen.append(event))
        with restrict.Interpreter() as guest:
            for source in "'\u00fc' + 1/0", {line!r}:
                del seen[:]
                error = raises(GuestError, guest.exec, source)
                assert "<module>" in error.traceback
        names = [event for event, _ in seen]
        assert "compile" not in names and "open" not in names, seen
    """)


def test_a_guests_own_traceback_shows_its_lines(host):
    """What a guest prints of its exception has the lines that the host gave
    it, of the last text with the file name; a text goes with its code."""
    host("""
        source = dedent('''
            import traceback
            def f():
                return 1 / 0
            try:
                f()
            except ZeroDivisionError:
                traceback.print_exc()
        ''')
        with Interpreter() as guest:
            for filename in ("<guest>", "script.py", "/etc/passwd"):
                guest.exec(source, filename=filename)
                assert "    return 1 / 0" in guest.stderr, guest.stderr
                assert "~~^~~" in guest.stderr
                guest.run("")
            error = guest.run("import linecache\\n"
                              "linecache.getline('<guest>', 1)\\n"
                              "linecache.getline('<guest>', 2)\\n").value
            assert error == "linecache.getline('<guest>', 1)\\n"
            guest.exec("x = 1", filename="<guest>")
            assert guest.eval("linecache.getlines('/etc/passwd')")[1] == (
                "import traceback\\n")
            assert guest.eval("linecache.getlines('/etc/hosts')") == []
            guest.exec("x = 1", filename="short.py")
            guest.exec("pass")
            assert guest.eval("linecache.getlines('short.py')") == []
            for i in range(200):
                guest.exec(f"def f{i}(): pass", filename=f"{i}.py")
            assert guest.eval("linecache.getlines('/etc/passwd')") == []
            assert guest.eval("linecache.getlines('199.py')") == [
                "def f199(): pass"]
    """)


def test_each_frame_shows_its_own_text(host, tmp_path):
    """Also when many texts have one name, as the cells of a notebook; and
    what is imported from a folder of the policy shows its lines."""
    (tmp_path / "helper.py").write_text(
        "def bad():\n    # fails\n    raise ValueError('bad')\n")
    host("""
        import sys
        with Interpreter(Policy(path=[sys.argv[1]])) as guest:
            guest.exec("def f(x):\\n    y = 1\\n    return 1 / x")
            error = raises(GuestError, guest.exec,
                           "a = 5\\nb = 6\\nprint('other', f(0))")
            assert "    print('other', f(0))\\n" in error.traceback
            assert "    return 1 / x\\n" in error.traceback
            guest.exec("z = 1\\nq = 2\\nr = 'the third line'")
            error = raises(GuestError, guest.call, "f", 0)
            assert "    return 1 / x\\n" in error.traceback
            guest.exec("import traceback\\n"
                       "try: f(0)\\n"
                       "except ZeroDivisionError: traceback.print_exc()")
            assert "    try: f(0)\\n" in guest.stderr
            assert "    return 1 / x\\n" in guest.stderr
            error = raises(GuestError, guest.exec,
                           "exec(compile('1/0', '<guest>', 'exec'))")
            assert error.traceback.count("\\n    ") == 2, error.traceback
            error = raises(GuestError, guest.exec,
                           "import helper\\nhelper.bad()")
            assert "    raise ValueError('bad')\\n" in error.traceback
            assert guest.eval("__import__('inspect').getsource(helper.bad)"
                              ).startswith("def bad():\\n")
            error = raises(GuestError, guest.exec, "x = 1\\nreturn x")
            assert "    return x\\n" in error.traceback
    """, str(tmp_path))
