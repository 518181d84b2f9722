"""Attacks on guarded mode: what a guest tries, and what it is after.

Each attack is run twice by driver.py: with exec(), where it must succeed --
or the test proves nothing -- and with guarded_exec(), where it must not.  An
attack has succeeded when something is in `loot`.

The guest finds these objects of the host: `helper`, a function with a
closure, defaults and a wrapper; `service`, an instance; `method`, its bound
method; `hidden_append`, a method of a hidden list; `gen`, `coro` and `agen`,
suspended; `module`, a live module; `fail`, a function that raises; `call`, a
function that calls back; `apply`, one that passes arguments; `render`, one
that formats; `Service`, the class; `cached`, an lru_cache; and others.
"""

from __future__ import annotations

from corpus.calling import CALLED_BACK
from corpus.later import LATER
from corpus.making import BUILTINS, BYTECODE, TYPES
from corpus.reading import FORWARDED, FRAMES, READ, REDUCE
from corpus.sharing import SHARED, USED

ATTACKS = [*READ, *FRAMES, *FORWARDED, *REDUCE, *TYPES, *BYTECODE, *BUILTINS,
           *LATER, *CALLED_BACK, *SHARED, *USED]
