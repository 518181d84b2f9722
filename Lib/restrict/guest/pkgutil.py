"""pkgutil as a guest has it: objects by name, no looking into folders."""

import importlib

__all__ = ["extend_path", "resolve_name"]


def extend_path(path, name):
    """Return the path of a package as it is: it has one place."""
    return path


def resolve_name(name):
    """Return the object of a name such as "a.b:C.d" or "a.b.C.d".

    Before a colon stands the module; without one, as much of the name is the
    module as can be imported.  ValueError for what is no such name.
    """
    module, colon, rest = name.partition(":")
    path = module.split(".")
    names = rest.split(".") if rest else []
    if not all(map(str.isidentifier, path + names)):
        raise ValueError(f"invalid format: {name!r}")
    obj = importlib.import_module(module if colon else path[0])
    if not colon:
        obj, names = _longest_module(obj, path)
    for part in names:
        obj = getattr(obj, part)
    return obj


def _longest_module(module, path):
    """Import what of the path is modules; return the last one, the rest."""
    for i in range(1, len(path)):
        try:
            module = importlib.import_module(".".join(path[:i + 1]))
        except ImportError:
            return module, path[i:]
    return module, []
