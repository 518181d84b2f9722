/* Guarded mode for Python: what Lib/restrict/_guarded.py is made of.

   For the trusted side only.  A guest that gets hold of a function of this
   module is refused. */

#ifndef Py_BUILD_CORE_BUILTIN
#  define Py_BUILD_CORE_MODULE 1
#endif

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

static PyObject *
guarded_exec(PyObject *Py_UNUSED(module), PyObject *const *args,
             Py_ssize_t nargs)
{
    if (nargs != 4) {
        PyErr_Format(PyExc_TypeError,
                     "guarded_exec() takes code, globals, locals and builtins"
                     " (%zd given)", nargs);
        return NULL;
    }
    return PyRestrict_GuardedExec(args[0], args[1], args[2], args[3]);
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

static PyModuleDef_Slot slots[] = {
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
