"""configure: bad input gives one clear line and never half a tree.

Each test runs the real scripts in a copy of the checkout.  CPython's own
configure, which takes half a minute, is replaced by a stub that writes down
what it was given: the copy is handed a small source tree with that stub.
"""

import hashlib
import os
import shutil
import subprocess

import pytest

STUB_CONFIGURE = """\
#!/bin/sh
printf '%s\\n' "$@" >>called-with
echo run >>../calls
mkdir -p Modules
printf 'math mathmodule.c\\n#_bz2 _bz2module.c\\n' >Modules/Setup.stdlib
echo '#!/bin/sh' >config.status
echo 'all: ; @echo built' >Makefile
"""


def run(*command, cwd, **env):
    """Run a command as a user would, not as a part of make check."""
    outside = {name: value for name, value in os.environ.items()
               if not name.startswith("MAKE")}
    return subprocess.run(
        command, cwd=cwd, text=True, capture_output=True, timeout=240,
        env={**outside, "XDG_CACHE_HOME": str(cwd.parent / "cache"), **env})


@pytest.fixture(scope="session")
def source(small_source):
    """A small source tree with the stub."""
    stub = small_source / "configure"
    stub.write_text(STUB_CONFIGURE)
    stub.chmod(0o755)
    return small_source


@pytest.fixture
def offline(tmp_path):
    """A PATH whose download tools find no network."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {
        "curl": "echo 'curl: (6) no network' >&2; exit 6",
        "wget": "exit 4",
        "apt-get": "exit 100",
        "apt-cache": "exit 100",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    return f"{tools}:{os.environ['PATH']}"


def assert_refused(done, *words):
    """It failed, with one line that says why."""
    assert done.returncode == 1, done.stdout + done.stderr
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    assert len(errors) == 1, done.stderr
    for word in words:
        assert word in errors[0]


def assert_no_tree(checkout):
    """Nothing is left that a later run could take for a tree."""
    build = checkout / "build"
    left = [p.name for p in build.iterdir()] if build.is_dir() else []
    assert not [name for name in left if not name.endswith(".tar.xz")]


# --- Options ----------------------------------------------------------------

def test_help_explains_every_option(checkout):
    done = run("./configure", "--help", cwd=checkout)
    assert done.returncode == 0
    for option in ("--with-restricted", "--without-restricted",
                   "--with-cpython", "--with-flavour", "--install-deps",
                   "--cache-dir", "--no-makefile", "--prefix"):
        assert option in done.stdout


def test_options_of_cpython_are_passed_on(checkout, source):
    options = ["--prefix=/opt/a b", "--enable-shared", "--with-lto",
               "--no-such-option=$HOME", "CFLAGS=-O1 -g"]
    done = run("./configure", f"--with-cpython={source}", *options,
               cwd=checkout)
    assert done.returncode == 0, done.stderr
    given = (checkout / "build/release/called-with").read_text().splitlines()
    for option in options:
        assert option in given
    assert "CONFIG_SITE=../../Tools/restrict/config.site" in given


def test_makefile_remembers_the_options(checkout, source):
    """make debug configures with what the first flavour was given."""
    assert run("./configure", f"--with-cpython={source}", "--prefix=/opt/$x",
               cwd=checkout, CC="gcc").returncode == 0
    done = run("make", "debug", cwd=checkout)
    assert done.returncode == 0, done.stderr
    given = (checkout / "build/debug/called-with").read_text().splitlines()
    assert {"--with-pydebug", "--prefix=/opt/$x", "CC=gcc"} <= set(given)


def test_make_configures_again_only_for_a_reason(checkout, source):
    """An old makefile is written anew, and nothing else is done."""
    run("./configure", f"--with-cpython={source}", "--with-lto",
        cwd=checkout, CC="gcc", CFLAGS="-O1")
    os.utime(checkout / "Makefile", (0, 0))
    done = run("make", cwd=checkout, CC="gcc", CFLAGS="-O1")
    assert done.returncode == 0, done.stderr
    assert "build/release is configured" in done.stdout
    assert (checkout / "build/calls").read_text() == "run\n"


@pytest.mark.parametrize("option, reason", [
    ("--disable-gil", "GIL"), ("--without-pymalloc", "memory"),
    ("--with-address-sanitizer", "memory")])
def test_what_limits_need_is_not_given_up(checkout, source, option, reason):
    done = run("./configure", f"--with-cpython={source}", option,
               cwd=checkout)
    assert_refused(done, option, reason)
    assert_no_tree(checkout)


def test_free_threading_without_restricted_mode(checkout, source):
    done = run("./configure", f"--with-cpython={source}", "--disable-gil",
               "--without-restricted", cwd=checkout)
    assert done.returncode == 0, done.stderr
    given = (checkout / "build/plain/called-with").read_text()
    assert "--disable-gil" in given
    assert "CONFIG_SITE" not in given


@pytest.mark.parametrize("options, words", [
    (["--with-flavour=fast"], ["fast", "release, debug, asan, plain"]),
    (["--with-flavour=plain", "--with-restricted"], ["flavour plain"]),
    (["--with-flavour=release", "--without-restricted"], ["flavour release"]),
    (["--with-cpython"], ["--with-cpython=..."]),
    (["--srcdir=.."], ["--srcdir=.."]),
])
def test_contradictions_are_refused(checkout, options, words):
    assert_refused(run("./configure", *options, cwd=checkout), *words)
    assert_no_tree(checkout)


# --- Running again ----------------------------------------------------------

def test_second_run_does_nothing_twice(checkout, source):
    for _ in range(2):
        done = run("./configure", f"--with-cpython={source}", cwd=checkout)
        assert done.returncode == 0, done.stderr
    assert (checkout / "build/calls").read_text() == "run\n"


def test_other_options_configure_anew(checkout, source):
    for options in [], ["--with-lto"]:
        run("./configure", f"--with-cpython={source}", *options, cwd=checkout)
    assert (checkout / "build/calls").read_text() == "run\nrun\n"
    assert "--with-lto" in (
        checkout / "build/release/called-with").read_text()


def test_interrupted_run_is_repeated(checkout, source):
    """What a killed run leaves behind is no obstacle."""
    half = checkout / "build/.cpython.123/Include"
    half.mkdir(parents=True)
    (checkout / "build/release").mkdir()
    (checkout / "build/release/config.status").touch()
    done = run("./configure", f"--with-cpython={source}", cwd=checkout)
    assert done.returncode == 0, done.stderr
    assert (checkout / "build/cpython/Makefile.pre.in").exists()
    assert (checkout / "build/calls").read_text() == "run\n"


def test_checkout_without_git(checkout, source, tmp_path):
    """git is neither needed nor asked."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text("#!/bin/sh\necho called >&2; exit 1\n")
    (tools / "git").chmod(0o755)
    assert not (checkout / ".git").exists()
    done = run("./configure", f"--with-cpython={source}", cwd=checkout,
               PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 0 and "called" not in done.stderr


def test_only_modules_that_can_be_built_are_linked_in(checkout, source):
    run("./configure", f"--with-cpython={source}", cwd=checkout)
    local = (checkout / "build/release/Modules/Setup.local").read_text()
    assert "*static*\n" in local and "math mathmodule.c" in local
    assert "_bz2" not in local
    run("./configure", "--without-restricted", cwd=checkout)
    local = (checkout / "build/plain/Modules/Setup.local").read_text()
    assert "math" not in local


# --- Finding the source -----------------------------------------------------

def test_unknown_hash(checkout, tmp_path):
    strange = tmp_path / "Python-3.13.15.tar.xz"
    strange.write_bytes(b"not an archive")
    done = run("./configure", f"--with-cpython={strange}", cwd=checkout)
    digest = hashlib.sha256(b"not an archive").hexdigest()
    assert_refused(done, str(strange), digest, "UPSTREAM")
    assert_no_tree(checkout)


def test_corrupt_archive(checkout, archive, tmp_path):
    cut = tmp_path / archive.name
    cut.write_bytes(archive.read_bytes()[:-100])
    done = run("./configure", f"--with-cpython={cut}", cwd=checkout)
    assert_refused(done, str(cut), "corrupt")
    assert_no_tree(checkout)


def test_corrupt_archive_in_the_cache(checkout, offline, archive, tmp_path):
    """It is named and passed over, and the next release is taken."""
    cache = tmp_path / "cache/restricted-cpython"
    cache.mkdir(parents=True)
    (cache / archive.name).write_bytes(b"junk")
    done = run("./configure", cwd=checkout, PATH=offline)
    assert f"{archive.name}: not the release file" in done.stderr
    assert_refused(done, "--with-cpython")
    assert_no_tree(checkout)


def test_no_network_and_no_cache(checkout, offline):
    done = run("./configure", cwd=checkout, PATH=offline)
    assert_refused(done, "--with-cpython=")
    for tried in ("cache", "https://www.python.org/", "no network",
                  "source package python3.13"):
        assert tried in done.stderr
    assert_no_tree(checkout)


def test_archive_in_a_path_with_blanks(checkout, archive, tmp_path):
    """The archive is verified, copied and unpacked; then the stub stops us."""
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / archive.name).symlink_to(archive)
    for given in (folder, folder / archive.name):
        done = run("Tools/restrict/fetch.sh", given, tmp_path / "none",
                   tmp_path, cwd=checkout)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[0] in archive.name
        assert "sha256 verified" in done.stderr


