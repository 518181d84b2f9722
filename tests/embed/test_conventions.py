"""pyrestrict.h from C: what each function returns and raises."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent

SETTERS = [
    "SetMemoryCap", "SetCPUCap", "SetWallCap", "SetStepCap", "SetOutputCap",
    "SetFileSizeCap", "SetOpenFilesCap", "GetUsage", "AllowDirectory",
    "AllowFile", "AllowModule", "BlockModule", "AllowFilesystemInfo",
    "UseTrueStdin", "UseTrueStdout", "UseTrueStderr", "SetDenialHook",
    "ExtendedSetTrue", "ExtendedValueCap", "ExtendedAddMembership",
    "ExtendedSetValue",
]

WRONG = """\
SetMemoryCap -1 ValueError
SetCPUCap -1 ValueError
SetWallCap -1 ValueError
SetFileSizeCap -1 ValueError
SetOpenFilesCap -1 ValueError
SetOutputCap -1 ValueError
AllowDirectory -1 ValueError
AllowDirectory -1 ValueError
AllowFile -1 ValueError
AllowModule -1 ImportError
ExtendedSetTrue -1 ValueError
ExtendedSetTrue -1 ValueError
ExtendedSetTrue -1 ValueError
ExtendedSetTrue -1 TypeError
ExtendedValueCap -1 TypeError
ExtendedValueCap -1 ValueError
ExtendedAddMembership -1 TypeError
ExtendedSetValue -1 TypeError
ExtendedSetValue -1 ValueError
""".splitlines()


@pytest.fixture(scope="module")
def findings(installed, run_program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("conventions")
    program = installed.build_program(HERE / "conventions.c",
                                      folder / "conventions")
    return run_program(program, folder).splitlines()


def of(findings, kind):
    return [line.replace(f" {kind} ", " ") for line in findings
            if f" {kind} " in line]


def test_trusted(findings):
    """Checks pass, setters are a SystemError."""
    expected = ["IsRestricted 0 -", "checks 0 -"]
    expected += [f"{name} -1 SystemError" for name in [*SETTERS, "Cancel"]]
    assert of(findings, "trusted") == expected


def test_restricted(findings, build_dir):
    if build_dir.name == "plain":
        assert "NewInterpreter NULL" in findings
        return
    assert of(findings, "restricted") == [
        "IsRestricted 1 -", "checks 1 RestrictedCallError",
        *[f"{name} 0 -" for name in SETTERS], "Cancel 0 -"]


def test_from_the_hosts_thread_state(findings, build_dir):
    if build_dir.name == "plain":
        pytest.skip("this build makes no restricted interpreter")
    assert of(findings, "from-host") == [f"{name} 0 -" for name in SETTERS]


def test_wrong_arguments(findings, build_dir):
    if build_dir.name == "plain":
        pytest.skip("this build makes no restricted interpreter")
    assert of(findings, "wrong") == WRONG


def test_versions_of_the_config(findings, build_dir):
    if build_dir.name == "plain":
        pytest.skip("this build makes no restricted interpreter")
    assert [line for line in findings if line.startswith("config")] == [
        "config ours made", "config older made", "config newer made",
        "config newer-and-used error", "config zero error",
        "config wild error"]
