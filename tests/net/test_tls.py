"""TLS, and the library's clients on top of sockets, against real servers."""

import contextlib
import http.server
import json
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
import time

import pytest
from net.conftest import Peer, free_port, serve

REFUSED = "RestrictedPermissionError"


@pytest.fixture(scope="session")
def certificates(build_dir):
    """CPython's own: keycert3.pem is localhost's, signed by pycacert.pem."""
    folder = build_dir.parent / "cpython" / "Lib" / "test" / "certdata"
    assert (folder / "keycert3.pem").exists()
    return folder


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({"path": self.path}).encode()
        self.server.seen.append(self.path)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            body = b""
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        data = self.rfile.read(size)
        if b"<methodName>" in data:
            data = (b"<?xml version='1.0'?><methodResponse><params><param>"
                    b"<value><int>7</int></value></param></params>"
                    b"</methodResponse>")
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


@contextlib.contextmanager
def web(certificates=None):
    server = QuietServer(("127.0.0.1", 0), Handler)
    server.seen = []
    if certificates is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates / "keycert3.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Peer("127.0.0.1", server.server_address[1], server.seen)
    server.shutdown()
    server.server_close()


@pytest.fixture
def http_server():
    with web() as peer:
        yield peer


@pytest.fixture
def https_server(certificates):
    with web(certificates) as peer:
        yield peer


def by_name(peer, name="localhost"):
    """The policy for a server of the tests' by a name."""
    return {"addresses": [peer.address], "hosts": [[name, peer.port]],
            "resolve": {name: [peer.host]}}


# --- HTTP --------------------------------------------------------------------

CLIENTS = {
    "http.client": """
import http.client
def fetch(host, port):
    connection = http.client.HTTPConnection(host, port, timeout=20)
    connection.request("GET", "/a")
    return connection.getresponse().read()
""",
    "urllib.request": """
import urllib.request
def fetch(host, port):
    with urllib.request.urlopen(f"http://{host}:{port}/a", timeout=20) as f:
        return f.read()
""",
    "socket": """
import socket
def fetch(host, port):
    with socket.create_connection((host, port), 20) as s:
        s.sendall(b"GET /a HTTP/1.0\\r\\n\\r\\n")
        return s.makefile("rb").read().partition(b"\\r\\n\\r\\n")[2]
""",
    "asyncio": """
import asyncio
async def get(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /a HTTP/1.0\\r\\n\\r\\n")
    await writer.drain()
    data = await reader.read()
    writer.close()
    await writer.wait_closed()
    return data.partition(b"\\r\\n\\r\\n")[2]
def fetch(host, port):
    return asyncio.run(get(host, port))
""",
}
FETCH = """
import json
def body(*where):
    return json.loads(fetch(*where))["path"]
allowed, other = ALLOWED, OTHER
results = [body(*allowed)]
for where in other, ("localhost", allowed[1]), ("127.0.0.1", allowed[1] ^ 1):
    result = attempt(body, *where)
    while getattr(result, "reason", None) is not None:    # urllib's
        result = result.reason
    results.append(type(result).__name__)
show(results)
"""


@pytest.mark.parametrize("client", CLIENTS)
def test_http_clients(guest, http_server, client):
    with web() as forbidden:
        script = CLIENTS[client] + FETCH.replace(
            "ALLOWED", repr(http_server.address)).replace(
            "OTHER", repr(forbidden.address))
        outcome = guest(script, addresses=[http_server.address])
        assert outcome.value == ["/a"] + [REFUSED] * 3
        assert http_server.seen == ["/a"]
        assert forbidden.seen == []
        kinds = [row[0] for row in outcome.denials]
        assert sorted(kinds) == ["address", "address", "host"]
        both = guest(script, addresses=[http_server.address,
                                        forbidden.address])
        assert both.value[:2] == ["/a", "str"]


