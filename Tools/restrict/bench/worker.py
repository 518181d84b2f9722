"""Measure the programs in one interpreter: run by compare.py, with pyperf.

    worker.py MODE PROGRAM [options of pyperf]

MODE is "trusted", or "restricted": then the programs run in a guest with all
limits but steps on.  The time is the thread's processor time, so that what
else the machine does counts less.  With --count N in place of pyperf's
options, the program just runs N times, for valgrind.
"""

import sys
import time
from pathlib import Path

SOURCE = Path(__file__).with_name("programs.py").read_text()


def trusted(name):
    """Return a function that runs the program a number of times."""
    names = {"__name__": "programs"}
    exec(compile(SOURCE, "programs.py", "exec"), names)
    return names["PROGRAMS"][name]


def restricted(name):
    import restrict
    policy = restrict.Policy(memory="256MiB", cpu=3600.0, wall=3600.0,
                             output="1MiB", steps=None)
    guest = restrict.Interpreter(policy)
    guest.exec(SOURCE)
    return lambda times: guest.call("measured", name, times)


def timed(run):
    def seconds(times):
        start = time.thread_time()
        run(times)
        return time.thread_time() - start
    return seconds


def main():
    mode, name, *rest = sys.argv[1:]
    run = {"trusted": trusted, "restricted": restricted}[mode](name)
    if rest[:1] == ["--count"]:
        run(int(rest[1]))
        return
    import pyperf
    sys.argv[1:] = rest
    runner = pyperf.Runner(program_args=(__file__, mode, name))
    runner.bench_time_func(name, timed(run))


if __name__ == "__main__":
    main()
