"""Where zoneinfo looks for data: nowhere, a guest has no file system."""

TZPATH = ()


def reset_tzpath(to=None):
    """Refuse: there is no path to set."""
    raise PermissionError("a restricted interpreter has no time zone path")


def find_tzfile(key):
    """Return None: the zone is in no file."""


def available_timezones():
    """Return the keys of the zones that can be had."""
    return set()


class InvalidTZPathWarning(RuntimeWarning):
    """Warning raised if an invalid path is specified in PYTHONTZPATH."""
