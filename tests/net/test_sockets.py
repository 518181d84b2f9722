"""Raw sockets: each method, with its address allowed and not."""

import socket

import pytest
from net.conftest import connect_from, free_port

REFUSED = "RestrictedPermissionError"


# --- Import ------------------------------------------------------------------

@pytest.mark.parametrize("module", ["socket", "_socket", "select",
                                    "selectors"])
def test_import_needs_a_grant(guest, module):
    script = f"import {module}\nshow(1)"
    outcome = guest(script)
    assert outcome.error == (f"RestrictedImportError: import of '{module}' "
                             f"is not allowed")
    [[capability, subject, grant]] = outcome.denials
    assert (capability, subject) == ("import", module)
    assert grant.startswith("addresses = ")
    assert guest(script, addresses=[["192.0.2.1", 80]]).value == 1
    assert guest(script, network_info=True).value == 1
    assert guest(script, modules=["socket", "_socket", "select",
                                  "selectors"]).value == 1


def test_a_module_without_a_grant_makes_no_sockets(guest):
    """The host may allow the import, for a program that does without."""
    script = """
import socket
show([verdict(socket.socket), verdict(socket.getaddrinfo, "a.test", 80)])
"""
    outcome = guest(script, modules=["socket", "_socket", "select",
                                     "selectors"])
    assert outcome.value == [REFUSED, REFUSED]


# --- Going out ---------------------------------------------------------------

CONNECT = """
import socket
def exchange(address):
    with socket.socket() as s:
        s.settimeout(20)
        s.connect(tuple(address))
        s.sendall(b"hello")
        return s.recv(100).decode()
def exchange_ex(address):
    with socket.socket() as s:
        s.settimeout(20)
        s.connect_ex(tuple(address))
        s.sendall(b"hello")
        return s.recv(100).decode()
def create(address):
    with socket.create_connection(tuple(address), 20) as s:
        s.send(b"hello")
        return s.recv(100).decode()
show([verdict(f, a) for f in (exchange, exchange_ex, create)
      for a in (ALLOWED, ANOTHER)])
"""


def test_connect(guest, tcp, other):
    script = CONNECT.replace("ALLOWED", repr(tcp.address)).replace(
        "ANOTHER", repr(other.address))
    outcome = guest(script, addresses=[tcp.address])
    assert outcome.value == ["ok", REFUSED] * 3
    assert tcp.seen == [b"hello"] * 3
    assert other.seen == []
    assert outcome.denials == [
        ["address", f"127.0.0.1:{other.port}",
         f'addresses = [["127.0.0.1", {other.port}]]']] * 3
    assert guest(script, trusted=True).value == ["ok"] * 6
    assert guest(script, addresses=[tcp.address,
                                    other.address]).value == ["ok"] * 6


def test_connect_ipv6(guest, tcp6):
    script = f"""
import socket
def exchange():
    with socket.socket(socket.AF_INET6) as s:
        s.connect(("::1", {tcp6.port}))
        s.sendall(b"hello")
        assert s.recv(100) == b"hello"
show(verdict(exchange))
"""
    assert guest(script, addresses=[tcp6.address]).value == "ok"
    assert guest(script, trusted=True).value == "ok"
    outcome = guest(script, addresses=[["0.0.0.0/0", 0]])
    assert outcome.value == REFUSED
    assert outcome.denials == [
        ["address", f"[::1]:{tcp6.port}",
         f'addresses = [["::1", {tcp6.port}]]']]


def test_datagrams_go_to_allowed_addresses(guest, udp):
    script = f"""
import socket
A = ("127.0.0.1", {udp.port})
s = socket.socket(type=socket.SOCK_DGRAM)
s.settimeout(20)
def ask(send):
    send()
    return s.recvfrom(100) == (b"HELLO", A) or 1 / 0
connected = socket.socket(type=socket.SOCK_DGRAM)
connected.settimeout(20)
def connect():
    connected.connect(A)
    connected.send(b"hello")
    return connected.recv(100) == b"HELLO" or 1 / 0
show([verdict(ask, lambda: s.sendto(b"hello", A)),
      verdict(ask, lambda: s.sendto(b"hello", 0, A)),
      verdict(ask, lambda: s.sendmsg([b"hel", b"lo"], [], 0, A)),
      verdict(connect)])
"""
    assert guest(script, addresses=[udp.address]).value == ["ok"] * 4
    assert guest(script, trusted=True).value == ["ok"] * 4
    seen = len(udp.seen)
    outcome = guest(script, addresses=[["127.0.0.1", udp.port ^ 1]])
    assert outcome.value == [REFUSED] * 4
    assert len(udp.seen) == seen
    assert {row[1] for row in outcome.denials} == {f"127.0.0.1:{udp.port}"}


