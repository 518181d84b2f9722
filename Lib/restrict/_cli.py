"""The command line: python -m restrict run|learn|explain|selftest|surface.

`run` exits with the guest's own status; 120 when a limit stopped it, 121 when
the policy is wrong or cannot be enforced, 122 when a guest in a process of its
own crashed; 130 after Ctrl-C, as a shell would say.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
from typing import TYPE_CHECKING

from restrict._errors import GuestError, LimitExceeded
from restrict._interpreter import Interpreter
from restrict._policy import LIMITS, Policy
from restrict._report import Denial, report_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TextIO

    from restrict._policy import Stream

EXIT_LIMIT = 120
EXIT_POLICY = 121
EXIT_CRASH = 122
EXIT_INTERRUPTED = 130


class _UsageError(Exception):
    """Something on the command line is wrong; the text says what."""


# --- The policy of a run ----------------------------------------------------

def _parse_net(text: str) -> tuple[str, int | str]:
    host, colon, port = text.rpartition(":")
    digits = port.replace("-", "", 1)
    if not colon or not digits.isascii() or not digits.isdigit():
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


def _add_grants(values: dict[str, Any], args: argparse.Namespace) -> None:
    for mode, paths in (("r", args.allow_read), ("w", args.allow_write)):
        for path in map(os.path.abspath, paths):
            field = "directories" if os.path.isdir(path) else "files"
            _merge_grant(values[field], path, mode)
    for host, port in map(_parse_net, args.allow_net):
        field = "addresses" if _is_address(host) else "hosts"
        values[field].append([host, port])
    values["modules"] += args.allow_module
    for name in LIMITS:
        if (value := getattr(args, name)) is not None:
            values[name] = value


def _seconds(text: str) -> float | str:
    return "none" if text == "none" else float(text)


def _count(text: str) -> int | str:
    return "none" if text == "none" else int(text)


def make_policy(args: argparse.Namespace) -> Policy:
    """Return the policy that the options describe.

    Without a policy file the process's own streams are used, except for
    --json, which collects them.  Raises OSError, ValueError, TypeError.
    """
    stream: Stream = "memory" if args.json else "inherit"
    if args.policy:
        policy = Policy.from_toml(args.policy)
    else:
        policy = Policy(stdin="inherit", stdout=stream, stderr=stream)
    values = policy.to_dict()
    _add_grants(values, args)
    return Policy.from_dict(values)


# --- Running ----------------------------------------------------------------

def _read_script(name: str) -> str:
    import tokenize

    try:
        if name == "-":
            return sys.stdin.read()
        with tokenize.open(name) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as exc:
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
            self.status, self.error = 1, exc

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


def _run_guest(guest: Interpreter, source: str, filename: str,
               argv: list[str]) -> _Outcome:
    outcome = _Outcome()
    try:
        guest._start_in(os.getcwd())
        guest._define("sys", {"argv": argv})
        guest.exec(source, filename=filename)
    except (GuestError, LimitExceeded) as exc:
        outcome.take(exc)
    except KeyboardInterrupt:
        outcome.limit, outcome.status = "cancel", EXIT_INTERRUPTED
    return outcome


def _write_audit(path: str, denials: Sequence[Denial]) -> None:
    with open(path, "a", encoding="utf-8") as file:
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


def _print_text(guest: Interpreter, outcome: _Outcome) -> None:
    sys.stdout.write(guest.stdout)
    sys.stdout.flush()
    sys.stderr.write(guest.stderr)
    sys.stderr.write(outcome.text())
    if guest.denials and sys.stderr.isatty():
        _print_report(guest.denials, sys.stderr)
    sys.stderr.flush()


def _finish(guest: Interpreter, outcome: _Outcome,
            args: argparse.Namespace) -> None:
    if args.audit:
        _write_audit(args.audit, guest.denials)
    if args.json:
        _print_json(guest, outcome)
    else:
        _print_text(guest, outcome)


def _with_guest(args: argparse.Namespace,
                policy: Policy) -> tuple[_Outcome, list[Denial]]:
    source = _read_script(args.script)
    name = args.script if policy.filesystem_info \
        else os.path.basename(args.script)
    with Interpreter(policy) as guest:
        outcome = _run_guest(guest, source, name, [name, *args.args])
        _finish(guest, outcome, args)
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


def widen(policy: Policy, denials: Sequence[Denial]) -> tuple[
        Policy, list[Denial]]:
    """Return the smallest policy that also allows what was refused, and the
    denials that no policy entry would have prevented."""
    import tomllib

    values = policy.to_dict()
    hopeless = []
    for denial in denials:
        try:
            if denial.grant is None:
                raise ValueError("nothing allows it")
            wider = copy.deepcopy(values)
            _add_entry(wider, tomllib.loads(denial.grant))
            Policy.from_dict(wider)
            values = wider
        except (ValueError, TypeError, KeyError):
            hopeless.append(denial)
    return Policy.from_dict(values), hopeless


def command_learn(args: argparse.Namespace) -> int:
    """Run a script with everything refused; write the policy it asks for."""
    policy = make_policy(args)
    outcome, denials = _with_guest(args, policy)
    wider, hopeless = widen(policy, denials)
    text = "# Written by python -m restrict learn: review before use.\n"
    for denial in hopeless:
        text += (f"# no policy allows: {denial.capability} {denial.subject} "
                 f"({denial.location})\n")
    text += wider.to_toml()
    with open(args.output_file, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"restrict: wrote {args.output_file}; review it, then run with "
          f"--policy {args.output_file}", file=sys.stderr)
    return outcome.status


# --- Explaining -------------------------------------------------------------

def _read_audit(path: str) -> list[Denial]:
    merged: dict[tuple[str, str, str], Denial] = {}
    fields = Denial.__slots__
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                denial = Denial(**{name: record[name] for name in fields})
                key = (denial.capability, denial.subject, denial.location)
                if key in merged:
                    first = merged[key]
                    denial = Denial(*key, denial.grant,
                                    first.count + denial.count, first.time,
                                    denial.last_time)
                merged[key] = denial
    except OSError as exc:
        raise _UsageError(f"cannot read {path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
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
    """List or check the surface table."""
    try:
        from restrict import _surface
    except ImportError:
        raise _UsageError("this build has no surface table") from None
    return int(_surface.main(args.args) or 0)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--policy", metavar="FILE", help="a policy as TOML; options widen it")
    add("--allow-read", metavar="PATH", action="append", default=[],
        help="let it read a file, or what is below a folder")
    add("--allow-write", metavar="PATH", action="append", default=[],
        help="let it write a file, or what is below a folder")
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


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="python -m restrict",
        description="Run Python code that you do not trust.")
    commands = parser.add_subparsers(dest="command", required=True,
                                     metavar="COMMAND")
    run = commands.add_parser("run", help="run a script",
                              description=command_run.__doc__)
    _add_run_options(run)
    run.set_defaults(function=command_run)
    learn = commands.add_parser("learn", help="write the policy a script asks "
                                "for", description=command_learn.__doc__)
    learn.add_argument("-o", "--output-file", metavar="POLICY.toml",
                       default="policy.toml", help="default: policy.toml")
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
    surface = commands.add_parser("surface", help="what guests can reach",
                                  add_help=False)
    surface.add_argument("args", nargs=argparse.REMAINDER)
    surface.set_defaults(function=command_surface)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["surface"]:    # its options are its own
        args = argparse.Namespace(function=command_surface,
                                  args=arguments[1:])
    else:
        args = make_parser().parse_args(arguments)
    try:
        return int(args.function(args))
    except _UsageError as exc:
        print(f"restrict: error: {exc}", file=sys.stderr)
        return 2
    except (NotImplementedError, ValueError, TypeError, OSError) as exc:
        print(f"restrict: policy error: {exc}", file=sys.stderr)
        return EXIT_POLICY
