"""Limits reach into the network: time, sockets, bytes, and the end."""

import subprocess
import threading

import pytest
from net.conftest import free_port

# Each waits for ever, with a peer that says nothing.
BLOCKING = {
    "recv": "c.recv(1)",
    "recv with a timeout": "c.settimeout(1000); c.recv(1)",
    "recv_into": "c.recv_into(bytearray(10))",
    "recvmsg": "c.recvmsg(1)",
    "recv all": "c.recv(10, socket.MSG_WAITALL)",
    "recvfrom": "u.recvfrom(1)",
    "sendall": "c.sendall(b'x' * 50_000_000)",
    "send": "while True: c.send(b'x' * 1000_000)",
    "accept": "s.accept()",
    "select": "select.select([c], [], [])",
    "poll": "p = select.poll(); p.register(c, 1); p.poll()",
    "selector": "p = selectors.DefaultSelector(); p.register(c, 1); "
                "p.select()",
    "makefile": "c.makefile().read()",
    "tls": "context.wrap_socket(c)",
    "tls with a timeout": "c.settimeout(1000); context.wrap_socket(c)",
    "connect": "socket.create_connection(('127.0.0.1', PORT)).close(); "
               "s.listen(0)\nwhile True: "
               "keep.append(socket.create_connection(('127.0.0.1', PORT)))",
    "swallowing": "while True:\n    try: c.recv(1)\n"
                  "    except BaseException: pass\n    finally: c.recv(1)",
}
SCRIPT = """
import select, selectors, socket, ssl
keep = []
context = ssl._create_unverified_context()
s = socket.create_server(("127.0.0.1", PORT))
c = socket.create_connection(("127.0.0.1", PORT))
other, _ = s.accept()
u = socket.socket(type=socket.SOCK_DGRAM)
u.bind(("127.0.0.1", PORT))
"""


@pytest.mark.parametrize("name", BLOCKING)
def test_blocking_calls_end(guest, name):
    script = (SCRIPT + BLOCKING[name]).replace("PORT", str(free_port()))
    outcome = guest(script, addresses=[["127.0.0.1", 0]], wall=1.0,
                    sockets=None, net_bytes=None)
    assert outcome.limit == "wall", outcome
    # 50 ms on an idle machine; a busy one adds its own.
    assert outcome.seconds < 5.0


def test_cancel(python, tcp):
    program = f"""
import restrict, threading, time
policy = restrict.Policy(addresses=[("127.0.0.1", {tcp.port})], wall=None)
with restrict.Interpreter(policy) as guest:
    guest.exec("import socket\\n"
               "c = socket.create_connection(('127.0.0.1', {tcp.port}))")
    def cancel():
        global moment
        moment = time.monotonic()
        guest.cancel()
    threading.Timer(0.5, cancel).start()
    try:
        guest.exec("c.recv(1)")
    except restrict.LimitExceeded as exc:
        print(exc.limit, time.monotonic() - moment < 0.5)
"""
    done = subprocess.run([python, "-c", program], capture_output=True,
                          text=True)
    assert done.stdout == "cancel True\n", done.stderr


def test_cpu(guest, tcp):
    script = f"""
import socket
c = socket.create_connection(("127.0.0.1", {tcp.port}))
c.setblocking(False)
while True:
    try:
        c.recv(1)
    except BlockingIOError:
        pass
"""
    outcome = guest(script, addresses=[tcp.address], cpu=0.5)
    assert outcome.limit == "cpu"


def test_open_sockets(guest):
    script = """
import socket
keep = []
def open_all():
    while len(keep) < 100:
        keep.append(socket.socket())
error = attempt(open_all)
counts = [len(keep), getattr(error, "errno", 0)]
keep.pop().close()
keep.append(socket.socket())
counts.append(verdict(socket.socket))
keep.clear()
for _ in range(300):
    socket.socket()             # collected: no room is lost
import os
for _ in range(300):
    os.close(socket.socket().detach())
show(counts)
"""
    grants = {"addresses": [["127.0.0.1", 0]]}
    assert guest(script, sockets=7, **grants).value == [7, 24, "OSError"]
    assert guest(script, **grants).value == [64, 24, "OSError"]
    assert guest(script, sockets=None, **grants).value == [100, 0, "ok"]


def test_accepted_sockets_are_counted(guest):
    port = free_port()
    script = f"""
import socket
s = socket.create_server(("127.0.0.1", {port}))
c = socket.create_connection(("127.0.0.1", {port}))
show([verdict(s.accept), s.fileno() > 0])
"""
    grants = {"addresses": [["127.0.0.1", port]]}
    assert guest(script, sockets=2, **grants).value == ["OSError", True]
    assert guest(script, sockets=3, **grants).value == ["ok", True]


