"""What is done before anything else is imported.

`python -m` looks for modules in the current folder first, and imports this
package before it runs it.  In that folder a guest may write, or others did: as
a command, the package imports nothing from there.
"""

import sys
from itertools import pairwise


def _is_the_command() -> bool:
    """Is this `python -m restrict`, whose module is being located?"""
    words = sys.orig_argv
    return sys.argv[:1] == ["-m"] and (
        "-mrestrict" in words or ("-m", "restrict") in pairwise(words))


if _is_the_command() and not sys.flags.safe_path:
    del sys.path[0]
