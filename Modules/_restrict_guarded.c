/* Guarded mode for Python: what Lib/restrict/_guarded.py is made of.

   For the trusted side only.  A guest that gets hold of a function of this
   module is refused. */

#ifndef Py_BUILD_CORE_BUILTIN
#  define Py_BUILD_CORE_MODULE 1
#endif

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

/* guarded_exec(code, globals, locals, builtins[, phase]): phase is the one byte
   of a bytearray that the watching thread has too. */
static PyObject *
guarded_exec(PyObject *Py_UNUSED(module), PyObject *const *args,
             Py_ssize_t nargs)
{
    if (nargs != 5) {
        if (nargs == 4) {
            return PyRestrict_GuardedExec(args[0], args[1], args[2], args[3]);
        }
        PyErr_Format(PyExc_TypeError,
                     "guarded_exec() takes code, globals, locals and builtins"
                     " (%zd given)", nargs);
        return NULL;
    }
    Py_buffer phase;
    if (PyObject_GetBuffer(args[4], &phase, PyBUF_WRITABLE) < 0) {
        return NULL;
    }
    *(char *)phase.buf = _PyRestrict_RUNNING;
    PyObject *result = PyRestrict_GuardedExec(args[0], args[1], args[2],
                                              args[3]);
    _PyRestrict_GuardedEnd(phase.buf);
    PyBuffer_Release(&phase);
    return result;
}

/* stop(thread, phase): ask the call to end. */
static PyObject *
stop(PyObject *Py_UNUSED(module), PyObject *args)
{
    unsigned long thread;
    Py_buffer phase;
    _PyRestrict_GUARD_CALL("stop", NULL);
    if (!PyArg_ParseTuple(args, "kw*:stop", &thread, &phase)) {
        return NULL;
    }
    int err = _PyRestrict_GuardedStop(thread, phase.buf);
    PyBuffer_Release(&phase);
    return err < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
deny_import(PyObject *Py_UNUSED(module), PyObject *name)
{
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    PyErr_Clear();
    _PyRestrict_Deny(&(struct _restrict_request){
        .kind = _PyRestrict_IMPORT,
        .capability = "import",
        .subject = text != NULL ? text : "?",
    });
    return NULL;
}

static PyObject *
seal(PyObject *Py_UNUSED(module), PyObject *builtins)
{
    _PyRestrict_GUARD_CALL("seal", NULL);
    return _PyRestrict_Seal(builtins);
}

static PyObject *
proxy(PyObject *Py_UNUSED(module), PyObject *obj)
{
    _PyRestrict_GUARD_CALL("proxy", NULL);
    return _PyRestrict_NewProxy(obj);
}

static PyObject *
unproxy(PyObject *Py_UNUSED(module), PyObject *obj)
{
    _PyRestrict_GUARD_CALL("unproxy", NULL);
    return _PyRestrict_Unproxy(obj);
}

static PyObject *
denials(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    _PyRestrict_GUARD_CALL("denials", NULL);
    return _PyRestrict_GuardedDenials();
}

static PyObject *
surface(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    _PyRestrict_GUARD_CALL("surface", NULL);
    return _PyRestrict_ListSurface();
}

static PyMethodDef methods[] = {
    {"guarded_exec", _PyCFunction_CAST(guarded_exec), METH_FASTCALL,
     "guarded_exec(code, globals, locals, builtins): see restrict."},
    {"stop", stop, METH_VARARGS, "Ask a thread to end its guarded_exec()."},
    {"deny_import", deny_import, METH_O, "Refuse an import, and record it."},
    {"seal", seal, METH_O,
     "A read-only view of a sealed copy of a mapping of builtins."},
    {"proxy", proxy, METH_O, "A read-only view of an object."},
    {"unproxy", unproxy, METH_O, "What is behind a proxy; else the object."},
    {"denials", denials, METH_NOARGS,
     "A list of (capability, subject, filename, line, grant, count, "
     "first_time, last_time)."},
    {"surface", surface, METH_NOARGS,
     "A list of (kind, group, name, verdict, reason)."},
    {NULL, NULL}
};

static int
module_exec(PyObject *module)
{
    PyObject *type = _PyRestrict_GuardedStopType();
    int err = type != NULL ? PyModule_AddObjectRef(module, "Stop", type) : -1;
    Py_XDECREF(type);
    return err;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
    {0, NULL}
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_restrict_guarded",
    .m_doc = "Guarded mode, for the package restrict.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__restrict_guarded(void)
{
    _PyRestrict_GUARD_CALL("import _restrict_guarded", NULL);
    return PyModuleDef_Init(&module_def);
}

#endif  /* WITH_RESTRICTED */
