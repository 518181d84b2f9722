"""The command line: python -m restrict run|learn|explain|selftest|surface.

`run` exits with the guest's own status; 120 when a limit stopped it, 121 when
the policy is wrong or cannot be enforced; 130 after Ctrl-C, as a shell would
say.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
from typing import TYPE_CHECKING

from restrict._errors import GuestError, LimitExceeded
from restrict._interpreter import Interpreter, leaving
from restrict._policy import LIMITS, Policy
from restrict._report import (
    Denial,
    printable,
    report_lines,
    without_grant,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal, TextIO

    from restrict._policy import Stream

EXIT_USAGE = 2
EXIT_LIMIT = 120
EXIT_POLICY = 121
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141                         # as a shell says of SIGPIPE


class _UsageError(Exception):
    """Something on the command line is wrong; the text says what."""


class _PolicyError(Exception):
    """The policy is wrong, or cannot be enforced; the text says why."""


# --- The policy of a run ----------------------------------------------------

def _parse_net(text: str) -> tuple[str, int | str]:
    host, colon, port = text.rpartition(":")
    digits = port.replace("-", "", 1)
    if (not colon or not digits.isascii() or not digits.isdigit()
            or host.startswith("[") != ("]" in host)):
        raise ValueError(f"--allow-net: {text!r} is not HOST:PORT")
    if host.startswith("["):            # [::1] and [fc00::]/7
        host = host[1:].replace("]", "", 1)
    return host, port if "-" in port else int(port)


def _is_address(host: str) -> bool:
    from ipaddress import ip_network

    try:
        ip_network(host)
    except ValueError:
        return False
    return True


def _merge_grant(grants: dict[str, str], path: str, mode: str) -> None:
    both = set(grants.get(path, "") + mode)
    grants[path] = "rw" if len(both) == 2 else mode


def _add_paths(values: dict[str, Any], args: argparse.Namespace) -> None:
    for mode, paths in (("r", args.allow_read), ("w", args.allow_write)):
        for given in paths:
            option = "--allow-read" if mode == "r" else "--allow-write"
            path = os.path.abspath(given)
            if not given or not os.path.exists(path):
                raise ValueError(f"{option}: there is no {given!r}")
            field = "directories" if os.path.isdir(path) else "files"
            _merge_grant(values[field], path, mode)
    for given in args.allow_import:
        folder = os.path.abspath(given)
        if not given or not os.path.isdir(folder):
            raise ValueError(f"--allow-import: there is no folder {given!r}")
        values["path"].append(folder)


def _add_grants(values: dict[str, Any], args: argparse.Namespace) -> None:
    _add_paths(values, args)
    for host, port in map(_parse_net, args.allow_net):
        field = "addresses" if _is_address(host) else "hosts"
        values[field].append([host, port])
    values["modules"] += args.allow_module
    for name in LIMITS:
        if (value := getattr(args, name)) is not None:
            values[name] = value


def _seconds(text: str) -> float | str:
    try:
        return "none" if text == "none" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of seconds, or none") from None


def _count(text: str) -> int | str:
    try:
        return "none" if text == "none" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number, or none") from None


def make_policy(args: argparse.Namespace) -> Policy:
    """Return the policy that the options describe.

    Without a policy file the process's own streams are used, except for
    --json, which collects them.  Raises _PolicyError.
    """
    stream: Stream = "memory" if args.json else "inherit"
    try:
        if args.policy:
            policy = Policy.from_toml(args.policy)
        else:
            policy = Policy(stdin="inherit", stdout=stream, stderr=stream)
        values = policy.to_dict()
        _add_grants(values, args)
        return Policy.from_dict(values)
    except OSError as exc:
        raise _PolicyError(
            f"cannot read {args.policy}: {exc.strerror}") from None
    except RecursionError:
        raise _PolicyError(f"{args.policy} is nested too deeply") from None
    except (ValueError, TypeError) as exc:
        raise _PolicyError(str(exc)) from None


# --- Running ----------------------------------------------------------------

def _read_script(name: str) -> str:
    import tokenize

    try:
        if name == "-":
            return sys.stdin.read()
        with tokenize.open(name) as file:
            return file.read()
    except OSError as exc:
        raise _UsageError(f"cannot read {name}: {exc.strerror}") from None
    except (SyntaxError, ValueError, LookupError) as exc:
        raise _UsageError(f"cannot read {name}: {exc}") from None


class _Outcome:
    """What came of a run, for the report and for the exit status."""

    def __init__(self) -> None:
        self.status = 0
        self.error: GuestError | None = None
        self.limit: str | None = None

    def take(self, exc: GuestError | LimitExceeded) -> None:
        if isinstance(exc, LimitExceeded):
            self.limit = exc.limit
            self.status = (EXIT_INTERRUPTED if exc.limit == "cancel"
                           else EXIT_LIMIT)
        elif exc.exit_status is not None:
            self.status = exc.exit_status & 0xff
            if exc.exit_status == 1 and exc.message != "1":
                self.error = exc
        else:
            self.error = exc
            self.status = (EXIT_INTERRUPTED
                           if exc.type_name == "KeyboardInterrupt" else 1)

    def text(self) -> str:
        """Return what goes to stderr."""
        if self.limit is not None:
            return ("restrict: the guest was interrupted\n"
                    if self.limit == "cancel" else
                    f"restrict: the guest exceeded its {self.limit} limit\n")
        if self.error is None:
            return ""
        if self.error.exit_status is not None:
            return f"{self.error.message}\n"
        return self.error.traceback


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:                     # removed, or out of reach
        return "/"


def _run_guest(guest: Interpreter, source: str, filename: str,
               argv: list[str]) -> _Outcome:
    outcome = _Outcome()
    try:
        guest._start_in(_folder())
        guest._define("sys", {"argv": argv})
        with leaving(guest):
            guest.exec(source, filename=filename)
    except (GuestError, LimitExceeded) as exc:
        outcome.take(exc)
    except KeyboardInterrupt:
        outcome.limit, outcome.status = "cancel", EXIT_INTERRUPTED
    return outcome


def _open_output(path: str, mode: Literal["a", "w"]) -> TextIO:
    """Open what the run will write, before it: no result shall be lost."""
    try:
        return open(path, mode, encoding="utf-8")
    except OSError as exc:
        raise _UsageError(f"cannot write {path}: {exc.strerror}") from None


def _write_audit(file: TextIO, denials: Sequence[Denial]) -> None:
    with file:
        for denial in denials:
            record = denial.to_dict() | {"option": denial.option()}
            file.write(json.dumps(record) + "\n")


def _print_json(guest: Interpreter, outcome: _Outcome) -> None:
    error = outcome.error
    json.dump({
        "exit_status": outcome.status,
        "limit": outcome.limit,
        "error": None if error is None else {
            "type_name": error.type_name, "message": error.message,
            "traceback": error.traceback},
        "stdout": guest.stdout,
        "stderr": guest.stderr,
        "usage": guest.usage.to_dict(),
        "denials": [denial.to_dict() | {"option": denial.option()}
                    for denial in guest.denials],
    }, sys.stdout, indent=2)
    print()


def _use_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _print_report(denials: Sequence[Denial], stream: TextIO) -> None:
    for line in report_lines(denials, _use_colour(stream)):
        print(line, file=stream)


def _encodable(text: str, stream: TextIO) -> str:
    """Return text that the stream can take: the rest is escaped."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _print_text(guest: Interpreter, outcome: _Outcome) -> None:
    sys.stdout.write(_encodable(guest.stdout, sys.stdout))
    sys.stdout.flush()
    sys.stderr.write(_encodable(guest.stderr, sys.stderr))
    sys.stderr.write(_encodable(outcome.text(), sys.stderr))
    if guest.denials and sys.stderr.isatty():
        _print_report(guest.denials, sys.stderr)
    sys.stderr.flush()


