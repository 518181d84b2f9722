"""The constants of importlib.machinery: nothing is found by suffix here."""

SOURCE_SUFFIXES = [".py"]
DEBUG_BYTECODE_SUFFIXES = []
OPTIMIZED_BYTECODE_SUFFIXES = []
BYTECODE_SUFFIXES = []
EXTENSION_SUFFIXES = []


def all_suffixes():
    """Return the suffixes of modules that can be imported."""
    return SOURCE_SUFFIXES + BYTECODE_SUFFIXES + EXTENSION_SUFFIXES


class ModuleSpec:
    """What a module was loaded from; guests see it, nothing uses it."""

    def __init__(self, name, loader, *, origin=None, loader_state=None,
                 is_package=None):
        self.name = name
        self.loader = loader
        self.origin = origin
        self.loader_state = loader_state
        self.submodule_search_locations = [] if is_package else None

    @property
    def parent(self):
        """The name of the package that the module is in."""
        if self.submodule_search_locations is not None:
            return self.name
        return self.name.rpartition(".")[0]