SENDERS = {
    "send": "c.send(b'x' * 1000)",
    "sendall": "c.sendall(b'x' * 1000)",
    "sendmsg": "c.sendmsg([b'x' * 500] * 2)",
    "sendto": "u.sendto(b'x' * 1000, ('127.0.0.1', UDP))",
}


@pytest.mark.parametrize("name", SENDERS)
def test_bytes_sent(guest, tcp, udp, name):
    script = f"""
import socket
c = socket.create_connection(("127.0.0.1", {tcp.port}), 20)
u = socket.socket(type=socket.SOCK_DGRAM)
for i in range(1, 20):
    {SENDERS[name].replace("UDP", str(udp.port))}
    print(i, flush=True)
show(i)
"""
    grants = {"addresses": [tcp.address, udp.address]}
    outcome = guest(script, net_bytes=5500, **grants)
    assert outcome.limit == "net_bytes"
    # send() may send less than all.
    assert outcome.stdout.split()[-1] == ("6" if name == "send" else "5")
    assert guest(script, net_bytes=19000, **grants).value == 19
    assert guest(script, net_bytes=None, **grants).value == 19
    assert guest(script, net_bytes=0, **grants).limit == "net_bytes"


def test_a_stream_is_cut_at_the_cap(guest):
    """Not a byte more reaches the peer."""
    import socket as host_socket

    got = []
    with host_socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def peer():
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    got.append(data)

        thread = threading.Thread(target=peer)
        thread.start()
        outcome = guest(f"""
import socket
c = socket.create_connection(("127.0.0.1", {port}))
c.sendall(b"x" * 1000_000)
""", addresses=[["127.0.0.1", port]], net_bytes=12345)
        thread.join()
    assert outcome.limit == "net_bytes"
    assert sum(map(len, got)) == 12345


def test_bytes_received(guest, tcp):
    script = f"""
import socket
c = socket.create_connection(("127.0.0.1", {tcp.port}), 20)
c.sendall(b"x" * 1000)
n = 0
while n < 1000:
    n += len(c.recv(100))
    print(n, flush=True)
show(n)
"""
    outcome = guest(script, addresses=[tcp.address], net_bytes=1500)
    assert outcome.limit == "net_bytes"
    assert 400 <= int(outcome.stdout.split()[-1]) <= 500
    assert guest(script, addresses=[tcp.address], net_bytes=2000).value == 1000


def test_bytes_of_tls_are_counted_on_the_wire(guest, build_dir):
    """The handshake counts too."""
    from net.test_tls import by_name, web

    folder = build_dir.parent / "cpython" / "Lib" / "test" / "certdata"
    with web(folder) as peer:
        script = f"""
import socket, ssl
context = ssl._create_unverified_context()
for i in range(5):
    with socket.create_connection(("127.0.0.1", {peer.port}), 20) as s:
        context.wrap_socket(s).write(b"a")
    print(i, flush=True)
show(i)
"""
        assert guest(script, **by_name(peer)).value == 4
        # Under 10 kB a handshake, over 1 kB.
        outcome = guest(script, net_bytes=5000, **by_name(peer))
        assert outcome.limit == "net_bytes"


def test_sockets_are_closed_at_the_end(python, tcp):
    """Whatever the guest left open, also after a stop; and nothing grows."""
    program = f"""
import os, restrict
def count():
    return len(os.listdir("/proc/self/fd"))
policy = restrict.Policy(addresses=[("127.0.0.1", {tcp.port})])
source = '''
import socket
keep = [socket.create_connection(("127.0.0.1", {tcp.port}))
        for _ in range(10)]
keep[0].detach()
keep.append(keep)
'''
counts = []
for _ in range(5):
    for end in ("", "while True: pass"):
        with restrict.Interpreter(policy) as guest:
            guest.exec(source)
            if end:
                guest.cancel()
                try:
                    guest.exec(end)
                except restrict.LimitExceeded:
                    pass
    counts.append(count())
print(len(set(counts)))
"""
    done = subprocess.run([python, "-c", program], capture_output=True,
                          text=True)
    assert done.stdout == "1\n", done.stderr


def test_closing_does_not_linger(python):
    """A peer that reads nothing does not hold the host up."""
    program = """
import restrict, socket, struct, time
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
policy = restrict.Policy(addresses=[("127.0.0.1", port)])
guest = restrict.Interpreter(policy)
guest.exec(f'''
import socket, struct
c = socket.create_connection(("127.0.0.1", {port}))
try:
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                 struct.pack("ii", 1, 1000))
except PermissionError:
    c.setblocking(False)
    try:
        while True:
            c.send(b"x" * 100000)
    except BlockingIOError:
        pass
''')
start = time.monotonic()
guest.close()
print(time.monotonic() - start < 5)
"""
    done = subprocess.run([python, "-c", program], capture_output=True,
                          text=True)
    assert done.stdout == "True\n", done.stderr
