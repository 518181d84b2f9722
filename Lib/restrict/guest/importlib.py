"""importlib as a guest has it: the function, without the machinery."""

__all__ = ["__import__", "import_module", "invalidate_caches"]

import sys
from builtins import __import__


def import_module(name, package=None):
    """Import a module; a name with leading dots is relative to package."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        __import__(name)
        return sys.modules[name]
    if not package:
        raise TypeError("the 'package' argument is required to perform a "
                        f"relative import for {name!r}")
    parts = package.rsplit(".", level - 1)
    if len(parts) < level:
        raise ImportError("attempted relative import beyond top-level "
                          "package")
    full = f"{parts[0]}.{name[level:]}" if name[level:] else parts[0]
    __import__(full)
    return sys.modules[full]


def invalidate_caches():
    """Do nothing: a restricted interpreter's finder caches nothing."""
