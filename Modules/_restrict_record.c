/* _restrict.Guest: what a guest reads and wrote, what it used, what it was
   refused. */

#ifndef Py_BUILD_CORE_BUILTIN
#  define Py_BUILD_CORE_MODULE 1
#endif

#include "Python.h"
#include "pycore_restrict.h"
#include "pycore_restrict_limits.h"
#include "_restrict.h"

PyObject *
_restrict_SetInput(GuestObject *self, PyObject *arg)
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    char *data;
    Py_ssize_t size;
    if (interp == NULL || PyBytes_AsStringAndSize(arg, &data, &size) < 0
        || _PyRestrict_GuestAcquire(&self->guest) < 0)
    {
        return NULL;
    }
    int err = _PyRestrict_SetInput(interp, data, size);
    _PyRestrict_GuestRelease(&self->guest);
    return err < 0 ? NULL : Py_NewRef(Py_None);
}

PyObject *
_restrict_Output(GuestObject *self, PyObject *args)
{
    int fd, clear;
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    if (interp == NULL || !PyArg_ParseTuple(args, "ip", &fd, &clear)) {
        return NULL;
    }
    if (fd != 1 && fd != 2) {
        PyErr_SetString(PyExc_ValueError, "fd must be 1 or 2");
        return NULL;
    }
    if (_PyRestrict_GuestAcquire(&self->guest) < 0) {
        return NULL;
    }
    Py_ssize_t size;
    const char *data = _PyRestrict_GetOutput(interp, fd, &size);
    PyObject *bytes = PyBytes_FromStringAndSize(size ? data : "", size);
    if (bytes != NULL && clear) {
        _PyRestrict_ClearOutput(interp, fd);
    }
    _PyRestrict_GuestRelease(&self->guest);
    return bytes;
}

PyObject *
_restrict_Denials(GuestObject *self, PyObject *Py_UNUSED(args))
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    return interp != NULL ? _PyRestrict_ListDenials(&interp->restricted->log)
                          : NULL;
}

PyObject *
_restrict_Usage(GuestObject *self, PyObject *Py_UNUSED(args))
{
    PyRestrictUsage usage;
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    if (interp == NULL || PyRestrict_GetUsage(interp, &usage) < 0) {
        return NULL;
    }
    return Py_BuildValue(
        "(nnddKnK)", usage.memory, usage.peak_memory, usage.cpu, usage.wall,
        (unsigned long long)usage.steps, usage.output, usage.denials);
}

PyObject *
_restrict_LimitHit(GuestObject *self, PyObject *Py_UNUSED(args))
{
    PyInterpreterState *interp = _restrict_OpenInterp(self);
    return interp == NULL ? NULL
                          : Py_BuildValue("z", _PyRestrict_LimitHit(interp));
}
