"""A guest's SystemExit is an exception like any other: PyErr_Print(), and all
that calls it, ends the process for that of a trusted interpreter."""

import pytest


@pytest.mark.parametrize("source", [
    "import sys; sys.exit(7)", "raise SystemExit(7)", "exit_ = 7 / 0"])
def test_the_embedder_goes_on(guest, source):
    done = guest(source)
    assert done.returncode == 1         # what guest.c makes of a failure
    assert "SystemExit: 7" in done.stderr or "ZeroDivision" in done.stderr


def test_a_trusted_interpreter_ends(guest):
    assert guest("import sys; sys.exit(7)", "--trusted").returncode == 7
