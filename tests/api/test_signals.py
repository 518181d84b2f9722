"""Signals of the host, and Ctrl-C first of all, while a guest runs."""

import pytest

PRELUDE = """
import os, signal, threading, time
P = Policy(cpu=None, wall=None)
# Whoever starts the tests in the background may have made it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

def kill_later(number, after=0.2):
    def kill():
        time.sleep(after)
        os.kill(os.getpid(), number)
    thread = threading.Thread(target=kill)
    thread.start()
    return thread
"""


@pytest.fixture
def signalled(host):
    return lambda source: host(PRELUDE + source)


@pytest.mark.parametrize("source", [
    "while True: pass",
    "try:\n while True: pass\nexcept BaseException: print('caught')\n"
    "finally: print('finally')",
    "import re\nre.match('(a*)*b', 'a' * 40)",
    "3 ** (10 ** 8)",
    "import time\ntime.sleep(100)",
    "while True: sorted(range(10**5), key=lambda x: 0)",
    "sum(range(10**11))",
    "def f():\n while True: pass\nf()",
])
def test_interrupt_stops_the_guest_and_is_raised(signalled, source):
    signalled(f"""
with Interpreter(P) as guest:
    thread = kill_later(signal.SIGINT)
    raises(KeyboardInterrupt, guest.exec, {source!r})
    thread.join()
    assert raises(LimitExceeded, guest.exec, "1").limit == "cancel"
    assert guest.stdout == ""
with Interpreter(P) as guest:
    assert guest.eval("1 + 1") == 2
""")


def test_with_a_step_limit(signalled):
    signalled("""
with Interpreter(Policy(cpu=None, wall=None, steps=10**12)) as guest:
    thread = kill_later(signal.SIGINT)
    raises(KeyboardInterrupt, guest.exec, "while True: pass")
    thread.join()
""")


def test_a_handler_that_raises_nothing(signalled):
    """It runs while the guest does, and the guest goes on."""
    signalled("""
hits = []
signal.signal(signal.SIGALRM, lambda *_: hits.append(threading.get_ident()))
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
seen = []
with Interpreter(P, functions={"hits": lambda: len(hits)}) as guest:
    guest.exec("while hits() < 5:\\n for i in range(100_000): pass")
    assert guest.eval("sum(range(10))") == 45
signal.setitimer(signal.ITIMER_REAL, 0)
assert set(hits) == {threading.get_ident()}
""")


def test_a_handler_may_cancel_but_not_use_the_guest(signalled):
    signalled("""
found = []
def handler(*_):
    found.append(raises(RuntimeError, guest.eval, "1"))
    guest.cancel()
signal.signal(signal.SIGALRM, handler)
with Interpreter(P) as guest:
    thread = kill_later(signal.SIGALRM)
    raises(LimitExceeded, guest.exec, "while True: pass")
    thread.join()
assert "handler of a signal" in str(found[0])
""")


def test_in_a_host_function_it_is_the_hosts(signalled):
    signalled("""
def wait():
    thread = kill_later(signal.SIGINT)
    try:
        time.sleep(100)
    except KeyboardInterrupt:
        return "caught by the host"
    finally:
        thread.join()
with Interpreter(P, functions={"wait": wait}) as guest:
    assert guest.eval("wait()") == "caught by the host"
    assert guest.eval("1") == 1
""")


def test_a_guest_on_another_thread_goes_on(signalled):
    signalled("""
found = []
def work():
    with Interpreter(P) as guest:
        found.append(guest.eval("sum(range(20_000_000))"))
thread = threading.Thread(target=work)
thread.start()
kill_later(signal.SIGINT, 0.05)
try:
    while thread.is_alive():
        time.sleep(0.01)
except KeyboardInterrupt:
    found.append("interrupted")
thread.join()
assert sorted(map(str, found)) == ["199999990000000", "interrupted"], found
""")
