"""What all tests share: the interpreter under test, and where it was built."""

from pathlib import Path

import pytest

TOP = Path(__file__).absolute().parents[1]


def pytest_addoption(parser):
    parser.addoption(
        "--flavour", default="release",
        help="test the interpreter of build/FLAVOUR (default: release)")


def pytest_report_header(config):
    return f"flavour: {config.getoption('flavour')}"


@pytest.fixture(scope="session")
def top():
    """The checkout."""
    return TOP


@pytest.fixture(scope="session")
def build_dir(pytestconfig):
    """The folder of the flavour under test."""
    return TOP / "build" / pytestconfig.getoption("flavour")


@pytest.fixture(scope="session")
def python(build_dir):
    """The interpreter under test."""
    path = build_dir / "python"
    assert path.exists(), f"{path} is not built; run make"
    return path
