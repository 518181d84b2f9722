"""Run CPython's test modules and tell the host what came of each method.

The same source runs inside a restricted interpreter and, for comparison, in
an ordinary one.  The host gives it report(), unprotected() and is_wanted().

A module of tests often imports at its top what only some of its methods use.
Such an import, when it is refused, gives a stand-in that is refused again by
whoever uses it: the refusal then counts for these methods.
"""

import builtins
import importlib
import sys
import types
import unittest

_import = builtins.__import__
_loading = True
_DETAIL = 2000


class Deferred:
    """What stands for a name that could not be imported, until it is used."""

    def __init__(self, module, name=""):
        self.__dict__.update(_module=module, _name=name)

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if _loading:
            return Deferred(self._module, f"{self._name}.{name}")
        return _import(self._module) and None

    def __setattr__(self, name, value):
        _import(self._module)

    def __call__(self, *args, **kwargs):
        if _loading:
            return Deferred(self._module, f"{self._name}()")
        return _import(self._module) and None

    def __mro_entries__(self, bases):
        return ()

    def __bool__(self):
        return False


def deferring_import(name, globals=None, locals=None, fromlist=(), level=0):
    """Import; an import that is refused while test modules are loaded gives a
    Deferred, unless the module copes with its absence itself."""
    importer = (globals or {}).get("__name__", "")
    try:
        module = _import(name, globals, locals, fromlist, level)
        if _loading and not level and importer.startswith("test"):
            _defer_submodules(module, name, fromlist or (), importer)
        return module
    except ImportError as exc:
        if (not _loading or not importer.startswith("test")
                or not is_restricted(exc) or name.startswith("test.")
                or not (name == "doctest" or unprotected(  # noqa: F821
                    importer, name))):
            raise
        deferred = Deferred(name)
        if not fromlist and "." in name:
            return _parent(name, deferred)
        return deferred


def _defer_submodules(module, name, fromlist, importer):
    """Give a package the submodules that `from package import` names and that
    are refused."""
    for item in fromlist:
        if hasattr(module, "__path__") and not hasattr(module, item):
            full = f"{name}.{item}"
            try:
                _import(full)
            except ImportError as exc:
                if (is_restricted(exc) and not full.startswith("test.")
                        and unprotected(importer, full)):  # noqa: F821
                    setattr(module, item, Deferred(full))


def _parent(name, deferred):
    """Return what `import a.b` binds: a, which has the deferred b."""
    top, _, rest = name.partition(".")
    try:
        module = _import(top)
    except ImportError:
        return Deferred(top)
    if "." not in rest and not hasattr(module, rest):
        setattr(module, rest, deferred)
    return module


def is_restricted(exc):
    """Return whether an exception is a refusal."""
    return any(cls.__name__ == "RestrictedError" for cls in type(exc).__mro__)


# --- Telling the host ---

def _chain(exc, seen=()):
    """Yield an exception and those it came from or holds."""
    if exc is None or any(exc is other for other in seen):
        return
    seen = (*seen, exc)
    yield exc
    yield from _chain(exc.__cause__, seen)
    yield from _chain(exc.__context__, seen)
    if isinstance(exc, BaseExceptionGroup):
        for other in exc.exceptions:
            yield from _chain(other, seen)


def _plain(text):
    return text.encode("ascii", "backslashreplace").decode()[-_DETAIL:]


