"""What a guest may use, and how much of it.

A policy is a value: made once, checked completely when it is made, never
changed.  It knows nothing of interpreters; _interpreter.py hands it to C.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, Literal, NoReturn

    Mode = Literal["r", "w", "rw"]
    Stream = Literal["memory", "inherit"]
    Path = str | PathLike[str]
    Extended = bool | int | str | frozenset[str]
    Port = int | str

_UNITS = {"": 1, "b": 1, "k": 2**10, "kib": 2**10, "m": 2**20, "mib": 2**20,
          "g": 2**30, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_SIZE = re.compile(r"\s*(\d{1,30}(?:\.\d{1,30})?)\s*([a-zA-Z]*)\s*",
                   re.ASCII)
_PORTS = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}\Z)(?!-)[a-zA-Z0-9_-]{1,63}(?<!-)"
                   r"(\.(?!-)[a-zA-Z0-9_-]{1,63}(?<!-))*\.?")

# Modules that every guest has before it can ask for them.
_ALWAYS_THERE = ("_io", "builtins", "sys")

_MODES: dict[str, Mode] = {"r": "r", "w": "w", "rw": "rw"}

# The fields that None lifts.
LIMITS = ("memory", "cpu", "wall", "steps", "output", "file_size",
          "open_files", "sockets", "net_bytes")

_SIZES = ("memory", "output", "file_size", "net_bytes")

# A new interpreter alone takes 2 to 3 MiB.
MIN_MEMORY = 4 * 2**20
MAX_SIZE = 2**62


# --- Checking one field -----------------------------------------------------

def _wrong_type(field: str, expected: str, value: object) -> NoReturn:
    raise TypeError(f"{field}: expected {expected}, "
                    f"got {type(value).__name__}")


def _shown(number: float) -> str:
    """Return a number as text, however large it is."""
    if isinstance(number, int) and number.bit_length() > 1000:
        return "a number of that size"
    return str(number)


def _check_size(field: str, value: object, least: int) -> int | None:
    """Return bytes: from a number, or from text such as "64MiB"."""
    if value is None:
        return None
    if isinstance(value, str):
        match = _SIZE.fullmatch(value)
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError(f"{field}: {value!r} is not a size; "
                             f"use bytes or text such as '64MiB'")
        value = int(float(match[1]) * _UNITS[match[2].lower()])
    if not isinstance(value, int) or isinstance(value, bool):
        _wrong_type(field, "a number of bytes, text such as '64MiB' or None",
                    value)
    if not least <= value <= MAX_SIZE:
        raise ValueError(f"{field}: {_shown(value)} bytes is not in the "
                         f"range {least} to {MAX_SIZE}")
    return value


def _check_seconds(field: str, value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        _wrong_type(field, "seconds or None", value)
    if not 0.0 < value <= 1e9:          # excludes NaN
        raise ValueError(f"{field}: {_shown(value)} is not in the range "
                         f"0 to 1e9 seconds")
    return float(value)


def _check_count(field: str, value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        _wrong_type(field, f"a number of {field} or None", value)
    if not 0 < value <= MAX_SIZE:
        raise ValueError(f"{field}: {_shown(value)} is not in the range "
                         f"1 to {MAX_SIZE}")
    return value


def _check_flag(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        _wrong_type(field, "True or False", value)
    return value


def _check_stream(field: str, value: object) -> Stream:
    if not isinstance(value, str):
        _wrong_type(field, "'memory' or 'inherit'", value)
    if value != "memory" and value != "inherit":
        raise ValueError(f"{field}: {value!r} is not 'memory' or 'inherit'")
    return "memory" if value == "memory" else "inherit"


def _check_path(field: str, value: object) -> str:
    if not isinstance(value, (str, os.PathLike)):
        _wrong_type(field, "a path", value)
    path: object = os.fspath(value)
    if not isinstance(path, str):
        _wrong_type(field, "a path that is text", path)
    if not os.path.isabs(path):
        raise ValueError(f"{field}: {path!r} is not an absolute path")
    if "\0" in path:
        raise ValueError(f"{field}: {path!r} contains a null character")
    if ".." in path.split("/"):
        raise ValueError(f"{field}: {path!r} contains '..'")
    return path


def _check_grants(field: str, value: object) -> Mapping[str, Mode]:
    if not isinstance(value, Mapping):
        _wrong_type(field, "a mapping of paths to 'r', 'w' or 'rw'", value)
    grants: dict[str, Mode] = {}
    for path, mode in value.items():
        if not isinstance(mode, str):
            _wrong_type(f"{field}[{path!r}]", "'r', 'w' or 'rw'", mode)
        if mode not in _MODES:
            raise ValueError(f"{field}[{path!r}]: {mode!r} is not "
                             f"'r', 'w' or 'rw'")
        grants[_check_path(field, path)] = _MODES[mode]
    return MappingProxyType(dict(sorted(grants.items())))


def _check_items(field: str, value: object) -> list[object]:
    if isinstance(value, (str, bytes, Mapping)):
        _wrong_type(field, "a list", value)
    try:
        return list(value)  # type: ignore[call-overload, no-any-return]
    except TypeError:
        _wrong_type(field, "a list", value)


def _check_modules(field: str, value: object) -> tuple[str, ...]:
    names = set()
    for name in _check_items(field, value):
        if not isinstance(name, str):
            _wrong_type(field, "names of modules", name)
        if not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"{field}: {name!r} is not the name of a module")
        names.add(name)
    return tuple(sorted(names))


def _check_paths(field: str, value: object) -> tuple[str, ...]:
    return tuple(_check_path(field, path)
                 for path in _check_items(field, value))


def _check_port_number(field: str, port: int) -> int:
    if not 0 <= port <= 65535:
        raise ValueError(f"{field}: port {port} is not in the range "
                         f"0 (any) to 65535")
    return port


def _check_port(field: str, port: object) -> Port:
    """Return a port, or the text of a range such as "8000-8010"."""
    if isinstance(port, str) and "-" in port:
        match = _PORTS.fullmatch(port)
        if match is None:
            raise ValueError(f"{field}: {port!r} is not a range of ports "
                             f"such as '8000-8010'")
        first = _check_port_number(field, int(match[1]))
        last = _check_port_number(field, int(match[2]))
        if first > last:
            raise ValueError(f"{field}: the range {port!r} is empty")
        return first if first == last else f"{first}-{last}"
    if not isinstance(port, int) or isinstance(port, bool):
        _wrong_type(field, "a port number or a range such as '8000-8010'",
                    port)
    return _check_port_number(field, port)


def port_range(port: Port) -> tuple[int, int]:
    """Return the first and the last of the ports; 0 is any."""
    if isinstance(port, str):
        first, _, last = port.partition("-")
        return int(first), int(last)
    return (port, port) if port else (0, 65535)


def _sort_pairs(pairs: set[tuple[str, Port]]) -> tuple[tuple[str, Port], ...]:
    return tuple(sorted(pairs, key=lambda pair: (pair[0],
                                                 port_range(pair[1]))))


def _check_pairs(field: str, value: object) -> list[tuple[str, Port]]:
    pairs = []
    for pair in _check_items(field, value):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(f"{field}: expected pairs of a name and a port, "
                            f"got {pair!r}")
        if not isinstance(pair[0], str):
            _wrong_type(field, "text and a port", pair[0])
        pairs.append((pair[0], _check_port(field, pair[1])))
    return pairs


def _check_addresses(field: str,
                     value: object) -> tuple[tuple[str, Port], ...]:
    pairs = _check_pairs(field, value)
    if not pairs:
        return ()
    from ipaddress import ip_network

    checked = set()
    for address, port in pairs:
        try:
            network = ip_network(address)
        except ValueError as exc:
            raise ValueError(f"{field}: {exc}") from None
        if "%" in address:
            raise ValueError(f"{field}: {address!r} names an interface")
        text = str(network if "/" in address else network.network_address)
        checked.add((text, port))
    return _sort_pairs(checked)


def _check_hosts(field: str, value: object) -> tuple[tuple[str, Port], ...]:
    checked = set()
    for host, port in _check_pairs(field, value):
        if _HOST.fullmatch(host) is None:
            raise ValueError(f"{field}: {host!r} is not the name of a host")
        checked.add((host.lower().rstrip("."), port))
    return _sort_pairs(checked)


def _check_text(field: str, text: str) -> str:
    """Return text that is a string in C as well."""
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(f"{field}: {text!r} cannot be encoded")
    return text


def _check_extended_value(field: str, value: object) -> Extended:
    if isinstance(value, (bool, int, str)):
        if isinstance(value, int) and not 0 <= value <= MAX_SIZE:
            raise ValueError(f"{field}: {_shown(value)} is not in the range "
                             f"0 to {MAX_SIZE}")
        return _check_text(field, value) if isinstance(value, str) else value
    expected = "a bool, a whole number, text or a list of texts"
    if isinstance(value, (bytes, Mapping)) or not isinstance(value, Iterable):
        _wrong_type(field, expected, value)
    members = list(value)
    for member in members:
        if not isinstance(member, str):
            _wrong_type(field, expected, member)
    return frozenset(_check_text(field, str(member)) for member in members)


def _check_extended(field: str,
                    value: object) -> Mapping[tuple[str, str], Extended]:
    if not isinstance(value, Mapping):
        _wrong_type(field, "a mapping of (group, type) to values", value)
    extended: dict[tuple[str, str], Extended] = {}
    for key, item in value.items():
        if (not isinstance(key, tuple) or len(key) != 2
                or not all(isinstance(part, str) and part for part in key)):
            raise TypeError(f"{field}: expected (group, type), got {key!r}")
        if key[0] == "Python":
            raise ValueError(f"{field}: the group 'Python' is reserved")
        _check_text(field, key[0] + key[1])
        extended[key] = _check_extended_value(f"{field}[{key!r}]", item)
    return MappingProxyType(dict(sorted(extended.items())))


# --- The policy -------------------------------------------------------------

class Policy:
    """What a guest may use.  Immutable, and fully checked when made.

    Limits; None lifts one:
      memory       bytes, as a number or as text such as "64MiB"
      cpu          seconds of processor time over the interpreter's life
      wall         seconds on the clock in which the guest runs
      steps        function calls and loop iterations of Python code, counted
                   the same on every machine
      output       bytes written to stdout and stderr together
      file_size    bytes written to files, in all
      open_files   files that are open at a time; one more is an OSError
      sockets      sockets open at a time
      net_bytes    bytes sent and received by sockets, together

    Grants:
      files        {absolute path: "r", "w" or "rw"}
      directories  likewise, for all that is below
      modules      names of extension and built-in modules beyond the reviewed
                   ones; the host answers for what they do
      block_modules  modules that are not to be had, reviewed or not
      path         folders from which the guest may import source
      addresses    [(address or CIDR network, port)]; port 0 is any, and
                   "8000-8010" a range
      hosts        [(host name, port)]; looked up once, when a guest is made
      network_info      host names and interfaces may be asked for
      filesystem_info   __file__, __path__ and tracebacks may show paths
      stdin, stdout, stderr   "memory", or "inherit" for the process's own
      extended     {(group, type): True, number, text or list of texts}, for
                   protections that extension modules define

    Raises TypeError or ValueError that names the field.
    """

    __slots__ = (  # noqa: RUF023 (the order of to_dict() and files)
        "memory", "cpu", "wall", "steps", "output", "file_size", "open_files",
        "sockets", "net_bytes",
        "files", "directories", "modules", "block_modules", "path",
        "addresses", "hosts", "network_info", "filesystem_info",
        "stdin", "stdout", "stderr", "extended",
    )

    memory: int | None
    cpu: float | None
    wall: float | None
    steps: int | None
    output: int | None
    file_size: int | None
    open_files: int | None
    sockets: int | None
    net_bytes: int | None
    files: Mapping[str, Mode]
    directories: Mapping[str, Mode]
    modules: tuple[str, ...]
    block_modules: tuple[str, ...]
    path: tuple[str, ...]
    addresses: tuple[tuple[str, Port], ...]
    hosts: tuple[tuple[str, Port], ...]
    network_info: bool
    filesystem_info: bool
    stdin: Stream
    stdout: Stream
    stderr: Stream
    extended: Mapping[tuple[str, str], Extended]

    def __init__(
        self,
        *,
        memory: int | str | None = 256 * 2**20,
        cpu: float | None = 10.0,
        wall: float | None = 30.0,
        steps: int | None = None,
        output: int | str | None = 2**20,
        file_size: int | str | None = 2**30,
        open_files: int | None = 256,
        sockets: int | None = 64,
        net_bytes: int | str | None = 256 * 2**20,
        files: Mapping[Path, Mode] | Mapping[str, Mode] = MappingProxyType({}),
        directories: Mapping[Path, Mode] | Mapping[str, Mode]
        = MappingProxyType({}),
        modules: Iterable[str] = (),
        block_modules: Iterable[str] = (),
        path: Iterable[Path] = (),
        addresses: Iterable[tuple[str, Port]] = (),
        hosts: Iterable[tuple[str, Port]] = (),
        network_info: bool = False,
        filesystem_info: bool = False,
        stdin: Stream = "memory",
        stdout: Stream = "memory",
        stderr: Stream = "memory",
        extended: Mapping[tuple[str, str], bool | int | str | Iterable[str]]
        = MappingProxyType({}),
    ) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("memory", _check_size("memory", memory, MIN_MEMORY))
        put("cpu", _check_seconds("cpu", cpu))
        put("wall", _check_seconds("wall", wall))
        put("steps", _check_count("steps", steps))
        put("output", _check_size("output", output, 0))
        put("file_size", _check_size("file_size", file_size, 0))
        put("open_files", _check_count("open_files", open_files))
        put("sockets", _check_count("sockets", sockets))
        put("net_bytes", _check_size("net_bytes", net_bytes, 0))
        put("files", _check_grants("files", files))
        put("directories", _check_grants("directories", directories))
        put("modules", _check_modules("modules", modules))
        put("block_modules", _check_modules("block_modules", block_modules))
        put("path", _check_paths("path", path))
        put("addresses", _check_addresses("addresses", addresses))
        put("hosts", _check_hosts("hosts", hosts))
        put("network_info", _check_flag("network_info", network_info))
        put("filesystem_info",
            _check_flag("filesystem_info", filesystem_info))
        put("stdin", _check_stream("stdin", stdin))
        put("stdout", _check_stream("stdout", stdout))
        put("stderr", _check_stream("stderr", stderr))
        put("extended", _check_extended("extended", extended))
        self._check_modules_agree()

    def _check_modules_agree(self) -> None:
        both = set(self.modules) & set(self.block_modules)
        if both:
            raise ValueError(f"block_modules: {min(both)!r} is in modules "
                             f"too")
        for name in self.modules:
            above = name.rpartition(".")[0]
            while above:
                if above in self.block_modules:
                    raise ValueError(f"block_modules: {above!r} also blocks "
                                     f"{name!r}, which is in modules")
                above = above.rpartition(".")[0]
        for name in _ALWAYS_THERE:
            if name in self.block_modules:
                raise ValueError(f"block_modules: {name!r} is there already "
                                 f"when a guest begins")
        if "_restrict" in self.modules:
            raise ValueError("modules: '_restrict' is for the host alone")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a policy cannot be changed; make another one "
                             f"to set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a policy cannot be changed")

    # --- Comparing, showing, copying ---

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name)
                   for name in self.__slots__)

    def __hash__(self) -> int:
        return hash(tuple(
            tuple(value.items()) if isinstance(value, Mapping) else value
            for value in self._values().values()))

    def __repr__(self) -> str:
        default = _DEFAULT
        fields = ", ".join(
            f"{name}={_plain(value)!r}"
            for name, value in self._values().items()
            if value != getattr(default, name))
        return f"Policy({fields})"

    def __replace__(self, **changes: Any) -> Policy:
        return Policy(**{**self._values(), **changes})

    def __copy__(self) -> Policy:
        return self

    def __deepcopy__(self, memo: object) -> Policy:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_values, ({name: _plain(value) for name, value
                               in self._values().items()},)

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    # --- Files ---

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, in types that JSON and TOML have.

        A limit that is lifted is None; `extended` is nested by group.
        """
        values = {name: _plain(value)
                  for name, value in self._values().items()}
        values["addresses"] = [list(pair) for pair in self.addresses]
        values["hosts"] = [list(pair) for pair in self.hosts]
        groups: dict[str, dict[str, Any]] = {}
        for (group, kind), value in self.extended.items():
            groups.setdefault(group, {})[kind] = (
                sorted(value) if isinstance(value, frozenset) else value)
        values["extended"] = groups
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Policy:
        """Make a policy of what to_dict() returned, or of part of it.

        Raises ValueError for a name that is not a field, and what Policy()
        raises.
        """
        fields = dict(values)
        for name in fields:
            if name not in cls.__slots__:
                raise ValueError(f"{name}: there is no such field in a policy")
        for name in LIMITS:
            if fields.get(name) == "none":
                fields[name] = None
        if "extended" in fields:
            fields["extended"] = _flat_extended(fields["extended"])
        return cls(**fields)

    def to_toml(self) -> str:
        """Return the policy as a TOML document that from_toml() reads.

        Limits are always written, "none" for one that is lifted; the rest
        only where it differs from the default.
        """
        from restrict._toml import dump

        values = self.to_dict()
        default = _DEFAULT.to_dict()
        document = {name: _limit_text(name, values[name]) for name in LIMITS}
        document |= {name: value for name, value in values.items()
                     if name not in LIMITS and value != default[name]}
        return dump(document)

    @classmethod
    def from_toml(cls, path: Path) -> Policy:
        """Read a policy from a TOML file.

        Raises OSError if it cannot be read, ValueError (also
        tomllib.TOMLDecodeError) or TypeError if it does not hold a policy.
        """
        return cls.from_dict(_read_toml(path))


