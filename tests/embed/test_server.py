"""Doc/examples/embed: a server with several guests on threads."""

import pytest

EXPECTED = """\
adding up
  result: 499500
  result: 499501
reading
  result: (none)
  result: {rows} rows
  refused: file /etc/passwd at <string>:1; to allow: files = \
{{"/etc/passwd" = "r"}}
  failed: RestrictedPermissionError
  refused: import subprocess at <string>:1; to allow: no entry is known
  failed: RestrictedImportError
endless
  stopped: it took too many steps
  result: a new life, x is gone: True
greedy
  stopped: it needs too much memory
  result: alive
slow
  stopped: the operator cancelled it
  result: alive again
"""


@pytest.fixture(scope="module")
def server(top, build_dir, installed, tmp_path_factory):
    if build_dir.name == "plain":
        pytest.skip("this build makes no restricted interpreter")
    return installed.build_program(
        top / "Doc/examples/embed/server.c",
        tmp_path_factory.mktemp("server") / "server")


@pytest.mark.parametrize("attempt", range(3))
def test_server(top, server, run_program, attempt):
    data = top / "Doc/examples/data"
    rows = len((data / "orders.csv").read_text().splitlines())
    assert run_program(server, data) == EXPECTED.format(rows=rows)