def test_everywhere_is_not_the_loopback(guest, tcp, udp):
    """What is sent to 0.0.0.0 arrives at 127.0.0.1: to listen at all addresses
    is no right to reach the machine's own services."""
    script = f"""
import socket
def exchange(host):
    with socket.create_connection((host, {tcp.port}), 20) as s:
        s.sendall(b"hello")
        return s.recv(5)
def mapped():
    with socket.socket(socket.AF_INET6) as s:
        s.connect(("::ffff:0.0.0.0", {tcp.port}))
u = socket.socket(type=socket.SOCK_DGRAM)
A = ("0.0.0.0", {udp.port})
show([verdict(exchange, "0.0.0.0"), verdict(mapped),
      verdict(u.sendto, b"hello", A), verdict(u.sendmsg, [b"hello"], [], 0, A),
      verdict(u.connect, A)])
"""
    everywhere = [["0.0.0.0", 0], ["127.0.0.2", 0]]
    outcome = guest(script, addresses=everywhere)
    assert outcome.value == [REFUSED] * 5
    assert (tcp.seen, udp.seen) == ([], [])
    assert outcome.denials[0] == [
        "address", f"127.0.0.1:{tcp.port}",
        f'addresses = [["127.0.0.1", {tcp.port}]]']
    both = guest(script, addresses=[*everywhere, ["127.0.0.1", 0]]).value
    assert both == guest(script, trusted=True).value
    assert both[0] == "ok"


def test_everywhere_is_not_the_loopback_of_ipv6(guest, tcp6):
    script = f"""
import socket
def exchange():
    with socket.socket(socket.AF_INET6) as s:
        s.connect(("::", {tcp6.port}))
        s.sendall(b"hello")
        return s.recv(5)
show(verdict(exchange))
"""
    grants = [["::", 0], ["127.0.0.1", 0]]
    assert guest(script, addresses=grants).value == REFUSED
    # Which one it is depends on the socket, so both are needed.
    grants = [["::", 0], ["::1", 0]]
    assert guest(script, addresses=grants).value == REFUSED
    assert guest(script, addresses=[*grants, ["127.0.0.1", 0]]).value == "ok"
    assert guest(script, trusted=True).value == "ok"


# --- Coming in ---------------------------------------------------------------

def test_listen(guest):
    port, forbidden = free_port(), free_port()
    script = f"""
import socket
def server(address):
    with socket.create_server(address) as s:
        client = socket.create_connection(address)
        peer, name = s.accept()
        peer.sendall(b"x" * 10)
        assert client.recv(100) == b"x" * 10
        assert peer.getpeername() == client.getsockname() == name
        client.close(), peer.close()
def unbound():
    with socket.socket() as s:
        s.listen()
def any_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
def wildcard():
    with socket.socket() as s:
        s.bind(("", {forbidden}))
show([verdict(server, ("127.0.0.1", {port})),
      verdict(server, ("127.0.0.1", {forbidden})),
      verdict(unbound), verdict(any_port), verdict(wildcard)])
"""
    allowed = guest(script, addresses=[["127.0.0.1", port]])
    # create_server() makes an exception of its own, of the same errno.
    assert allowed.value == ["ok", "PermissionError"] + [REFUSED] * 3
    assert guest(script, trusted=True).value == ["ok"] * 5
    assert guest(script, addresses=[["127.0.0.1", 0], ["0.0.0.0", 0]]
                 ).value == ["ok"] * 5


def test_a_host_is_not_an_address_to_listen_at(guest):
    port = free_port()
    script = f"""
import socket
show(verdict(socket.socket().bind, ("127.0.0.1", {port})))
"""
    hosts = {"addresses": [["127.0.0.2", port]],
             "hosts": [["here.test", port]],
             "resolve": {"here.test": ["127.0.0.2"]}}
    assert guest(script, **hosts).value == REFUSED
    assert guest(script, addresses=[["127.0.0.1", port]]).value == "ok"


