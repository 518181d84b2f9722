/* What a restricted interpreter starts with: sys, builtins, streams.

   The sys module is the subset itself, not a copy of it: interp->sysdict is
   cut down to the rows of the table right after it was made, so that C code
   and guest see the same sys.stdout, and nothing left out can be found by
   another road (003: "Changing the Behaviour of the Interpreter"). */

#include "Python.h"
#include "pycore_import.h"
#include "pycore_initconfig.h"    // _PyStatus_OK()
#include "pycore_interp.h"
#include "pycore_lock.h"          // PyMutex
#include "pycore_pystate.h"
#include "pycore_restrict.h"
#include "pycore_runtime.h"       // _PyRuntime

#ifdef WITH_RESTRICTED

/* --- sys ------------------------------------------------------------------------ */

int
_PyRestrict_InitSys(PyObject *sysmod)
{
    return _PyRestrict_FilterModule(sysmod, "sys");
}

/* Names that upstream sets late, from a configuration that a guest does not
   have; the standard library expects them. */
static int
add_sys_names(PyObject *sysdict)
{
    PyObject *warnoptions = PyList_New(0);
    if (warnoptions == NULL) {
        return -1;
    }
    int err = PyDict_SetItemString(sysdict, "warnoptions", warnoptions) < 0
              || PyDict_SetItemString(sysdict, "dont_write_bytecode",
                                      Py_True) < 0;
    Py_DECREF(warnoptions);
    return err ? -1 : 0;
}

/* --- builtins and __main__ --------------------------------------------------------- */

static int
init_builtins(PyInterpreterState *interp, PyObject *io)
{
    PyObject *open = PyObject_GetAttrString(io, "open");
    if (open == NULL) {
        return -1;
    }
    int err = PyDict_SetItemString(interp->builtins, "open", open);
    Py_DECREF(open);
    if (err < 0) {
        return -1;
    }
    PyObject *module = PyImport_AddModuleRef("builtins");
    if (module == NULL) {
        return -1;
    }
    err = _PyRestrict_FilterModule(module, "builtins");
    Py_DECREF(module);
    return err;
}

static int
init_main_module(PyInterpreterState *interp)
{
    PyObject *module = PyImport_AddModuleRef("__main__");
    if (module == NULL) {
        return -1;
    }
    PyObject *dict = PyModule_GetDict(module);
    PyObject *annotations = PyDict_New();
    PyObject *builtins = PyImport_AddModuleRef("builtins");
    int err = annotations == NULL || builtins == NULL
              || PyDict_SetItemString(dict, "__annotations__",
                                      annotations) < 0
              || PyDict_SetItemString(dict, "__builtins__", builtins) < 0;
    Py_XDECREF(annotations);
    Py_XDECREF(builtins);
    Py_DECREF(module);
    return err ? -1 : 0;
}

/* --- In place of init_interp_main() ---------------------------------------------------- */

static int
init_main(PyThreadState *tstate)
{
    PyInterpreterState *interp = tstate->interp;
    if (_PyRestrict_InitImport(interp) < 0) {
        return -1;
    }
    PyObject *io = PyImport_ImportModule("_io");
    if (io == NULL) {
        return -1;
    }
    int err = _PyRestrict_InitStreams(io, interp->sysdict) < 0
              || add_sys_names(interp->sysdict) < 0
              || init_builtins(interp, io) < 0
              || init_main_module(interp) < 0;
    Py_DECREF(io);
    return err ? -1 : 0;
}

PyStatus
_PyRestrict_InitMain(PyThreadState *tstate)
{
    if (init_main(tstate) < 0) {
        PyErr_Clear();
        return _PyStatus_ERR("can't initialize a restricted interpreter");
    }
    return _PyStatus_OK();
}

/* --- Once per process --------------------------------------------------------------------- */

/* C modules with static types must be set up in the main interpreter before
   any other: two isolated interpreters that import _datetime first corrupt
   the heap (gh-136421). */
static const char *const main_first[] = {"_datetime", NULL};

static int
import_in_main(void)
{
    for (int i = 0; main_first[i] != NULL; i++) {
        PyObject *module = PyImport_ImportModule(main_first[i]);
        if (module == NULL) {
            return -1;
        }
        Py_DECREF(module);
    }
    return 0;
}

PyStatus
_PyRestrict_PrepareProcess(void)
{
    static _PyOnceFlag once;            // of the process, as what it guards
    static int failed;
    PyThreadState *tstate = _PyThreadState_GET();
    if (_Py_atomic_load_uint8_relaxed(&once.v)) {
        return failed ? _PyStatus_ERR("a previous attempt failed")
                      : _PyStatus_OK();
    }
    PyThreadState *temporary = NULL;
    if (tstate == NULL || !_Py_IsMainInterpreter(tstate->interp)) {
        temporary = _PyThreadState_NewBound(_PyInterpreterState_Main(),
                                            _PyThreadState_WHENCE_EXEC);
        if (temporary == NULL) {
            return _PyStatus_NO_MEMORY();
        }
        PyThreadState_Swap(temporary);
    }
    failed = import_in_main() < 0;
    PyErr_Clear();
    _Py_atomic_store_uint8(&once.v, 1);
    if (temporary != NULL) {
        PyThreadState_Clear(temporary);
        PyThreadState_Swap(tstate);
        PyThreadState_Delete(temporary);
    }
    return failed ? _PyStatus_ERR("a C module cannot be set up")
                  : _PyStatus_OK();
}

#endif  /* WITH_RESTRICTED */
