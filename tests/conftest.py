"""What all tests share: the interpreter under test, and where it was built."""

import os
from pathlib import Path

import pytest

TOP = Path(__file__).absolute().parents[1]


def pytest_addoption(parser):
    parser.addoption(
        "--flavour", default="release",
        help="test the interpreter of build/FLAVOUR (default: release)")


# What can be tested of a build without restricted mode.
PLAIN = ("build/", "regression/", "seeds/", "embed/test_conventions.py",
         "test_plain.py")


def pytest_collection_modifyitems(config, items):
    """Without restricted mode, leave out what is about it."""
    if config.getoption("flavour") != "plain":
        return
    tests = TOP / "tests"
    kept = [item for item in items if item.path.relative_to(tests)
            .as_posix().startswith(PLAIN)]
    config.hook.pytest_deselected(
        items=[item for item in items if item not in kept])
    items[:] = kept


# For the programs that tests run: what a process leaves at its end is no leak,
# memory that is not there is none, and undefined behaviour ends it.  Reports
# go to files: the sanitizer warns of every stack that it did not make.
REPORTS = TOP / "build/asan/reports"
SANITIZER = {
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:"
                    f"log_path={REPORTS}/report",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def pytest_configure(config):
    if config.getoption("flavour") == "asan":
        REPORTS.mkdir(exist_ok=True)
        for old in REPORTS.iterdir():
            old.unlink()
        os.environ.update(SANITIZER)


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("flavour") == "asan":
        for report in sorted(REPORTS.iterdir()):
            if "ERROR: " in report.read_text(errors="replace"):
                terminalreporter.line(f"a sanitizer's report: {report}")


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
