"""The C API, and the command line's way to say the same."""

import subprocess

import pytest
from net.conftest import HERE
from programs import link_program

PERMISSION = "RestrictedPermissionError"


@pytest.fixture(scope="session")
def embed(python, build_dir, tmp_path_factory):
    """embed.c, linked with the interpreter under test."""
    return link_program(python, build_dir, HERE / "embed.c",
                        tmp_path_factory.mktemp("embed") / "embed")


def test_c_api(embed, build_dir):
    # The library of the tree that it was linked in.
    done = subprocess.run(
        [embed], capture_output=True, text=True, cwd=build_dir,
        env={"PYTHONHOME": str(build_dir.parent / "cpython"),
             "PYTHONPATH": str(build_dir.parent / "cpython" / "Lib"),
             "ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 0, done.stderr
    ok, refused = "0 -", f"-1 {PERMISSION}"
    assert done.stdout.splitlines() == [
        "trusted", *(f"{name} {ok}" for name in (
            "address", "spelling", "port", "any", "anyhost", "network",
            "host", "info")),
        *["setter -1 SystemError"] * 3,
        "nothing", *(f"{name} {refused}" for name in (
            "address", "spelling", "port", "any", "anyhost", "network",
            "host", "info")),
        *["bad -1 ValueError"] * 6, "inside -1 ValueError",
        *[f"allow {ok}"] * 4, *[f"cap {ok}"] * 2,
        "granted", f"address {ok}", f"spelling {ok}", f"port {refused}",
        f"any {ok}", f"anyhost {ok}",
        f"network {ok}", f"host {ok}", f"info {ok}", f"ran {ok}"]


@pytest.mark.parametrize("grant", ["127.0.0.1:{}", "127.0.0.0/8:{}",
                                   "127.0.0.1:{}-{}", "[::ffff:127.0.0.1]:{}",
                                   "127.0.0.1:0"])
def test_allow_net(python, tcp, tmp_path, grant):
    script = tmp_path / "script.py"
    script.write_text(f"""
import socket
with socket.create_connection(("127.0.0.1", {tcp.port}), 20) as s:
    s.sendall(b"hello")
    print(s.recv(10).decode())
""")

    def run(*options):
        return subprocess.run([python, "-m", "restrict", "run", *options,
                               script], capture_output=True, text=True)
    option = grant.replace("{}", str(tcp.port))
    assert run("--allow-net", option).stdout == "hello\n"
    refused = run("--allow-net", "192.0.2.1:80")
    assert refused.returncode == 1
    assert f"127.0.0.1:{tcp.port} is not allowed here" in refused.stderr
    assert run("--allow-net", option, "--sockets", "1", "--net-bytes",
               "7").returncode == 120
    for bad in ("127.0.0.1", "127.0.0.1:x", "127.0.0.1:9-8", "a b:1"):
        assert run("--allow-net", bad).returncode == 121