def test_peers_are_checked(guest):
    """Who connects from elsewhere is hung up on."""
    port = free_port()
    script = f"""
import socket
server = socket.create_server(("127.0.0.1", {port}))
client = socket.socket()
client.bind(("127.0.0.3", 0))
client.connect(("127.0.0.1", {port}))
show(verdict(server.accept))
"""
    both = [["127.0.0.1", port], ["127.0.0.3", 0]]
    assert guest(script, addresses=both).value == "ok"
    # The same with a client of the tests' own.
    script = f"""
import socket
server = socket.create_server(("127.0.0.1", {port}))
server.settimeout(20)
results = [attempt(server.accept) for _ in range(2)]
show([type(r).__name__ for r in results] + [str(results[0])])
"""
    with connect_from(port, "127.0.0.3", "127.0.0.1"):
        outcome = guest(script, addresses=[["127.0.0.1", port]])
    assert outcome.value[:2] == [REFUSED, "tuple"]
    assert "127.0.0.3" not in outcome.value[2]
    [[capability, subject, _]] = outcome.denials
    assert capability == "address" and subject.startswith("127.0.0.3:")


RECEIVERS = {
    "recv": "s.recv(100)",
    "recv_into": "s.recv_into(buffer)",
    "recvfrom": "s.recvfrom(100)",
    "recvfrom_into": "s.recvfrom_into(buffer)",
    "recvmsg": "s.recvmsg(100)",
    "recvmsg_into": "s.recvmsg_into([buffer])",
}


@pytest.mark.parametrize("name", RECEIVERS)
def test_datagrams_from_elsewhere_are_wiped(guest, name):
    port = free_port(socket.SOCK_DGRAM)
    script = f"""
import socket
buffer = bytearray(100)
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.1", {port}))
s.settimeout(20)
c = socket.socket(type=socket.SOCK_DGRAM)
if SENDER:
    c.bind(SENDER)
c.sendto(b"secret", ("127.0.0.1", {port}))
result = attempt(lambda: {RECEIVERS[name]})
kind = type(result).__name__ if isinstance(result, Exception) else "ok"
show([kind, "secret" in str(result) + str(bytes(buffer))])
"""
    granted = [["127.0.0.1", port]]
    own = script.replace("SENDER", "None")
    assert guest(own, trusted=True).value == ["ok", True]
    both = [["127.0.0.1", 0]]
    assert guest(own, addresses=both).value == ["ok", True]
    # The sender's port is not the one that is granted.
    assert guest(own, addresses=granted).value == [REFUSED, False]


# Ways to a socket that ask no questions about senders and amounts.
AS_FILES = {
    "os.read": "os.read(s.fileno(), 100)",
    "os.write": "os.write(s.fileno(), b'x')",
    "open": "open(s.fileno(), 'rb', 0, closefd=False).read(100)",
    "FileIO.readinto": "io.FileIO(s.fileno(), closefd=False)"
                       ".readinto(bytearray(9))",
    "FileIO.write": "io.FileIO(s.fileno(), 'w', closefd=False).write(b'x')",
    "opener": "open('x', 'rb', 0, opener=lambda *args: s.detach()).read(9)",
}


@pytest.mark.parametrize("name", AS_FILES)
def test_a_socket_is_no_file(guest, name):
    port = free_port(socket.SOCK_DGRAM)
    script = f"""
import io, os, socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.1", {port}))
s.settimeout(20)
s.connect(("127.0.0.1", {port}))
s.send(b"secret")
show([verdict(lambda: {AS_FILES[name]})])
"""
    assert guest(script, trusted=True).value == ["ok"]
    outcome = guest(script, addresses=[["127.0.0.1", port]])
    assert outcome.value == [REFUSED]
    assert outcome.denials == [["socket", "a socket as a file", None]]


@pytest.mark.parametrize("use", [
    "file.read()", "file.readall()", "file.readinto(bytearray(9))",
    "file.write(b'x')"])
def test_a_file_does_not_become_a_socket(guest, tmp_path, use):
    """The descriptor of a file is closed, and a socket gets its number."""
    (tmp_path / "file").write_text("text")
    port = free_port(socket.SOCK_DGRAM)
    script = f"""
import os, socket
file = open({str(tmp_path / "file")!r}, "r+b", 0)
os.close(file.fileno())
s = socket.socket(type=socket.SOCK_DGRAM)
same = s.fileno() == file.fileno()
s.bind(("127.0.0.1", {port}))
s.connect(("127.0.0.1", {port}))
s.send(b"x")
s.setblocking(False)
show([same, verdict(lambda: {use})])
s.detach()
"""
    outcome = guest(script, addresses=[["127.0.0.1", port]],
                    files={str(tmp_path / "file"): "rw"})
    assert outcome.value == [True, REFUSED]


