"""The event loops of a guest.

Without addresses in its policy a guest waits for nothing but the time: the
loop sleeps until its next timer.  With them it is upstream's selector loop,
without the pair of sockets that other threads and signals would wake it by,
since there are none.
"""

__all__ = ("DefaultEventLoopPolicy", "EventLoop")

import time

from . import base_events, events


class _Clock:
    """A selector of nothing."""

    def select(self, timeout=None):
        """Sleep for timeout seconds; None is for ever."""
        if timeout is None:
            raise RuntimeError("nothing is left that could wake the event "
                               "loop")
        if timeout > 0:
            time.sleep(timeout)
        return []


class _NoThreads:
    """What loops do on other threads, and what they ask of frames."""

    def run_in_executor(self, executor, func, *args):
        """Hand func to an executor; one that is refused is not kept."""
        kept = self._default_executor
        try:
            return super().run_in_executor(executor, func, *args)
        except RuntimeError:
            self._default_executor = kept
            raise

    async def shutdown_default_executor(self, timeout=None):
        """Shut it down at once: there is no thread to wait for."""
        self._executor_shutdown_called = True
        if self._default_executor is not None:
            self._default_executor.shutdown()

    def _set_coroutine_origin_tracking(self, enabled):
        pass


class TimerEventLoop(_NoThreads, base_events.BaseEventLoop):
    """A loop of callbacks, tasks and timers."""

    def __init__(self):
        super().__init__()
        self._selector = _Clock()

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass

    async def getaddrinfo(self, *args, **kwargs):
        """Refuse: there is no network."""
        raise PermissionError("the policy grants no addresses")

    getnameinfo = getaddrinfo


def _selector_loop():
    import socket

    from . import selector_events

    class SelectorEventLoop(_NoThreads,
                            selector_events.BaseSelectorEventLoop):
        """Upstream's loop, which wakes up by itself only."""

        def _make_self_pipe(self):
            pass

        def _close_self_pipe(self):
            pass

        def _write_to_self(self):
            pass

        async def getaddrinfo(self, host, port, *, family=0, type=0, proto=0,
                              flags=0):
            """Look a name up at once: the host did so before."""
            return socket.getaddrinfo(host, port, family, type, proto, flags)

        async def getnameinfo(self, sockaddr, flags=0):
            """Look an address up at once."""
            return socket.getnameinfo(sockaddr, flags)

        async def _make_subprocess_transport(self, *args, **kwargs):
            raise NotImplementedError("a guest has no processes")

    return SelectorEventLoop


def _loop():
    from ._outside import socket
    if socket.__name__ == "socket" and hasattr(socket, "getaddrinfo"):
        return _selector_loop()
    return TimerEventLoop


EventLoop = _loop()


class DefaultEventLoopPolicy(events.BaseDefaultEventLoopPolicy):
    """Makes the loop that the policy of this interpreter allows."""

    _loop_factory = EventLoop
