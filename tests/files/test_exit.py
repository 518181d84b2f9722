"""How a guest ends.

Its SystemExit is an exception like any other: PyErr_Print(), and all that
calls it, ends the process for that of a trusted interpreter.  What it wrote to
files is not lost.
"""

import gzip
import subprocess
from textwrap import dedent

import pytest


@pytest.mark.parametrize("source", [
    "import sys; sys.exit(7)", "raise SystemExit(7)", "exit_ = 7 / 0"])
def test_the_embedder_goes_on(guest, source):
    done = guest(source)
    assert done.returncode == 1         # what guest.c makes of a failure
    assert "SystemExit: 7" in done.stderr or "ZeroDivision" in done.stderr


def test_a_trusted_interpreter_ends(guest):
    assert guest("import sys; sys.exit(7)", "--trusted").returncode == 7


LEFT_OPEN = """
import os
os.chdir({folder!r})
text = open("text", "w"); text.write("hello")
data = open("data", "wb"); data.write(b"123")
both = open("both", "w+b"); both.write(b"abc"); both.seek(0); both.read(1)
both.seek(0, 2); both.write(b"def")
cycle = [open("cycle", "w")]; cycle.append(cycle); cycle[0].write("round")
import gzip
packed = gzip.open("packed", "wt"); packed.write("text")
class Loud:
    def __del__(self): print("ended")
loud = Loud()
def generate():
    try: yield
    finally: print("left")
generator = generate(); next(generator)
"""
WRITTEN = {"text": b"hello", "data": b"123", "both": b"abcdef",
           "cycle": b"round"}


@pytest.fixture
def host(python, tmp_path):
    """Run a program of a host that has `policy`, which lets a guest write to
    a folder, and `source`, a guest that does; return the folder and what the
    program printed."""
    folder = tmp_path / "out"
    folder.mkdir()
    prelude = (f"import restrict\nsource = {LEFT_OPEN!r}.format("
               f"folder={str(folder)!r})\n"
               f"grants = {{'directories': {{{str(folder)!r}: 'rw'}}}}\n"
               f"policy = restrict.Policy(**grants)\n")

    def run(program):
        done = subprocess.run([python, "-c", prelude + dedent(program)],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return folder, done.stdout
    return run


def written(folder):
    return {name: (folder / name).read_bytes() for name in WRITTEN}


@pytest.mark.parametrize("end", ["", "1/0", "raise SystemExit(1)"])
def test_a_whole_program_loses_nothing(host, end):
    """Files that it leaves open are written as those of any Python are,
    finalizers run."""
    folder, output = host(f"""
        try:
            result = restrict.run(source + {end!r}, policy)
        except restrict.GuestError as error:
            result = error.result
        print(result.stdout)
    """)
    assert written(folder) == WRITTEN
    assert gzip.decompress((folder / "packed").read_bytes()) == b"text"
    assert sorted(output.split()) == ["ended", "left"]


def test_closing_loses_nothing_that_was_written(host):
    """It runs no code of the guest, and what has methods of its own is left
    as it is."""
    folder, output = host("""
        with restrict.Interpreter(policy) as guest:
            guest.exec(source)
            guest.exec('''if True:
                import io
                class File(io.BufferedWriter):
                    def flush(self): print("flush")
                own = File(io.FileIO("own", "wb")); own.write(b"x")
                other = open("other", "w"); other.write("x")
                other.flush = lambda: print("flush")
                raw = io.FileIO("raw", "wb")
                raw.write = lambda data: print("write")
                deep = io.BufferedWriter(raw); deep.write(b"x")
            ''')
        print(guest.stdout)
    """)
    assert written(folder) == WRITTEN and output == "\n"
    for name in "own", "other", "raw":
        assert (folder / name).read_bytes() == b""


def test_a_stopped_guest_writes_no_more(host):
    folder, output = host("""
        with restrict.Interpreter(restrict.Policy(cpu=0.2, **grants)) as guest:
            try:
                guest.exec(source + "while True: pass")
            except restrict.LimitExceeded as error:
                print(error.limit)
    """)
    assert output == "cpu\n" and written(folder)["text"] == b""


def test_the_cap_of_bytes_holds_at_the_end(host):
    folder, output = host("""
        policy = restrict.Policy(file_size=4, **grants)
        with restrict.Interpreter(policy) as guest:
            guest.exec(source[:source.index("data =")])
        print(guest.closed)
    """)
    assert output == "True\n" and (folder / "text").read_bytes() == b""
