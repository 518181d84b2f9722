"""python -m restrict."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest


@pytest.fixture
def script(tmp_path):
    """Write a script; return its path."""

    def write(source, name="script.py"):
        path = tmp_path / name
        path.write_text(source)
        return path

    return write


@pytest.mark.parametrize("source, status, out, err", [
    ("print('hello')", 0, "hello\n", ""),
    ("import sys\nprint(sys.argv)", 0, "['script.py', 'a', '--json']\n", ""),
    ("print(input())", 0, "typed\n", ""),
    ("print(__name__)", 0, "__main__\n", ""),
    ("import sys\nsys.exit(7)", 7, "", ""),
    ("import sys\nsys.exit('why')", 1, "", "why\n"),
    ("import sys\nsys.exit()", 0, "", ""),
    ("1/0", 1, "", "ZeroDivisionError: division by zero\n"),
    ("raise KeyboardInterrupt", 130, "", "KeyboardInterrupt\n"),
    ("def f(:", 1, "", "SyntaxError: invalid syntax\n"),
    ("while True: pass", 120, "", "exceeded its cpu limit\n"),
    ("int.__subclasses__()", 1, "", "is not allowed here\n"),
])
def test_run(command, script, source, status, out, err):
    done = command("run", "--cpu", "1", script(source), "a", "--json",
                   stdin="typed\n")
    assert (done.returncode, done.stdout) == (status, out), done.stderr
    assert done.stderr.endswith(err) and bool(done.stderr) == bool(err)


def test_tracebacks_have_lines_and_no_folders(command, script):
    path = script("def f():\n    return 1 / 0\nf()\n")
    done = command("run", path)
    assert 'File "script.py", line 2, in f\n    return 1 / 0' in done.stderr
    assert str(path.parent) not in done.stderr


def test_the_source_of_a_script(command, script):
    """It is at hand; no file is asked for."""
    path = script("import inspect\ndef f(x):\n    return x\n"
                  "print(inspect.getsource(f), inspect.getsourcefile(f))\n")
    done = command("run", "--json", path)
    report = json.loads(done.stdout)
    assert report["stdout"] == "def f(x):\n    return x\n script.py\n"
    assert report["denials"] == []


def test_script_from_stdin(command):
    done = command("run", "-", stdin="print('from stdin')")
    assert done.stdout == "from stdin\n", done.stderr


def test_json(command, script):
    done = command("run", "--json", "--memory", "32MiB", script(
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\n"
        "try: import pwd\nexcept ImportError: pass\n1/0"))
    report = json.loads(done.stdout)
    assert done.returncode == report["exit_status"] == 1
    assert report["stdout"] == "out\n" and report["stderr"] == "err\n"
    assert report["error"]["type_name"] == "ZeroDivisionError"
    assert report["limit"] is None
    assert report["usage"]["denials"] == 1
    assert report["denials"][0]["option"] == "--allow-module pwd"


def test_json_of_a_limit(command, script):
    done = command("run", "--json", "--steps", "1000",
                   script("while True: pass"))
    report = json.loads(done.stdout)
    assert done.returncode == report["exit_status"] == 120
    assert report["limit"] == "steps" and report["usage"]["steps"] >= 1000


@pytest.mark.parametrize("arguments", [
    ["--memory", "many"], ["--memory", "1"], ["--allow-net", "x"],
    ["--allow-net", "a b:80"], ["--policy", "missing.toml"],
    ["--policy", "bad.toml"], ["--allow-module", "a b"],
    ["--cpu", "0"], ["--policy", "syntax.toml"],
])
def test_policy_errors(command, script, tmp_path, arguments):
    (tmp_path / "bad.toml").write_text("memori = 5\n")
    (tmp_path / "syntax.toml").write_text("memory =\n")
    done = command("run", *arguments, script("print('ran')"), cwd=tmp_path)
    assert done.returncode == 121 and done.stdout == ""
    assert done.stderr.startswith("restrict: policy error: ")
    assert done.stderr.count("\n") == 1


def test_missing_script(command):
    done = command("run", "missing.py")
    assert done.returncode == 2
    assert done.stderr.startswith("restrict: error: cannot read missing.py")


def test_policy_file(command, script, tmp_path):
    (tmp_path / "p.toml").write_text(
        "cpu = 'none'\nsteps = 1000\nblock_modules = ['json']\n"
        .replace("'", '"'))
    source = script("try: import json\nexcept ImportError: print('refused')\n"
                    "while True: pass")
    done = command("run", "--policy", "p.toml", source, cwd=tmp_path)
    assert done.returncode == 120 and done.stdout == "refused\n"
    assert "steps" in done.stderr


def test_audit_and_explain(command, script, tmp_path):
    source = script("for i in range(3):\n"
                    "    try: import pwd\n"
                    "    except ImportError: pass\n"
                    "try: int.__subclasses__()\n"
                    "except AttributeError: pass\n")
    for _ in range(2):
        assert command("run", "--audit", "a.jsonl", source,
                       cwd=tmp_path).returncode == 0
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [r["count"] for r in records] == [3, 1, 3, 1]
    assert records[0]["location"] == "script.py:2"
    done = command("explain", "a.jsonl", cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "refused: import pwd",
        "  at script.py:2, 6 times",
        '  policy file: modules = ["pwd"]',
        "  command line: --allow-module pwd",
        "refused: attribute type.__subclasses__",
        "  at script.py:4, 2 times",
        "  no policy allows it"]
    source.write_text("not json\n")
    assert command("explain", source).returncode == 2
    assert command("explain", "missing", cwd=tmp_path).returncode == 2


def test_learn(command, script, tmp_path):
    """What it writes lets the import through, and is what run() reads."""
    source = script("try: import pwd\n"
                    "except ImportError as exc: print(type(exc).__name__)\n"
                    "try: int.__subclasses__()\n"
                    "except AttributeError: pass\n")
    done = command("learn", "-o", "p.toml", "--cpu", "3", source,
                   cwd=tmp_path)
    assert done.returncode == 0 and "RestrictedImportError" in done.stdout
    text = (tmp_path / "p.toml").read_text()
    assert 'modules = ["pwd"]' in text and "cpu = 3.0" in text
    assert "# no policy allows it: attribute type.__subclasses__" in text
    done = command("run", "--policy", "p.toml", source, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


SURVEY = """
import os, shutil, tempfile

