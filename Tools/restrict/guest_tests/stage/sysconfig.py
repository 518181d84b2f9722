"""What test.support asks of sysconfig, answered for every build alike.

The true one reads files of the installation, which a guest has not.
"""

_VARS = {"Py_GIL_DISABLED": 0, "Py_DEBUG": 0, "WITH_DOC_STRINGS": 1}


def get_config_var(name):
    """Return a variable of the build; None for one that is not known."""
    return _VARS.get(name)


def get_config_vars(*names):
    """Return the variables of the build."""
    return [_VARS.get(name) for name in names] if names else dict(_VARS)


def get_platform():
    """Return the platform's name."""
    return "linux"


def is_python_build(check_home=None):
    """Return False: tests of the build tree are not for a guest."""
    return False