def _place(exc):
    """Return the lines of the tests that an exception passed."""
    places = []
    traceback = exc.__traceback__
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        places.append(f"{name.rpartition('/')[2]}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return " ".join(places[-4:])


def _missing(exc):
    """Return (owner, name) of an attribute or name that was not there."""
    if isinstance(exc, NameError) and isinstance(exc.name, str):
        return ["builtins", exc.name]
    if not isinstance(exc, AttributeError) or not isinstance(exc.name, str):
        return None
    obj = exc.obj
    if isinstance(obj, types.ModuleType):
        return [str(obj.__name__), exc.name]
    cls = obj if isinstance(obj, type) else type(obj)
    return [f"{cls.__module__}:{cls.__qualname__}", exc.name]


def describe(exc):
    """Return what the host wants to know of an exception, as values."""
    described = {"type": type(exc).__name__, "message": "", "refusal": "",
                 "missing": None, "place": _place(exc)}
    try:
        described["message"] = _plain(str(exc))
        for other in _chain(exc):
            if is_restricted(other) and not described["refusal"]:
                described["refusal"] = _plain(str(other))
            if described["missing"] is None:
                described["missing"] = _missing(other)
    except Exception as error:
        described["message"] += f" ({type(error).__name__} in its str())"
    return described


def _skip(reason):
    return {"type": "SkipTest", "message": _plain(str(reason)),
            "refusal": "", "missing": None, "place": ""}


class Result(unittest.TestResult):
    """Tells the host of each method when it starts and when it has ended."""

    def __init__(self):
        super().__init__()
        self.outcome = None

    def _set(self, outcome, detail=None):
        # The first failure is the one that counts; a skip counts for less.
        if self.outcome is None or self.outcome[0] in ("passed", "skipped"):
            self.outcome = (outcome, detail)

    def startTest(self, test):
        self.outcome = None
        report("start", test.id(), "", None)  # noqa: F821

    def stopTest(self, test):
        outcome, detail = self.outcome or ("passed", None)
        report("end", test.id(), outcome, detail)  # noqa: F821
        self.outcome = None

    def addSuccess(self, test):
        self._set("passed")

    def addError(self, test, err):
        if self.outcome is None and not isinstance(test, unittest.TestCase):
            # setUpClass, setUpModule: "setUpClass (test.test_x.Class)"
            report("fixture", test.id(), "failed",  # noqa: F821
                   describe(err[1]))
            return
        self._set("failed", describe(err[1]))

    addFailure = addError

    def addSkip(self, test, reason):
        if not isinstance(test, unittest.TestCase):
            report("fixture", test.id(), "skipped",  # noqa: F821
                   _skip(reason))
            return
        self._set("skipped", _skip(reason))

    def addExpectedFailure(self, test, err):
        self._set("passed")

    def addUnexpectedSuccess(self, test):
        self._set("failed", {**_skip("unexpected success"),
                             "type": "AssertionError"})

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._set("failed", describe(err[1]))


# --- Loading and running ---

def _tests(suite):
    """Yield the tests of a suite; tell of those made by what is refused."""
    for test in suite:
        if isinstance(test, Deferred):
            report("note", "", "deferred",  # noqa: F821
                   _skip(test.__dict__["_module"]))
        elif isinstance(test, unittest.BaseTestSuite):
            yield from _tests(test)
        else:
            yield test


def _without_load_tests(module, loader):
    """Load the classes of a module whose load_tests() was refused."""
    del module.load_tests
    return loader.loadTestsFromModule(module)


def load(name):
    """Return the suite of a module, or report why there is none."""
    global _loading
    _loading = True
    try:
        return _load(name)
    finally:
        _loading = False


def _load(name):
    loader = unittest.TestLoader()
    try:
        module = importlib.import_module(name)
    except (Exception, unittest.SkipTest) as exc:
        outcome = ("skipped" if isinstance(exc, unittest.SkipTest)
                   else "failed")
        report("module", name, outcome, describe(exc))  # noqa: F821
        return unittest.TestSuite()
    if name in PACKAGES:  # noqa: F821
        # Its load_tests() looks into the folder; the host did.
        module.__dict__.pop("load_tests", None)
    modules = dict(sys.modules)
    suite = loader.loadTestsFromModule(module)
    if isinstance(suite, Deferred):
        suite = unittest.TestSuite([suite])
    if loader.errors and hasattr(module, "load_tests"):
        report("note", name, "load_tests",  # noqa: F821
               _skip(loader.errors[0] if loader.errors else ""))
        sys.modules.update(modules)
        suite = _without_load_tests(module, unittest.TestLoader())
    return suite


def run(names):
    """Run the wanted tests of some modules."""
    suites = [load(name) for name in names]
    result = Result()
    for suite in suites:
        wanted = unittest.TestSuite()
        for test in _tests(suite):
            if is_wanted(test.id()):  # noqa: F821
                wanted.addTest(test)
        wanted.run(result)


def _defer_skips():
    """Let a module that skips itself because of a refused import be loaded:
    only the methods that use what it imports are refused."""
    from test.support import import_helper
    import_module = import_helper.import_module

    def deferring_import_module(name, *args, **kwargs):
        try:
            return import_module(name, *args, **kwargs)
        except unittest.SkipTest as exc:
            if not _loading or not any(map(is_restricted, _chain(exc))):
                raise
            return Deferred(name)

    import_helper.import_module = deferring_import_module


def _use_scratch(folder):
    """Work in a folder that was granted."""
    import os
    import tempfile
    os.chdir(folder)
    tempfile.tempdir = folder


def main(names, restricted, scratch=None):
    """Prepare the interpreter and run.

    names: modules; restricted: whether this one is; scratch: a folder to work
    in, if one was granted.
    """
    if restricted:
        builtins.__import__ = deferring_import
        _defer_skips()
    if scratch:
        _use_scratch(scratch)
    import test.support
    test.support.verbose = 0
    test.support.use_resources = {}
    sys.modules.setdefault("__main__", types.ModuleType("__main__"))
    run(names)