def attempt(function, *args):
    try: function(*args)
    except OSError: pass

attempt(lambda: os.rmdir(tempfile.mkdtemp()))
attempt(os.path.exists, "config.json")
attempt(shutil.which, "no-such-tool")
attempt(os.makedirs, "new/x")
attempt(open, os.devnull, "w")
attempt(open, "out.txt", "w")
attempt(open, "/out.txt", "w")
attempt(open, "/proc/self/environ")
attempt(os.listdir, "/")
attempt(open, "there.txt")
"""


def test_what_is_learned_can_be_used(command, script, tmp_path):
    """And grants neither all files nor what is not there."""
    import tomllib

    (tmp_path / "there.txt").write_text("")
    source = script(SURVEY)
    done = command("learn", source, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "policy.toml").read_text()
    policy = tomllib.loads(text)
    assert policy["files"] == {f"{tmp_path}/there.txt": "r"}
    assert policy["directories"][str(tmp_path)] == "w"
    for path in "/", "/dev", "/proc", "/usr/tmp":
        assert path not in policy["directories"]
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert any('"rw"' not in line and f"{tmp_path}/config.json" in line
               and "No such file" in line for line in comments), text
    assert any("no entry is offered: file /dev/null" in line
               for line in comments)
    done = command("run", "--policy", "policy.toml", source, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_source_of_ones_own(command, script, tmp_path):
    """Of an import with no known entry, what may allow it is said."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/helper.py").write_text("answer = 42\n")
    source = script("import helper\nprint(helper.answer)")
    done = command("run", "--audit", "a.jsonl", source, cwd=tmp_path)
    assert done.returncode == 1
    done = command("explain", "a.jsonl", cwd=tmp_path)
    assert "no entry is known" in done.stdout
    assert "--allow-import FOLDER" in done.stdout
    assert "no policy allows" not in done.stdout
    command("learn", source, cwd=tmp_path)
    assert "# no entry is known: import helper" in \
        (tmp_path / "policy.toml").read_text()
    done = command("run", "--allow-import", "lib", source, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    done = command("learn", "--force", "--allow-import", "lib", source,
                   cwd=tmp_path)
    assert f'path = ["{tmp_path}/lib"]' in \
        (tmp_path / "policy.toml").read_text()
    for folder in "", "nothing", "script.py":
        done = command("run", "--allow-import", folder, source, cwd=tmp_path)
        assert done.returncode == 121 and "--allow-import" in done.stderr


def test_usage_is_of_the_command(command):
    done = command("run", "--timeout", "3", "script.py")
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m restrict run ")
    assert "--timeout" in done.stderr.splitlines()[-1]


JOB = """
import configparser, csv, json, os, sys, zipfile

def total(folder):
    amount = 0.0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith(".csv"):
            with open(path, newline="", encoding="utf-8-sig") as file:
                amount += sum(float(row["price"]) * int(row["n"])
                              for row in csv.DictReader(file))
        elif name.endswith(".json"):
            with open(path) as file:
                amount -= sum(json.load(file)["refunds"])
    return amount

def write(text):
    with open("out/report.txt", "w") as file:
        file.write(text)
    with zipfile.ZipFile("out/report.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.write("out/report.txt", "report.txt")

failed = 0
try:
    text = f"total {total('data'):.2f}\\n"
except OSError:
    failed, text = 1, ""
try:
    write(text)
except OSError:
    failed = 1
print(text, end="")
sys.exit(failed)
"""


@pytest.fixture
def job(tmp_path):
    """A folder of data as other programs write it, and one for results."""
    import csv

    for name in "data", "out":
        (tmp_path / name).mkdir()
    for i in range(3):
        with open(tmp_path / f"data/shop{i}.csv", "w", newline="",
                  encoding="utf-8-sig") as file:
            writer = csv.writer(file, dialect="excel")
            writer.writerows([["item", "n", "price"],
                              ["caf\u00e9, \"noir\"", i + 1, "2.50"],
                              ["tea", 2, "1.25"]])
        subprocess.run(["sh", "-c", f"printf '{{\"refunds\": [0.5, {i}]}}'"
                        f" > data/refunds{i}.json"], cwd=tmp_path, check=True)
    (tmp_path / "job.py").write_text(JOB)
    return tmp_path


def test_a_job_on_real_data(command, job):
    """Relative paths, the host's current directory, real files."""
    import zipfile

    done = command("run", "--allow-read", "data/", "--allow-write", "out/",
                   "--allow-read", "out", "job.py", cwd=job)
    assert (done.returncode, done.stdout) == (0, "total 18.00\n"), done.stderr
    assert (job / "out/report.txt").read_text() == "total 18.00\n"
    with zipfile.ZipFile(job / "out/report.zip") as archive:
        assert archive.read("report.txt") == b"total 18.00\n"
    assert subprocess.run(["python3", "-m", "zipfile", "-t",
                           job / "out/report.zip"]).returncode == 0


def test_the_job_without_its_grants(command, job):
    """The report names what lacks, and with that it works."""
    done = command("run", "--audit", "a.jsonl", "job.py", cwd=job)
    assert (done.returncode, done.stdout) == (1, "")
    assert list((job / "out").iterdir()) == []
    done = command("explain", "a.jsonl", cwd=job)
    assert f"command line: --allow-read {job}/data" in done.stdout
    assert f"command line: --allow-write {job}/out" in done.stdout
    policy = job / "p.toml"
    for _ in range(3):                  # one refusal may hide the next
        done = command("learn", *(["--policy", policy] if policy.exists()
                                  else []), "-o", policy, "job.py", cwd=job)
    done = command("run", "--policy", policy, "job.py", cwd=job)
    assert (done.returncode, done.stdout) == (0, "total 18.00\n"), done.stderr


@pytest.mark.parametrize("options, out", [
    ([], "/\n"), (["--allow-read", "data"], "{cwd}\n"),
])
def test_the_current_directory_shows_with_a_grant(command, job, options, out):
    (job / "where.py").write_text("import os\nprint(os.getcwd())\n")
    done = command("run", *options, "where.py", cwd=job)
    assert done.stdout == out.format(cwd=job), done.stderr


def test_file_limits(command, job):
    (job / "f.py").write_text(
        "files = []\n"
        "try:\n"
        "    while True: files.append(open('data/shop0.csv'))\n"
        "except OSError as exc: print(len(files), exc.errno)\n"
        "files.clear()\n"
        "with open('out/f', 'wb', 0) as f:\n"
        "    for i in range(10): f.write(bytes(1000))\n"
        "print('written')\n")
    grants = ["--allow-read", "data", "--allow-write", "out"]
    done = command("run", *grants, "--open-files", "7", "f.py", cwd=job)
    assert done.stdout == "7 24\nwritten\n", done.stderr
    done = command("run", *grants, "--file-size", "4KiB", "f.py", cwd=job)
    assert (done.returncode, done.stdout) == (120, "256 24\n")
    assert done.stderr.endswith("exceeded its file_size limit\n")
    assert (job / "out/f").stat().st_size == 4000
    done = command("run", *grants, "--file-size", "none", "--open-files",
                   "none", "--json", "f.py", cwd=job)
    assert json.loads(done.stdout)["limit"] is None


def test_report_on_a_terminal(python, script, tmp_path):
    source = script("try: import pwd\nexcept ImportError: pass")

    def run(**extra):
        ours, theirs = pty.openpty()
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        done = subprocess.run([python, "-m", "restrict", "run", source],
                              stderr=theirs, stdout=subprocess.PIPE,
                              env=env | extra)
        os.close(theirs)
        text = os.read(ours, 100_000).decode()
        os.close(ours)
        assert done.returncode == 0
        return text

    assert "--allow-module pwd" in run() and "\x1b[" in run()
    assert "\x1b[" not in run(NO_COLOR="1")


def test_interrupt(python, script):
    source = script("print('ready', flush=True)\n"
                    "try:\n while True: pass\nexcept BaseException: pass")
    guest = subprocess.Popen(
        [python, "-m", "restrict", "run", "--cpu", "none", source],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Whoever starts the tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert guest.stdout.readline() == "ready\n"
    time.sleep(0.1)
    guest.send_signal(signal.SIGINT)
    _, err = guest.communicate(timeout=60)
    assert guest.returncode == 130
    assert err == "restrict: the guest was interrupted\n"


def test_selftest(command):
    done = command("selftest", "--verbose")
    assert "stopped: list all classes" in done.stdout
    assert done.returncode == 0, done.stdout


def test_surface(command):
    done = command("surface")
    assert done.returncode == 0 and "__subclasses__" in done.stdout
    some = command("surface", "generator", "_io").stdout
    assert {"type generator", "module _io", "type _io.FileIO"} <= \
        set(some.splitlines()) and "type list" not in some
    done = command("surface", "--json", "generator")
    assert {row["owner"] for row in json.loads(done.stdout)} == {"generator"}
    for arguments in (["--chekc"], ["_nothing"], ["--list", "--check"]):
        assert command("surface", *arguments).returncode == 2


def test_a_reader_that_goes_away(python):
    done = subprocess.run(f"'{python}' -m restrict surface | head -n 1",
                          shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("type ") and done.stderr == ""


@pytest.mark.parametrize("option, text", [
    (["--cpu", "abc"], "'abc' is not a number of seconds, or none"),
    (["--steps", "1.5"], "'1.5' is not a whole number, or none"),
    (["--allow-read", "nothing"], "--allow-read: there is no '"),
    (["--allow-write", "nothing"], "--allow-write: there is no '"),
    (["--policy", "nothing"], "cannot read nothing: No such file"),
    (["--audit", "no/a.jsonl"], "cannot write no/a.jsonl: No such file"),
])
def test_an_error_says_what_is_wrong(command, script, tmp_path, option, text):
    """And says it before the script runs."""
    done = command("run", *option, script("print('ran')"), cwd=tmp_path)
    assert text in done.stderr and "Errno" not in done.stderr
    assert done.returncode in (2, 121) and done.stdout == ""


def test_learn_replaces_nothing_unasked(command, script, tmp_path):
    source = script("import socket")
    path = tmp_path / "policy.toml"
    path.write_text("precious\n")
    done = command("learn", source, cwd=tmp_path)
    assert done.returncode == 2 and path.read_text() == "precious\n"
    assert command("learn", "--force", source, cwd=tmp_path).returncode == 1
    assert '# for import socket (script.py:1), fill in: addresses = ' \
        in path.read_text()
    done = command("learn", "--policy", path, source, cwd=tmp_path)
    assert done.returncode == 1 and "learn again" in done.stderr


def test_help(command):
    for arguments in ([], ["run"], ["learn"], ["explain"], ["selftest"],
                      ["surface"]):
        done = command(*arguments, "--help")
        assert done.returncode == 0 and "usage:" in done.stdout
    assert command("nothing").returncode == 2
    assert command().returncode == 2


def test_the_guests_folder_is_not_the_hosts(command, tmp_path):
    """What a guest writes where it was started is never imported by the host,
    nor is what was there before."""
    written = "import os; os.write(2, b'the host ran it')"
    for name in ("tokenize", "ipaddress"):
        (tmp_path / f"{name}.py").write_text(written)
    (tmp_path / "script.py").write_text(
        "for name in ('tomllib', 'shlex', 'unicodedata', 'json'):\n"
        f"    with open(name + '.py', 'w') as f: f.write({written!r})\n"
        "try: open('/etc/passwd')\nexcept OSError: pass\n1/0\n")
    for options in (["--json"], ["--audit", "audit"], []):
        done = command("run", *options, "--allow-write", ".", "script.py",
                       cwd=tmp_path)
        assert done.returncode == 1 and (tmp_path / "tomllib.py").exists()
        assert "the host ran it" not in done.stderr


@pytest.mark.parametrize("arguments, status, message", [
    (["--allow-read", ""], 121, "--allow-read: there is no ''"),
    (["--allow-net", "[::1:80"], 121, "'[::1:80' is not HOST:PORT"),
    (["--allow-net", "::1]:80"], 121, "'::1]:80' is not HOST:PORT"),
    (["--memory", "500000GiB"], 121, "cannot reserve"),
    (["--policy", "deep.toml"], 121, "deep.toml is nested too deeply"),
])
def test_arguments_that_nobody_means(command, tmp_path, arguments, status,
                                     message):
    (tmp_path / "script.py").write_text("")
    (tmp_path / "deep.toml").write_text("x = " + "[" * 100_000)
    done = command("run", *arguments, "script.py", cwd=tmp_path)
    assert (done.returncode, message in done.stderr) == (status, True), done
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("coding", ["rot13", "zlib", "undefined", "none"])
def test_scripts_in_no_encoding(command, tmp_path, coding):
    (tmp_path / "script.py").write_text(f"# coding: {coding}\n")
    done = command("run", "script.py", cwd=tmp_path)
    assert done.returncode == 2 and "cannot read script.py" in done.stderr


def test_output_that_cannot_be_encoded(command, script):
    policy = script('stdout = "memory"\n')
    done = command("run", "--policy", policy, "-", stdin="print('\\xe9')",
                   env={"PYTHONIOENCODING": "ascii:strict"})
    assert (done.returncode, done.stdout) == (0, "\\xe9\n"), done.stderr


def test_full_and_closed_streams(python, script):
    words = [python, "-m", "restrict", "run", "--json",
             script("print('x' * 100_000)")]
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE,
                              text=True)
    assert done.returncode == 2
    assert done.stderr == ("restrict: error: cannot write: No space left on "
                           "device\n")
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *words],
                          stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("field, value", [
    ("time", "soon"), ("grant", ["x"]), ("grant", "modules = [1]"),
    ("grant", "addresses = [1, 2]"), ("grant", "files = 1"),
    ("subject", "a\x1b[2Jb\nforged"), ("grant", "\x1b[2J"), ("count", []),
])
def test_audit_files_that_somebody_made(command, tmp_path, field, value):
    record = {"capability": "file", "subject": "/x", "location": "s.py:1",
              "grant": None, "count": 1, "time": 1.0, "last_time": 1.0}
    path = tmp_path / "audit.jsonl"
    path.write_text(json.dumps(record) + "\n" + json.dumps(
        record | {field: value}) + "\n")
    done = command("explain", path)
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout and "\nforged" not in done.stdout


def test_learning_of_a_folder_leaves_the_choice(command, tmp_path):
    """To look at a folder is not to want all that is below it."""
    (tmp_path / "script.py").write_text(
        "import os\ntry: os.chdir('/var')\nexcept OSError: pass\n")
    done = command("learn", "script.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    policy = (tmp_path / "policy.toml").read_text()
    assert '# for file /var (script.py:2), fill in: files' in policy
    done = command("run", "--policy", "policy.toml", "script.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_what_was_registered_with_atexit(command, script):
    source = script("import atexit\natexit.register(print, 'bye')\n"
                    "print('hi')\nraise SystemExit(3)")
    done = command("run", source)
    assert (done.returncode, done.stdout) == (3, "hi\nbye\n")
