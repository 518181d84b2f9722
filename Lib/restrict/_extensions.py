"""Find the extension modules that a host allows its guests by name.

Runs in a trusted interpreter, when the host makes a guest.  A module is found
on the host's sys.path and imported there, as the host would import it; C
(Python/restrict_modules.c) then takes what guests make their own modules of.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_SUFFIXES = tuple(importlib.machinery.EXTENSION_SUFFIXES)


def _is_extension(spec: ModuleSpec) -> bool:
    return isinstance(spec.loader, importlib.machinery.ExtensionFileLoader)


def _below(name: str, folder: str) -> Iterator[str]:
    """Yield the names of the extension modules of a package."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        stem = entry.name.partition(".")[0]
        if not stem.isidentifier() or stem == "__init__":
            continue
        if entry.is_dir():
            yield from _below(f"{name}.{stem}", entry.path)
        elif entry.name.endswith(_SUFFIXES):
            yield f"{name}.{stem}"


def _names(name: str) -> list[str]:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):   # of a package above it
        spec = None
    if spec is None:
        raise ImportError(f"there is no module {name!r} on sys.path")
    if _is_extension(spec):
        return [name]
    names: set[str] = set()
    for folder in spec.submodule_search_locations or ():
        names.update(_below(name, folder))
    if not names:
        raise ImportError(f"{name!r} is no extension module: guests import "
                          f"Python source from the folders of path")
    return sorted(names)


def load(name: str) -> list[tuple[str, ModuleType]]:
    """Import an extension module, or all that a package holds.

    Return them with their names.  Raises ImportError for what is not there,
    for what is Python source alone, and what importing a module raises.
    """
    return [(found, importlib.import_module(found)) for found in _names(name)]
