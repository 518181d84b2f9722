"""The surface: what C code a guest can reach, and the proof of it.

The table in the binary has a row for each name (`rows`).  `check` makes a
restricted interpreter, imports every module and makes one of everything in
it (_surface_roots.py), walks it from the trusted side, and compares three
sets: the names that C code offers, the names that can be reached, and the
rows.
"""

import json
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass
from importlib.resources import files
from importlib.util import find_spec

import _restrict  # type: ignore[import-not-found]

# Every module has them; the table does not repeat that.
MODULE_HEADER = {"__doc__", "__loader__", "__name__", "__package__",
                 "__spec__"}


@dataclass(frozen=True, slots=True)
class Row:
    """One reviewed name: its owner, the verdict, and the reason."""

    kind: str       # "type" or "module"
    owner: str
    name: str
    verdict: str    # "allow", "refuse" or "absent"
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.owner, self.name

    def owned_by(self, owner: str) -> bool:
        """Is it of this type or module, or of a type of this module?"""
        return f"{self.owner}.".startswith(f"{owner}.")

    @property
    def marks(self) -> set[str]:
        """The words in brackets that open the reason."""
        marks = set()
        rest = self.reason
        while rest.startswith("["):
            mark, _, rest = rest[1:].partition("]")
            marks.add(mark)
            rest = rest.lstrip()
        return marks


def rows() -> list[Row]:
    """Return the surface table."""
    return [Row(*row) for row in _restrict.surface()]


def importable() -> list[str]:
    """Return the names of all modules that a policy can allow by grants."""
    c_modules = {row.owner for row in rows() if row.kind == "module"}
    names = (c_modules & set(sys.builtin_module_names)
             | set(_restrict.frozen_modules()))
    # OpenSSL is not on every machine.
    return sorted(names | {"_ssl"} if find_spec("_ssl") else names - {"ssl"})


def _split(lines: list[str]) -> set[tuple[str, str, str]]:
    names = set()
    for line in lines:
        kind, owner, name = line.split("\t", 2)
        if not (kind == "module" and name in MODULE_HEADER):
            names.add((kind, owner, name))
    return names


def inspect() -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Return what C code offers to a guest, and what a guest can reach.

    Both are sets of (kind, owner, name); kind is "type", "module" or, for a
    function found anywhere, "function".
    """
    program = files("restrict").joinpath("_surface_roots.py").read_text()
    source = f"MODULES = {importable()!r}\n{program}"
    offered, found = _restrict.inspect_surface(source)
    return _split(offered), _split(found)


def check() -> list[str]:
    """Return what is wrong with the table, a line each; nothing if it holds.

    A name that C code offers and nobody reviewed; one that can be reached
    without a row that allows or refuses it; a row without a name.
    """
    table = {row.key: row for row in rows()}
    shown = {key for key, row in table.items() if row.verdict != "absent"}
    offered, reached = inspect()
    functions = {("module", owner, name)
                 for kind, owner, name in reached if kind == "function"}
    reached = {key for key in reached if key[0] != "function"}
    problems = [f"no row for {' '.join(key)}: absent until it is reviewed"
                for key in offered - table.keys()]
    problems += [f"reachable without a row: {' '.join(key)}"
                 for key in (reached | functions) - shown]
    problems += [f"a row without a name: {' '.join(key)}"
                 for key in shown - reached
                 if not table[key].marks & {"init", "late", "debug"}]
    return sorted(problems)


def listing(as_json: bool = False, owners: Collection[str] = ()) -> str:
    """Return the table as text, grouped as it is reviewed, or as JSON.

    owners: only the rows of these types and modules, and of the types of
    these modules; of all, if empty.
    """
    chosen = [row for row in rows() if not owners
              or any(row.owned_by(owner) for owner in owners)]
    if as_json:
        return json.dumps([asdict(row) for row in chosen], indent=1)
    lines: list[str] = []
    group = None
    for row in chosen:
        if (row.kind, row.owner) != group:
            group = row.kind, row.owner
            lines.append(f"{row.kind} {row.owner}")
        lines.append(f"    {row.verdict:<7} {row.name}  {row.reason}".rstrip())
    return "\n".join(lines)


def print_check() -> int:
    """Say what check() found; return the exit status."""
    problems = check()
    print("\n".join(problems) if problems
          else f"{len(rows())} rows: each name that a guest can reach has "
               "one, and each row has a name")
    return 1 if problems else 0
