"""C programs of the tests, linked with the interpreter under test."""

import itertools
import json
import shlex
import subprocess

ASK = """
import json, sys, sysconfig
print(json.dumps([sysconfig.get_config_var(name) or ""
                  for name in sys.argv[1:]]))
"""


def _ask(python, *names):
    """Return what the interpreter was built with, each as a list of words."""
    done = subprocess.run([python, "-c", ASK, *names], capture_output=True,
                          text=True, check=True)
    return [shlex.split(value) for value in json.loads(done.stdout)]


def sanitizers(python):
    """Return the flag of the flavour's sanitizers, in a list; or none."""
    answers = _ask(python, "PY_LDFLAGS_NODIST", "CONFIG_ARGS", "CFLAGS",
                   "BASECFLAGS")
    return (["-fsanitize=address,undefined"] if "sanitize" in str(answers)
            else [])


def link_program(python, build_dir, source, target, *flags):
    """Compile a program, link it with the flavour's static library; return
    its path.  flags: more of them, for the compiler."""
    library, cc, *libs = _ask(python, "LDLIBRARY", "CC", "LIBS", "SYSLIBS",
                              "MODLIBS", "LINKFORSHARED")
    include = build_dir.parent / "cpython/Include"
    subprocess.run(
        [*cc, "-g", "-o", target, source, *flags, *sanitizers(python),
         f"-I{build_dir}", f"-I{include}", build_dir / library[0],
         *itertools.chain(*libs), "-lm", "-lpthread"],
        check=True, cwd=build_dir)
    return target
