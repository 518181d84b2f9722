"""A cap may be set again, below what was used: then nothing is left."""

STEPS = "for i in range({}): pass"


def test_steps(host):
    host(f"""
        with Interpreter(Policy(steps=100_000)) as guest:
            guest.exec({STEPS.format(1000)!r})
            used = guest.usage.steps
            guest._guest.set_limit("steps", 10)
            error = raises(LimitExceeded, guest.exec, {STEPS.format(9)!r})
            assert error.limit == "steps" and guest.usage.steps == used
    """)


def test_net_bytes(host):
    host("""
        import socket, threading
        server = socket.create_server(("127.0.0.1", 0))
        port = server.getsockname()[1]
        got = bytearray()
        def serve():
            with server.accept()[0] as peer:
                while data := peer.recv(65536):
                    got.extend(data)
        thread = threading.Thread(target=serve)
        thread.start()
        policy = Policy(addresses=[("127.0.0.1", port)], net_bytes=1000)
        with Interpreter(policy) as guest:
            guest.exec(f"import socket\\n"
                       f"s = socket.create_connection(('127.0.0.1', {port}))"
                       f"\\ns.send(b'x' * 500)")
            guest._guest.set_limit("net_bytes", 100)
            error = raises(LimitExceeded, guest.exec, "s.send(b'y' * 8)")
            assert error.limit == "net_bytes"
        thread.join()
        server.close()
        assert got == b"x" * 500, len(got)
    """)


def test_output(host):
    host("""
        with Interpreter(Policy(output=1000)) as guest:
            guest.exec("print('x' * 500)")
            guest._guest.set_limit("output", 100)
            error = raises(LimitExceeded, guest.exec, "print('y')")
            assert error.limit == "output" and "y" not in guest.stdout
    """)