def test_redirects_are_checked(guest, http_server):
    with web() as forbidden:
        inside = f"http://127.0.0.1:{forbidden.port}/secret"
        script = f"""
import urllib.request
def fetch(url):
    return urllib.request.urlopen(url, timeout=20).read()
base = "http://127.0.0.1:{http_server.port}"
show([verdict(fetch, base + "/to/{inside}"),
      verdict(fetch, base + "/to/http://169.254.169.254/latest/"),
      verdict(fetch, base + "/to/file:///etc/passwd"),
      verdict(fetch, "file:///etc/passwd"),
      verdict(fetch, base + "/to/" + base + "/b")])
"""
        outcome = guest(script, addresses=[http_server.address])
        assert outcome.value == ["URLError", "URLError", "HTTPError",
                                 "URLError", "ok"]
        assert forbidden.seen == []
        subjects = {row[1] for row in outcome.denials}
        assert {f"127.0.0.1:{forbidden.port}",
                "169.254.169.254:80"} <= subjects


def test_xmlrpc(guest, http_server):
    script = f"""
import xmlrpc.client
proxy = xmlrpc.client.ServerProxy("http://127.0.0.1:{http_server.port}/")
show(proxy.add(3, 4))
"""
    assert guest(script, addresses=[http_server.address]).value == 7
    assert guest(script, trusted=True).value == 7


def smtp(connection, peer):
    stream = connection.makefile("rwb")

    def say(line):
        stream.write(line + b"\r\n")
        stream.flush()
    say(b"220 test")
    data = False
    for line in stream:
        peer.seen.append(line.strip())
        if data:
            if line == b".\r\n":
                data = False
                say(b"250 kept")
        elif line.upper().startswith(b"DATA"):
            data = True
            say(b"354 go on")
        elif line.upper().startswith(b"QUIT"):
            say(b"221 bye")
            return
        else:
            say(b"250 fine")


def test_smtp(guest):
    with serve(smtp) as peer:
        script = f"""
import smtplib
from email.message import EmailMessage
message = EmailMessage()
message["Subject"], message["From"], message["To"] = "s", "a@b.c", "d@e.f"
message.set_content("hello")
with smtplib.SMTP("127.0.0.1", {peer.port}, timeout=20) as server:
    server.send_message(message)
show("sent")
"""
        outcome = guest(script, addresses=[peer.address])
        assert outcome.value == "sent"
        assert outcome.denials == []
        assert peer.seen[0] == b"ehlo localhost.localdomain"
        assert b"hello" in peer.seen
    assert smtplib.SMTP         # the guest's is the same module


# --- TLS ---------------------------------------------------------------------

HTTPS = """
import ssl, urllib.request
context = ssl.create_default_context(cadata=CADATA)
def fetch(host):
    url = f"https://{host}:{PORT}/a"
    return urllib.request.urlopen(url, timeout=20, context=context).read()
found = attempt(fetch, HOST)
show(found.decode() if isinstance(found, bytes) else str(found))
"""


def https_script(peer, certificates, host="localhost"):
    return (HTTPS.replace("CADATA", repr(
        (certificates / "pycacert.pem").read_text()))
        .replace("PORT", str(peer.port)).replace("HOST", repr(host)))


def test_https(guest, https_server, certificates):
    script = https_script(https_server, certificates)
    outcome = guest(script, **by_name(https_server))
    assert json.loads(outcome.value) == {"path": "/a"}
    assert outcome.denials == []
    assert guest(script, trusted=True).value == outcome.value


def test_server_names_are_checked(guest, https_server, certificates):
    script = https_script(https_server, certificates, "other.test")
    outcome = guest(script, **by_name(https_server, "other.test"))
    assert "Hostname mismatch" in outcome.value


