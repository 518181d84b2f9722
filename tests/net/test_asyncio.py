"""asyncio's streams and datagrams with a grant, its timers without one."""


from net.conftest import connect_from, free_port
from net.test_tls import by_name, certificates, https_server

__all__ = ["certificates", "https_server"]          # fixtures

REFUSED = "RestrictedPermissionError"


def test_timers_need_no_grant(guest):
    script = """
import asyncio
async def main():
    await asyncio.sleep(0.01)
    return await asyncio.wait_for(asyncio.sleep(0.01, "done"), 20)
show(asyncio.run(main()))
"""
    outcome = guest(script)
    assert outcome.value == "done"
    assert outcome.denials == []
    assert guest(script, addresses=[["127.0.0.1", 9]]).value == "done"


def test_threads_are_refused_and_then_forgotten(guest):
    script = """
import asyncio
from concurrent.futures import ThreadPoolExecutor
class Inline(ThreadPoolExecutor):
    def submit(self, function, /, *args):
        future = asyncio.futures.concurrent.futures.Future()
        future.set_result(function(*args))
        return future
async def main():
    loop = asyncio.get_running_loop()
    results = []
    for _ in range(2):
        try: await asyncio.to_thread(print)
        except RuntimeError: results.append("refused")
    loop.set_default_executor(Inline())
    return results, await asyncio.to_thread(len, "abc")
show(asyncio.run(main()))
"""
    for addresses in [], [["127.0.0.1", 9]]:
        outcome = guest(script, addresses=addresses)
        assert outcome.value == [["refused", "refused"], 3]


def test_streams_without_a_grant(guest, tcp):
    script = f"""
import asyncio
async def main():
    await asyncio.open_connection("127.0.0.1", {tcp.port})
show(verdict(asyncio.run, main()))
"""
    assert guest(script).value != "ok"
    assert tcp.seen == []
    assert guest(script, addresses=[tcp.address]).value == "ok"


def test_many_streams_at_once(guest, tcp, other):
    script = f"""
import asyncio
async def ask(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    got = await reader.readexactly(len(text))
    writer.close()
    await writer.wait_closed()
    return got.decode()
async def main():
    rows = [ask({tcp.port}, b"%d" % i * 1000) for i in range(20)]
    rows.append(ask({other.port}, b"x"))
    found = await asyncio.gather(*rows, return_exceptions=True)
    return [len(found), sum(map(len, found[:20])), type(found[20]).__name__]
show(asyncio.run(main()))
"""
    outcome = guest(script, addresses=[tcp.address])
    assert outcome.value == [21, 30000, REFUSED]
    assert other.seen == []
    assert [row[0] for row in outcome.denials] == ["address"]
    assert guest(script, trusted=True).value == [21, 30000, "str"]


def test_server(guest):
    port, forbidden = free_port(), free_port()
    script = f"""
import asyncio
async def serve(reader, writer):
    writer.write((await reader.readline()).upper())
    writer.close()
async def ask():
    reader, writer = await asyncio.open_connection("127.0.0.1", {port})
    writer.write(b"hello\\n")
    got = await reader.read()
    writer.close()
    return got.decode()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", {port})
    try:
        await asyncio.start_server(serve, "127.0.0.1", {forbidden})
    except OSError as exc:
        refused = isinstance(exc, PermissionError) or exc.errno == 13
    async with server:
        return [await ask(), refused]
show(asyncio.run(main()))
"""
    outcome = guest(script, addresses=[["127.0.0.1", port]])
    assert outcome.value == ["HELLO\n", True]


def test_datagrams(guest, udp):
    script = f"""
import asyncio
class Protocol(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()
    def datagram_received(self, data, address):
        self.answer.set_result(data.decode())
async def ask(port):
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        Protocol, remote_addr=("127.0.0.1", port))
    transport.sendto(b"hello")
    answer = await asyncio.wait_for(protocol.answer, 20)
    transport.close()
    return answer
show([asyncio.run(ask({udp.port})), verdict(asyncio.run, ask(9))])
"""
    outcome = guest(script, addresses=[udp.address])
    assert outcome.value == ["HELLO", REFUSED]


def test_tls(guest, https_server, certificates):
    script = f"""
import asyncio, ssl
async def main():
    context = ssl.create_default_context(cadata=CADATA)
    reader, writer = await asyncio.open_connection(
        "localhost", {https_server.port}, ssl=context)
    writer.write(b"GET /a HTTP/1.0\\r\\n\\r\\n")
    data = await reader.read()
    writer.close()
    return data.decode()
show(asyncio.run(main()))
""".replace("CADATA", repr((certificates / "pycacert.pem").read_text()))
    outcome = guest(script, **by_name(https_server))
    assert outcome.value.endswith('{"path": "/a"}')
    assert outcome.denials == []


def test_names(guest, tcp):
    script = f"""
import asyncio
async def main(host):
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, {tcp.port}, type=1)
    reader, writer = await asyncio.open_connection(host, {tcp.port})
    writer.close()
    return found[0][4][0]
show([asyncio.run(main("inside.test")), verdict(asyncio.run, main("other"))])
"""
    outcome = guest(script, **by_name(tcp, "inside.test"))
    assert outcome.value == ["127.0.0.1", REFUSED]


def test_a_stop_reaches_the_loop(guest):
    port = free_port()
    script = f"""
import asyncio
async def serve(reader, writer):
    await reader.read()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", {port})
    while True:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(1000)
asyncio.run(main())
"""
    outcome = guest(script, addresses=[["127.0.0.1", port]], wall=1.0)
    assert outcome.limit == "wall"
    assert outcome.seconds < 1.5


def test_an_outsider_is_hung_up_on(guest):
    """A server goes on after a peer that is not allowed."""
    port = free_port()
    script = f"""
import asyncio
async def main():
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    errors = []
    loop.set_exception_handler(lambda loop, context: errors.append(
        type(context["exception"]).__name__))
    async def serve(reader, writer):
        writer.write(b"welcome")
        await writer.drain()
        writer.close()
        done.set()
    async with await asyncio.start_server(serve, "127.0.0.1", {port}):
        await asyncio.wait_for(done.wait(), 60)
    return errors
show(asyncio.run(main()))
"""
    with connect_from(port, "127.0.0.3", "127.0.0.1") as got:
        outcome = guest(script, addresses=[["127.0.0.1", port]])
    assert got == [b"", b"welcome"]
    assert outcome.value == [REFUSED]
