"""Where zoneinfo looks for data: in the system's folder, if it is granted,
and then in what the interpreter was built with.
"""

import io
import os

from restrict import _asks_for_zone, _zone, _zone_keys

_SYSTEM = ("/usr/share/zoneinfo",)
TZPATH = _SYSTEM
# Copies of the same zones, and files that are no zones.
_COPIES = {"posix", "right"}


def reset_tzpath(to=None):
    """Look in other folders, for what of them the policy grants."""
    global TZPATH
    if isinstance(to, (str, bytes)):
        raise TypeError(f"tzpaths must be a list or tuple, not {type(to)}: "
                        f"{to!r}")
    paths = _SYSTEM if to is None else tuple(map(os.fspath, to))
    if not all(isinstance(path, str) for path in paths):
        raise TypeError("All elements of a tzpath sequence must be strings "
                        "or os.PathLike objects which convert to strings.")
    relative = [path for path in paths if not os.path.isabs(path)]
    if relative:
        raise ValueError("\n    ".join(
            ["Paths should be absolute but found the following relative "
             "paths:", *relative]))
    TZPATH = paths


def _ask(key):
    """Return the folders to ask for a key, "" for themselves.

    The system's own is not asked without need: a refusal would be recorded.
    """
    if TZPATH != _SYSTEM or _asks_for_zone(key):
        return TZPATH
    return ()


def _check_key(key):
    """Raise ValueError for a key that names no place below the folder."""
    if os.path.isabs(key):
        raise ValueError(f"ZoneInfo keys may not be absolute paths, "
                         f"got: {key}")
    if len(os.path.normpath(key)) != len(key):
        raise ValueError(f"ZoneInfo keys must be normalized relative paths, "
                         f"got: {key}")
    if key == "." or key.split("/", 1)[0] == "..":
        raise ValueError(f"ZoneInfo keys must refer to subdirectories of "
                         f"TZPATH, got: {key}")


def find_tzfile(key):
    """Return the path of a zone's file; None if it cannot be read."""
    _check_key(key)
    for folder in _ask(key):
        path = os.path.join(folder, key)
        if os.path.isfile(path):
            return path
    return None


def open_bundled(key, not_found):
    """Return a stream of the zone that the interpreter was built with."""
    data = _zone(key)
    if data is None:
        raise not_found(f"No time zone found with key {key}")
    return io.BytesIO(data)


def _is_zone(path):
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"TZif"
    except OSError:
        return False


def _zones_of(top):
    """Yield the keys of the zones in a folder."""
    for folder, folders, files in os.walk(top):
        if folder == top:
            folders[:] = [name for name in folders if name not in _COPIES]
        paths = (os.path.join(folder, name) for name in files)
        yield from (os.path.relpath(path, top) for path in paths
                    if _is_zone(path))


def available_timezones():
    """Return the keys of the zones that can be had."""
    zones = set(_zone_keys())
    for top in _ask(""):
        zones.update(_zones_of(top))
    return zones - {"posixrules"}


class InvalidTZPathWarning(RuntimeWarning):
    """Warning raised if an invalid path is specified in PYTHONTZPATH."""
