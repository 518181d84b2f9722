/* Guarded mode for Python: what Lib/restrict/_guarded.py is made of.

   For the trusted side only.  A guest that gets hold of a function of this
   module is refused. */

#ifndef Py_BUILD_CORE_BUILTIN
#  define Py_BUILD_CORE_MODULE 1
#endif

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

/* The buffers of a call with limits: a byte that the watching thread has too,
   and the three numbers of struct _restrict_steps. */
struct limits {
    Py_buffer phase;
    Py_buffer steps;
    struct _restrict_count count;
};

static int
get_limits(struct limits *limits, PyObject *phase, PyObject *steps)
{
    if (PyObject_GetBuffer(phase, &limits->phase, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    if (PyObject_GetBuffer(steps, &limits->steps, PyBUF_WRITABLE) < 0) {
        PyBuffer_Release(&limits->phase);
        return -1;
    }
    if (limits->steps.len == sizeof(struct _restrict_steps)) {
        limits->count.steps = limits->steps.buf;
        limits->count.phase = limits->phase.buf;
        return 0;
    }
    PyErr_SetString(PyExc_ValueError, "steps: a buffer of another size");
    PyBuffer_Release(&limits->phase);
    PyBuffer_Release(&limits->steps);
    return -1;
}

static void
set_stop(void)
{
    PyObject *stop = _PyRestrict_GuardedStopType();
    if (stop != NULL) {
        PyErr_SetNone(stop);
        Py_DECREF(stop);
    }
}

static PyObject *
run_with_limits(PyObject *const *args)
{
    struct limits limits;
    if (get_limits(&limits, args[4], args[5]) < 0) {
        return NULL;
    }
    _PyRestrict_BeginLimits(&limits.count);
    PyObject *result = _PyRestrict_GuardedRun(args[0], args[1], args[2],
                                              args[3]);
    _PyRestrict_EndLimits(&limits.count);
    if (limits.count.steps->hit) {
        // Wherever the exception got lost: in a finalizer, in a function of
        // the host's.
        Py_CLEAR(result);
        PyErr_Clear();
        set_stop();
    }
    PyBuffer_Release(&limits.phase);
    PyBuffer_Release(&limits.steps);
    _PyRestrict_GuardedTell();
    return result;
}

/* guarded_exec(code, globals, locals, builtins[, phase, steps]) */
static PyObject *
guarded_exec(PyObject *Py_UNUSED(module), PyObject *const *args,
             Py_ssize_t nargs)
{
    if (nargs == 6) {
        return run_with_limits(args);
    }
    if (nargs == 4) {
        return PyRestrict_GuardedExec(args[0], args[1], args[2], args[3]);
    }
    PyErr_Format(PyExc_TypeError,
                 "guarded_exec() takes code, globals, locals and builtins"
                 " (%zd given)",
                 nargs);
    return NULL;
}

/* stop(thread, phase, steps): ask the call to end.  Is it asked? */
static PyObject *
stop(PyObject *Py_UNUSED(module), PyObject *args)
{
    unsigned long thread;
    Py_buffer phase, steps;
    _PyRestrict_GUARD_CALL("stop", NULL);
    if (!PyArg_ParseTuple(args, "kw*w*:stop", &thread, &phase, &steps)) {
        return NULL;
    }
    int asked = _PyRestrict_GuardedStop(thread, steps.buf, phase.buf);
    PyBuffer_Release(&phase);
    PyBuffer_Release(&steps);
    return asked < 0 ? NULL : PyBool_FromLong(asked);
}

static PyObject *
deny_import(PyObject *Py_UNUSED(module), PyObject *name)
{
    _PyRestrict_DenyImport(name);
    return NULL;
}

/* compile(source, mode): what guarded code calls compile(). */
static PyObject *
compile(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *source;
    const char *mode;
    _PyRestrict_GUARD_CALL("compile", NULL);
    if (!PyArg_ParseTuple(args, "Us:compile", &source, &mode)) {
        return NULL;
    }
    return _PyRestrict_GuardedCompile(
        source, strcmp(mode, "eval") == 0 ? Py_eval_input : Py_file_input);
}

/* check_state(obj): copy.copy() is about to set the attributes of what it has
   called a function for.  If that was a guest's, it may be anything. */
static PyObject *
check_state(PyObject *Py_UNUSED(module), PyObject *obj)
{
    return _PyRestrict_CheckState(obj) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
module_of(PyObject *Py_UNUSED(module), PyObject *dict)
{
    _PyRestrict_GUARD_CALL("module", NULL);
    if (!PyDict_CheckExact(dict)) {
        PyErr_SetString(PyExc_TypeError, "a module is made from a dict");
        return NULL;
    }
    return _PyRestrict_NewModule(dict);
}

static PyObject *
set_teller(PyObject *Py_UNUSED(module), PyObject *teller)
{
    _PyRestrict_GUARD_CALL("set_teller", NULL);
    return _PyRestrict_SetTeller(teller) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
tell(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    _PyRestrict_GUARD_CALL("tell", NULL);
    _PyRestrict_GuardedTell();
    Py_RETURN_NONE;
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
    {"compile", compile, METH_VARARGS,
     "compile(source, mode): code that runs guarded only."},
    {"check_state", check_state, METH_O,
     "Refuse what a copied object must not change."},
    {"module", module_of, METH_O, "What a guest imports, over a dict."},
    {"set_teller", set_teller, METH_O,
     "What to call, without arguments, when there are new denials."},
    {"tell", tell, METH_NOARGS, "Call it now, if there are any."},
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
    {NULL, NULL},
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
    {0, NULL},
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

#endif /* WITH_RESTRICTED */