# --- Kinds of sockets --------------------------------------------------------

KINDS = [
    ("AF_UNIX", 1, 1, 0), ("unix datagram", 1, 2, 0), ("raw icmp", 2, 3, 1),
    ("raw tcp", 2, 3, 6), ("ping", 2, 2, 1), ("seqpacket", 2, 5, 132),
    ("sctp", 2, 1, 132), ("mptcp", 2, 1, 262), ("udplite", 2, 2, 136),
    ("packet", 17, 3, 0), ("netlink", 16, 3, 0), ("vsock", 40, 1, 0),
    ("alg", 38, 5, 0), ("bluetooth", 31, 1, 3), ("can", 29, 3, 1),
    ("tipc", 30, 1, 0), ("raw ipv6", 10, 3, 58), ("rds", 21, 5, 0),
    ("ping ipv6", 10, 2, 58), ("key", 15, 3, 2), ("xdp", 44, 3, 0),
]


def test_kinds(guest):
    rows = [list(row[1:]) for row in KINDS]
    script = f"""
import socket, _socket
rows = {rows}
show([[verdict(socket.socket, *row) for row in rows],
      [verdict(_socket.socket, *row) for row in rows],
      [verdict(socket.socket, family, kind | flags, proto)
       for family in (2, 10) for kind, proto in ((1, 6), (2, 17), (1, 0))
       for flags in (0, 0o4000, 0o2000000)],
      verdict(socket.socketpair), verdict(_socket.socketpair)])
"""
    outcome = guest(script, addresses=[["0.0.0.0/0", 0], ["::/0", 0]],
                    network_info=True)
    names = [name for name, *_ in KINDS]
    for found in outcome.value[:2]:
        assert (dict(zip(names, found, strict=True))
                == dict.fromkeys(names, REFUSED))
    assert set(outcome.value[2]) == {"ok"}
    assert set(outcome.value[3:]) == {"RestrictedCallError"}


def test_names_of_other_families_are_absent(guest):
    script = """
import socket
show([hasattr(socket, name) for name in
      ("AF_UNIX", "AF_PACKET", "AF_NETLINK", "SOCK_RAW", "SCM_RIGHTS",
       "AF_VSOCK", "AF_ALG")] + [hasattr(socket.socket, "sendmsg_afalg")])
"""
    assert set(guest(script, network_info=True).value) == {False}
    assert set(guest(script, trusted=True).value) == {True}


# --- Descriptors -------------------------------------------------------------

def test_no_adoption(guest):
    script = """
import socket, _socket, select
results = set()
for fd in range(40):
    results.add(verdict(socket.socket, fileno=fd))
    results.add(verdict(_socket.socket, 2, 1, 0, fd))
    results.add(verdict(socket.fromfd, fd, 2, 1))
    results.add(verdict(_socket.close, fd))
    results.add(verdict(_socket.dup, fd))
    results.add(verdict(select.select, [fd], [], [], 0))
    results.add(verdict(select.poll().register, fd))
show(sorted(results))
"""
    found = guest(script, addresses=[["127.0.0.1", 0]]).value
    assert set(found) == {REFUSED, "RestrictedCallError"}


def test_its_own_may_change_hands(guest, tcp):
    """As ssl does it; the kind is the kernel's word, not the guest's."""
    script = f"""
import socket
s = socket.create_connection(("127.0.0.1", {tcp.port}), 20)
t = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, fileno=s.detach())
t.settimeout(20)
t.sendall(b"hello")
show([t.recv(5).decode(), t.type, t.family, s.fileno()])
"""
    assert guest(script, addresses=[tcp.address]).value == ["hello", 1, 2, -1]


def test_closed_descriptors_are_not_its_own(guest):
    script = """
import socket, os, select
s, p = socket.socket(), select.poll()
n = s.fileno()
p.register(s)
os.close(n)
show([verdict(f) for f in (
    s.fileno, s.getsockname, lambda: s.recv(1), lambda: s.send(b""),
    s.listen, lambda: s.shutdown(2), lambda: s.setblocking(0), s.accept,
    lambda: s.settimeout(1), lambda: s.getsockopt(1, 3), s.detach,
    lambda: p.poll(0), lambda: s.connect(("127.0.0.1", 9)),
    lambda: s.bind(("127.0.0.1", 0)), lambda: s.sendto(b"", ("127.0.0.1", 9)),
    lambda: s.sendmsg([b""]), lambda: s.recvmsg(1), lambda: s.recvfrom(1),
    s.getpeername, lambda: s.sendall(b"a"), s.close)])
del s
"""
    found = guest(script, addresses=[["127.0.0.1", 0]]).value
    assert set(found) == {REFUSED}


