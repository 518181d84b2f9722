/* What a restricted interpreter starts with: sys, builtins, streams.

   The sys module is the subset itself, not a copy of it: interp->sysdict is
   cut down to the rows of the table right after it was made, so that C code
   and guest see the same sys.stdout, and nothing left out can be found by
   another road (003: "Changing the Behaviour of the Interpreter"). */

#include "Python.h"
#include "pycore_codecs.h"  // _PyCodec_InitRegistry()
#include "pycore_frame.h"   // _PyFrame_GetFirstComplete()
#include "pycore_function.h"
#include "pycore_import.h"
#include "pycore_initconfig.h"  // _PyStatus_OK()
#include "pycore_interp.h"
#include "pycore_lock.h"  // PyMutex
#include "pycore_pystate.h"
#include "pycore_restrict.h"
#include "pycore_restrict_run.h"  // _PyRestrict_Source()
#include "pycore_restrict_zones.h"
#include "pycore_runtime.h"  // _PyRuntime

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
    PyObject *names = Py_BuildValue(
        "{s[]s[]s[s]sOssssssssss}", "warnoptions", "path", "argv", "",
        "dont_write_bytecode", Py_True, "executable", "", "prefix", "",
        "exec_prefix", "", "base_prefix", "", "base_exec_prefix", "");
    if (names == NULL) {
        return -1;
    }
    int err = PyDict_Update(sysdict, names);
    Py_DECREF(names);
    return err;
}

/* --- Codecs ------------------------------------------------------------------------- */

/* The registry asks this first; the package `encodings`, which takes longer to
   import than the rest of the interpreter to make, comes when a codec beyond
   those built into str is looked up. */
static PyObject *
search_codec(PyObject *Py_UNUSED(self), PyObject *encoding)
{
    PyObject *module = PyImport_ImportModule("encodings");
    if (module == NULL) {
        return NULL;
    }
    PyObject *entry = PyObject_CallMethod(module, "search_function", "O",
                                          encoding);
    Py_DECREF(module);
    return entry;
}

static PyMethodDef search_codec_def = {
    "search_codec",
    search_codec,
    METH_O,
    NULL,
};

/* _PyCodec_InitRegistry() imports `encodings` when all is done: let it find
   something that is there already. */
static int
init_registry(PyInterpreterState *interp)
{
    PyObject *modules = PyImport_GetModuleDict();
    if (PyDict_SetItemString(modules, "encodings", Py_False) < 0) {
        return -1;
    }
    PyStatus status = _PyCodec_InitRegistry(interp);
    if (PyDict_DelItemString(modules, "encodings") < 0) {
        return -1;
    }
    return _PyStatus_EXCEPTION(status) ? -1 : 0;
}

static int
init_codecs(PyInterpreterState *interp)
{
    struct _Py_unicode_fs_codec *fs_codec = &interp->unicode.fs_codec;
    fs_codec->encoding = _PyMem_RawStrdup("utf-8");
    fs_codec->errors = _PyMem_RawStrdup("surrogateescape");
    fs_codec->utf8 = 1;
    fs_codec->error_handler = _Py_ERROR_SURROGATEESCAPE;
    if (fs_codec->encoding == NULL || fs_codec->errors == NULL
        || init_registry(interp) < 0)
    {
        return -1;
    }
    PyObject *search = PyCFunction_New(&search_codec_def, NULL);
    int err = search == NULL || PyCodec_Register(search) < 0;
    Py_XDECREF(search);
    return err ? -1 : 0;
}

/* --- The module `restrict` of guests ------------------------------------------------- */

/* A dataclass with __slots__ is a new class: its methods' __class__ must
   follow (dataclasses._update_func_cell_for__class__). */
