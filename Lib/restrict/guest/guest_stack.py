"""Who called: for asyncio, logging and traceback, where frames have no f_back.

Rows of text that a traceback would show, and no frames.
"""

import itertools
import sys
import traceback

from restrict import _callers

_OWN = f"<frozen {__name__}>"
_LOGGING = "<frozen logging"


def _rows(skipped):
    """Return the rows of who called, without those of library modules."""
    rows = _callers(sys.getrecursionlimit())
    return [row for row in rows if row[0] not in skipped]


def _summary(rows):
    return traceback.StackSummary.from_list(
        [(*row, None) for row in reversed(rows)])


def extract_stack(limit):
    """Do what traceback.extract_stack() does, of who called it."""
    rows = _rows({_OWN, "<frozen traceback>"})
    if limit is not None:
        rows = rows[:limit] if limit >= 0 else rows[limit:]
    return _summary(rows)


def extract_origin(limit):
    """Do what asyncio.format_helpers.extract_stack() does, of who called the
    function that asks for it."""
    rows = _rows({_OWN, "<frozen asyncio.format_helpers>"})
    return _summary(rows[1:limit + 1])


def print_callers(file):
    """Print who had something logged, for logging.Handler.handleError()."""
    rows = itertools.dropwhile(lambda row: row[0].startswith(_LOGGING),
                               _rows({_OWN}))
    traceback.print_list(_summary(list(rows)), file)


def find_caller(stack_info, stacklevel):
    """Do what logging.Logger.findCaller() does."""
    rows = _rows({_OWN, "<frozen logging>"})
    rows = rows[min(max(stacklevel, 1), len(rows)) - 1:]
    if not rows:
        return "(unknown file)", 0, "(unknown function)", None
    text = None
    if stack_info:
        text = "Stack (most recent call last):\n" + "".join(
            _summary(rows).format()).removesuffix("\n")
    return *rows[0], text