def test_unknown_authorities_are_refused(guest, https_server, certificates):
    """The default context: the system's certificates, without a grant."""
    script = https_script(https_server, certificates).replace(
        "cadata=", "cadata=None and ")
    outcome = guest(script, **by_name(https_server))
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.value
    script = """
import ssl
stats = ssl.create_default_context().cert_store_stats()
show(stats["x509_ca"])
"""
    # A bundle is loaded at once, a folder when it is needed.
    trusted = guest(script, trusted=True, env={}).value
    outcome = guest(script, addresses=[["127.0.0.1", 1]])
    assert outcome.value == trusted
    assert outcome.denials == []


def test_the_environment_does_not_reach_tls(guest, https_server, certificates,
                                            tmp_path):
    keys = tmp_path / "keys"
    env = {**os.environ, "SSLKEYLOGFILE": str(keys),
           "SSL_CERT_FILE": str(certificates / "pycacert.pem")}
    script = https_script(https_server, certificates).replace(
        "cadata=", "cadata=None and ")
    outcome = guest(script, **by_name(https_server), env=env)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.value
    assert not keys.exists()
    trusted = guest(script, trusted=True, env=env)
    assert json.loads(trusted.value) == {"path": "/a"}
    assert keys.exists()
    script = """
import os, ssl
os.environ["SSLKEYLOGFILE"] = "/tmp/keys-of-a-guest"
context = ssl.create_default_context()
show([hasattr(context, "keylog_filename"),
      verdict(setattr, context, "sni_callback", print),
      verdict(ssl.get_default_verify_paths),
      verdict(ssl.RAND_add, b"", 1.0),
      verdict(getattr, context, "_msg_callback")])
"""
    assert guest(script, network_info=True).value == [
        False, "RestrictedAttributeError", "RestrictedCallError",
        "RestrictedCallError", "RestrictedAttributeError"]


def test_certificate_files_obey_the_file_policy(guest, certificates):
    script = f"""
import ssl
D = {str(certificates)!r}
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
show([verdict(context.load_cert_chain, D + "/keycert3.pem"),
      verdict(context.load_cert_chain, D + "/ssl_cert.pem",
              D + "/ssl_key.pem"),
      verdict(context.load_cert_chain, D + "/keycert.passwd.pem",
              password=lambda: "somepass"),
      verdict(context.load_verify_locations, D + "/pycacert.pem"),
      verdict(context.load_verify_locations, None, D + "/capath"),
      verdict(context.load_dh_params, D + "/ffdh3072.pem"),
      verdict(context.load_cert_chain, D + "/nothing.pem")])
"""
    refused = guest(script, network_info=True)
    assert refused.value == [REFUSED] * 7
    assert {row[0] for row in refused.denials} == {"file"}
    granted = guest(script, network_info=True,
                    directories={str(certificates): "r"})
    assert granted.value == ["ok"] * 4 + [REFUSED, "ok", "FileNotFoundError"]
    assert guest(script, trusted=True).value == [
        "ok"] * 6 + ["FileNotFoundError"]


def test_a_guest_as_server(guest, certificates):
    port = free_port()
    script = f"""
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain({str(certificates / "keycert3.pem")!r})
with socket.create_server(("127.0.0.1", {port})) as server:
    server.settimeout(60)
    plain, _ = server.accept()
    with context.wrap_socket(plain, server_side=True) as s:
        data = s.recv(100)
        s.sendall(data.upper())
        show(data.decode())
"""
    answers = []

    def client():
        context = ssl.create_default_context(
            cafile=certificates / "pycacert.pem")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                plain = socket.create_connection(("127.0.0.1", port), 20)
            except ConnectionRefusedError:
                time.sleep(0.05)
                continue
            with context.wrap_socket(plain,
                                     server_hostname="localhost") as sock:
                sock.sendall(b"hello")
                answers.append(sock.recv(100))
            return

    thread = threading.Thread(target=client)
    thread.start()
    outcome = guest(script, addresses=[["127.0.0.1", port]],
                    directories={str(certificates): "r"})
    thread.join()
    assert outcome.value == "hello"
    assert answers == [b"HELLO"]