static PyObject *
rebind_class_cell(PyObject *Py_UNUSED(self), PyObject *args)
{
    PyObject *func, *old, *new;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(args, "O!nO!O!:_rebind_class_cell", &PyFunction_Type,
                          &func, &index, &PyType_Type, &old, &PyType_Type,
                          &new))
    {
        return NULL;
    }
    PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(func);
    PyObject *closure = PyFunction_GET_CLOSURE(func);
    if (closure == NULL || index < 0 || index >= PyTuple_GET_SIZE(closure)) {
        Py_RETURN_FALSE;
    }
    PyObject *name = PyTuple_GET_ITEM(code->co_localsplusnames,
                                      code->co_nlocalsplus - code->co_nfreevars
                                          + index);
    PyObject *cell = PyTuple_GET_ITEM(closure, index);
    if (!_PyUnicode_EqualToASCIIString(name, "__class__")
        || PyCell_GET(cell) != old)
    {
        Py_RETURN_FALSE;
    }
    if (PyCell_Set(cell, new) < 0) {
        return NULL;
    }
    Py_RETURN_TRUE;
}

/* What a traceback would show of the code that is running: at most limit rows
   of file name, line and function, the innermost first.  No frame is handed
   out. */
static PyObject *
callers(PyObject *Py_UNUSED(self), PyObject *arg)
{
    Py_ssize_t limit = PyNumber_AsSsize_t(arg, NULL);
    PyObject *list = limit == -1 && PyErr_Occurred() ? NULL : PyList_New(0);
    _PyInterpreterFrame *frame = _PyThreadState_GetFrame(_PyThreadState_GET());
    while (list != NULL && frame != NULL && limit-- > 0) {
        PyCodeObject *code = _PyFrame_GetCode(frame);
        PyObject *row = Py_BuildValue(
            "OiO", code->co_filename,
            PyUnstable_InterpreterFrame_GetLine(frame), code->co_name);
        if (row == NULL || PyList_Append(list, row) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(row);
        frame = _PyFrame_GetFirstComplete(frame->previous);
    }
    return list;
}

/* Is nothing left to run of a generator, a coroutine or an asynchronous
   generator?  inspect asks its frame, which is refused. */
static PyObject *
finished(PyObject *Py_UNUSED(self), PyObject *arg)
{
    if (!PyGen_CheckExact(arg) && !PyCoro_CheckExact(arg)
        && !PyAsyncGen_CheckExact(arg))
    {
        PyErr_Format(PyExc_TypeError, "not a generator: %T", arg);
        return NULL;
    }
    int8_t state = ((PyGenObject *)arg)->gi_frame_state;
    return PyBool_FromLong(FRAME_STATE_FINISHED(state));
}

static PyMethodDef guest_methods[] = {
    {"_asks_for_zone", _PyRestrict_AsksForZone, METH_O, NULL},
    {"_callers", callers, METH_O, NULL},
    {"_finished", finished, METH_O, NULL},
    {"_rebind_class_cell", rebind_class_cell, METH_VARARGS, NULL},
    {"_source", _PyRestrict_Source, METH_O, NULL},
    {"_zone", _PyRestrict_Zone, METH_O, NULL},
    {"_zone_keys", _PyRestrict_ZoneKeys, METH_NOARGS, NULL},
    {NULL, NULL},
};

static PyModuleDef guest_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "restrict",
    .m_doc = PyDoc_STR("What a refusal raises."),
    .m_size = 0,
    .m_methods = guest_methods,
};

static int
add_exceptions(PyObject *module)
{
    for (int kind = 0; kind < _PyRestrict_N_KINDS; kind++) {
        PyObject *type = _PyRestrict_GetException(kind);
        if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0)
        {
            Py_XDECREF(type);
            return -1;
        }
        Py_DECREF(type);
    }
    return 0;
}

/* What `import restrict` gives a guest: the exceptions, and a few things for
   the standard library. */
PyObject *
_PyRestrict_NewGuestModule(void)
{
    PyObject *module = PyModule_Create(&guest_def);
    PyObject *cell = PyCell_New(NULL);
    if (module == NULL || cell == NULL || add_exceptions(module) < 0
        || PyModule_AddObjectRef(module, "_cell", cell) < 0)
    {
        Py_CLEAR(module);
    }
    Py_XDECREF(cell);
    return module;
}

/* --- builtins and __main__ --------------------------------------------------------- */

/* What `site` adds for people at a prompt, and scripts use. */
static int
add_exits(PyInterpreterState *interp)
{
    PyObject *leave = PyDict_GetItemString(interp->sysdict, "exit");
    if (leave == NULL) {
        return 0;  // the table has no row for it
    }
    return PyDict_SetItemString(interp->builtins, "exit", leave) < 0
                   || PyDict_SetItemString(interp->builtins, "quit", leave) < 0
               ? -1
               : 0;
}

