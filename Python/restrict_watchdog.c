/* Limits other than memory. */

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

void _PyRestrict_BeginRun(PyInterpreterState *Py_UNUSED(interp)) {}
void _PyRestrict_EndRun(PyInterpreterState *Py_UNUSED(interp)) {}
void _PyRestrict_PauseCPU(PyInterpreterState *Py_UNUSED(interp)) {}
void _PyRestrict_ResumeCPU(PyInterpreterState *Py_UNUSED(interp)) {}

const char *
_PyRestrict_LimitHit(PyInterpreterState *Py_UNUSED(interp))
{
    return NULL;
}

Py_ssize_t
_PyRestrict_ChargeOutput(Py_ssize_t size)
{
    return size;
}

int
_PyRestrict_OutputExceeded(void)
{
    PyErr_NoMemory();
    return -1;
}

int PyRestrict_SetMemoryCap(PyInterpreterState *i, Py_ssize_t Py_UNUSED(b))
{
    return _PyRestrict_StateOf(i) ? 0 : -1;
}

int PyRestrict_SetCPUCap(PyInterpreterState *i, double Py_UNUSED(s))
{
    return _PyRestrict_StateOf(i) ? 0 : -1;
}

int PyRestrict_SetWallCap(PyInterpreterState *i, double Py_UNUSED(s))
{
    return _PyRestrict_StateOf(i) ? 0 : -1;
}

int PyRestrict_SetStepCap(PyInterpreterState *i, uint64_t Py_UNUSED(n))
{
    return _PyRestrict_StateOf(i) ? 0 : -1;
}

int PyRestrict_SetOutputCap(PyInterpreterState *i, Py_ssize_t Py_UNUSED(b))
{
    return _PyRestrict_StateOf(i) ? 0 : -1;
}

int PyRestrict_Cancel(PyInterpreterState *i)
{
    return _PyRestrict_StateOf(i) ? 0 : -1;
}

int PyRestrict_GetUsage(PyInterpreterState *i, PyRestrictUsage *usage)
{
    *usage = (PyRestrictUsage){0};
    return _PyRestrict_StateOf(i) ? 0 : -1;
}

int _PyRestrict_MemoryCharge(Py_ssize_t Py_UNUSED(bytes)) { return 0; }
void _PyRestrict_MemoryRefund(Py_ssize_t Py_UNUSED(bytes)) {}

#endif