def test_given_path_that_is_not_there(checkout):
    done = run("./configure", "--with-cpython=none.tar.xz", cwd=checkout)
    assert_refused(done, "none.tar.xz", "no such file")
    assert_no_tree(checkout)


def test_given_tree_of_another_version(checkout, source, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(source, other)
    header = other / "Include/patchlevel.h"
    header.write_text(header.read_text().replace('"3.13.', '"3.12.'))
    done = run("./configure", f"--with-cpython={other}", cwd=checkout)
    assert_refused(done, "3.12.", "UPSTREAM")
    assert_no_tree(checkout)


def test_mirror_from_both_formats_of_apt(checkout, offline, tmp_path):
    """The mirror is the machine's own, whatever its configuration looks like.

    What apt-get is called with is written down by the stub in its place.
    """
    etc = tmp_path / "etc"
    parts = etc / "sources.list.d"
    parts.mkdir(parents=True)
    (tmp_path / "apt.conf").write_text(f'Dir::Etc "{etc}";\n')
    (tmp_path / "tools/apt-get").write_text(
        '#!/bin/sh\nfor arg do case $arg in Dir::Etc::SourceList=*) '
        f'cat "${{arg#*=}}" >{tmp_path}/lists ;; esac; done\n')

    def lists():
        run("./configure", cwd=checkout, PATH=offline,
            APT_CONFIG=str(tmp_path / "apt.conf"))
        return (tmp_path / "lists").read_text()

    (etc / "sources.list").write_text(
        "# comment\ndeb [arch=amd64 signed-by=/k.gpg] http://one.example/debian/"
        " trixie main\n")
    assert ("deb-src [signed-by=/k.gpg] http://one.example/debian testing main"
            in lists())

    (etc / "sources.list").write_text("")
    (parts / "other.sources").write_text(
        "Types: deb\nURIs: http://elsewhere.example/tool\nSuites: any\n\n"
        "Enabled: no\nURIs: http://off.example/debian\nSuites: any\n")
    (parts / "system.sources").write_text(
        "Types: deb\nURIs: http://two.example/debian\nSuites: trixie x\n"
        "Signed-By: /k2.gpg\n")
    assert lists().splitlines() == [
        f"deb-src [signed-by=/k2.gpg] http://two.example/debian {suite} main"
        for suite in ("stable", "testing", "unstable")]


# --- Bad places -------------------------------------------------------------

def test_path_with_blanks(copy_checkout, tmp_path):
    place = copy_checkout(tmp_path / "check out")
    assert_refused(run("./configure", cwd=place), "check out", "blanks")
    assert not (place / "build").exists()


def test_read_only_build_folder(checkout, source):
    (checkout / "build").mkdir()
    (checkout / "build").chmod(0o555)
    command = ["./configure", f"--with-cpython={source}"]
    if os.geteuid() == 0:
        # Permissions do not hold root back: ask as nobody.
        for folder in [checkout, *checkout.parents][:-2]:
            folder.chmod(0o755)
        command = ["setpriv", "--reuid=65534", "--regid=65534",
                   "--clear-groups", *command]
    done = run(*command, cwd=checkout)
    assert_refused(done, "cannot write in", "read-only")
    assert not list((checkout / "build").iterdir())


@pytest.mark.parametrize("blocks", [4, 40, 1000])
def test_full_disk(checkout, source, blocks):
    """A disk that takes no more, by a limit on the size of a file."""
    done = run("sh", "-c", f"trap '' XFSZ; ulimit -f {blocks}; "
               f"exec ./configure --with-cpython='{source}'", cwd=checkout)
    if done.returncode == 0:
        pytest.skip("what is laid here is smaller than the limit")
    assert_refused(done, "full")
    assert_no_tree(checkout)


def test_missing_tool_is_named_with_its_command(checkout, tmp_path):
    """A machine with everything but patch."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in os.environ["PATH"].split(":"):
        for tool in os.listdir(folder) if os.path.isdir(folder) else ():
            if tool != "patch" and not (tools / tool).is_symlink():
                (tools / tool).symlink_to(os.path.join(folder, tool))
    done = run("./configure", cwd=checkout, PATH=str(tools))
    assert_refused(done, "--install-deps")
    assert "missing: patch (patch)" in done.stderr
    if shutil.which("apt-get"):
        assert "apt-get install patch" in done.stderr
    assert_no_tree(checkout)
