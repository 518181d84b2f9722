"""What a guest used, and what it was refused."""

from __future__ import annotations

import logging
import sys
import tomllib
from dataclasses import asdict, dataclass
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Protocol

    from restrict._native import DenialRow

    class HasDenials(Protocol):
        """A guest, or the module of guarded mode."""

        def denials(self) -> list[DenialRow]: ...

logger = logging.getLogger("restrict.audit")
logger.addHandler(logging.NullHandler())    # silent until the host listens


@dataclass(frozen=True, slots=True)
class Usage:
    """What a guest has used until now.

    memory, peak_memory  bytes
    cpu, wall            seconds
    steps                function calls and loop iterations; 0 when the policy
                         has no step limit, because nobody counts then
    output               bytes
    denials              refused operations
    """

    memory: int = 0
    peak_memory: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    steps: int = 0
    output: int = 0
    denials: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Denial:
    """One kind of refused operation at one place of the guest.

    capability  "attribute", "call", "import", "file", "address", ...
    subject     what was refused, as the guest named it, without control
                characters
    location    where: "FILE:LINE" of the guest, or "" if not known
    grant       the policy entry that would allow it; None if none would, if
                none is known, or if it would be too wide to offer
    count       how often
    time        when first, in seconds since the epoch
    last_time   when last
    """

    capability: str
    subject: str
    location: str
    grant: str | None
    count: int
    time: float
    last_time: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    def option(self) -> str | None:
        """Return the command-line option that would allow it, if any."""
        try:
            entry = tomllib.loads(self.grant or "")
            options = [option for field, value in entry.items()
                       for option in _options(field, value)]
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None                 # no grant of ours: somebody wrote it
        return " ".join(options) or None


def _options(field: str, value: Any) -> Iterator[str]:
    """Yield the options that a policy entry corresponds to."""
    if field in ("modules", "path"):
        option = "--allow-module" if field == "modules" else "--allow-import"
        yield from (f"{option} {quote(name)}" for name in value)
    elif field in ("files", "directories"):
        for path, mode in value.items():
            if "r" in mode:
                yield f"--allow-read {quote(path)}"
            if "w" in mode:
                yield f"--allow-write {quote(path)}"
    elif field in ("addresses", "hosts"):
        for host, port in value:
            name = f"[{host}]" if ":" in host else host
            yield f"--allow-net {quote(f'{name}:{port}')}"


# Where a denial without a grant may still be one that a policy can allow.
_NO_GRANT = {"import": "no entry is known", "file": "no entry is offered"}


def without_grant(denial: Denial) -> str:
    """Return what to say of a denial that has no grant."""
    return _NO_GRANT.get(denial.capability, "no policy allows it")


def printable(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def make_denial(row: DenialRow) -> Denial:
    """Make a denial from C's row."""
    capability, subject, filename, line, grant, count, first, last = row
    location = f"{printable(filename)}:{line}" if filename else ""
    return Denial(capability, printable(subject), location,
                  grant if grant and grant.isprintable() else None, count,
                  first, last)


class Record:
    """The denials of one guest, and what of them was told already.

    Each denial goes once to the logger `restrict.audit` and as the audit event
    `restrict.denied`; when it happens again, once more for each time that the
    host looks (after every use of the guest), with how often it happened in
    between.  So the host's log grows with the guest's uses, not with a loop.
    """

    def __init__(self) -> None:
        self.denials: list[Denial] = []
        self._told: dict[tuple[str, str, str], int] = {}
        self._lost = 0

    def update(self, guest: HasDenials, total: int | None = None) -> None:
        """Take what the guest's record holds now, and tell what is new.

        total: how many denials there were; that some are lost is told too.
        """
        self.denials = [make_denial(row) for row in guest.denials()]
        told = {}
        for denial in self.denials:
            key = (denial.capability, denial.subject, denial.location)
            new = denial.count - self._told.get(key, 0)
            told[key] = denial.count
            if new > 0:
                self._tell(denial, new)
        self._told = told
        if total is not None:
            self._tell_lost(total - sum(told.values()))

    def _tell_lost(self, lost: int) -> None:
        if lost > self._lost:
            subject = f"{lost - self._lost} of other kinds"
            sys.audit("restrict.denied", "more", subject, "")
            logger.warning("refused more than the record holds: %s", subject)
        self._lost = max(lost, self._lost)

    @staticmethod
    def _tell(denial: Denial, new: int) -> None:
        sys.audit("restrict.denied", denial.capability, denial.subject,
                  denial.location)
        logger.warning(
            "refused %s %r at %s (%d times); to allow: %s",
            denial.capability, denial.subject, denial.location or "?", new,
            denial.grant or _NO_GRANT.get(denial.capability, "nothing does"),
            extra={"denial": denial})


def _ways(denial: Denial) -> Iterator[str]:
    """Yield the ways to allow it, for people."""
    if not denial.grant:
        yield without_grant(denial)
        if denial.capability == "import":
            yield ("source of your own: path = [\"/its/folder\"], "
                   "--allow-import FOLDER")
        return
    yield f"policy file: {denial.grant}"
    if option := denial.option():
        yield f"command line: {option}"


def report_lines(denials: Iterable[Denial], colour: bool = False) -> list[str]:
    """Return a report for people: what, where, how often, what allows it."""
    bold, dim, plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if colour \
        else ("", "", "")
    lines = []
    for denial in sorted(denials, key=lambda denial: denial.time):
        times = "" if denial.count == 1 else f", {denial.count} times"
        lines.append(f"{bold}refused: {denial.capability} "
                     f"{denial.subject}{plain}")
        lines.append(f"{dim}  at {denial.location or 'an unknown place'}"
                     f"{times}{plain}")
        lines += [f"  {way}" for way in _ways(denial)]
    return lines
