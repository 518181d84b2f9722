"""Write TOML: as much of it as a policy needs, and tomllib reads back."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n",
            "\f": "\\f", "\r": "\\r"}


def _string(text: str) -> str:
    def escape(c: str) -> str:
        if c in _ESCAPES:
            return _ESCAPES[c]
        if ord(c) < 0x20 or ord(c) == 0x7f:
            return f"\\u{ord(c):04x}"
        return c

    return '"' + "".join(map(escape, text)) + '"'


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _string(text)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"cannot write {type(value).__name__} as TOML")


def _table(table: Mapping[str, object], prefix: str) -> list[str]:
    """Return the lines of a table: its own values first, then its tables."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items()
             if not isinstance(value, Mapping)]
    for key, value in table.items():
        if isinstance(value, Mapping):
            name = f"{prefix}{_key(key)}"
            inner = _table(value, f"{name}.")
            if any(not isinstance(item, Mapping) for item in value.values()):
                lines += ["", f"[{name}]"]
            lines += inner
    return lines


def dump(document: Mapping[str, object]) -> str:
    """Return the document as TOML text.

    Values are bool, int, float, str, lists of them, and tables.
    """
    return "\n".join(_table(document, "")) + "\n"