def _finish(guest: Interpreter, outcome: _Outcome, audit: TextIO | None,
            args: argparse.Namespace) -> None:
    if args.json:
        _print_json(guest, outcome)
    else:
        _print_text(guest, outcome)
    if audit is not None:
        _write_audit(audit, guest.denials)


def _with_guest(args: argparse.Namespace,
                policy: Policy) -> tuple[_Outcome, list[Denial]]:
    source = _read_script(args.script)
    audit = _open_output(args.audit, "a") if args.audit else None
    name = args.script if policy.filesystem_info \
        else os.path.basename(args.script)
    try:
        interpreter = Interpreter(policy)
    except (NotImplementedError, ValueError, OSError, MemoryError) as exc:
        raise _PolicyError(str(exc)) from None
    with interpreter as guest:
        outcome = _run_guest(guest, source, name, [name, *args.args])
        _finish(guest, outcome, audit, args)
        return outcome, guest.denials


def command_run(args: argparse.Namespace) -> int:
    """Run a script; return the exit status."""
    outcome, _ = _with_guest(args, make_policy(args))
    return outcome.status


# --- Learning ---------------------------------------------------------------

def _add_extended(mine: dict[str, Any], kinds: dict[str, Any]) -> None:
    for kind, value in kinds.items():
        old = mine.get(kind)
        if isinstance(value, list) and isinstance(old, list):
            mine[kind] = sorted({*old, *value})
        elif type(value) is int and type(old) is int:
            mine[kind] = max(old, value)
        else:
            mine[kind] = value


