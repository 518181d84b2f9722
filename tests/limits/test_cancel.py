"""PyRestrict_Cancel() of a guest without any cap, whatever it waits for."""

import os
import subprocess
import textwrap

import pytest

FOREVER = {
    "sleep": "import time\ntime.sleep(3600)",
    "sleep again and again": "import time\nwhile True:\n"
                             "    try: time.sleep(3600)\n"
                             "    except BaseException: pass",
    "loop": "while True: pass",
    "lock": "import _thread\nl = _thread.allocate_lock()\n"
            "l.acquire()\nl.acquire()",
    "lock with a timeout": "import _thread\nl = _thread.allocate_lock()\n"
                           "l.acquire()\nl.acquire(True, 3600)",
    "stdin": "import sys\nsys.stdin.read()",
    "input": "input()",
}


@pytest.mark.parametrize("deaf", [0, 1], ids=["", "signals-blocked"])
@pytest.mark.parametrize("name", FOREVER)
def test_from_c(driver, name, deaf):
    """The first guest of the process: nothing was prepared for it."""
    reader, writer = os.pipe()
    try:
        [guest], _ = driver(FOREVER[name], cancel=0.3, deaf=deaf, timeout=60,
                            stdin=reader)
    finally:
        os.close(reader)
        os.close(writer)
    assert (guest["hit"], guest["setup"]) == ("cancel", "")
    assert guest["error"] == "Stopped"
    assert guest["run"] >= 0.25


def test_a_cancel_comes_before_the_run(driver):
    """Nothing runs any more, and nothing waits."""
    [guest], _ = driver("import time\ntime.sleep(0.5)\nprint('slept')\n"
                        "time.sleep(3600)", cancel=0.0001, timeout=60)
    assert (guest["hit"], guest["stdout"]) == ("cancel", "")


PROGRAM = """
import socket, sys, threading
import restrict
server = socket.create_server(("127.0.0.1", 0))
policy = restrict.Policy(
    cpu=None, wall=None, stdin="inherit",
    addresses=[("127.0.0.1", server.getsockname()[1])])
with restrict.Interpreter(policy) as guest:
    guest.exec(f"PORT = {server.getsockname()[1]}")
    threading.Timer(0.5, guest.cancel).start()
    try:
        guest.exec(sys.argv[1])
    except restrict.LimitExceeded as exc:
        print(exc.limit)
"""
SOCKET = ("import select, socket\n"
          "c = socket.create_connection(('127.0.0.1', PORT))\n")


@pytest.mark.parametrize("source", [
    FOREVER["sleep"], FOREVER["stdin"], FOREVER["lock"],
    SOCKET + "c.recv(1)", SOCKET + "c.settimeout(3600)\nc.recv(1)",
    SOCKET + "select.select([c], [], [])",
    SOCKET + "c.sendall(bytes(10**8))",
])
def test_from_python(python, source):
    reader, writer = os.pipe()
    try:
        done = subprocess.run(
            [python, "-c", textwrap.dedent(PROGRAM), source], text=True,
            stdin=reader, capture_output=True, timeout=60)
    finally:
        os.close(reader)
        os.close(writer)
    assert done.stdout == "cancel\n", done.stderr
