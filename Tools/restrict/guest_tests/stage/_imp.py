"""What test.support.import_helper calls of _imp: switches of importlib, which
a guest has not."""


def _override_frozen_modules_for_tests(override):
    """Do nothing: there is one place to import a module from."""


def _override_multi_interp_extensions_check(override):
    """Do nothing: no extension module is loaded."""
    return 0