def _add_entry(values: dict[str, Any], entry: dict[str, Any]) -> None:
    """Widen a policy, as a dict, by one grant."""
    for field, value in entry.items():
        if field == "files" and any(map(os.path.isdir, value)):
            raise ValueError("a folder: all of it, or less?")
        if isinstance(value, list):
            values[field] += [item for item in value
                              if item not in values[field]]
        elif isinstance(value, dict) and field in ("files", "directories"):
            for path, mode in value.items():
                _merge_grant(values[field], path, mode)
        elif isinstance(value, dict):
            for group, kinds in value.items():
                _add_extended(values[field].setdefault(group, {}), kinds)
        else:
            values[field] = value


def _try_policy(policy: Policy) -> None:
    """Raise ValueError or the like if no guest can be made with it."""
    Interpreter(policy).close()


def _widened(values: dict[str, Any], grant: str) -> dict[str, Any]:
    """Return a policy, as a dict, wider by one grant that holds here."""
    import tomllib

    try:
        entry = tomllib.loads(grant)
    except tomllib.TOMLDecodeError:
        raise ValueError("a choice") from None
    wider = copy.deepcopy(values)
    _add_entry(wider, entry)
    Policy.from_dict(wider)
    if wider != values:
        _try_policy(Policy.from_dict(entry))
    return wider


def widen(policy: Policy, denials: Sequence[Denial]) -> tuple[
        Policy, list[tuple[Denial, str]]]:
    """Return the smallest policy that also allows what was refused, and the
    denials that none prevents, with the reason.

    Unlike a refusal, which is the same for what is there and what is not,
    this is for the host: it looks.
    """
    values = policy.to_dict()
    left = []
    for denial in denials:
        if denial.grant is None:
            left.append((denial, without_grant(denial)))
            continue
        try:
            values = _widened(values, denial.grant)
        except (ValueError, TypeError, KeyError, OSError) as exc:
            left.append((denial, printable(str(exc))))
    return Policy.from_dict(values), left


def _learned(policy: Policy, denials: Sequence[Denial]) -> str:
    """Return the policy file, with what it cannot hold as comments.

    Raises _PolicyError if it would be of no use.
    """
    wider, left = widen(policy, denials)
    try:
        _try_policy(wider)
    except (ValueError, OSError, MemoryError) as exc:
        raise _PolicyError(f"what was learned cannot be used: {exc}") from None
    text = "# Written by python -m restrict learn: review before use.\n"
    for denial, reason in left:
        what = f"{denial.capability} {denial.subject} ({denial.location})"
        text += (f"# {reason}: {what}\n" if denial.grant is None else
                 f"# for {what}, fill in: {denial.grant}  # {reason}\n")
    return text + wider.to_toml()