def test_select_looks_after_the_last_fileno(guest):
    """fileno() of an object can close what was looked at before, and the host
    gets the number."""
    script = """
import socket, os, select
def trial(place):
    a, b = socket.socket(), socket.socket()
    class Closing:
        def fileno(self):
            os.close(a.fileno())
            return b.fileno()
    lists = [[], [], []]
    lists[0].append(a)
    lists[place].append(Closing())
    return select.select(*lists, 0)
def plain():
    a, b = socket.socket(), socket.socket()
    return select.select([a, a], [b], [b, a], 0)
show([*(verdict(trial, i) for i in range(3)), verdict(plain)])
"""
    found = guest(script, addresses=[["127.0.0.1", 0]]).value
    assert found == [REFUSED] * 3 + ["ok"]
    assert guest(script, trusted=True).value == ["OSError"] * 3 + ["ok"]


def test_ancillary_data_is_refused(guest, tcp):
    script = f"""
import socket, array
s = socket.create_connection(("127.0.0.1", {tcp.port}), 20)
data = array.array("i", [0, 1, 2])
show([verdict(s.sendmsg, [b"x"], [(1, 1, data)]),
      verdict(s.sendmsg, [b"x"], [(0, 8, b"1234")]),
      verdict(s.sendmsg, [b"x"]), verdict(s.sendmsg, [b"x"], []),
      s.recvmsg(1, 100)[1]])
"""
    found = guest(script, addresses=[tcp.address]).value
    assert found == [REFUSED, REFUSED, "ok", "ok", []]


# --- Options and flags -------------------------------------------------------

OPTIONS = """
import socket, struct
T, U = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
V = socket.socket(socket.AF_INET6)
S, TCP, IP, IP6 = 1, 6, 0, 41
harmless = [
    (T, TCP, socket.TCP_NODELAY, 1), (T, S, socket.SO_KEEPALIVE, 1),
    (T, S, socket.SO_REUSEADDR, 1), (T, S, socket.SO_RCVBUF, 65536),
    (T, S, socket.SO_SNDBUF, 65536), (T, TCP, socket.TCP_KEEPIDLE, 10),
    (T, TCP, socket.TCP_KEEPINTVL, 10), (T, TCP, socket.TCP_KEEPCNT, 3),
    (T, S, socket.SO_LINGER, struct.pack("ii", 1, 0)),
    (T, S, socket.SO_LINGER, struct.pack("ii", 0, 100)),
    (T, IP, socket.IP_TOS, 16), (V, IP6, socket.IPV6_V6ONLY, 1),
    (T, TCP, socket.TCP_USER_TIMEOUT, 1000), (T, TCP, socket.TCP_CORK, 0),
]
others = [
    (T, S, socket.SO_LINGER, struct.pack("ii", 1, 100)),
    (T, S, socket.SO_LINGER, 1), (T, S, socket.SO_REUSEPORT, 1),
    (U, S, socket.SO_REUSEADDR, 1), (U, S, socket.SO_BROADCAST, 1),
    (T, S, socket.SO_BINDTODEVICE, b"lo"), (T, S, socket.SO_MARK, 1),
    (T, S, 26, b"0" * 16), (T, TCP, 31, b"tls"), (T, TCP, 13, b"cubic"),
    (T, TCP, 19, 1), (T, IP, socket.IP_OPTIONS, b"\\1"),
    (U, IP, socket.IP_ADD_MEMBERSHIP, b"\\xe0\\0\\0\\1" + b"\\0" * 4),
    (T, IP, socket.IP_TRANSPARENT, 1), (T, IP, socket.IP_TTL, 1),
    (U, IP, 8, 1), (U, IP, 11, 1), (T, 255, 1, 1), (T, 263, 1, 1),
]
show([[verdict(s.setsockopt, *row) for s, *row in harmless],
      [verdict(s.setsockopt, *row) for s, *row in others],
      [verdict(T.getsockopt, S, o) for o in
       (socket.SO_ERROR, socket.SO_TYPE, socket.SO_KEEPALIVE)],
      [verdict(T.getsockopt, *row) for row in
       ((S, 17, 12), (S, 28, 64), (TCP, 11, 100), (0, 80, 16), (S, 59))]])
"""


