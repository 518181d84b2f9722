/* Limits other than memory. */

#include "Python.h"
#include "pycore_restrict.h"

#ifdef WITH_RESTRICTED

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

#endif
