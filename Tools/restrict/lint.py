"""Check our C: its form by clang-format, and its content by cppcheck.

    lint.py

Every file is as clang-format leaves it (.clang-format says how), and has at
most 79 columns, rules between sections aside.  In what is linked into the
interpreter, cppcheck finds nothing (warnings, performance, portability).
Both programs must be installed.  Exit status 1 if there is anything.
"""

import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).absolute().parents[2]
FOLDERS = ("Include", "Modules", "Objects", "Parser", "Python", "Tools",
           "tests", "Doc")
CPPCHECK = [
    "cppcheck", "--quiet", "--std=c11", "--library=python", "--inline-suppr",
    "--enable=warning,performance,portability", "--error-exitcode=1",
    "-DWITH_RESTRICTED", "-DPy_BUILD_CORE", "-D__linux__", "-D__x86_64__",
    "--template={file}:{line}: {severity}: {message} [{id}]",
    "--suppress=missingIncludeSystem",
]


BANNER = re.compile(r"/\* ([-=])\1\1 .* \1+ \*/")


def own_files():
    """Return our C files and headers."""
    listed = subprocess.run(
        ["git", "ls-files", *(f"{folder}/**.[ch]" for folder in FOLDERS)],
        cwd=TOP, text=True, capture_output=True, check=True).stdout
    return [Path(line) for line in listed.splitlines()]


def long_lines(path):
    """Yield the lines that are too long: clang-format breaks no comment."""
    text = (TOP / path).read_text(encoding="utf-8")
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > 79 and not BANNER.fullmatch(line):
            yield f"{path}:{number}: {len(line)} columns"


def main():
    files = own_files()
    problems = [problem for path in files for problem in long_lines(path)]
    print("\n".join(problems), end="\n" if problems else "")
    form = subprocess.run(["clang-format", "--dry-run", "-Werror", *files],
                          cwd=TOP).returncode
    sources = [path for path in files
               if path.suffix == ".c" and path.parts[0] in ("Modules",
                                                            "Python")]
    status = subprocess.run([*CPPCHECK, *sources], cwd=TOP).returncode
    return 1 if problems or form or status else 0


if __name__ == "__main__":
    sys.exit(main())
