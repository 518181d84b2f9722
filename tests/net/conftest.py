"""Guests with grants of the network, and peers for them on loopback."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# What a script starts with: `verdict(f)` is "ok" or the name of an exception.
PRELUDE = """\
import json
def attempt(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as exc:
        return exc
def verdict(function, *args, **kwargs):
    result = attempt(function, *args, **kwargs)
    return type(result).__name__ if isinstance(result, Exception) else "ok"
def show(value):
    print(json.dumps(value))
"""


@dataclass
class Outcome:
    """What came of a script."""

    stdout: str
    error: str | None              # "Type: message" of what ended it
    limit: str | None              # that stopped it
    seconds: float                 # in which it ran
    denials: list[list] = field(default_factory=list)  # capability, subject,
    # grant

    @property
    def value(self):
        """What the script showed last."""
        assert self.error is None and self.limit is None, self
        return json.loads(self.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def guest(python, tmp_path_factory):
    """Run a script in a guest: guest(script, addresses=[...], ...).

    trusted=True runs it unrestricted in the same interpreter instead; wrap is
    a command to run the whole under, resolve a dict that stands for the DNS.
    """
    folder = tmp_path_factory.mktemp("net")

    def run(script, *, trusted=False, env=None, wrap=(), timeout=120,
            resolve=None, **policy):
        task = folder / "task.json"
        task.write_text(json.dumps({
            "script": PRELUDE + script, "trusted": trusted, "policy": policy,
            "resolve": resolve}))
        done = subprocess.run(
            [*wrap, python, "-X", "faulthandler", HERE / "driver.py", task],
            capture_output=True, text=True, timeout=timeout, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        return Outcome(**json.loads(done.stdout.splitlines()[-1]))
    return run


@dataclass
class Peer:
    """A server of the tests' own."""

    host: str
    port: int
    seen: list = field(default_factory=list)       # what it received

    @property
    def address(self):
        return [self.host, self.port]


@contextlib.contextmanager
def serve(handle, *, family=socket.AF_INET, host="127.0.0.1",
          kind=socket.SOCK_STREAM):
    """Run handle(socket, peer) for each connection, or for each datagram."""
    with socket.socket(family, kind) as listener:
        listener.bind((host, 0))
        peer = Peer(host, listener.getsockname()[1])
        stopped = threading.Event()
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listener.settimeout(0.1)

        def work(connection):
            with connection, contextlib.suppress(OSError):
                connection.settimeout(20)
                handle(connection, peer)

        def loop():
            while not stopped.is_set():
                try:
                    if kind == socket.SOCK_DGRAM:
                        handle(listener, peer)
                        continue
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=work, args=(connection,),
                                 daemon=True).start()

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        yield peer
        stopped.set()
        thread.join()


def echo(connection, peer):
    while data := connection.recv(65536):
        peer.seen.append(data)
        connection.sendall(data)


def echo_datagram(listener, peer):
    data, sender = listener.recvfrom(65536)
    peer.seen.append(data)
    listener.sendto(data.upper(), sender)


@pytest.fixture
def tcp():
    """A TCP server on 127.0.0.1 that sends back what it gets."""
    with serve(echo) as peer:
        yield peer


@pytest.fixture
def other():
    """Another one, for what is refused."""
    with serve(echo) as peer:
        yield peer


@pytest.fixture
def tcp6():
    """The same on ::1."""
    if not has_ipv6():
        pytest.skip("the machine has no IPv6")
    with serve(echo, family=socket.AF_INET6, host="::1") as peer:
        yield peer


@pytest.fixture
def udp():
    """A UDP server on 127.0.0.1 that answers in capitals."""
    with serve(echo_datagram, kind=socket.SOCK_DGRAM) as peer:
        yield peer


def _first_bytes(port, source):
    """Connect from an address, when somebody listens; return what comes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(
                    ("127.0.0.1", port), 20, (source, 0)) as sock:
                return sock.recv(10)
        except ConnectionRefusedError:
            time.sleep(0.05)
        except ConnectionResetError:
            return b""
    return None


@contextlib.contextmanager
def connect_from(port, *sources):
    """Connect from each of the addresses in turn, meanwhile; the list that
    fills with what each got."""
    got = []
    thread = threading.Thread(
        target=lambda: got.extend(_first_bytes(port, source)
                                  for source in sources))
    thread.start()
    yield got
    thread.join()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


if sys.platform != "linux":
    collect_ignore_glob = ["*"]