def test_tls_takes_its_own_streams_alone(guest, https_server):
    script = f"""
import os, socket, ssl
context = ssl._create_unverified_context()
udp = socket.socket(type=socket.SOCK_DGRAM)
tcp = socket.create_connection(("127.0.0.1", {https_server.port}), 20)
tls = context.wrap_socket(tcp)
os.close(tls.fileno())
show([verdict(context._wrap_socket, udp, False),
      verdict(tls.read, 1), verdict(tls.write, b"a"),
      verdict(tls.do_handshake), verdict(tls._sslobj.shutdown)])
"""
    found = guest(script, addresses=[https_server.address]).value
    assert found == [REFUSED] * 5


@pytest.mark.parametrize("source", [
    "keep.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))",
    "keep.append(ssl.create_default_context())",
    "bio.write(b'x' * 60000)",
    "keep.append(context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO()))",
])
def test_memory_of_tls_is_charged(guest, source):
    script = f"""
import resource_free, ssl
keep, bio = [], ssl.MemoryBIO()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
while True:
    {source}
""".replace("resource_free, ", "")
    outcome = guest(script, network_info=True, memory="48MiB")
    assert outcome.limit == "memory" or "MemoryError" in outcome.error
    # What is thrown away is given back.
    script = script.replace("while True", "for _ in range(400)").replace(
        "keep.append", "id").replace("bio.write", "ssl.MemoryBIO().write")
    outcome = guest(script + "show(1)", network_info=True, memory="48MiB",
                    cpu=100.0, wall=100.0)
    assert outcome.value == 1


# --- A server that others keep -----------------------------------------------

@pytest.fixture
def nginx(tmp_path):
    """nginx on 127.0.0.1, if the machine has it."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    (tmp_path / "nginx.conf").write_text(f"""
daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors;
events {{}}
http {{
    access_log off; client_body_temp_path {tmp_path}/body;
    proxy_temp_path {tmp_path}/proxy; fastcgi_temp_path {tmp_path}/fastcgi;
    uwsgi_temp_path {tmp_path}/uwsgi; scgi_temp_path {tmp_path}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location = /page {{ return 200 "of nginx"; }}
    }}
}}
""")
    server = subprocess.Popen([program, "-p", tmp_path, "-c",
                               tmp_path / "nginx.conf"])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            break
        time.sleep(0.05)
    yield Peer("127.0.0.1", port)
    server.terminate()
    server.wait()


@pytest.mark.parametrize("client", CLIENTS)
def test_nginx(guest, nginx, client):
    script = CLIENTS[client].replace('"/a"', '"/page"').replace(
        "/a", "/page") + f"show(fetch('127.0.0.1', {nginx.port}).decode())"
    assert guest(script, addresses=[nginx.address]).value == "of nginx"
    refused = guest(script, addresses=[["127.0.0.1", nginx.port ^ 1]])
    assert "not allowed here" in refused.error


@pytest.fixture
def openssl_server(tmp_path, certificates):
    """The HTTPS server of the openssl program."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "page").write_text("of openssl")
    port = free_port()
    server = subprocess.Popen(
        [program, "s_server", "-WWW", "-quiet", "-accept",
         f"127.0.0.1:{port}", "-cert", certificates / "keycert3.pem",
         "-key", certificates / "keycert3.pem"], cwd=tmp_path,
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            break
        time.sleep(0.05)
    yield Peer("127.0.0.1", port)
    server.terminate()
    server.wait()


def test_openssl(guest, openssl_server, certificates):
    script = https_script(openssl_server, certificates).replace("/a", "/page")
    outcome = guest(script, **by_name(openssl_server))
    assert outcome.value == "of openssl"
    assert outcome.denials == []
    refused = guest(script, addresses=[["127.0.0.1",
                                        openssl_server.port ^ 1]])
    assert "not allowed here" in refused.value
