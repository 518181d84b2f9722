"""socket for logging, whose modules name it at once and mostly do without.

A guest that asks for something of it imports it then, or is refused then.
"""

import sys


class _Late:
    __spec__ = None     # an import asks

    def __getattr__(self, name):
        import socket
        return getattr(socket, name)


socket = _Late()


def lend():
    """Let what is imported from here on get it; some releases ask for none."""
    sys.modules.setdefault("socket", socket)


def take_back():
    """Undo lend()."""
    if sys.modules["socket"] is socket:
        del sys.modules["socket"]
