# ruff: noqa: F821 (contextlib: this becomes the end of test.support)
# What test.support starts a process or needs a C module of tests for, when it
# prepares a test.


def linked_to_musl():
    """Return False: tests may expect what glibc does."""
    return False


@contextlib.contextmanager
def infinite_recursion(max_depth=None):
    """Leave the limit as it is: a guest cannot change it."""
    yield


@contextlib.contextmanager
def set_recursion_limit(limit):
    """Likewise."""
    yield