static int
init_builtins(PyInterpreterState *interp, PyObject *io)
{
    PyObject *open = PyObject_GetAttrString(io, "open");
    if (open == NULL) {
        return -1;
    }
    int err = PyDict_SetItemString(interp->builtins, "open", open);
    Py_DECREF(open);
    if (err < 0 || add_exits(interp) < 0) {
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
              || PyDict_SetItemString(dict, "__annotations__", annotations) < 0
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
    if (_PyRestrict_InitLimits(interp) < 0
        || _PyRestrict_InitImport(interp) < 0 || init_codecs(interp) < 0)
    {
        return -1;
    }
    PyObject *io = PyImport_ImportModule("_io");
    if (io == NULL) {
        return -1;
    }
    int err = _PyRestrict_InitStreams(io, interp->sysdict) < 0
              || add_sys_names(interp->sysdict) < 0
              || init_builtins(interp, io) < 0 || init_main_module(interp) < 0;
    Py_DECREF(io);
    return err ? -1 : 0;
}

PyStatus
_PyRestrict_InitMain(PyThreadState *tstate)
{
    // The types and functions of C code stay to the end: only there does a
    // collection look at them again.
    _PyGC_Freeze(tstate->interp);
    if (init_main(tstate) < 0) {
        PyErr_Clear();
        return _PyStatus_ERR("can't initialize a restricted interpreter");
    }
    tstate->interp->gc.enabled = 1;
    _PyRestrict_StartClocks(tstate->interp);
    return _PyStatus_OK();
}

/* --- Once per main interpreter ----------------------------------------------------------- */

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

#define NO_THREAD_STATE ((PyThreadState *)-1)

/* Make a thread state of the main interpreter current, unless one is: NULL;
   NO_THREAD_STATE: no memory. */
static PyThreadState *
enter_main(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    if (tstate != NULL && _Py_IsMainInterpreter(tstate->interp)) {
        return NULL;
    }
    PyThreadState *temporary = _PyThreadState_NewBound(
        _PyInterpreterState_Main(), _PyThreadState_WHENCE_EXEC);
    if (temporary == NULL) {
        return NO_THREAD_STATE;
    }
    PyThreadState_Swap(temporary);
    return temporary;
}

static void
leave_main(PyThreadState *temporary, PyThreadState *back)
{
    if (temporary != NULL) {
        PyThreadState_Clear(temporary);
        PyThreadState_Swap(back);
        PyThreadState_Delete(temporary);
    }
}

/* The main interpreter is; a process may have one after the other. */
static int prepared;

static void
forget_main(void)
{
    prepared = 0;
}

/* One thread at a time; what failed is tried again. */
PyStatus
_PyRestrict_PrepareProcess(void)
{
    PyThreadState *tstate = _PyThreadState_GET();
    if (prepared) {
        return _PyStatus_OK();
    }
    PyThreadState *temporary = enter_main();
    if (temporary == NO_THREAD_STATE) {
        return _PyStatus_NO_MEMORY();
    }
    int err = import_in_main();
    PyErr_Clear();
    leave_main(temporary, tstate);
    prepared = !err && Py_AtExit(forget_main) == 0;
    return err ? _PyStatus_ERR("a C module cannot be set up") : _PyStatus_OK();
}

/* A reviewed C module that is no part of the binary is imported by the main
   interpreter, from where it is installed, and stays loaded.  What its
   library made to make it; NULL without an exception: there is none. */
PyModuleDef *
_PyRestrict_FindShared(const char *name)
{
    PyThreadState *tstate = _PyThreadState_GET();
    PyModuleDef *def = NULL;
    PyThreadState *temporary = enter_main();
    if (temporary == NO_THREAD_STATE) {
        return NULL;
    }
    PyObject *module = PyImport_ImportModule(name);
    if (module != NULL && PyModule_Check(module)) {
        def = PyModule_GetDef(module);
    }
    Py_XDECREF(module);
    PyErr_Clear();
    leave_main(temporary, tstate);
    return def;
}

#endif /* WITH_RESTRICTED */