def _read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds; an error names the file."""
    import tomllib

    with open(path, "rb") as file:
        try:
            return tomllib.load(file)
        except tomllib.TOMLDecodeError as exc:
            raise tomllib.TOMLDecodeError(
                f"{os.fspath(path)}: {exc}") from None
        except UnicodeDecodeError as exc:
            raise ValueError(f"{os.fspath(path)}: byte {exc.start} is not "
                             f"UTF-8: {exc.reason}") from None


def _plain(value: object) -> Any:
    """Return a value of a field in built-in types."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _limit_text(name: str, value: float | None) -> float | str:
    """Return a limit as a person would write it."""
    if value is None:
        return "none"
    if name in _SIZES:
        for unit in ("GiB", "MiB", "KiB"):
            count, rest = divmod(int(value), _UNITS[unit.lower()])
            if count and not rest:
                return f"{count}{unit}"
    return value


def _flat_extended(value: object) -> dict[tuple[str, str], Any]:
    if not isinstance(value, Mapping):
        _wrong_type("extended", "a table of groups", value)
    flat = {}
    for group, kinds in value.items():
        if isinstance(group, tuple):
            flat[group] = kinds
            continue
        if not isinstance(kinds, Mapping):
            _wrong_type(f"extended.{group}", "a table", kinds)
        for kind, item in kinds.items():
            flat[group, kind] = item
    return flat


def _from_values(values: dict[str, Any]) -> Policy:
    return Policy(**values)


_DEFAULT = Policy()
