"""Names and addresses: what is looked up, by whom, and what it may be."""

import json
import socket
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from net.conftest import free_port, serve
from net.name_query import query

REFUSED = "RestrictedPermissionError"
HERE = Path(__file__).parent


def address_rows():
    for line in (HERE / "addresses.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split()


ROWS = list(address_rows())


# --- Addresses ---------------------------------------------------------------

def test_every_spelling(guest):
    """A guest's spelling of an address is the address, for getaddrinfo() and
    for connect(), which says what it refuses."""
    written = [row[0] for row in ROWS]
    script = f"""
import socket
def look(text):
    return socket.getaddrinfo(text, 80, type=1)[0][4][0]
def connect(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    with socket.socket(family) as s:
        s.connect((text, 80))
show([[str(attempt(look, text)), str(attempt(connect, text))]
      for text in {written}])
"""
    outcome = guest(script, addresses=[["192.0.2.99", 80]])
    for (text, is_, _), (found, error) in zip(ROWS, outcome.value,
                                              strict=True):
        if is_ == "-":
            # The codec refuses some of what can be no name.
            expected = f"[Errno 13] look-up of '{text}' is not allowed here"
            assert found == error == expected or "idna" in found + error
            continue
        address = ip_address(is_)
        mapped = ":" in text and address.version == 4
        same = ip_address(found)
        assert (same.ipv4_mapped if mapped else same) == address, text
        port = f"[{address}]:80" if address.version == 6 else f"{address}:80"
        if "::127.0.0.1" not in is_ and address.version == 4:
            assert error == f"[Errno 13] address {port} is not allowed here"
        assert "is not allowed here" in error
    # The C library reads them in the same way, as far as it takes them.
    for text, is_, _ in ROWS:
        if ":" not in text:
            try:
                packed = socket.inet_aton(text)
            except OSError:
                assert is_ == "-", text
            else:
                assert str(ip_address(packed)) == is_, text


@pytest.mark.parametrize(("text", "is_", "kind"),
                         [row for row in ROWS if row[1] != "-"],
                         ids=[row[0] for row in ROWS if row[1] != "-"])
def test_is_listed_once(text, is_, kind):
    """The table's own middle column is right."""
    assert ip_address(is_).compressed == is_ or ":" in is_
    assert kind in {"public", "loopback", "private", "link-local",
                    "multicast", "unspecified", "metadata", "reserved"}


def test_what_a_name_may_stand_for(python):
    """Each address of the table as the answer to a look-up."""
    rows = [row for row in ROWS if row[1] != "-"]
    program = f"""
import json, restrict
found = []
for address in {[row[1] for row in rows]}:
    policy = restrict.Policy(hosts=[("name.test", 80)])
    try:
        with restrict.Interpreter(policy, resolve=lambda name: [address]):
            found.append("public")
    except ValueError as exc:
        found.append(str(exc))
print(json.dumps(found))
"""
    done = subprocess.run([python, "-c", program], capture_output=True,
                          text=True, check=True)
    for (text, _, kind), found in zip(rows, json.loads(done.stdout),
                                     strict=True):
        if kind == "public":
            assert found == "public", text
        else:
            assert f" {kind} address" in found, text


def test_a_name_for_a_private_address_that_is_allowed(guest, tcp):
    script = f"""
import socket
s = socket.create_connection(("inside.test", {tcp.port}), 20)
s.sendall(b"hello")
show(s.recv(10).decode())
"""
    policy = {"hosts": [["inside.test", tcp.port]],
              "resolve": {"inside.test": ["127.0.0.1", "10.0.0.1"]}}
    outcome = guest(script, **policy)
    assert outcome.limit == "policy"
    assert outcome.error.startswith(
        "ValueError: the host 'inside.test' stands for 127.0.0.1, a loopback")
    # Not on another port.
    assert guest(script, addresses=[["127.0.0.1", tcp.port ^ 1]],
                 **policy).limit == "policy"
    assert guest(script, addresses=[tcp.address], **policy).value == "hello"


def test_a_name_for_a_private_address_on_a_range_of_ports(python):
    """The address is allowed on each port of the range, or the name is not."""
    program = """
import restrict
def outcome(*addresses):
    policy = restrict.Policy(addresses=addresses,
                             hosts=[("internal", "80-90")])
    try:
        restrict.Interpreter(policy, resolve=lambda _: ["10.0.0.1"]).close()
    except ValueError as error:
        return "unless the address is allowed too" in str(error)
print(outcome(("10.0.0.1", 80), ("10.0.0.1", 90)),
      outcome(("10.0.0.1", "80-85"), ("10.0.0.1", "86-90")),
      outcome(("10.0.0.1", 0)))
"""
    done = subprocess.run([python, "-c", program], capture_output=True,
                          text=True, check=True)
    assert done.stdout == "True None None\n"


def test_networks_and_ranges(guest):
    script = """
import socket
def connect(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as s:
        s.setblocking(False)
        s.connect((address, port))
show([[a, p] for a, p in TARGETS if verdict(connect, a, p) ==
      "RestrictedPermissionError"])
"""
    targets = [["127.1.2.0", 8000], ["127.1.2.255", 8010], ["127.1.2.7", 7999],
               ["127.1.2.7", 8011], ["127.1.3.0", 8005], ["127.1.1.255", 8005],
               ["::ffff:127.1.2.9", 8005], ["::ffff:127.1.3.9", 8005],
               ["::1", 8005]]
    script = script.replace("TARGETS", repr(targets))
    outcome = guest(script, addresses=[["127.1.2.0/24", "8000-8010"]])
    assert outcome.value == [targets[i] for i in (2, 3, 4, 5, 7, 8)]
    assert guest(script, addresses=[["::/0", 0]]).value == targets[:8]
    assert guest(script, addresses=[["127.0.0.0/8", 0]]).value == targets[8:]


# --- Look-ups of the guest ---------------------------------------------------

LOOKUPS = """
import socket
rows = [
    lambda: socket.getaddrinfo(NAME, 80),
    lambda: socket.getaddrinfo(NAME, None),
    lambda: socket.getaddrinfo(NAME.encode(), "80"),
    lambda: socket.gethostbyname(NAME),
    lambda: socket.gethostbyname_ex(NAME),
    lambda: socket.create_connection((NAME, 80), 0.001),
    lambda: socket.socket(type=2).sendto(b"", (NAME, 80)),
    lambda: socket.socket().connect((NAME, 80)),
    lambda: socket.socket().connect_ex((NAME, 80)),
    lambda: socket.socket().bind((NAME, 80)),
]
show([type(attempt(row)).__name__ for row in rows])
"""


@pytest.mark.parametrize("name", ["example.com", "localhost", "other.test",
                                  "a.good.test", "good.test.example.com",
                                  "ood.test", "b\u00fccher.example", "x" * 300,
                                  "good.test..", "169.254.169.254.nip.io"])
def test_other_names_are_refused(guest, name):
    outcome = guest(LOOKUPS.replace("NAME", ascii(name)),
                    hosts=[["good.test", 80]],
                    resolve={"good.test": ["192.0.2.1"]})
    # The codec refuses what can be no name, as it does everywhere.
    assert set(outcome.value) <= {REFUSED, "UnicodeError",
                                  "UnicodeEncodeError"}


def test_pinned_names_are_answered(guest):
    script = """
import socket
T, U = socket.IPPROTO_TCP, socket.IPPROTO_UDP
assert socket.getaddrinfo("good.test", 80) == [
    (2, 1, T, "", ("192.0.2.1", 80)), (2, 2, U, "", ("192.0.2.1", 80)),
    (10, 1, T, "", ("2001:db8::1", 80, 0, 0)),
    (10, 2, U, "", ("2001:db8::1", 80, 0, 0))]
assert socket.getaddrinfo("GOOD.Test.", "80", type=1, family=10,
                          flags=socket.AI_CANONNAME) == [
    (10, 1, T, "good.test", ("2001:db8::1", 80, 0, 0))]
assert socket.gethostbyname("good.test") == "192.0.2.1"
assert socket.gethostbyname_ex("good.test") == (
    "good.test", [], ["192.0.2.1"])
assert socket.gethostbyaddr("192.0.2.1") == ("good.test", [], ["192.0.2.1"])
assert socket.getnameinfo(("192.0.2.1", 80), 0) == ("good.test", "80")
assert socket.getnameinfo(("192.0.2.9", 80), 1 | 2) == ("192.0.2.9", "80")
assert socket.getaddrinfo(None, 80, type=1)[0][4] == ("127.0.0.1", 80)
assert socket.getaddrinfo("", 80, type=1, flags=1)[0][4] == ("0.0.0.0", 80)
assert socket.getaddrinfo("fe80::1%7", 80, type=1)[0][4] == (
    "fe80::1", 80, 0, 7)
show([verdict(socket.getaddrinfo, "good.test", 81),
      verdict(socket.getaddrinfo, "fe80::1%lo", 80),
      verdict(socket.getaddrinfo, "good.test", 80, 3),
      verdict(socket.getaddrinfo, "good.test", 80, 0, 3),
      verdict(socket.getaddrinfo, "good.test", "http"),
      verdict(socket.getaddrinfo, "good.test", 70000),
      verdict(socket.getaddrinfo, b"good.test\\0x", 80)])
"""
    outcome = guest(script, hosts=[["good.test", 80]],
                    resolve={"good.test": ["192.0.2.1", "2001:db8::1"]})
    assert outcome.value == [REFUSED, REFUSED, "gaierror", "gaierror",
                             REFUSED, "gaierror", "ValueError"]
    assert ["host", "good.test", 'hosts = [["good.test", 81]]'] \
        in outcome.denials
    assert ["network_info", "socket.getservbyname()",
            "network_info = true"] in outcome.denials


def test_refused_look_ups_reach_nothing(guest, tmp_path):
    """No packet, no file, no call of the resolver: as the kernel sees it."""
    trace = tmp_path / "trace"
    wrap = ["strace", "-f", "-o", str(trace), "-e",
            "trace=network,open,openat,readlink,stat,poll"]
    if subprocess.run(["strace", "-o", "/dev/null", "true"],
                      capture_output=True).returncode:
        pytest.skip("strace does not work here")
    script = """
import socket
"a.example".encode("idna")       # import what it takes
def mark(port):
    with socket.socket() as s:
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
mark(1)
for name in ("example.com", "localhost", "nowhere.invalid"):
    attempt(socket.getaddrinfo, name, 80)
    attempt(socket.gethostbyname, name)
    attempt(socket.gethostbyaddr, name)
    attempt(socket.create_connection, (name, 80))
attempt(socket.gethostbyaddr, "192.0.2.1")
attempt(socket.getnameinfo, ("192.0.2.1", 80), 0)
attempt(socket.getservbyname, "http")
attempt(socket.getprotobyname, "tcp")
attempt(socket.gethostname)
attempt(socket.getfqdn)
attempt(socket.if_nameindex)
mark(2)
"""
    guest(script, addresses=[["127.0.0.1", 0]], wrap=wrap)
    lines = trace.read_text().splitlines()
    first, second = (next(
        i for i, line in enumerate(lines)
        if "connect(" in line and f"htons({port})" in line)
        for port in (1, 2))
    between = [line for line in lines[first + 1:second]
               if "SOCK_STREAM" not in line]
    assert between == []
    assert first < second - 1


def test_host_name_and_services(guest):
    script = """
import socket
rows = [socket.gethostname, lambda: socket.gethostbyaddr("127.0.0.1"),
        lambda: socket.getnameinfo(("127.0.0.1", 80), 0),
        socket.if_nameindex, lambda: socket.if_nametoindex("lo"),
        lambda: socket.if_indextoname(1),
        lambda: socket.getservbyname("domain"),
        lambda: socket.getservbyport(53),
        lambda: socket.getprotobyname("tcp")]
show([verdict(row) for row in rows])
"""
    refused = guest(script, addresses=[["127.0.0.1", 0]])
    assert refused.value == [REFUSED] * 9
    assert {row[0] for row in refused.denials} == {"network_info"}
    trusted = guest(script, trusted=True).value
    assert guest(script, network_info=True).value == trusted
    show = script.replace("verdict(row)", "str(attempt(row))").replace(
        "rows = [", "rows = [socket.getfqdn, ")
    assert (guest(show, network_info=True).value
            == guest(show, trusted=True).value)
    script = "import socket\nshow([socket.getfqdn(), socket.getfqdn('a.b')])"
    outcome = guest(script, addresses=[["127.0.0.1", 0]])
    assert outcome.value == ["localhost.localdomain", "a.b"]
    assert outcome.denials == []
    script = "import socket\nshow(socket.sethostname('a'))"
    assert guest(script, network_info=True).error.startswith(
        "RestrictedCallError")


def test_own_address(guest, tcp):
    """What the machine's address is, follows network_info, unless the guest
    was told by the policy."""
    script = f"""
import socket
s = socket.create_connection(("127.0.0.1", {tcp.port}), 20)
u = socket.socket(type=2)
u.connect(("127.0.0.9", 9))
repr(u)
show([s.getsockname()[0], verdict(u.getsockname), s.getpeername()[1],
      socket.socket().getsockname()[0]])
"""
    # To 127.0.0.9 one goes from 127.0.0.1.
    here = ["127.0.0.9", 9]
    outcome = guest(script, addresses=[tcp.address, here])
    assert outcome.value == ["127.0.0.1", "ok", tcp.port, "0.0.0.0"]
    assert outcome.denials == []
    script = script.replace('s = socket.create_connection(("127.0.0.1", '
                            f'{tcp.port}), 20)', "s = socket.socket()")
    script = script.replace("s.getpeername()[1]", "0")
    outcome = guest(script, addresses=[here])
    assert outcome.value == ["0.0.0.0", REFUSED, 0, "0.0.0.0"]
    assert outcome.denials == [["network_info", "socket.getsockname()",
                                "network_info = true"]]
    assert guest(script, addresses=[here], network_info=True).value[1] == "ok"


# --- Look-ups of the host ----------------------------------------------------

class NameServer:
    """A DNS server whose answers change from one look-up to the next."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, listener, peer):
        data, sender = listener.recvfrom(512)
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        head = data[:2] + b"\x81\x80\0\1" + len(addresses).to_bytes(2) \
            + b"\0\0\0\0"
        body = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4"
                        + ip_address(address).packed for address in addresses)
        listener.sendto(head + data[12:] + body, sender)


def run_with_dns(python, server, script, ports, addresses=()):
    program = f"""
import json, restrict, sys
sys.path.append({str(HERE)!r})
from name_query import query
policy = restrict.Policy(hosts=[("re.test", port) for port in {ports}],
                         addresses={list(addresses)})
def resolve(name):
    return query({server.address}, name)
try:
    with restrict.Interpreter(policy, resolve=resolve) as guest:
        guest.exec({script!r})
        print(json.dumps([guest.stdout, [d.subject for d in guest.denials]]))
except ValueError as exc:
    print(json.dumps(["ValueError", str(exc)]))
"""
    done = subprocess.run([python, "-c", program], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_rebinding(python, tcp):
    """The name turns to loopback after the first look-up: nobody looks again,
    and who goes there by number is refused."""
    answers = NameServer(["192.0.2.1"], ["127.0.0.1"])
    script = f"""
import socket
assert socket.gethostbyname("re.test") == "192.0.2.1"
for _ in range(3):
    print(socket.getaddrinfo("re.test", {tcp.port}, type=1)[0][4][0])
try:
    socket.create_connection(("127.0.0.1", {tcp.port}))
except PermissionError:
    print("refused")
"""
    with serve(answers, kind=socket.SOCK_DGRAM) as server:
        assert query(server.address, "re.test") == ["192.0.2.1"]
        assert query(server.address, "re.test") == ["127.0.0.1"]
        answers.asked = 0
        found, denials = run_with_dns(python, server, script,
                                      [tcp.port, 81])
        assert answers.asked == 1
    assert found == "192.0.2.1\n" * 3 + "refused\n"
    assert denials == [f"127.0.0.1:{tcp.port}"]
    assert tcp.seen == []


@pytest.mark.parametrize("addresses", [
    ["127.0.0.1"], ["10.0.0.1", "169.254.169.254"], ["0.0.0.0"],
    ["192.168.1.1", "224.0.0.1"]])
def test_answers_that_point_inside(python, addresses):
    with serve(NameServer(addresses), kind=socket.SOCK_DGRAM) as server:
        kind, text = run_with_dns(python, server, "", [80])
    assert kind == "ValueError"
    assert addresses[0] in text


def test_a_mixed_answer_loses_what_points_inside(python):
    script = """
import socket
print(socket.gethostbyname_ex("re.test")[2])
for address in "10.0.0.1", "127.0.0.1":
    try:
        socket.create_connection((address, 80), 0.1)
    except PermissionError:
        print("refused")
"""
    answers = NameServer(["10.0.0.1", "192.0.2.5", "127.0.0.1"])
    with serve(answers, kind=socket.SOCK_DGRAM) as server:
        found, _ = run_with_dns(python, server, script, [80])
    assert found == "['192.0.2.5']\nrefused\nrefused\n"


def test_the_system_resolver(guest, tcp):
    """localhost is in the machine's own files."""
    script = f"""
import socket
s = socket.create_connection(("localhost", {tcp.port}), 20)
s.sendall(b"hello")
show(s.recv(10).decode())
"""
    refused = guest(script, hosts=[["localhost", tcp.port]])
    assert refused.limit == "policy"
    assert "loopback" in refused.error
    assert guest(script, hosts=[["localhost", tcp.port]],
                 addresses=[tcp.address]).value == "hello"
    assert guest(script, trusted=True).value == "hello"


def test_numbers_as_hosts(guest):
    for text in ("2130706433", "0x7f.1", "127.1"):
        outcome = guest("", hosts=[[text, 80]])
        assert outcome.limit == "policy"
        assert "127.0.0.1, a loopback" in outcome.error
    assert guest("show(1)", hosts=[["134744072", 80]]).value == 1


RESOLVER = r"""
#define _GNU_SOURCE
#include <netdb.h>
#include <unistd.h>
int
getaddrinfo(const char *name, const char *service,
            const struct addrinfo *hints, struct addrinfo **found)
{
    if (name && *name == 's') {
        sleep(60);
    }
    return EAI_NONAME;
}
"""


@pytest.fixture(scope="module")
def resolver(tmp_path_factory):
    """A library whose getaddrinfo() never answers, or knows nothing."""
    folder = tmp_path_factory.mktemp("resolver")
    (folder / "resolver.c").write_text(RESOLVER)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "resolver.so",
                    folder / "resolver.c"], check=True)
    return folder / "resolver.so"


def test_a_host_that_cannot_be_looked_up(guest, resolver, pytestconfig):
    if pytestconfig.getoption("flavour") == "asan":
        pytest.skip("the sanitizer must be loaded first")
    env = {"LD_PRELOAD": str(resolver)}
    unknown = guest("", hosts=[["unknown.test", 80]], env=env)
    assert unknown.error.startswith(
        "OSError: the host 'unknown.test' cannot be looked up: ")
    slow = guest("", hosts=[["slow.test", 80]], env=env, timeout=50)
    assert slow.error == "TimeoutError: the look-up took more than 5 seconds"


def test_c_names(guest):
    """What no name can be is refused before anybody looks."""
    for name in ("a..b", "-", "a b", "", "a/b", "a%b", "x" * 64):
        outcome = guest("", hosts=[[name, 80]])
        assert outcome.limit == "policy", name


def test_two_grants_of_a_host(guest):
    port = free_port()
    script = f"""
import socket
show([verdict(socket.getaddrinfo, "two.test", p) for p in (80, {port}, 81)])
"""
    found = guest(script, hosts=[["two.test", 80], ["two.test", port]],
                  resolve={"two.test": ["192.0.2.2"]}).value
    assert found == ["ok", "ok", REFUSED]
