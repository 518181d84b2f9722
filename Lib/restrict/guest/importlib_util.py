"""importlib.util as a guest has it: names, no finders and no loaders."""

import sys
from importlib.machinery import ModuleSpec

MAGIC_NUMBER = b""


def find_spec(name, package=None):
    """Return the spec of a module that can be imported, else None.

    It is imported to find out.
    """
    name = resolve_name(name, package)
    try:
        __import__(name)
    except ImportError:
        return None
    return getattr(sys.modules[name], "__spec__", None) or ModuleSpec(
        name, None, is_package=hasattr(sys.modules[name], "__path__"))


def cache_from_source(path, debug_override=None, *, optimization=None):
    """Refuse, as where sys.implementation.cache_tag is None."""
    raise NotImplementedError("a restricted interpreter keeps no .pyc files")


def source_from_cache(path):
    """Refuse, as where sys.implementation.cache_tag is None."""
    raise NotImplementedError("a restricted interpreter keeps no .pyc files")


def resolve_name(name, package):
    """Return the absolute name of a module named relative to package."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    parts = (package or "").rsplit(".", level - 1)
    if not package or len(parts) < level:
        raise ImportError("attempted relative import beyond top-level "
                          "package")
    return f"{parts[0]}.{name[level:]}" if name[level:] else parts[0]
