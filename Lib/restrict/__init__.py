"""Run Python code that the program does not trust.

    import restrict

    policy = restrict.Policy(memory="64MiB", cpu=2.0)
    result = restrict.run("sum(xs) * 2", policy, inputs={"xs": [1, 2, 3]})
    print(result.value)

Code runs in a restricted interpreter: one of its own inside this process, in
which only reviewed names exist, and whose policy says what it may use and how
much of it.  What it does and does not protect from is the first page of the
documentation.

    _policy        what a guest may use: Policy
    _interpreter   a guest as an object: Interpreter, run
    _guarded       code among the host's live objects: guarded_exec
    _errors        how a guest failed, as text: GuestError, LimitExceeded
    _report        what was refused and used: Denial, Usage
    _cli           python -m restrict
"""

from restrict import _startup  # noqa: F401  before all others
from restrict._errors import (
    GuestError,
    HostError,
    LimitExceeded,
    RestrictedAttributeError,
    RestrictedCallError,
    RestrictedError,
    RestrictedImportError,
    RestrictedPermissionError,
)
from restrict._guarded import (
    guarded_denials,
    guarded_exec,
    plain,
    proxy,
    safe_builtins,
)
from restrict._interpreter import Interpreter, Result, run
from restrict._policy import Policy
from restrict._report import Denial, Usage

__all__ = [
    "Denial",
    "GuestError",
    "HostError",
    "Interpreter",
    "LimitExceeded",
    "Policy",
    "RestrictedAttributeError",
    "RestrictedCallError",
    "RestrictedError",
    "RestrictedImportError",
    "RestrictedPermissionError",
    "Result",
    "Usage",
    "guarded_denials",
    "guarded_exec",
    "plain",
    "proxy",
    "run",
    "safe_builtins",
]