def command_learn(args: argparse.Namespace) -> int:
    """Run a script with everything refused; write the policy it asks for."""
    policy = make_policy(args)
    name = args.output_file
    widens = bool(args.policy) and os.path.exists(name) and \
        os.path.samefile(name, args.policy)
    if os.path.exists(name) and not (args.force or widens):
        raise _UsageError(f"{name} exists; --policy {name} widens it, "
                          f"--force replaces it")
    _open_output(name, "a").close()
    outcome, denials = _with_guest(args, policy)
    text = _learned(policy, denials)
    with _open_output(name, "w") as file:
        file.write(text)
    again = (f"; one refusal may hide the next, so learn again with --policy "
             f"{name}" if outcome.status and denials else "")
    print(f"restrict: wrote {name}: review it, then run with "
          f"--policy {name}{again}", file=sys.stderr)
    return outcome.status


# --- Explaining -------------------------------------------------------------

def _audited(fields: dict[str, Any]) -> Denial:
    """Make a denial of what a file says, which anybody may have written."""
    for name in ("time", "last_time", "count"):
        if type(fields[name]) not in (int, float):
            raise TypeError(name)
    for name in ("capability", "subject", "location"):
        fields[name] = printable(fields[name])
    grant = fields["grant"]
    if grant is not None and not (isinstance(grant, str)
                                  and grant.isprintable()):
        raise TypeError("grant")
    return Denial(**fields)


