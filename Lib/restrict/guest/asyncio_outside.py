"""What asyncio's modules name of the world outside, where a guest has none.

They use constants of socket and subprocess as default values.  With addresses
granted, socket is the true one.
"""

__all__ = ("socket", "subprocess")


class subprocess:
    """Names of subprocess; nothing here can start one."""

    PIPE = -1
    STDOUT = -2
    DEVNULL = -3


try:
    import socket
except ImportError:
    class socket:
        """Names of socket; nothing here can make one."""

        AF_UNSPEC = 0
        AF_INET = 2
        AF_INET6 = 10
        AI_PASSIVE = 1
        IPPROTO_TCP = 6
        IPPROTO_UDP = 17
        SOCK_STREAM = 1
        SOCK_DGRAM = 2
        error = OSError

        class socket:
            """The type of what there is none of."""
