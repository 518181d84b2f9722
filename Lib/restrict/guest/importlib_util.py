"""importlib.util as a guest has it: names, no finders and no loaders."""

MAGIC_NUMBER = b""


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