def _read_audit(path: str) -> list[Denial]:
    merged: dict[tuple[str, str, str], Denial] = {}
    fields = Denial.__slots__
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                denial = _audited({name: record[name] for name in fields})
                key = (denial.capability, denial.subject, denial.location)
                if key in merged:
                    first = merged[key]
                    denial = Denial(*key, denial.grant,
                                    first.count + denial.count, first.time,
                                    denial.last_time)
                merged[key] = denial
    except OSError as exc:
        raise _UsageError(f"cannot read {path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _UsageError(f"{path} is not an audit file") from None
    return list(merged.values())


def command_explain(args: argparse.Namespace) -> int:
    """Say for each refusal of an audit file what would allow it."""
    denials = _read_audit(args.audit_file)
    if not denials:
        print("nothing was refused")
    _print_report(denials, sys.stdout)
    return 0


# --- The rest ---------------------------------------------------------------

def command_selftest(args: argparse.Namespace) -> int:
    """Try the built-in escapes on this very build."""
    from restrict._selftest import run_all

    return run_all(verbose=args.verbose)


def command_surface(args: argparse.Namespace) -> int:
    """List or check what C code offers to guests: a row for each name."""
    try:
        from restrict import _surface
    except ImportError:
        raise _UsageError("this build has no surface table") from None
    if args.check:
        return _surface.print_check()
    for owner in args.owner:
        if not any(row.owned_by(owner) for row in _surface.rows()):
            raise _UsageError(f"there is no type or module {owner!r} in the "
                              f"table")
    print(_surface.listing(args.json, args.owner))
    return 0


class _CommandParser(argparse.ArgumentParser):
    """Says the usage of its own command of an option that there is not;
    argparse says that of the whole program."""

    def parse_known_args(self, args: Any = None,
                         namespace: Any = None) -> Any:
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--policy", metavar="FILE", help="a policy as TOML; options widen it")
    add("--allow-read", metavar="PATH", action="append", default=[],
        help="let it read a file, or what is below a folder")
    add("--allow-write", metavar="PATH", action="append", default=[],
        help="let it write a file, or what is below a folder")
    add("--allow-import", metavar="FOLDER", action="append", default=[],
        help="let it import source that is in a folder")
    add("--allow-net", metavar="HOST:PORT", action="append", default=[],
        help="let it connect; HOST is a name, an address or a network, "
             "PORT a number, a range such as 8000-8010, or 0 for any")
    add("--allow-module", metavar="NAME", action="append", default=[],
        help="let it import an extension or built-in module")
    add("--memory", metavar="SIZE", help="such as 64MiB; none lifts the limit")
    add("--cpu", metavar="S", type=_seconds, help="seconds, or none")
    add("--wall", metavar="S", type=_seconds, help="seconds, or none")
    add("--steps", metavar="N", type=_count,
        help="calls and loop iterations, or none")
    add("--output", metavar="SIZE", help="of stdout and stderr; or none")
    add("--sockets", metavar="N", type=_count,
        help="open at a time, or none")
    add("--net-bytes", metavar="SIZE",
        help="sent and received by sockets; or none")
    add("--file-size", metavar="SIZE",
        help="of all that it writes to files; or none")
    add("--open-files", metavar="N", type=_count, help="at a time; or none")
    add("--audit", metavar="FILE.jsonl",
        help="append each refusal as a line of JSON")
    add("--json", action="store_true", help="print a report as JSON")
    add("script", metavar="SCRIPT", help="the guest's source; - is stdin")
    add("args", metavar="ARG", nargs=argparse.REMAINDER,
        help="what the guest finds in sys.argv")


def _add_surface(commands: Any) -> None:
    surface = commands.add_parser("surface", help="what guests can reach",
                                  description=command_surface.__doc__)
    what = surface.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true",
                      help="print the table (the default)")
    what.add_argument("--check", action="store_true",
                      help="walk a restricted interpreter; fail on a name "
                           "without a row, and on a row without a name")
    surface.add_argument("--json", action="store_true", help="as JSON")
    surface.add_argument("owner", metavar="NAME", nargs="*",
                         help="only these types and modules, such as "
                              "generator or _io")
    surface.set_defaults(function=command_surface)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="python -m restrict",
        description="Run Python code that you do not trust.")
    commands = parser.add_subparsers(dest="command", required=True,
                                     metavar="COMMAND",
                                     parser_class=_CommandParser)
    run = commands.add_parser("run", help="run a script",
                              description=command_run.__doc__)
    _add_run_options(run)
    run.set_defaults(function=command_run)
    learn = commands.add_parser("learn", help="write the policy a script asks "
                                "for", description=command_learn.__doc__)
    learn.add_argument("-o", "--output-file", metavar="POLICY.toml",
                       default="policy.toml", help="default: policy.toml")
    learn.add_argument("--force", action="store_true",
                       help="replace the file if there is one")
    _add_run_options(learn)
    learn.set_defaults(function=command_learn)
    explain = commands.add_parser("explain", help="why was that refused?",
                                  description=command_explain.__doc__)
    explain.add_argument("audit_file", metavar="FILE.jsonl")
    explain.set_defaults(function=command_explain)
    selftest = commands.add_parser("selftest", help="prove the guards here",
                                   description=command_selftest.__doc__)
    selftest.add_argument("-v", "--verbose", action="store_true")
    selftest.set_defaults(function=command_selftest)
    _add_surface(commands)
    return parser


def _drop_stdout() -> None:
    """Let what is still to be written go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:      # closed by whoever started us
            nowhere = os.open(os.devnull, os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "w", closefd=False))
    args = make_parser().parse_args(argv)
    try:
        status = int(args.function(args))
        sys.stdout.flush()
        return status
    except _UsageError as exc:
        print(f"restrict: error: {exc}", file=sys.stderr)
        return EXIT_USAGE
    except _PolicyError as exc:
        print(f"restrict: policy error: {exc}", file=sys.stderr)
        return EXIT_POLICY
    except BrokenPipeError:             # the reader of a listing has enough
        _drop_stdout()
        return EXIT_PIPE
    except OSError as exc:
        _drop_stdout()
        print(f"restrict: error: cannot write: {exc.strerror}",
              file=sys.stderr)
        return EXIT_USAGE
