"""asyncio as a guest has it: tasks, timers, locks and queues always, streams
where the policy grants addresses; no processes, threads or signals.

The modules are upstream's own.  Only the event loop is ours (_guest).
"""

from . import (
    _guest,
    base_events,
    coroutines,
    events,
    exceptions,
    futures,
    locks,
    protocols,
    queues,
    runners,
    streams,
    taskgroups,
    tasks,
    threads,
    timeouts,
    transports,
)

__all__ = ()
for _module in (base_events, coroutines, events, exceptions, futures, locks,
                protocols, runners, queues, streams, tasks, taskgroups,
                threads, timeouts, transports, _guest):
    __all__ += tuple(_module.__all__)
    globals().update((_name, getattr(_module, _name))
                     for _name in _module.__all__)
del _module
