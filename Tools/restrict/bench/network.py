#!/usr/bin/env python3
"""What a round trip over loopback costs: upstream, trusted, in a guest.

    network.py [--count] [--rounds N] [--trips N] UPSTREAM PYTHON

A server of this script's own sends back what it gets.  Clients send it 64
bytes and wait for them, over one connection: a program of UPSTREAM's, the same
of PYTHON's, and the same in a guest of PYTHON's, in turns.  The table has
microseconds for a trip, the shortest of all rounds, and the quotients.  All of
it runs on one processor, as how long it takes to wake another one is of no
interest here.  A guest runs on a thread of its own, so a program that does the
same is in the table too.  With --count, valgrind counts instructions instead,
with the start taken off; they are the same on every machine.
"""

import argparse
import math
import os
import random
import re
import socket
import subprocess
import sys
import threading

CLIENT = """
import socket, time
s = socket.create_connection(("127.0.0.1", PORT))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
data = b"x" * 64
def trips(n):
    for _ in range(n):
        s.sendall(data)
        s.recv(64)
trips(100)
start = time.perf_counter()
trips(TRIPS)
print((time.perf_counter() - start) / TRIPS * 1e6)
"""
GUEST = """
import restrict
policy = restrict.Policy(addresses=[("127.0.0.1", PORT)], cpu=None, wall=None)
print(restrict.run({source!r}, policy).stdout)
"""

THREAD = """
import threading
thread = threading.Thread(target=exec, args=({source!r}, {{}}))
thread.start()
thread.join()
"""


def serve():
    """Start the server; return its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def echo(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    def loop():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=echo, args=(connection,),
                             daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return listener.getsockname()[1]


def program(port, trips, wrapper):
    source = CLIENT.replace("PORT", str(port)).replace("TRIPS", str(trips))
    if wrapper is None:
        return source
    return wrapper.format(source=source).replace("PORT", str(port))


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONHASHSEED": "0"})


def instructions(python, wrapper, port, trips):
    counts = []
    for n in (trips, 3 * trips):
        # Not -I, which would choose another hash seed each time.
        done = run(["valgrind", "--tool=callgrind",
                    "--callgrind-out-file=/dev/null", python, "-S", "-s",
                    "-c", program(port, n, wrapper)])
        counts.append(int(re.search(r"Collected\s*:\s*(\d+)",
                                    done.stderr)[1]))
    return (counts[1] - counts[0]) / (2 * trips)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", action="store_true",
                        help="count instructions with valgrind")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--trips", type=int, default=5000)
    parser.add_argument("upstream")
    parser.add_argument("python")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    port = serve()
    rows = [("upstream", arguments.upstream, None),
            ("upstream, thread", arguments.upstream, THREAD),
            ("trusted", arguments.python, None),
            ("trusted, thread", arguments.python, THREAD),
            ("guest", arguments.python, GUEST)]
    best = dict.fromkeys((name for name, _, _ in rows), math.inf)
    if arguments.count:
        for name, python, wrapper in rows:
            best[name] = instructions(python, wrapper, port, 500)
    for _ in range(0 if arguments.count else arguments.rounds):
        for name, python, wrapper in random.sample(rows, len(rows)):
            found = run([python, "-I", "-c",
                         program(port, arguments.trips, wrapper)])
            best[name] = min(best[name], float(found.stdout))
    for name, value in best.items():
        print(f"{name:18} {value:12.2f} {value / best['upstream']:8.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
