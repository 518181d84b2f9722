"""Where zoneinfo looks for data: in the system's folder, if it is granted."""

import os

TZPATH = ("/usr/share/zoneinfo",)
# Copies of the same zones, and files that are no zones.
_COPIES = {"posix", "right"}


def reset_tzpath(to=None):
    """Refuse: what a guest may read is the host's to say."""
    raise PermissionError("a restricted interpreter has no time zone path")


def _check_key(key):
    """Raise ValueError for a key that names no place below the folder."""
    if (os.path.normpath(key) != key or key in {"", ".", ".."}
            or key.startswith(("/", "../"))):
        raise ValueError(f"ZoneInfo keys must be normalized relative paths, "
                         f"got: {key}")


def find_tzfile(key):
    """Return the path of a zone's file; None if it cannot be read."""
    _check_key(key)
    for folder in TZPATH:
        path = f"{folder}/{key}"
        if os.path.isfile(path):
            return path
    return None


def _is_zone(path):
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"TZif"
    except OSError:
        return False


def available_timezones():
    """Return the keys of the zones that can be had."""
    zones = set()
    for top in TZPATH:
        for folder, folders, files in os.walk(top):
            if folder == top:
                folders[:] = [name for name in folders if name not in _COPIES]
            paths = (f"{folder}/{name}" for name in files)
            zones.update(path[len(top) + 1:] for path in paths
                         if _is_zone(path))
    return zones - {"posixrules"}


class InvalidTZPathWarning(RuntimeWarning):
    """Warning raised if an invalid path is specified in PYTHONTZPATH."""