def test_options(guest):
    outcome = guest(OPTIONS, addresses=[["127.0.0.1", 0]])
    harmless, others, read, not_read = outcome.value
    assert set(harmless) == {"ok"}
    assert set(others) == {REFUSED}
    assert set(read) == {"ok"}
    assert set(not_read) == {REFUSED}
    assert set(guest(OPTIONS, trusted=True).value[0]) == {"ok"}


def test_options_are_read_once(guest):
    script = """
import socket
class Shifty:
    calls = 0
    def __index__(self):
        Shifty.calls += 1
        return (9, 15)[Shifty.calls > 1]        # SO_KEEPALIVE, SO_REUSEPORT
class Int(int):
    def __index__(self):
        return 15
s = socket.socket()
show([verdict(s.setsockopt, 1, Shifty(), 1), verdict(s.setsockopt, 1, Int(9),
      1), verdict(s.getsockopt, 1, Shifty()), Shifty.calls,
      s.getsockopt(1, 9)])
"""
    found = guest(script, addresses=[["127.0.0.1", 0]]).value
    assert found == ["TypeError", "TypeError", "TypeError", 0, 0]


def test_an_option_is_of_the_socket_that_was_looked_at(guest):
    """Reading the value may not run the guest's code: SO_REUSEADDR is for
    streams, and the socket is one when it is looked at."""
    script = """
import socket, enum
class Swap:
    def __init__(self, function):
        self.function = function
    def __index__(self):
        self.function()
        return 1
    def __buffer__(self, flags):
        self.function()
        return memoryview(b"\\1\\0\\0\\0")
class Bytes(Swap, bytes):
    __new__ = lambda cls, f: bytes.__new__(cls, b"1234")
def swapped(call, kind=Swap):
    s = socket.socket()
    value = kind(lambda: s.__init__(socket.AF_INET, socket.SOCK_DGRAM))
    call(s, value)
    if s.type == socket.SOCK_DGRAM:
        assert s.getsockopt(1, socket.SO_REUSEADDR) == 1
    return s.type.name
class Yes(enum.IntEnum):
    YES = 1
reuse = lambda s, value: s.setsockopt(1, socket.SO_REUSEADDR, value)
s = socket.socket()
show([[attempt(swapped, *row) if verdict(swapped, *row) == "ok"
       else verdict(swapped, *row) for row in (
          (reuse,), (reuse, Bytes),
          (lambda s, value: s.getsockopt(1, 3, value),),
          (lambda s, value: s.setsockopt(1, 3, None, value),))],
      [verdict(reuse, s, value) for value in (
          1, True, Yes.YES, b"\\1\\0\\0\\0", bytearray(4),
          memoryview(bytes(4)))]])
"""
    refused, harmless = guest(script, addresses=[["127.0.0.1", 0]]).value
    assert refused == ["TypeError"] * 4
    assert set(harmless) == {"ok"}
    swapped, harmless = guest(script, trusted=True).value
    assert swapped[:2] == ["SOCK_DGRAM"] * 2
    assert set(harmless) == {"ok"}


def test_flags(guest, tcp, udp):
    script = f"""
import socket
s = socket.create_connection(("127.0.0.1", {tcp.port}), 20)
u = socket.socket(type=socket.SOCK_DGRAM)
FASTOPEN, ZEROCOPY, ERRQUEUE, TRUNC = 0x20000000, 0x4000000, 0x2000, 0x20
A = ("127.0.0.1", {udp.port})
s.sendall(b"hello")
show([s.recv(2, socket.MSG_PEEK).decode(),
      s.recv(5, socket.MSG_WAITALL).decode(),
      [verdict(f) for f in (
       lambda: s.send(b"", FASTOPEN), lambda: s.sendto(b"", FASTOPEN, A),
       lambda: s.sendall(b"", ZEROCOPY),
       lambda: s.sendmsg([b""], [], FASTOPEN),
       lambda: s.recv(1, ERRQUEUE), lambda: s.recv(1, TRUNC),
       lambda: u.recvfrom(1, ERRQUEUE), lambda: u.recvmsg(1, 0, ERRQUEUE),
       lambda: u.recv_into(bytearray(4), 1, TRUNC))]])
"""
    found = guest(script, addresses=[tcp.address, udp.address]).value
    assert found[:2] == ["he", "hello"]
    assert set(found[2]) == {REFUSED}
