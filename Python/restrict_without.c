/* A build --without-restricted has the functions of pyrestrict.h too.

   An embedding program or an extension module is compiled once and links with
   either build.  Here every interpreter is trusted: setters fail as they do on
   a trusted interpreter, checks pass, and no restricted one can be made. */

#include "Python.h"
#include "pycore_initconfig.h"  // _PyStatus_ERR()

#ifndef WITH_RESTRICTED

/* --- Life --------------------------------------------------------------------- */

PyStatus
PyRestrict_NewInterpreterFromConfig(PyThreadState **tstate,
                                    const PyRestrictConfig *Py_UNUSED(config))
{
    *tstate = NULL;
    return _PyStatus_ERR("Python was built --without-restricted");
}

PyThreadState *
PyRestrict_NewInterpreter(void)
{
    return NULL;
}

int
PyRestrict_IsRestricted(PyInterpreterState *Py_UNUSED(interp))
{
    return 0;
}

/* --- Setters -------------------------------------------------------------------- */

static int
trusted_error(void)
{
    PyErr_SetString(PyExc_SystemError, "the interpreter is trusted");
    return -1;
}

#define SETTER0(NAME)                                                         \
    int PyRestrict_##NAME(PyInterpreterState *Py_UNUSED(interp))              \
    {                                                                         \
        return trusted_error();                                               \
    }
#define SETTER1(NAME, T)                                                      \
    int PyRestrict_##NAME(PyInterpreterState *Py_UNUSED(interp),              \
                          T Py_UNUSED(a))                                     \
    {                                                                         \
        return trusted_error();                                               \
    }
#define SETTER2(NAME, T, U)                                                   \
    int PyRestrict_##NAME(PyInterpreterState *Py_UNUSED(interp),              \
                          T Py_UNUSED(a), U Py_UNUSED(b))                     \
    {                                                                         \
        return trusted_error();                                               \
    }
#define SETTER3(NAME, T, U, V)                                                \
    int PyRestrict_##NAME(PyInterpreterState *Py_UNUSED(interp),              \
                          T Py_UNUSED(a), U Py_UNUSED(b), V Py_UNUSED(c))     \
    {                                                                         \
        return trusted_error();                                               \
    }
typedef const char *text;

SETTER1(AllowModule, text)
SETTER1(BlockModule, text)
SETTER0(AllowFilesystemInfo)
SETTER0(UseTrueStdin)
SETTER0(UseTrueStdout)
SETTER0(UseTrueStderr)
SETTER2(AllowFile, text, text)
SETTER2(AllowDirectory, text, text)
SETTER1(SetFileSizeCap, long long)
SETTER1(SetOpenFilesCap, int)
SETTER2(AllowIPAddress, text, int)
SETTER3(AllowIPAddressRange, text, int, int)
SETTER2(AllowHost, text, int)
SETTER3(AllowHostRange, text, int, int)
SETTER0(AllowNetworkInfo)
SETTER1(SetSocketsCap, int)
SETTER1(SetNetBytesCap, long long)
SETTER1(SetMemoryCap, Py_ssize_t)
SETTER1(SetCPUCap, double)
SETTER1(SetWallCap, double)
SETTER1(SetStepCap, uint64_t)
SETTER1(SetOutputCap, Py_ssize_t)
SETTER1(GetUsage, PyRestrictUsage *)
SETTER2(SetDenialHook, PyRestrictDenialHook, void *)
SETTER2(ExtendedSetTrue, text, text)
SETTER3(ExtendedValueCap, text, text, Py_ssize_t)
SETTER3(ExtendedAddMembership, text, text, text)
SETTER3(ExtendedSetValue, text, text, text)

/* From any thread, with or without a thread state. */
int
PyRestrict_Cancel(PyInterpreterState *Py_UNUSED(interp))
{
    return PyThreadState_GetUnchecked() != NULL ? trusted_error() : -1;
}

/* --- Checks --------------------------------------------------------------------- */

int
_PyRestrict_TrustedCheck(const char *Py_UNUSED(function))
{
    return 0;
}

int
_PyRestrict_ModuleCheck(const char *Py_UNUSED(name))
{
    return 0;
}

int
_PyRestrict_FilesystemInfoCheck(void)
{
    return 0;
}

int
_PyRestrict_PathCheck(const char *Py_UNUSED(path), const char *Py_UNUSED(mode))
{
    return 0;
}

int
_PyRestrict_IPAddressCheck(const char *Py_UNUSED(ip), int Py_UNUSED(port))
{
    return 0;
}

int
_PyRestrict_HostCheck(const char *Py_UNUSED(host), int Py_UNUSED(port))
{
    return 0;
}

int
_PyRestrict_NetworkInfoCheck(void)
{
    return 0;
}

int
_PyRestrict_MemoryCharge(Py_ssize_t Py_UNUSED(bytes))
{
    return 0;
}

void
_PyRestrict_MemoryRefund(Py_ssize_t Py_UNUSED(bytes))
{
}

int
_PyRestrict_ExtendedTrueCheck(const char *Py_UNUSED(group),
                              const char *Py_UNUSED(type))
{
    return 0;
}

int
_PyRestrict_ExtendedValueCharge(const char *Py_UNUSED(group),
                                const char *Py_UNUSED(type),
                                Py_ssize_t Py_UNUSED(increase))
{
    return 0;
}

int
_PyRestrict_ExtendedValueRefund(const char *Py_UNUSED(group),
                                const char *Py_UNUSED(type),
                                Py_ssize_t Py_UNUSED(decrease))
{
    return 0;
}

int
_PyRestrict_ExtendedMembershipCheck(const char *Py_UNUSED(group),
                                    const char *Py_UNUSED(type),
                                    const char *Py_UNUSED(string))
{
    return 0;
}

int
_PyRestrict_ExtendedValueCheck(const char *Py_UNUSED(group),
                               const char *Py_UNUSED(type),
                               const char *Py_UNUSED(string))
{
    return 0;
}

/* --- Guarded mode ----------------------------------------------------------------- */

PyObject *
PyRestrict_GuardedExec(PyObject *Py_UNUSED(code), PyObject *Py_UNUSED(globals),
                       PyObject *Py_UNUSED(locals),
                       PyObject *Py_UNUSED(builtins))
{
    PyErr_SetString(PyExc_SystemError,
                    "Python was built --without-restricted");
    return NULL;
}

#endif /* !WITH_RESTRICTED */
